"""The parts of a page, a line each, after a look that it is well formed and asks for nothing: page.py FILE.

Elements come as their name, texts as "text ...". An element or attribute beyond those that gk's own pages have is an error.
"""
import html.parser
import re
import sys

TAGS = set("""html head meta title style body h1 h2 p pre code div figure figcaption svg g rect path text span table thead
tbody tr th td input label""".split())
EMPTY = {"meta", "input"}
ATTRIBUTES = set("""lang charset http-equiv content name class role viewbox width height x y fill stroke d transform
type id for aria-label style""".split())


class Page(html.parser.HTMLParser):
    stack = []

    def handle_starttag(self, tag, attributes):
        assert tag in TAGS, tag
        assert not {name for name, _ in attributes} - ATTRIBUTES, attributes
        assert not any("//" in (value or "") or "url(" in (value or "") for _, value in attributes), attributes
        assert re.fullmatch(r"(--c\d+:\d+;)*", dict(attributes).get("style") or ""), attributes
        if tag not in EMPTY:
            self.stack.append(tag)
        print(tag)

    def handle_startendtag(self, tag, attributes):
        self.handle_starttag(tag, attributes)
        self.stack.pop()

    def handle_endtag(self, tag):
        assert self.stack.pop() == tag, tag

    def handle_data(self, data):
        if data.strip() and self.stack[-1] != "style":
            print("text", data.strip())

    def handle_comment(self, data):
        raise AssertionError(data)

    def handle_pi(self, data):
        raise AssertionError(data)


page = Page()
with open(sys.argv[1], encoding="utf-8") as file:
    page.feed(file.read())
page.close()
assert not page.stack, page.stack

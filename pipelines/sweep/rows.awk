# The table of a sweep for a page: PART is summary, what the sweep came to; table, its head and its rows; or style, how it
# is sorted. The page has no script: each column has two buttons, and each row has its place by each column, which becomes
# its order while that button is pressed.
BEGIN {
    m = split("status steps t1 t2 t3 t4 delay phase slingshots final_val_acc final_val_loss reason", shown, " ")
    part = ENVIRON["PART"]
}
/^#/ { told = told html(substr($0, 3)) "\n"; next }
!id_at {
    for (i = 1; i <= NF; i++) at[$i] = i
    id_at = at["id"]
    for (i = 1; i < id_at; i++) columns[++c] = i
    if (!c) columns[++c] = id_at
    for (i = 1; i <= m; i++) columns[++c] = at[shown[i]]
    for (i = 1; i <= c; i++) head[i] = html($columns[i])
    next
}
{
    runs++; count[$at["status"]]++
    grokked += $at["grokked"] == 1
    stopped += $at["reason"] ~ /^(given up|not generalised by step) /
    class[runs] = $at["status"] ~ /^(done|failed|running|queued)$/ ? $at["status"] : ""
    for (i = 1; i <= c; i++) cell[runs, i] = $columns[i]
}
END {
    if (part == "summary") summary()
    else if (part == "style") style()
    else table()
}
function summary() {
    printf "<p>%d runs: %d done, %d failed, %d going, %d waiting. %d of the %d that are done generalised%s.</p>\n", \
        runs, count["done"], count["failed"], count["running"], runs - count["done"] - count["failed"] - count["running"], \
        grokked, count["done"], stopped ? "; a model or a rule stopped " stopped " of them" : ""
    printf "<pre>%s</pre>\n", told
}
# A row without a place is the last in both directions.
function style(   i, way) {
    printf "table { grid-template-columns: repeat(%d, auto); }\n", c
    for (i = 1; i <= c; i++) for (way = 1; way >= -1; way -= 2) {
        printf "#%s:checked ~ .wide tbody tr { order: %s; }\n", button(i, way), \
            (way > 0 ? "var(--c" i ", 999999)" : "calc(0 - var(--c" i ", -999999))")
        printf "#%s:checked ~ .wide label[for=%s] { opacity: 1; color: var(--ink); }\n", button(i, way), button(i, way)
        printf "#%s:focus-visible ~ .wide label[for=%s] { outline: 2px solid; }\n", button(i, way), button(i, way)
    }
}
function button(i, way) { return (way > 0 ? "up" : "down") i }
function table(   i, k, way, line) {
    for (i = 1; i <= c; i++) for (way = 1; way >= -1; way -= 2)
        printf "<input type=\"radio\" name=\"by\" id=\"%s\" aria-label=\"%s, %s\">\n", button(i, way), head[i], \
            (way > 0 ? "rising" : "falling")
    print "<div class=\"wide\"><table><thead><tr>"
    for (i = 1; i <= c; i++)
        printf "<th>%s <label for=\"%s\">▲</label><label for=\"%s\">▼</label></th>\n", head[i], button(i, 1), button(i, -1)
    print "</tr></thead>\n<tbody>"
    for (i = 1; i <= c; i++) rank(i)
    for (k = 1; k <= runs; k++) {
        line = ""
        for (i = 1; i <= c; i++) line = line "<td>" html(rounded(cell[k, i], i)) "</td>"
        printf "<tr class=\"%s\" style=\"%s\">%s</tr>\n", class[k], places[k], line
    }
    print "</tbody></table></div>"
}
# The place of each row by column I: numbers, then words. Rows that are equal have one place and keep their order.
function rank(i,   n, k, list, place, last) {
    for (k = 1; k <= runs; k++) if (cell[k, i] !~ /^(nan|-|)$/) list[++n] = k
    sort(list, n, i)
    for (k = 1; k <= n; k++) {
        if (k == 1 || less(last, list[k], i)) place++
        last = list[k]
        places[last] = places[last] "--c" i ":" place ";"
    }
}
# Shell's sort, by the gaps of Ciura.
function sort(list, n, i,   gaps, g, gap, j, k, l, t) {
    g = split("1750 701 301 132 57 23 10 4 1", gaps, " ")
    for (k = 1; k <= g; k++) {
        gap = gaps[k]
        for (j = gap + 1; j <= n; j++) {
            t = list[j]
            for (l = j; l > gap && less(t, list[l - gap], i); l -= gap) list[l] = list[l - gap]
            list[l] = t
        }
    }
}
# A result with four digits; an option stays as the grid has it.
function rounded(text, i) { return columns[i] > id_at && text ~ /^-?[0-9]*\.[0-9]+(e[-+]?[0-9]+)?$/ ? sprintf("%.4g", text) : text }
function number(text) { return text ~ /^[-+]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][-+]?[0-9]+)?$/ }
function less(k, l, i,   a, b) {
    a = cell[k, i]; b = cell[l, i]
    if (number(a) != number(b)) return number(a)
    return number(a) ? a + 0 < b + 0 : a "" < b ""
}

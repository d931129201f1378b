# What the parts of a sweep's page share.

# Text as it is, for a page: nothing in it is markup or moves what stands beside it.
function html(text) {
    gsub(/[\001-\037\177]|\302[\200-\237]/, "?", text)
    gsub(/&/, "\\&amp;", text); gsub(/</, "\\&lt;", text); gsub(/>/, "\\&gt;", text)
    gsub(/"/, "\\&quot;", text); gsub(/'/, "\\&#39;", text)
    return text
}
function hex(digit) { return index("0123456789abcdef", digit) - 1 }
function byte(colour, k) { return 16 * hex(substr(colour, k, 1)) + hex(substr(colour, k + 1, 1)) }
# Viridis at X of [0, 1], between five of its colours.
function viridis(x,   stop, i, k, a, b, text) {
    split("440154 3b528b 21918c 5ec962 fde725", stop, " ")
    x = x < 0 ? 0 : x > 1 ? 1 : x
    i = int(4 * x); if (i > 3) i = 3
    x = 4 * x - i
    for (k = 1; k <= 5; k += 2) {
        a = byte(stop[i + 1], k); b = byte(stop[i + 2], k)
        text = text sprintf("%02x", int(a + x * (b - a) + 0.5))
    }
    return "#" text
}
# The I-th of N colours; a few of them are those of Okabe and Ito.
function colour_of(i, n,   few) {
    split("#0072b2 #d55e00 #009e73 #cc79a7 #e69f00 #56b4e9", few, " ")
    return n <= 6 ? few[i] : viridis(0.92 * (i - 1) / (n - 1))
}
function clipped(text, most) { return length(text) > most ? substr(text, 1, most - 1) "…" : text }
function log10(x) { return log(x) / log(10) }

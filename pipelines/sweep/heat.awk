# A heatmap for a page, of the table that pipelines/plots/cells makes. WHAT says what its numbers are.
BEGIN { what = ENVIRON["WHAT"]; top = 12 }
!head++ { next }
{
    n++
    across = $1; up = $4; over = $9; note = ($10 == "-" ? "" : "; " $10) ($11 == "-" ? "" : "; " $11)
    x[n] = $3; y[n] = $6; z[n] = $8; label_x[$3] = $2; label_y[$6] = $5
    if ($3 >= nx) nx = $3 + 1
    if ($6 >= ny) ny = $6 + 1
    if ($8 == "nan") next
    if (!some++ || $8 + 0 < low) low = $8 + 0
    if (some == 1 || $8 + 0 > high) high = $8 + 0
}
END {
    if (!some) exit
    if (what !~ /step/ && low >= 0 && high <= 1) { low = 0; high = 1 }
    wide = low > 0 && high / low > 100
    left = 44
    for (i in label_y) if (up != "-" && length(label_y[i]) * 7 + 36 > left) left = length(label_y[i]) * 7 + 36
    if (left > 136) left = 136
    w = (nx <= 6 ? 330 : 560) / nx; w = w > 84 ? 84 : w < 14 ? 14 : w
    h = w > 44 ? 44 : w
    width = left + nx * w + 16; if (width < 300) width = 300
    height = top + ny * h + (w >= 50 ? 52 : 104)
    printf "<figure><svg role=\"img\" viewBox=\"0 0 %d %d\" width=\"%d\" height=\"%d\">\n<title>%s</title>\n", \
        width, height, width, height, html(what " over " across (up == "-" ? "" : " and " up))
    for (i = 1; i <= n; i++) cell(i)
    labels()
    printf "</svg><figcaption>%s%s; from %s%s to %s%s%s</figcaption></figure>\n", html(what), \
        (over == "-" ? "" : ", mean over " html(over)), shown(least()), (w < 40 ? " (dark)" : ""), shown(most()), \
        (w < 40 ? " (bright)" : ""), html(note)
}
function least(   i, m) { for (i = 1; i <= n; i++) if (z[i] != "nan" && (m == "" || z[i] + 0 < m)) m = z[i] + 0; return m }
function most(   i, m) { for (i = 1; i <= n; i++) if (z[i] != "nan" && (m == "" || z[i] + 0 > m)) m = z[i] + 0; return m }
function share(v) { return high <= low ? 0.5 : wide ? log(v / low) / log(high / low) : (v - low) / (high - low) }
function shown(v) { return v == int(v) ? sprintf("%d", v) : high <= 1 ? sprintf("%.2f", v) : sprintf("%.4g", v) }
function cell(i,   px, py, s, place, fill, ink, text) {
    px = left + x[i] * w; py = top + (ny - 1 - y[i]) * h
    s = z[i] == "nan" ? 0 : share(z[i])
    place = across " " label_x[x[i]] (up == "-" ? "" : ", " up " " label_y[y[i]]) ": " (z[i] == "nan" ? "none" : z[i])
    fill = z[i] == "nan" ? "class=\"empty\"" : "fill=\"" viridis(s) "\""
    ink = z[i] == "nan" ? "class=\"mid none\"" : "class=\"mid\" fill=\"" (s > 0.6 ? "#000" : "#fff") "\""
    text = z[i] == "nan" ? "–" : shown(z[i])
    printf "<g><title>%s</title><rect x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\" %s/>", \
        html(place), px, py, w - 1, h - 1, fill
    if (w >= 40)
        printf "<text x=\"%.1f\" y=\"%.1f\" %s>%s</text>", px + w / 2, py + h / 2 + 4, ink, text
    print "</g>"
}
function labels(   i, px, py) {
    for (i = 0; i < ny; i++)
        printf "<text x=\"%d\" y=\"%.1f\" class=\"end\">%s</text>\n", left - 6, top + (ny - 1 - i) * h + h / 2 + 4, \
            up == "-" ? "" : html(clipped(label_y[i], 16))
    py = top + ny * h + 14
    for (i = 0; i < nx; i++) {
        px = left + i * w + w / 2
        if (w >= 50) printf "<text x=\"%.1f\" y=\"%.1f\" class=\"mid\">%s</text>\n", px, py, html(clipped(label_x[i], 10))
        else printf "<text x=\"%.1f\" y=\"%.1f\" class=\"end\" transform=\"rotate(-50 %.1f %.1f)\">%s</text>\n", \
            px, py, px, py, html(clipped(label_x[i], 10))
    }
    printf "<text x=\"%.1f\" y=\"%.1f\" class=\"mid name\">%s</text>\n", left + nx * w / 2, py + (w >= 50 ? 24 : 76), html(clipped(across, 40))
    if (up != "-") printf "<text x=\"14\" y=\"%.1f\" class=\"mid name\" transform=\"rotate(-90 14 %.1f)\">%s</text>\n", \
        top + ny * h / 2, top + ny * h / 2, html(clipped(up, 30))
}

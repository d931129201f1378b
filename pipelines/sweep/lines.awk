# The curves of a sweep's runs for a page, accuracies and losses: a colour for each value of an option. Of each curve there
# are the least and the greatest value of every few pixels, so a spike stays.
BEGIN { dir = ENVIRON["dir"]; width = 760; height = 300; left = 64; right = 24; top = 10; bottom = 44 }
/^#/ { if (match($0, / --steps [^ ]+/)) last = substr($0, RSTART + 9, RLENGTH - 9) + 0; next }
!id_at {
    for (i = 1; i <= NF; i++) if ($i == "id") id_at = i
    for (i = id_at - 1; i > 0; i--) if ($i !~ /seed$/ || !by) { if (!by || $by ~ /seed$/ || $i !~ /seed$/) by = i }
    by_name = by ? $by : ""
    next
}
{
    n++
    id[n] = $id_at; value = by ? $by : "all runs"
    if (!(value in group)) { group[value] = ++groups; group_name[groups] = value }
    of[n] = group[value]
}
END {
    if (last < 1) last = 1
    bin = n > 100 ? 6 : n > 30 ? 4 : 2
    low = high = ""
    for (i = 1; i <= n; i++) { before = -1; curve(i, "run.tsv"); curve(i, "part.tsv") }
    if (!points) { print "<p>No run has a row yet.</p>"; exit }
    chart("accuracy", 4, 6, 0, 1)
    if (high != "") chart("loss", 3, 5, log10(low), log10(high))
    legend()
}
function column(x) { return left + (width - left - right) * log10(x < 1 ? 1 : x) / (last > 1 ? log10(last) : 1) }
# Rows of a file, the last one too if it is whole: a newline cannot be seen, so part.tsv's waits.
function curve(i, name,   file, line, held) {
    file = dir "/runs/" id[i] "/" name
    while ((getline line < file) > 0) {
        if (held != "") row(i, held)
        held = line
    }
    close(file)
    if (name == "run.tsv" && held != "") row(i, held)
}
function row(i, line,   cell, b) {
    if (split(line, cell, "\t") < 6 || cell[1] !~ /^[0-9]+$/ || cell[1] + 0 <= before) return
    before = cell[1] + 0
    points++
    b = int(column(before) / bin)
    keep(i, 3, b, cell[3], 1); keep(i, 4, b, cell[4], 0); keep(i, 5, b, cell[5], 1); keep(i, 6, b, cell[6], 0)
}
# The least and the greatest value of a bin, in the order in which they came.
function keep(i, c, b, v, positive,   k) {
    if (v !~ /^[0-9.]+(e[-+]?[0-9]+)?$/ || (positive && v + 0 <= 0)) return
    v += 0
    if (positive && (low == "" || v < low)) low = v
    if (positive && (high == "" || v > high)) high = v
    k = i SUBSEP c
    if (!(k in filled) || in_bin[k] != b) { flush(k); in_bin[k] = b; filled[k] = 1; min[k] = max[k] = v; rising[k] = 1 }
    else if (v < min[k]) { min[k] = v; rising[k] = 0 }
    else if (v > max[k]) { max[k] = v; rising[k] = 1 }
}
function flush(k) {
    if (!(k in filled)) return
    path[k] = path[k] " " in_bin[k] ":" (rising[k] ? min[k] : max[k])
    if (min[k] != max[k]) path[k] = path[k] " " in_bin[k] ":" (rising[k] ? max[k] : min[k])
    delete filled[k]
}
function chart(what, train, val, from, to,   i, logarithmic) {
    logarithmic = what == "loss"
    if (to <= from) to = from + 1
    printf "<figure><svg role=\"img\" viewBox=\"0 0 %d %d\" width=\"%d\" height=\"%d\">\n<title>%s of the runs</title>\n", \
        width, height, width, height, what
    axes(what, from, to, logarithmic)
    printf "<g class=\"curves%s\">\n", (n > 60 ? " many" : "")
    for (i = 1; i <= n; i++) { trace(i, train, from, to, logarithmic, "thin"); trace(i, val, from, to, logarithmic, "thick") }
    printf "</g></svg><figcaption>%s: validation thick, training thin</figcaption></figure>\n", what
}
function y_of(v, from, to) { return top + (height - top - bottom) * (1 - (v - from) / (to - from)) }
function axes(what, from, to, logarithmic,   k, step, x, y) {
    step = logarithmic ? int((to - from) / 5) + 1 : 0.25
    for (k = logarithmic ? int(from - 1) : 0; k <= to + 1e-9; k += step) {
        if (k < from - 1e-9) continue
        y = y_of(k, from, to)
        printf "<path class=\"grid\" d=\"M%d %.1fH%d\"/><text class=\"end\" x=\"%d\" y=\"%.1f\">%s</text>\n", \
            left, y, width - right, left - 6, y + 4, logarithmic ? sprintf("1e%d", k) : k
    }
    for (k = 1; k <= last; k *= 10) {
        x = column(k)
        printf "<path class=\"grid\" d=\"M%.1f %dV%d\"/><text class=\"mid\" x=\"%.1f\" y=\"%d\">%d</text>\n", \
            x, top, height - bottom, x, height - bottom + 16, k
    }
    printf "<text class=\"mid name\" x=\"%d\" y=\"%d\">step</text>\n", (left + width) / 2, height - 8
    printf "<text class=\"mid name\" x=\"14\" y=\"%d\" transform=\"rotate(-90 14 %d)\">%s</text>\n", height / 2 - 20, height / 2 - 20, what
}
# On a level only the ends are written.
function trace(i, c, from, to, logarithmic, class,   k, m, p, part, j, d, v, x, y, level, held) {
    k = i SUBSEP c
    flush(k)
    m = split(path[k], p, " ")
    if (!m) return
    for (j = 1; j <= m; j++) {
        split(p[j], part, ":")
        v = logarithmic ? log10(part[2]) : part[2]
        x = sprintf("%d", (part[1] + 0.5) * bin)
        y = sprintf("%.1f", y_of(v, from, to))
        if (j > 1 && y == level && j < m) { held = x; continue }
        if (held != "") d = d "L" held " " level
        d = d (j == 1 ? "M" : "L") x " " y
        level = y; held = ""
    }
    printf "<path class=\"%s\" stroke=\"%s\" d=\"%s\"><title>%s</title></path>\n", class, colour_of(of[i], groups), d, html(id[i])
}
function legend(   i) {
    if (by_name == "") return
    printf "<p class=\"legend\">%s:", html(by_name)
    for (i = 1; i <= groups && i <= 24; i++)
        printf " <span><svg class=\"curves\" width=\"18\" height=\"10\"><path stroke=\"%s\" class=\"thick\" d=\"M0 5H18\"/></svg> %s</span>", \
            colour_of(i, groups), html(clipped(group_name[i], 40))
    print (groups > 24 ? " and more" : "") "</p>"
}

# Where a sweep stands, of what watch tells; for a person. The first line is LEFT <tab> SECONDS <tab> COUNTS: how many
# runs have not ended, and how many seconds they take, - where nothing is known.
BEGIN { dir = ENVIRON["dir"]; most = ENVIRON["most"] + 0 }
$0 == "index" || $0 == "runs" || $0 == "curves" { if (NF == 1) { part = $0; next } }
part == "index" {
    if (match($0, / --steps [^ ]+/)) steps = substr($0, RSTART + 9, RLENGTH - 9) + 0
    next
}
part == "runs" {
    total++
    id[total] = $1; state[total] = $2; reason[total] = plain($4); place[$1] = total
    count[$2]++
    if ($2 == "done" || $2 == "failed") { ended++; fresh += $3 }
    if ($2 == "done") ending(total)
    next
}
# tail's "==> FILE <==", then the last lines; what is below may be half a line
/^==> .* <==$/ { curve = $0; sub(/\/[^\/]* <==$/, "", curve); sub(/.*\//, "", curve); held = ""; next }
{ if (held != "") point(place[curve], held); held = $0 }
END {
    for (i = 1; i <= total; i++) if (state[i] == "running") part_done += steps ? at[i] / steps : 0
    work = fresh + part_done
    took = ENVIRON["now"] - ENVIRON["since"]
    left = total - ended
    seconds = "-"
    if (left && ENVIRON["working"] != "" && work > 0 && took > 0) seconds = sprintf("%d", took * (left - part_done) / work)
    printf "%d\t%s\t%s: %d runs, %d done, %d going, %d failed, %d waiting\n", left, seconds, plain(ENVIRON["name"]), \
        total, count["done"], count["running"], count["failed"], left - count["running"]
    bar()
    list("going", "running")
    list("failed", "failed")
    best()
}
# Nothing in a name or a message moves the cursor.
function plain(text) {
    gsub(/[\001-\037\177]|\302[\200-\237]/, "?", text)
    return text
}
function ending(i,   file, names, values, n, k, name, v) {
    file = dir "/runs/" id[i] "/row"
    if ((getline names < file) > 0 && (getline values < file) > 0) {
        n = split(names, name, "\t"); split(values, v, "\t")
        for (k = 1; k <= n; k++) {
            if (name[k] == "t4" && v[k] != "nan") t4[i] = v[k]
            if (name[k] == "final_val_acc" && v[k] != "nan") accuracy[i] = v[k]
        }
    }
    close(file)
}
function point(i, line,   cell) {
    if (split(line, cell, "\t") < 6 || cell[1] !~ /^[0-9]+$/) return
    at[i] = cell[1]; train[i] = cell[4]
    if (cell[6] != "nan") accuracy[i] = cell[6]
}
function bar(   i, text, filled) {
    filled = total ? int(40 * (ended + part_done) / total) : 0
    for (i = 1; i <= 40; i++) text = text (i <= filled ? "#" : ".")
    printf "[%s] %d %%\n", text, total ? int(100 * (ended + part_done) / total) : 0
}
function list(title, wanted,   i, n) {
    if (!count[wanted]) return
    print title ":"
    for (i = 1; i <= total; i++) {
        if (state[i] != wanted) continue
        if (++n > most && count[wanted] > most) { printf "  and %d more\n", count[wanted] - most; return }
        print "  " id[i] (wanted == "running" ? progress(i) : reason[i] == "" ? "" : ": " reason[i])
    }
}
function progress(i) {
    if (at[i] == "") return "  begins"
    return sprintf("  step %d of %d, accuracy %.3f in training%s", at[i], steps, train[i], \
        accuracy[i] == "" ? "" : sprintf(", %.3f in validation", accuracy[i]))
}
# The three runs that generalised first; while there is none, those of the greatest accuracy.
function best(   n, i, k, taken) {
    for (n = 1; n <= 3; n++) {
        k = 0
        for (i = 1; i <= total; i++) if (!taken[i] && (t4[i] != "" || accuracy[i] != "") && (!k || better(i, k))) k = i
        if (!k) return
        if (n == 1) print "best so far:"
        taken[k] = 1
        print "  " id[k] (t4[k] != "" ? "  generalised at step " t4[k] : sprintf("  validation accuracy %.3f", accuracy[k]))
    }
}
function better(i, k) {
    if (t4[i] != "" || t4[k] != "") return t4[k] == "" || (t4[i] != "" && t4[i] + 0 < t4[k] + 0)
    return accuracy[i] + 0 > accuracy[k] + 0
}

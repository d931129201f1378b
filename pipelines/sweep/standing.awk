# Where a sweep stands, of what watch tells; for a person. The first line is LEFT <tab> SECONDS <tab> COUNTS: how many
# runs have not ended, and how many seconds they take, - where nothing is known.
# No line is longer than WIDTH, and the lists of runs have at most MOST lines together.
BEGIN { dir = ENVIRON["dir"]; most = ENVIRON["most"] + 0; width = ENVIRON["width"] + 0 }
$0 == "index" || $0 == "runs" || $0 == "curves" { if (NF == 1) { part = $0; next } }
part == "index" {
    indexed = 1
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
/^==> .* <==$/ {
    grows = $0 ~ /\/part\.tsv <==$/
    curve = $0; sub(/\/[^\/]* <==$/, "", curve); sub(/.*\//, "", curve); held = ""; next
}
{ if (held != "") point(place[curve], held); held = $0 }
END {
    if (!indexed) { printf "1\t-\t%s begins; runs prepared so far: %d\n", plain(ENVIRON["name"]), total; exit }
    for (i = 1; i <= total; i++) if (state[i] != "done" && state[i] != "failed" && at[i] != "" && steps) {
        part_done += at[i] / steps
        if (state[i] == "running") work += (at[i] - since_then[i]) / steps
        if (ENVIRON["working"] != "" || state[i] == "running") continue
        state[i] = "running"; count["running"]++ # stopped
    }
    work += fresh
    took = ENVIRON["now"] - ENVIRON["since"]
    left = total - ended
    seconds = "-"
    if (left && ENVIRON["working"] != "" && work > 0 && took > 0) seconds = sprintf("%d", took * (left - part_done) / work)
    going = ENVIRON["working"] != "" || !count["running"] ? "going" : "stopped"
    printf "%d\t%s\t%s: %d run%s, %d done, %d %s, %d failed, %d waiting\n", left, seconds, plain(ENVIRON["name"]), \
        total, total == 1 ? "" : "s", count["done"], count["running"], going, count["failed"], left - count["running"]
    bar()
    # each list has the half, and what the other leaves
    half = int(most / 2)
    list("running", count["failed"] < half ? most - count["failed"] : most - half)
    list("failed", count["running"] < most - half ? most - count["running"] : half)
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
    if (!grows) since_then[i] = at[i]
    if (cell[6] != "nan") accuracy[i] = cell[6]
}
function bar(   i, text, filled, long) {
    long = width < 48 ? width - 8 : 40
    filled = total ? int(long * (ended + part_done) / total) : 0
    for (i = 1; i <= long; i++) text = text (i <= filled ? "#" : ".")
    printf "[%s] %d %%\n", text, total ? int(100 * (ended + part_done) / total) : 0
}
# The runs of a state, in ROOM lines at most.
function list(wanted, room,   i, n, shown) {
    if (!count[wanted]) return
    shown = count[wanted] <= room ? count[wanted] : room - 1
    if (wanted == "failed") print "failed:"
    else heading(shown)
    for (i = 1; i <= total && n < shown; i++) {
        if (state[i] != wanted) continue
        n++
        print wanted == "failed" ? failure(i) : progress(i)
    }
    if (n < count[wanted]) printf "  %s%d more\n", n ? "and " : "", count[wanted] - n
}
# The runs that go on are a small table. The place of its numbers depends on the longest of the SHOWN names.
function heading(shown,   i, n, title) {
    title = going (steps ? sprintf(", of %d steps", steps) : "") ":"
    name_width = length(title) - 2
    for (i = 1; i <= total && n < shown; i++) {
        if (state[i] != "running") continue
        n++
        if (length(id[i]) > name_width) name_width = length(id[i])
    }
    if (name_width > width - 25) { name_width = width - 25; if (length(title) > name_width + 2) title = going ":" }
    printf "%s%9s%7s%7s\n", padded(title, name_width + 2), "step", "train", "val"
}
function progress(i) {
    if (at[i] == "") return "  " short(id[i], width - 11) "  begins"
    return sprintf("  %s%9d%7.3f%7s", padded(id[i], name_width), at[i], train[i], \
        accuracy[i] == "" ? "-" : sprintf("%.3f", accuracy[i]))
}
# If there is too little room, first the name and then the reason is cut.
function failure(i,   room) {
    if (reason[i] == "") return "  " short(id[i], width - 2)
    room = width - 4 - length(reason[i])
    return clipped("  " short(id[i], room > 16 ? room : 16) ": " reason[i], width)
}
function padded(text, room) {
    text = short(text, room)
    while (length(text) < room) text = text " "
    return text
}
# The name of a run, without its middle if there is too little room: seeds are at the end.
function short(text, room,   head) {
    head = int(room / 3)
    return length(text) <= room ? text : substr(text, 1, head) "..." substr(text, length(text) + 4 + head - room)
}
# Without a part of a character at its end.
function clipped(text, room) {
    if (length(text) <= room) return text
    text = substr(text, 1, room > 3 ? room - 3 : 0)
    sub(/[\200-\377]+$/, "", text)
    return text "..."
}
# The three runs that generalised first; while there is none, those of the greatest accuracy.
function best(   n, i, k, taken, what) {
    for (n = 1; n <= 3; n++) {
        k = 0
        for (i = 1; i <= total; i++) if (!taken[i] && (t4[i] != "" || accuracy[i] != "") && (!k || better(i, k))) k = i
        if (!k) return
        if (n == 1) print "best so far:"
        taken[k] = 1
        what = t4[k] != "" ? "  generalised at step " t4[k] : sprintf("  validation accuracy %.3f", accuracy[k])
        if (width < 48) sub(/generalised at |validation /, "", what)
        print "  " short(id[k], width - 2 - length(what)) what
    }
}
function better(i, k) {
    if (t4[i] != "" || t4[k] != "") return t4[k] == "" || (t4[i] != "" && t4[i] + 0 < t4[k] + 0)
    return accuracy[i] + 0 > accuracy[k] + 0
}

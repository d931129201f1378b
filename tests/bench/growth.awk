# The exponents of growth: slopes of the logarithm of the least time and of memory against the
# logarithm of the size, between the first size and the last and between the last two.
BEGIN {
    theory["p"] = "2 to 3\t2"; theory["dim"] = "2\t2"; theory["layers"] = "1\t1"; theory["heads"] = "0\t0 to 1"
    theory["p, --arch onehot"] = "2 to 3\t2"; theory["frames, gk-pca"] = "2\t1"; theory["frames, gk-eval"] = "1\t0"
    theory["points, gk-twonn"] = "2\t1"
}
{
    key = $1 SUBSEP $2
    if (!n[$1]) order[++kinds] = $1
    if (!(key in ms)) size[$1, ++n[$1]] = $2
    if (!(key in ms) || $3 < ms[key]) ms[key] = $3
    if ($4 > mb[key]) mb[key] = $4
}
function slope(y, what, i, j) {
    return sprintf("%.1f", log(y[what, size[what, j]] / y[what, size[what, i]]) / log(size[what, j] / size[what, i]))
}
function short(x) { return x < 10 ? sprintf("%.2f", x) : x < 100 ? sprintf("%.1f", x) : sprintf("%.0f", x) }
END {
    print "## Growth\n"
    print "Written by `make bench-growth`: one thread, the shortest of the rounds. A step of the default network (p = 97, r = 0.5; dim"
    print "at p = 53, with ff = 4 dim), or a whole tool. An exponent is the slope of the logarithm against that of the size, from"
    print "the first size to the last, and in brackets between the last two: what it tends to. Memory is all that the process"
    print "has, also code and libraries, which are some 20 MB. A network of one layer is much cheaper than half of one with two:"
    print "prefixes share its attention, and only scored positions go through its feed-forward half. So the exponent for layers begins"
    print "above 1, and every further layer costs the same.\n"
    print "| what grows | sizes | ms | exponent | in theory | MB | exponent | in theory |"
    print "|---|---|---|---|---|---|---|---|"
    for (k = 1; k <= kinds; k++) {
        what = order[k]; m = n[what]; sizes = times = room = ""
        for (i = 1; i <= m; i++) {
            comma = i > 1 ? ", " : ""
            sizes = sizes comma size[what, i]
            times = times comma short(ms[what, size[what, i]])
            room = room comma short(mb[what, size[what, i]])
        }
        split(theory[what], should, "\t")
        printf "| %s | %s | %s | %s (%s) | %s | %s | %s (%s) | %s |\n", what, sizes, times, slope(ms, what, 1, m), \
            slope(ms, what, m - 1, m), should[1], room, slope(mb, what, 1, m), slope(mb, what, m - 1, m), should[2]
    }
}

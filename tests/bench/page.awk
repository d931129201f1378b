# Medians of tests/bench/run's measurements as a Markdown page.
BEGIN {
    products = ENVIRON["products"]; peers = ENVIRON["peers"]; rounds = ENVIRON["rounds"]
    machine = ENVIRON["machine"]; compiler = ENVIRON["compiler"]
}
$3 != "" {
    if (!n[$2]++) names[++count] = $2
    value[$2, n[$2]] = $3
    gflop[$2] = $4
    if ($5 > memory[$2]) memory[$2] = $5
}

function median(name,    i, j, t, a, m) {
    m = n[name]
    if (!m) return ""
    for (i = 1; i <= m; i++) a[i] = value[name, i] + 0
    for (i = 2; i <= m; i++)
        for (j = i; j > 1 && a[j] < a[j - 1]; j--) { t = a[j]; a[j] = a[j - 1]; a[j - 1] = t }
    return m % 2 ? a[(m + 1) / 2] : (a[m / 2] + a[m / 2 + 1]) / 2
}

function number(x, format) { return x == "" ? "" : sprintf(format, x) }
function short(x) { return x == "" ? "" : x < 10 ? sprintf("%.2f", x) : x < 100 ? sprintf("%.1f", x) : sprintf("%.0f", x) }
function ratio(a, b) { return a == "" || b == "" || b == 0 ? "" : sprintf("%.2f", a / b) }
function faster(a, b) { return a == "" || b == "" || b == 0 ? "" : sprintf("%.1f x", a / b) }

# The fastest peer of a line; best_way says which it was: "fused, 2 threads".
function best_peer(line,    i, part, ms, best) {
    best = best_way = ""
    for (i = 1; i <= count; i++) {
        split(names[i], part, "/")
        if (part[1] != line || part[2] !~ /^[a-z]/) continue
        ms = median(names[i])
        if (best == "" || ms < best) {
            best = ms
            best_way = part[2] (part[3] == "" ? "" : part[3] == 1 ? ", 1 thread" : ", " part[3] " threads")
        }
    }
    return best
}

# The machine's peak or gemm in the precision of a line.
function limit(what, line, threads) {
    return median(what (line ~ /f64/ ? "_f64/" : "_f32/") (threads == 1 ? 1 : 2))
}

# How many times its limit a line takes with two threads.
function times_limit(line) { return median(line "/2") / (gflop[line "/2"] / limit("peak", line, 2) * 1e3) }

# THREADS: 0 is gk-train's default.
function row(label, line, threads, times,    name, ms, rate, peer, peak, work) {
    name = line "/" threads
    ms = median(name)
    if (ms == "") return
    work = gflop[name]
    if (!work && sub(/_pair/, "", name)) work = gflop[name]
    rate = work > 0 ? times * work / ms * 1e3 : ""
    peer = best_peer(line)
    peak = limit("peak", line, threads)
    printf "| %s | %s | %s | %s | %s | %s | %s | %s | %s | %s |\n", label, short(ms), number(rate, "%.0f"), \
        ratio(rate, limit("gemm", line, threads)), ratio(rate, peak), number(memory[line "/" threads], "%.0f"), short(peer), \
        best_way, faster(peer, ms), rate == "" ? "" : faster(peer * peak, rate * ms)
}

function tool(text, name,    ours, peer) {
    ours = median(name)
    if (ours == "") return
    peer = best_peer(name)
    printf "- %s takes %.2f s%s.\n", text, ours, peer == "" ? "" : \
        sprintf("; the best peer (%s) %.2f s, %s as long", best_way, peer, faster(peer, ours))
}

END {
    print "# Benchmarks\n"
    print "Written by `make bench`: medians of " rounds " alternating rounds. The peers are those of `make bench-peers`; their code is"
    print "in `tests/bench`. PyTorch runs eagerly with AdamW's loop (eager, foreach), with the fused one (fused), with attention in"
    print "one call beside it (sdpa), or compiled, JAX under jit, each with one and with two threads; the fastest counts. GFLOP/s"
    print "counts the useful products only, those that sharing between rows leaves, without attention's sums and the updates;"
    print "sgemm and dgemm are OpenBLAS at 256 x 512 x 128 and peak is fused multiply-adds in registers, each measured in the"
    print "precision of the line, in the same rounds and on the same number of threads. The last column is what \"faster\" would be"
    print "if these products ran at that peak and all else took no time. benchmarks-*.md are the pages of other machines.\n"
    print "Machine: " machine ". Compiler: " compiler "." (peers ? " Peers: " peers "." : " No peers here.") "\n"
    printf "| one thread | two threads | |\n|---|---|---|\n"
    printf "| %.0f | %.0f | peak, f32, GFLOP/s |\n", limit("peak", "", 1), limit("peak", "", 2)
    printf "| %.0f | %.0f | sgemm, GFLOP/s |\n", limit("gemm", "", 1), limit("gemm", "", 2)
    printf "| %.0f | %.0f | peak, f64, GFLOP/s |\n", limit("peak", "f64", 1), limit("peak", "f64", 2)
    printf "| %.0f | %.0f | dgemm, GFLOP/s |\n\n", limit("gemm", "f64", 1), limit("gemm", "f64", 2)
    print "| | ms | GFLOP/s | of gemm | of peak | MB | best peer's ms | which | faster | at the peak |"
    print "|---|---|---|---|---|---|---|---|---|---|"
    row("step, add mod 97, r 0.5 (2,376 rows), 2 threads", "default", 2, 1)
    row("the same, 1 thread", "default", 1, 1)
    row("the same in f64, 2 threads", "default_f64", 2, 1)
    row("step, layout openai", "openai", 2, 1)
    row("step, s5, r 0.8 (11,520 rows)", "s5", 2, 1)
    row("step, minibatch of 512", "batch", 2, 1)
    row("step, --arch nanda (3,764 rows)", "nanda", 0, 1)
    row("step, --arch gpt2 (2,376 rows)", "gpt2", 0, 1)
    row("step, --arch liu (3,764 rows)", "liu", 0, 1)
    row("step, --arch onehot (3,764 rows)", "onehot", 0, 1)
    row("step, --arch gromov (3,764 rows)", "gromov", 0, 1)
    row("step, dim 32, ff 128, add mod 23 (138 rows), default threads", "small", 0, 1)
    row("the same, two runs side by side, each", "small_pair", 1, 1)
    row("step, --model mlp (2 x 200), add mod 23 (138 rows), default threads", "small_mlp", 0, 1)
    row("the same, two runs side by side, each", "small_mlp_pair", 1, 1)
    row("Hessian product, 2 threads", "hvp", 2, 2)
    print ""
    if (median("default/2") != "") {
        printf "- A step takes %.2f times what its %.2f GFLOP take at the FMA peak of two threads.\n", \
            times_limit("default"), gflop["default/2"]
        if (median("default_f64/2") != "")
            printf "- An f64 step takes %.2f times its limit, the same at the FMA peak in f64.\n", times_limit("default_f64")
        printf "- Two threads are %s times one; the peak itself grows %s times, sgemm %s times.\n", \
            ratio(median("default/1"), median("default/2")), ratio(limit("peak", "", 2), limit("peak", "", 1)), \
            ratio(limit("gemm", "", 2), limit("gemm", "", 1))
    }
    if (median("small/0") != "")
        printf "- The small transformer takes %.3f ms with one thread, %.3f ms by default; the mlp %.3f and %.3f ms.\n", \
            median("small/1"), median("small/0"), median("small_mlp/1"), median("small_mlp/0")
    if (median("hvp/2") != "" && median("default/2") != "")
        printf "- A Hessian product costs %s steps.\n", ratio(median("hvp/2"), median("default/2"))
    if (median("sweep2") != "") {
        printf "- A sweep of one-thread runs, two side by side, makes %.2f times the steps of one run with two threads.\n", \
            2 * median("sweep1") / median("sweep2")
        printf "- gk-train on a small model prints its first row after %.0f ms.\n", 1e3 * median("first")
        # 10 frames of 11 points against 11 frames
        printf "- A point of gk-landscape, both splits, costs %.2f times what a frame costs gk-eval.\n", \
            (median("landscape") / 110) / (median("eval") / 11)
        tool("gk-hvp, both ends of the spectrum at full size after 60 steps, --tol 1e-3, in " products " products,", "ends")
        tool("gk-twonn on 9,409 x 768, reading included,", "twonn")
        tool("gk-twonn --method mle on the same", "mle")
        tool("gk-pca on 400 x 455,424 (728 MB), reading included,", "pca")
    }
    split(ENVIRON["sections"], section, "\n") # files, one a line
    for (i = 1; i in section; i++) {
        print ""
        while ((getline line < section[i]) > 0) print line
    }
}

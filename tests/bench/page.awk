# Medians of tests/bench/run's measurements as a Markdown page.
BEGIN {
    products = ENVIRON["products"]; torch = ENVIRON["torch"]; compile = ENVIRON["compile"]
    rounds = ENVIRON["rounds"]; machine = ENVIRON["machine"]; compiler = ENVIRON["compiler"]
}
{
    n[$2]++
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
function ratio(a, b) { return a == "" || b == "" || b == 0 ? "" : sprintf("%.2f", a / b) }
function faster(a, b) { return a == "" || b == "" || b == 0 ? "" : sprintf("%.1f x", a / b) }

function row(label, name, peer, threads,    ms, rate) {
    ms = median(name)
    rate = ms == "" || !gflop[name] ? "" : gflop[name] / ms * 1e3
    printf "| %s | %s | %s | %s | %s | %s | %s | %s |\n", label, number(ms, "%.1f"), \
        number(rate, "%.0f"), ratio(rate, median("gemm" threads)), ratio(rate, median("peak" threads)), \
        number(memory[name], "%.0f"), number(median(peer), "%.0f"), faster(median(peer), ms)
}

END {
    print "# Benchmarks\n"
    print "Written by `make bench`: medians of " rounds " alternating rounds. GFLOP/s counts the useful work only,"
    print "what prefix sharing leaves (8.87 GFLOP a step of the first row), read-out and updates aside; the"
    print "first block's table of values after the output matrix saves a fifth of that, which is not taken off;"
    print "sgemm is OpenBLAS at 256 x 512 x 128 and peak is fused multiply-adds in registers, both measured"
    print "in the same rounds on the same number of threads. benchmarks-*.md are the pages of other machines.\n"
    print "Machine: " machine ". Compiler: " compiler "." (torch ? " Peer: PyTorch " torch ", eager." : " No PyTorch here.") "\n"
    printf "| one thread | two threads | |\n|---|---|---|\n"
    printf "| %.0f | %.0f | peak, GFLOP/s |\n", median("peak1"), median("peak2")
    printf "| %.0f | %.0f | sgemm, GFLOP/s |\n\n", median("gemm1"), median("gemm2")
    print "| | ms | GFLOP/s | of sgemm | of peak | MB | PyTorch ms | faster |"
    print "|---|---|---|---|---|---|---|---|"
    row("step, add mod 97, r 0.5 (2,376 rows), 2 threads", "step2", "step2.torch", 2)
    row("the same, 1 thread", "step1", "step1.torch", 1)
    row("the same in f64, 2 threads", "step2.f64", "step2.f64.torch", 2)
    row("step, layout openai, 2 threads", "step2.openai", "step2.openai.torch", 2)
    row("step, s5, r 0.8 (11,520 rows), 2 threads", "step2.s5", "step2.s5.torch", 2)
    row("step, minibatch of 512, 2 threads", "step2.batch", "step2.batch.torch", 2)
    gflop["score2"] = gflop["score2"] / 3
    row("evaluation, add mod 97, 2 threads", "score2", "", 2)
    gflop["hvp2"] = gflop["hvp2"] * 2
    row("Hessian product, 2 threads", "hvp2", "hvp2.torch", 2)
    if (compile) row("step against torch.compile, 2 threads", "step2", "step2.compiled", 2)
    print ""
    best = median("step1.torch"); t = median("step2.torch")
    if (best != "" && t < best) best = t
    if (best != "")
        printf "- A step is %s faster than PyTorch at its better thread count.\n", faster(best, median("step2"))
    printf "- A step takes %.2f times what 8.87 GFLOP take at the FMA peak of two threads.\n", \
        median("step2") / (gflop["step2"] / median("peak2") * 1e3)
    printf "- Two threads are %.2f times one; the peak itself grows %.2f times, sgemm %.2f times.\n", \
        median("step1") / median("step2"), median("peak2") / median("peak1"), median("gemm2") / median("gemm1")
    printf "- A Hessian product costs %.2f steps.\n", median("hvp2") / median("step2")
    printf "- A sweep of one-thread runs, two side by side, makes %.2f times the steps of one run with two threads.\n", \
        2 * median("sweep1") / median("sweep2")
    printf "- gk-train on a small model prints its first row after %.0f ms.\n", 1e3 * median("first")
    printf "- gk-hvp finds both ends of the spectrum at full size after 60 steps, --tol 1e-3, in %.1f s and %s products%s.\n", \
        median("ends"), products, median("hvp2.torch") == "" ? "" : \
        sprintf(": as many of PyTorch's take %.0f s, %.1f times as long", products * median("hvp2.torch") / 1e3, \
            products * median("hvp2.torch") / 1e3 / median("ends"))
    # 10 frames of 11 points against 11 frames
    printf "- A point of gk-landscape, both splits, costs %.2f times what a frame costs gk-eval.\n", \
        (median("landscape") / 110) / (median("eval") / 11)
    if (median("twonn") != "")
        printf "- gk-twonn on 9,409 x 768 takes %.2f s, reading included; scikit-learn's brute-force search alone %.2f s: %s.\n", \
            median("twonn"), median("twonn.peer"), faster(median("twonn.peer"), median("twonn"))
    if (median("pca") != "")
        printf "- gk-pca on 400 x 455,424 (728 MB) takes %.2f s, reading included; NumPy's Gram matrix and eigh in double, in memory, %.2f s.\n", \
            median("pca"), median("pca.peer")
}

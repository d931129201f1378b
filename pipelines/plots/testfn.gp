# A test function's surface, the optimisers' paths on it, or their errors.
#   gnuplot -c testfn.gp TERMINAL OUT PREFIX surface|paths|errors OPTIMIZERS
# PREFIX.grid.tsv holds the surface, PREFIX.NAME.tsv an optimiser's path.
term = ARG1; out = ARG2; prefix = ARG3; what = ARG4; optimizers = ARG5
load 'pipelines/plots/common.gp'
grid = prefix.'.grid.tsv'
colours = 'black #0072B2 #009E73 #CC79A7 #D55E00 #E69F00'
name = system("basename '".prefix."'")
set xlabel 'x'; set ylabel 'y'; set autoscale fix
if (what eq 'errors') {
    set title name.': distance to the minimum' font ',20'
    set xlabel 'step'; set ylabel 'distance'; set logscale xy; set format y '%.0e'
    set key outside right top Left reverse; set xrange [1:*]; set yrange [*:*]
    plot for [i=1:words(optimizers)] prefix.'.'.word(optimizers, i).'.tsv' using 'step':'error' \
        with lines lc rgb word(colours, i) title word(optimizers, i)
    exit
}
set border 15; set size square; set cblabel 'log(1 + f)'
stats grid using 'x' nooutput; lo = STATS_min; hi = STATS_max
set xrange [lo:hi]; set yrange [lo:hi]
if (what eq 'surface') {
    set title name.' in log scale, with its descent directions' font ',20'
    # an arrow at every fifth point, of one length, against the gradient
    step = (hi - lo) / 20.0
    size_of(x, y) = sqrt(x * x + y * y)
    ux(x, y) = size_of(x, y) > 0 ? -0.7 * step * x / size_of(x, y) : 0
    on(x, y) = (abs((x - lo) / step - floor((x - lo) / step + 0.5)) < 1e-6 && abs((y - lo) / step - floor((y - lo) / step + 0.5)) < 1e-6)
    plot grid using 'x':'y':'value' with image notitle, \
         grid using (on(column('x'), column('y')) ? column('x') : NaN):(column('y')):(ux(column('grad_x'), column('grad_y'))):(ux(column('grad_y'), column('grad_x'))) \
         with vectors head size graph 0.008,20 lw 0.6 lc rgb 'white' notitle
    exit
}
set title name.': paths of the optimisers' font ',20'
set key at screen 0.84, screen 0.85 left top Left reverse
plot grid using 'x':'y':'value' with image notitle, \
     for [i=1:words(optimizers)] prefix.'.'.word(optimizers, i).'.tsv' using 'x':'y' \
     with lines lw 1.2 lc rgb word(colours, i) title word(optimizers, i)

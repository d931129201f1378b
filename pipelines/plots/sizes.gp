# Validation accuracy and loss of runs that differ in r, one colour each.
#   gnuplot -c sizes.gp TERMINAL OUT TITLE TABLE
term = ARG1; out = ARG2; heading = ARG3; table = ARG4
load 'pipelines/plots/common.gp'
panels = values(table, 'r'); n = words(panels)
stats table using 'step' nooutput; set xrange [10:STATS_max]
set multiplot layout 1,2 title heading font large
set logscale x; set xlabel 'step'; set grid y lc rgb faint lw 0.6 dt 1
do for [what in 'acc loss'] {
    if (what eq 'acc') { set ylabel 'validation accuracy'; set yrange [0:1.05]; set key at graph 0.03, graph 0.95 left top Left reverse } \
    else { set ylabel 'validation loss (nats)'; set logscale y; set yrange [*:*]; set format y '10^{%T}'; unset key }
    plot for [i = 1:n] rows(table, 'r', word(panels, i)) using 'step':'val_'.what with lines lw 1.5 lc rgb viridis(n > 1 ? 0.9 * (i - 1) / (n - 1) : 0) title 'r = '.word(panels, i)
}
unset multiplot

# Validation accuracy and loss of runs that differ in r, one colour each.
#   plot sizes TERMINAL TITLE TABLE
term = ARG1
load 'pipelines/plots/common.gp'
n = count(1, 'r')
stats table using 'step' nooutput; set xrange [10:STATS_max]
set multiplot layout 1,2 title heading noenhanced font large
set logscale x; set xlabel 'step'; set grid y lc rgb faint lw 0.6 dt 1
do for [what in 'acc loss'] {
    if (what eq 'acc') { set ylabel 'validation accuracy'; set yrange [0:1.05]; set key at graph 0.03, graph 0.95 left top Left reverse } \
    else { set ylabel 'validation loss (nats)'; set logscale y; set yrange [*:*]; set format y '10^{%T}'; unset key }
    plot for [i = 1:n] rows(1, nth('r', i)) using 'step':'val_'.what with lines lw 1.5 lc rgb viridis(n > 1 ? 0.9 * (i - 1) / (n - 1) : 0) title 'r = '.text_of(1, 'r', i) noenhanced
}
unset multiplot

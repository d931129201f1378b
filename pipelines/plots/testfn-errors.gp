# Distance to the minimum, step by step, one line an optimiser.
#   plot testfn-errors TERMINAL TITLE TABLE
term = ARG1
load 'pipelines/plots/common.gp'
n = count(1, 'optimizer'); colours = 'black #0072B2 #009E73 #CC79A7 #D55E00 #E69F00'
set title heading noenhanced font large
set xlabel 'step'; set ylabel 'distance to the minimum'; set logscale xy; set format y '10^{%T}'
set rmargin 20; set key at screen 0.985, graph 1 right top samplen 2; set xrange [1:*]; set grid y lc rgb faint lw 0.6 dt 1
stats table using 'error' nooutput
# nobody leaves the first valleys of Rastrigin's: less than a decade to show
if (STATS_min > 0.01 * STATS_max) { unset logscale y; set format y '%g' }
plot for [i = 1:n] rows(1, nth('optimizer', i)) using 'step':'error' with lines lw 1.3 dt 1+(i+1)%2 lc rgb word(colours, i) title text_of(1, 'optimizer', i) noenhanced

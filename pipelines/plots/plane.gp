# The path of a run in its two main axes, a panel for each fraction r.
#   plot plane TERMINAL TITLE TABLE VARIANCE
term = ARG1
high = 1000
load 'pipelines/plots/common.gp'
n = count(1, 'r')
set multiplot layout down(n),across(n) title heading.' (colour: step)' noenhanced font large
set border 15; set grid lc rgb faint lw 0.6 dt 1
do for [i = 1:n] {
    r = nth('r', i)
    set title 'r = '.text_of(1, 'r', i).sprintf(': %.1f %% of the variance', 100 * number(2, 'cumulative', r.' component=2')) noenhanced
    # few enough marks for a narrow panel
    stats rows(1, r) using 'pc1' name 'x' nooutput
    ten = x_max > x_min ? 10.0 ** floor(log10(x_max - x_min)) : 1; lead = (x_max - x_min) / ten
    every = lead < 2 ? ten / 2 : lead < 5 ? ten : 2 * ten; set xtics every
    set xlabel 'first axis'; set ylabel 'second axis'
    plot rows(1, r) using 'pc1':'pc2':'step' with linespoints pt 7 ps 0.5 lw 1 lc palette notitle
}
unset multiplot

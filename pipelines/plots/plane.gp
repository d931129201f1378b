# The path of a run in its two main axes, a panel for each fraction r.
#   gnuplot -c plane.gp TERMINAL OUT TITLE TABLE VARIANCE
term = ARG1; out = ARG2; heading = ARG3; table = ARG4; variance = ARG5
high = 1000
load 'pipelines/plots/common.gp'
panels = values(table, 'r'); n = words(panels)
set multiplot layout down(n),across(n) title heading.' (colour: step)' font large
set border 15; set grid lc rgb faint lw 0.6 dt 1
do for [i = 1:n] {
    r = word(panels, i)
    two = system(rows(variance, 'r', r)[3:*]." | tail -n +3 | head -n 1 | awk -F'\t' '{ printf \"%.1f\", 100 * $NF }'")
    set title 'r = '.r.': '.two.' % of the variance'
    # few enough marks for a narrow panel
    stats rows(table, 'r', r) using 'pc1' name 'x' nooutput
    ten = x_max > x_min ? 10.0 ** floor(log10(x_max - x_min)) : 1; lead = (x_max - x_min) / ten
    every = lead < 2 ? ten / 2 : lead < 5 ? ten : 2 * ten; set xtics every
    set xlabel 'first axis'; set ylabel 'second axis'
    plot rows(table, 'r', r) using 'pc1':'pc2':'step' with linespoints pt 7 ps 0.5 lw 1 lc palette notitle
}
unset multiplot

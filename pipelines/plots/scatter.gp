# Early energy against final validation accuracy, a panel for each fraction r, learning rates as colours.
#   plot scatter TERMINAL TITLE TABLE
term = ARG1
load 'pipelines/plots/common.gp'
stats table using 'm0_400' name 'm' nooutput; stats table using 'lr' name 'lr' nooutput
n = count(1, 'r')
set multiplot layout 1,n title heading noenhanced font large margins 0.085,0.88,0.15,0.85 spacing 0.04,0
if (m_max > 10 * m_min) {
    # 1000 alone would stand on an axis from 500 to 5000
    set logscale x; set xtics ()
    do for [power = floor(log10(m_min)):floor(log10(m_max))] {
        do for [digit in m_max > 100 * m_min ? '1' : '1 2 5'] { set xtics add (digit * 10.0**power) }
    }
} else {
    set xtics apart(m_max, 0)
}
set xlabel 'm0 of 400 steps (nats²)'; set yrange [-0.03:1.05]; set grid lc rgb faint lw 0.6 dt 1
set xrange [m_min / 1.2:m_max * 1.2]; set cbrange [lr_min:lr_max]; set border 15
set logscale cb; set format cb '%.1e'; set cbtics (lr_min, sqrt(lr_min * lr_max), lr_max); set cblabel 'learning rate'
do for [i = 1:n] {
    if (i < n) { unset colorbox } else { set colorbox }
    set title 'r = '.text_of(1, 'r', i) noenhanced; set ylabel i == 1 ? 'final validation accuracy' : ''
    plot rows(1, nth('r', i)) using 'm0_400':'final_val_acc':'lr' with points pt 7 ps 1.6 lc palette notitle
}
unset multiplot

# The optimisers' paths on the surface, a panel each; nearer where none goes far.
#   plot testfn-paths TERMINAL TITLE TABLE GRID
term = ARG1
wide = 1600; high = 1050
load 'pipelines/plots/common.gp'
n = count(1, 'optimizer'); surface = rows(2, '')
stats surface using 'x' name 'g' nooutput; lo = g_min; hi = g_max
stats table using 'x' name 'x' nooutput; stats table using 'y' name 'y' nooutput
near = x_max - x_min < (hi - lo) / 8 && y_max - y_min < (hi - lo) / 8
from(a, b) = near ? (a + b) / 2 - (hi - lo) / 8 : lo
to(a, b) = near ? (a + b) / 2 + (hi - lo) / 8 : hi
set xrange [from(x_min, x_max):to(x_min, x_max)]; set yrange [from(y_min, y_max):to(y_min, y_max)]
set border 15; set size square; set xlabel 'x'; set ylabel 'y'; unset colorbox; unset key
set multiplot layout down(n),across(n) title heading noenhanced font large
do for [i = 1:n] {
    p = rows(1, nth('optimizer', i))
    set title text_of(1, 'optimizer', i) noenhanced
    plot surface using 'x':'y':'value' with image, p using 'x':'y' with lines lw 1.4 lc rgb 'white', \
         p using 'x':'y' with lines lw 0.7 lc rgb orange, \
         p.' | sed -n 1,2p' using 'x':'y' with points pt 6 ps 1.2 lw 1.5 lc rgb 'white', \
         p.' | sed -n "1p;\$p"' using 'x':'y' with points pt 2 ps 1.4 lw 1.8 lc rgb 'white'
}
unset multiplot

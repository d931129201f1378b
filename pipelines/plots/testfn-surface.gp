# A test function in log scale: surface, contours, directions of descent.
#   plot testfn-surface TERMINAL TITLE TABLE
term = ARG1
wide = 1900; high = 720
load 'pipelines/plots/common.gp'

stats table using 'x' nooutput; lo = STATS_min; hi = STATS_max
set xrange [lo:hi]; set yrange [lo:hi]; set xlabel 'x'; set ylabel 'y'; set border 15; unset key
set multiplot layout 1,3 title heading noenhanced font large
unset colorbox; set border 4095; set ticslevel 0; set view 55, 30
set title 'log(1 + f)'
splot table using 'x':'y':'value' with pm3d
set border 15; set size square; set colorbox
# in a map gnuplot puts it upon the numbers
set cblabel 'log(1 + f)' offset 1.5
set title 'contours'; set view map; set contour base; set cntrparam levels auto 12; set cntrlabel onecolor
splot table using 'x':'y':'value' with pm3d nocontour, table using 'x':'y':'value' with lines nosurface lc rgb 'white' lw 0.5
unset contour; set title 'descent, coloured by |gradient|'; set cblabel '|gradient|' offset 0; set logscale cb
# an arrow at every third point, of one length, against the gradient (every fifth would always meet
# Rastrigin's at the same place of a wave)
step = 3 * (hi - lo) / (sqrt(STATS_records) - 1)
size_of(x, y) = sqrt(x * x + y * y)
ux(x, y) = size_of(x, y) > 0 ? -0.9 * step * x / size_of(x, y) : 0
near(x) = abs((x - lo) / step - floor((x - lo) / step + 0.5)) < 1e-6
plot table using (near(column('x')) && near(column('y')) ? column('x') : NaN):(column('y')):(ux(column('grad_x'), column('grad_y'))):(ux(column('grad_y'), column('grad_x'))):(size_of(column('grad_x'), column('grad_y'))) \
     with vectors head size graph 0.012,20 lw 1.1 lc palette notitle
unset multiplot

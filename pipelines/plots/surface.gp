# A surface around a checkpoint with contours: training and validation loss.
#   gnuplot -c surface.gp TERMINAL OUT TABLE TITLE RUN
term = ARG1; out = ARG2; table = ARG3; heading = ARG4; run = ARG5
load 'pipelines/plots/common.gp'
# gnuplot wants an empty line between the rows of a grid
grid = sprintf("< awk -F'\\t' '/^#/ { next } n++ > 1 && $2 != a { print \"\" } { a = $2; print }' '%s'", table)
set view map; set contour base; set cntrparam levels auto 14; unset key
set format cb '%g'; set cblabel 'loss (nats)'
set xlabel 'alpha'; set ylabel 'beta'; set size square; set border 15
set multiplot layout 1,2 title heading font ',20'
set label 1 '+' at 0,0 center front textcolor rgb 'white' font ',24'
do for [split in 'train val'] {
    set title split eq 'train' ? 'training' : 'validation'
    splot grid using 'alpha':'beta':split.'_loss' with pm3d nocontour, \
          grid using 'alpha':'beta':split.'_loss' with lines nosurface lc rgb 'white' lw 0.5
}
unset multiplot

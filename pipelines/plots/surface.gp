# Surfaces around a checkpoint with contours, a row for each plane; the path of the run in its own.
#   plot surface TERMINAL TITLE TABLE PATH
term = ARG1
wide = 1500; high = 1300
load 'pipelines/plots/common.gp'
set view map; set contour base; set cntrparam levels auto 12; set cntrlabel onecolor; unset key; set border 15
set logscale cb; set format cb '%g'; set cbtics (0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100); set autoscale fix
do for [plane in 'random main'] {
    stats grid(1, 'alpha', ' plane='.plane) using 'alpha':'beta' name plane nooutput
}
set multiplot layout 2,2 title heading noenhanced font large margins 0.09,0.9,0.09,0.91 spacing 0.19,0.14
do for [plane in 'random main'] {
    main = plane eq 'main'
    g = grid(1, 'alpha', ' plane='.plane)
    set xrange [main ? main_min_x : random_min_x:main ? main_max_x : random_max_x]
    set yrange [main ? main_min_y : random_min_y:main ? main_max_y : random_max_y]
    set xlabel main ? 'first main axis' : 'α, first random direction'
    set ylabel main ? 'second main axis' : 'β, second random direction'
    do for [split in 'train val'] {
        set title split eq 'train' ? 'training loss (nats)' : 'validation loss (nats)'
        set label 1 '+' at 0,0 center front textcolor rgb 'white' font ',24'
        if (main) {
            splot g using 'alpha':'beta':split.'_loss' with pm3d nocontour, \
                  g using 'alpha':'beta':split.'_loss' with lines nosurface lc rgb 'white' lw 0.4, \
                  rows(2, '') using 'pc1':'pc2':(0) with lines nocontour lc rgb 'white' lw 2, \
                  rows(2, '') using 'pc1':'pc2':(0) with lines nocontour lc rgb orange lw 1.2
        } else {
            splot g using 'alpha':'beta':split.'_loss' with pm3d nocontour, \
                  g using 'alpha':'beta':split.'_loss' with lines nosurface lc rgb 'white' lw 0.4
        }
    }
}
unset multiplot

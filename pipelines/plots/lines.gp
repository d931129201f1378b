# Loss and accuracy along a line from every frame of a run: step across, alpha up.
#   plot lines TERMINAL TITLE TABLE
term = ARG1
high = 1000
load 'pipelines/plots/common.gp'
stats table using 'step' name 's' nooutput
stats table using 'train_loss' name 'loss' nooutput
set multiplot layout 2,2 title heading noenhanced font large
set autoscale fix; set xlabel 'step'; set ylabel 'α'; set tics out; set border 15; set xtics apart(s_max, 0)
do for [what in 'loss acc'] {
    if (what eq 'loss') { set logscale cb; set format cb '10^{%T}'; set cbrange [loss_min:loss_max] } else { unset logscale cb; set format cb '%g'; set cbrange [0:1] }
    do for [split in 'train val'] {
        set title (split eq 'train' ? 'training ' : 'validation ').(what eq 'loss' ? 'loss (nats)' : 'accuracy')
        plot table using 'step':'alpha':split.'_'.what with image notitle, 0 with lines dt 2 lw 0.7 lc rgb 'white' notitle
    }
}
unset multiplot

# Loss (left axis) and accuracy (right axis) along one line, a panel for each run.
#   plot line TERMINAL TITLE TABLE
term = ARG1
load 'pipelines/plots/common.gp'
n = count(1, 'run')
set multiplot layout 1,n title heading noenhanced font large; set bmargin 7
set border 11; set xlabel 'α (0: the point itself)'; set ylabel 'loss (nats)' textcolor rgb blue; set y2label 'accuracy' textcolor rgb orange
set logscale y; set format y '10^{%T}'; set y2tics out; set y2range [0:1.05]; set autoscale xfix
set grid x lc rgb faint lw 0.6 dt 1
do for [i = 1:n] {
    set title text_of(1, 'run', i) noenhanced; r = rows(1, nth('run', i))
    set key at screen 0.5, screen 0.05 center Left reverse horizontal; if (i > 1) { unset key }
    plot r using 'alpha':'train_loss' with lines lw 1.6 lc rgb blue title 'training loss', \
         r using 'alpha':'val_loss' with lines lw 1.6 dt 2 lc rgb blue title 'validation loss', \
         r using 'alpha':'train_acc' axes x1y2 with lines lw 1.6 lc rgb orange title 'training accuracy', \
         r using 'alpha':'val_acc' axes x1y2 with lines lw 1.6 dt 2 lc rgb orange title 'validation accuracy'
}
unset multiplot

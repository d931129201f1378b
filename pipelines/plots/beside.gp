# Accuracies, losses and the last layer's dimension, a column for each seed.
#   plot beside TERMINAL TITLE TABLE DIMENSIONS
term = ARG1
high = 1100
load 'pipelines/plots/common.gp'
n = count(1, 'seed'); last = nth_of(2, 'layer', count(2, 'layer'))
stats table using 'step' nooutput; set xrange [0:STATS_max]
set multiplot layout 3,n title heading noenhanced font large; set lmargin 11
set grid y lc rgb faint lw 0.6 dt 1
do for [row = 1:3] {
    do for [i = 1:n] {
        r = rows(1, nth('seed', i))
        set title row == 1 ? 'initialisation '.(i) : ''; set xlabel row == 3 ? 'step' : ''
        unset logscale y; set format y '%g'; set yrange [0:*]
        set key right bottom horizontal; if (i > 1 || row == 1) { unset key }
        if (row == 1) {
            set ylabel i == 1 ? 'accuracy' : ''; set yrange [0:1.05]
            plot r using 'step':'train_acc' with lines lw 0.8 lc rgb blue notitle, r using 'step':'val_acc' with lines lw 1.5 lc rgb orange notitle
        }
        if (row == 2) {
            set ylabel i == 1 ? 'loss (nats)' : ''; set logscale y; set yrange [*:*]; set format y '10^{%T}'
            plot r using 'step':'train_loss' with lines lw 0.8 lc rgb blue title 'training', r using 'step':'val_loss' with lines lw 1.5 lc rgb orange title 'validation'
        }
        if (row == 3) {
            set ylabel i == 1 ? 'intrinsic dimension' : ''
            of(split) = rows(2, last.nth('seed', i).' method=mle split='.split)
            plot of('train') using 'step':'id' with lines lw 1.2 lc rgb blue title 'training rows', of('val') using 'step':'id' with lines lw 1.2 lc rgb orange title 'validation rows'
        }
    }
}
unset multiplot

# Accuracies and losses of runs, side by side, with their t2 and t4.
#   plot curves TERMINAL TITLE TABLE PHASES       both tables have a column run
term = ARG1
high = 900
load 'pipelines/plots/common.gp'
n = count(1, 'run')
stats table using 'step' nooutput; last = STATS_max
set multiplot layout 2,n title heading."\n" noenhanced font large; set lmargin 11; set rmargin 5
set logscale x; set xrange [10:1.1 * last]; set grid y lc rgb faint lw 0.6 dt 1
do for [row = 1:2] {
    do for [i = 1:n] {
        run = nth('run', i)
        unset arrow; unset label
        do for [t in 't2 t4'] {
            step = number(2, t, run)
            if (step == step) {
                # above the key, which is in one panel
                set arrow from step, graph (i == 1 && row == 2 && t eq 't2' ? 0.22 : 0) to step, graph 1 nohead dt 3 lw 1 lc rgb grey
                if (row == 1) { set label sprintf('%s = %d', t, step) at step, graph 1.07 center textcolor rgb grey }
            }
        }
        set xlabel (row == 2 ? 'step' : ''); unset logscale y
        set key left bottom Left reverse samplen 1 # where losses fall later
        if (i != 1 || row != 2) { unset key }
        if (row == 1) {
            set title text_of(1, 'run', i)."\n" noenhanced; set ylabel 'accuracy'; set yrange [0:1.05]; set format y '%g'
        } else {
            unset title; set ylabel 'cross-entropy loss (nats)'; set logscale y; set yrange [1e-7:20<*]; set format y '10^{%T}'
        }
        what = row == 1 ? 'acc' : 'loss'
        plot rows(1, run) using 'step':'train_'.what with lines lw 1 lc rgb blue title 'training', \
             rows(1, run) using 'step':'val_'.what with lines lw 2 lc rgb orange title 'validation'
    }
}
unset multiplot

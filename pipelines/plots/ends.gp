# The Hessian's ends along runs, below their losses, a column for each fraction r.
#   plot ends TERMINAL TITLE TABLE CURVES
term = ARG1
high = 1100
load 'pipelines/plots/common.gp'
n = count(1, 'r')
stats table using 'step' nooutput; set xrange [0:STATS_max]
set multiplot layout 3,n title heading noenhanced font large; set lmargin 11
set grid y lc rgb faint lw 0.6 dt 1
do for [row = 1:3] {
    do for [i = 1:n] {
        r = nth('r', i)
        set title (row == 1 ? 'r = '.text_of(1, 'r', i) : '') noenhanced; set xlabel row == 3 ? 'step' : ''
        if (row < 3) { set logscale y; set format y '10^{%T}' } else { unset logscale y; set format y '%g' }
        set key right bottom horizontal; if (i > 1) { unset key }
        if (row == 1) {
            set ylabel i == 1 ? 'loss (nats)' : ''
            plot rows(2, r) using 'step':'train_loss' with lines lw 0.8 lc rgb blue title 'training', \
                 rows(2, r) using 'step':'val_loss' with lines lw 1.5 lc rgb orange title 'validation'
        }
        if (row == 2) {
            set ylabel i == 1 ? 'eigenvalue' : ''
            plot rows(1, r) using 'step':'lambda_max' with linespoints pt 7 ps 0.4 lc rgb blue title 'λ_{max}', \
                 rows(1, r) using 'step':(column('lambda_min') < 0 ? -column('lambda_min') : NaN) with linespoints pt 5 ps 0.4 lc rgb orange title '−λ_{min}'
        }
        if (row == 3) {
            set ylabel i == 1 ? 'λ_{min} / λ_{max}' : ''
            plot rows(1, r) using 'step':'condition' with linespoints pt 7 ps 0.4 lc rgb green notitle, 0 lc rgb grey dt 2 notitle
        }
    }
}
unset multiplot

# The largest eigenvalue of the Hessian, as it is and as the optimiser scales it, with the thresholds of
# stability, below the training loss, around slingshots.
#   plot edge TERMINAL TITLE TABLE RUN SLINGSHOTS     with a column matrix, gk-train's, and those of gk-phases --spikes
term = ARG1
high = 1100
load 'pipelines/plots/common.gp'
run = rows(2, '')
stats run using 'step' name 's' nooutput
set multiplot layout 3,1 title heading noenhanced font large
set lmargin 11; set rmargin 26; set xrange [s_min:s_max]
set key at graph 1.02, graph 1 left top Left reverse samplen 1.5
set grid y lc rgb faint lw 0.6 dt 1
set logscale y; set format y '%h'
starts = count(3, 'start')
do for [i = 1:starts] {
    x = number(3, 'start', nth_of(3, 'start', i))
    if (x >= s_min && x <= s_max) { set arrow from first x, graph 0 to first x, graph 1 nohead dt 3 lw 1 lc rgb grey back }
}
set ylabel 'training loss (nats)'
plot run using 'step':'train_loss' with linespoints pt 7 ps 0.3 lw 1.2 lc rgb blue title 'training loss', \
     NaN with lines dt 3 lw 1 lc rgb grey title 'a slingshot begins'
set format y '10^{%T}'
do for [m in 'preconditioned Hessian'] {
    is_plain = m eq 'Hessian'
    of_m = rows(1, ' matrix='.m)
    set ylabel is_plain ? 'λ_{max}, Hessian' : 'λ_{max}, as AdamW scales'; set xlabel is_plain ? 'step' : ''
    plot of_m using 'step':'lambda_max' with linespoints pt 7 ps 0.3 lw 1.2 lc rgb (is_plain ? green : orange) title 'λ_{max}', \
         of_m using 'step':'threshold' with lines dt 2 lw 1.2 lc rgb grey title (is_plain ? '2 / lr' : '38 / lr')
}
unset multiplot

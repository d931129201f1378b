# A run in three panels: accuracies, losses, and the norm of the parameters, with its t2 and t4.
#   plot gallery TERMINAL TITLE RUN PHASES
term = ARG1
wide = 1500; high = 460
load 'pipelines/plots/common.gp'
run = rows(1, '')
stats run using 'step' nooutput; last = STATS_max
set multiplot layout 1,3 title heading."\n" noenhanced font large; set lmargin 10; set rmargin 5; set bmargin 3.5
set logscale x; set xrange [1:1.1 * last]; set xlabel 'step'; set grid y lc rgb faint lw 0.6 dt 1
set style arrow 1 nohead dt 3 lw 1 lc rgb grey
do for [t in 't2 t4'] {
    step = number(2, t, '')
    if (step == step && step > 0) {
        set arrow (t eq 't2' ? 1 : 2) from step, graph 0 to step, graph 1 as 1
        small = term eq 'png' ? ',14' : ',11'
        if (t eq 't2') { set label sprintf('t2 = %d', step) at step, graph 1.05 right textcolor rgb grey font small }
        if (t eq 't4') { set label sprintf('t4 = %d', step) at step, graph 1.05 center textcolor rgb grey font small }
    }
}
unset key
set ylabel 'accuracy'; set yrange [0:1.05]
plot run using 'step':'train_acc' with lines lw 1 lc rgb blue, \
     run using 'step':'val_acc' with lines lw 2 lc rgb orange
set key left bottom Left reverse samplen 1
# the key may lie where t2 does: here its line begins above
t2 = number(2, 't2', '')
if (t2 == t2 && t2 > 0) { set arrow 1 from t2, graph 0.24 to t2, graph 1 as 1 }
set ylabel 'loss'; set yrange [*:*]; set logscale y; set format y '10^{%T}'
plot run using 'step':'train_loss' with lines lw 1 lc rgb blue title 'training', \
     run using 'step':'val_loss' with lines lw 2 lc rgb orange title 'validation'
unset key
if (t2 == t2 && t2 > 0) { set arrow 1 from t2, graph 0 to t2, graph 1 as 1 }
set ylabel 'norm of the parameters'; unset logscale y; set format y '%g'; set yrange [0:*]
plot run using 'step':'param_norm' with lines lw 1.5 lc rgb green
unset multiplot

# Training loss and validation accuracy of runs that differ in how their loss is rounded, one over the other.
#   plot rounding TERMINAL TITLE TABLE     with columns run, step, train_loss, val_acc
term = ARG1
high = 900
load 'pipelines/plots/common.gp'
n = count(1, 'run'); of(i) = word(orange.' '.blue.' '.purple.' '.green, i)
stats table using 'step' name 's' nooutput
set multiplot layout 2,1 title heading noenhanced font large
set lmargin 11; set rmargin 4; set xrange [0:s_max]
set grid y lc rgb faint lw 0.6 dt 1
set ylabel 'training loss (nats)'; set logscale y; set format y '10^{%T}'; set ytics 1000
unset key; set xtics apart(s_max, 0)
plot for [i = 1:n] rows(1, nth('run', i)) using 'step':'train_loss' with lines lw 1.4 lc rgb of(i) notitle
set xlabel 'step'; set ylabel 'validation accuracy'; unset logscale y; set format y '%g'; set yrange [0:1]; set ytics 0.25
set key left top Left reverse samplen 2
plot for [i = 1:n] rows(1, nth('run', i)) using 'step':'val_acc' with lines lw 1.4 lc rgb of(i) title text_of(1, 'run', i) noenhanced
unset multiplot

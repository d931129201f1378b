# Losses of a run beside its progress measures (gk-fourier).
#   plot progress TERMINAL TITLE MEASURES RUN     gk-fourier's table of a trajectory, and gk-train's of the run
term = ARG1
high = 1000
load 'pipelines/plots/common.gp'
run = rows(2, '')
stats table using 'step' nooutput; set xrange [0:STATS_max]
set multiplot layout 2,1 title heading noenhanced font large
set grid y lc rgb faint lw 0.6 dt 1; set lmargin 11; set rmargin 26
set key at graph 1.02, graph 1 left top Left reverse samplen 1
set logscale y; set format y '10^{%T}'; set yrange [1e-9<*:*<100]; set ylabel 'cross-entropy loss (nats)'
plot run using 'step':'train_loss' with lines lw 1 lc rgb blue title 'training', \
     run using 'step':'val_loss' with lines lw 2 lc rgb orange title 'validation', \
     table using 'step':'excluded_train' with lines lw 2 lc rgb green title 'excluded, training', \
     table using 'step':'restricted_val' with lines lw 2 lc rgb purple title 'restricted, validation'
unset logscale y; set format y '%g'; set yrange [0:1]; set ylabel 'share or coefficient'; set xlabel 'step'
plot run using 'step':'val_acc' with lines lw 1 dt 2 lc rgb grey title 'accuracy, validation', \
     table using 'step':'sum_share' with lines lw 1 lc rgb blue title 'energy, all frequencies', \
     table using 'step':'key_share' with lines lw 2 lc rgb orange title 'energy, key frequencies', \
     table using 'step':'embed_gini' with lines lw 2 lc rgb green title 'Gini, embedding', \
     table using 'step':'embed_ipr' with lines lw 2 lc rgb purple title 'participation, embedding'
unset multiplot

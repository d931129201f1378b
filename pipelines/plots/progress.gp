# Losses of a run beside its progress measures (gk-fourier).
#   plot progress TERMINAL TITLE RUN MEASURES     gk-train's table, and gk-fourier's of its trajectory
term = ARG1
high = 1000
load 'pipelines/plots/common.gp'
measures = rows(2, '')
stats measures using 'step' nooutput; set xrange [0:STATS_max]
set multiplot layout 2,1 title heading noenhanced font large
set grid y lc rgb faint lw 0.6 dt 1; set lmargin 11; set rmargin 26
set key at graph 1.02, graph 1 left top Left reverse samplen 1
set logscale y; set format y '10^{%T}'; set yrange [1e-9:100]; set ylabel 'cross-entropy loss (nats)'
plot table using 'step':'train_loss' with lines lw 1 lc rgb blue title 'training', \
     table using 'step':'val_loss' with lines lw 2 lc rgb orange title 'validation', \
     measures using 'step':'excluded_train' with lines lw 2 lc rgb green title 'excluded, training', \
     measures using 'step':'restricted_val' with lines lw 2 lc rgb purple title 'restricted, validation'
unset logscale y; set format y '%g'; set yrange [0:1]; set ylabel 'share or coefficient'; set xlabel 'step'
plot measures using 'step':'sum_share' with lines lw 1 lc rgb blue title 'energy, all frequencies', \
     measures using 'step':'key_share' with lines lw 2 lc rgb orange title 'energy, five keys', \
     measures using 'step':'embed_gini' with lines lw 2 lc rgb green title 'Gini, embedding', \
     measures using 'step':'embed_ipr' with lines lw 2 lc rgb purple title 'participation, embedding'
unset multiplot

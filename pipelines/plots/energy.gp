# The logits' energy in each frequency over the steps of a run, below its losses.
#   plot energy TERMINAL TITLE TABLE RUN     gk-fourier's table (--view logits), and gk-train's
term = ARG1
high = 1000
load 'pipelines/plots/common.gp'
run = rows(2, '')
stats table using 'step' name 's' nooutput
stats table using 'k' name 'k' nooutput
set multiplot title heading noenhanced font large
set lmargin at screen 0.09; set rmargin at screen 0.84; set xrange [0:s_max]; set xtics apart(s_max, 0)
set tmargin at screen 0.92; set bmargin at screen 0.68
set key at screen 0.855, screen 0.92 left top Left reverse samplen 1
set grid y lc rgb faint lw 0.6 dt 1
set logscale y; set format y '10^{%T}'; set ylabel 'loss (nats)'; set yrange [1e-9<*:*<100]; set ytics 100
plot run using 'step':'train_loss' with lines lw 1 lc rgb blue title 'training', \
     run using 'step':'val_loss' with lines lw 2 lc rgb orange title 'validation'
unset logscale y; set format y '%h'; unset key; unset grid; set ytics autofreq
set tmargin at screen 0.6; set bmargin at screen 0.1
set border 15; set autoscale yfix; set yrange [0.5:k_max + 0.5]; set ylabel 'frequency k'; set xlabel 'step'
set logscale cb; set cbrange [1e-4:1]; set format cb '10^{%T}'; set cblabel 'share of the energy' offset 1
set colorbox user origin screen 0.86, screen 0.1 size screen 0.02, screen 0.5
plot table using 'step':'k':(column('share') > 1e-4 ? column('share') : 1e-4) with image notitle
unset multiplot

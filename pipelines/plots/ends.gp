# The Hessian's ends along a run, above its losses.
#   gnuplot -c ends.gp TERMINAL OUT TABLE TITLE RUN
term = ARG1; out = ARG2; table = ARG3; heading = ARG4; run = ARG5
load 'pipelines/plots/common.gp'
stats table using 'step' nooutput
set multiplot layout 2,1 title heading font ',20'
set lmargin 12; set rmargin 30; set xrange [0:STATS_max]; set key outside right top Left reverse
set ylabel 'loss (nats)'; set logscale y; set format y '%g'; set format x ''
plot run using 'step':'train_loss' with lines lc rgb blue title 'training', \
     '' using 'step':'val_loss' with lines lc rgb orange title 'validation'
set xlabel 'step'; set format x '%g'; set ylabel 'eigenvalue'; set ytics 100
plot table using 'step':(abs(column('lambda_max'))) with lines lc rgb blue title 'λ max', \
     '' using 'step':(column('lambda_min') < 0 ? -column('lambda_min') : NaN) with lines lc rgb orange title '−λ min', \
     '' using 'step':(column('rayleigh') > 0 ? column('rayleigh') : NaN) with lines lc rgb green title "g'Hg / g'g"
unset multiplot

# The loss along a line from every frame of a run: step across, alpha up, two panels.
#   gnuplot -c lines.gp TERMINAL OUT TABLE TITLE RUN
term = ARG1; out = ARG2; table = ARG3; heading = ARG4; run = ARG5
load 'pipelines/plots/common.gp'
stats table using 'step' nooutput
set multiplot layout 1,2 title heading font ',20'
set autoscale fix; set xlabel 'step'; set ylabel 'alpha (0: the checkpoint itself)'
set logscale cb; set cblabel 'training loss (nats)'; set format cb '%g'
plot table using 'step':'alpha':'train_loss' with image notitle, 0 with lines dt 2 lc rgb 'white' notitle
unset logscale cb; set cblabel 'validation accuracy'; set cbrange [0:1]
plot table using 'step':'alpha':'val_acc' with image notitle, 0 with lines dt 2 lc rgb 'white' notitle
unset multiplot

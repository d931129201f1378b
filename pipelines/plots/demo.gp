# The demo's figure: a run's accuracies and losses, and the spectrum of its first steps.
#   plot demo/WINDOW TERMINAL TITLE RUN PHASES SPECTRUM
# WINDOW is the number of steps transformed.
term = ARG1; window = ARG2 + 0
load 'pipelines/plots/tables.gp'
run = rows(1, ''); spectrum = rows(3, '')

# The colours of Okabe and Ito, which colour-blind readers can distinguish.
blue = '#0072B2'; orange = '#D55E00'; green = '#009E73'
shade = '#F3F0DC'; grey = '#505050'; faint = '#d8d8d8'

if (term eq 'png') { set terminal pngcairo size 1800,1000 font 'DejaVu Sans,20' lw 2 background '#ffffff' }
if (term eq 'svg') { set terminal svg size 1200,667 font 'DejaVu Sans,14.5' lw 1.3 background '#ffffff' }
set encoding utf8

set datafile separator tab
set datafile commentschars '#'
set datafile missing 'nan'
set datafile columnheaders
stats run using 'step' nooutput
last = STATS_max
t2 = number(2, 't2', ''); t4 = number(2, 't4', '')

set border 3 lw 0.7 lc rgb grey
set tics nomirror out
set grid y lc rgb faint lw 0.6 dt 1
set logscale x
set multiplot

# Left, above: accuracies. The window is shaded; dotted lines mark t2 and t4.
set lmargin at screen 0.085; set rmargin at screen 0.555
set tmargin at screen 0.84; set bmargin at screen 0.515
set xrange [10:1.1 * last]; set mxtics 10; set format x ''
set ylabel 'accuracy' offset 0.5
set yrange [0:1.05]; set ytics ('0 %%' 0, '25 %%' 0.25, '50 %%' 0.5, '75 %%' 0.75, '100 %%' 1)
set object 1 rectangle from 10, graph 0 to window, graph 1 behind fillstyle solid noborder fillcolor rgb shade
if (t2 == t2) { set arrow 1 from t2, graph 0 to t2, graph 1 nohead dt 3 lw 1 lc rgb grey }
if (t4 == t4) { set arrow 2 from t4, graph 0 to t4, graph 1 nohead dt 3 lw 1 lc rgb grey }
if (t2 == t2) { set label 2 sprintf('t₂ = %d', t2) at t2, graph 1.06 center textcolor rgb grey }
if (t4 == t4) { set label 4 sprintf('t₄ = %d', t4) at t4, graph 1.06 center textcolor rgb grey }
set label 10 heading at screen 0.03, 0.95 left noenhanced font (term eq 'svg' ? ',18' : ',25')
set key left center Left reverse samplen 1.6 spacing 1.2
plot run using 'step':'train_acc' with lines lw 1.2 lc rgb blue title 'training', \
     ''  using 'step':'val_acc' with lines lw 2.2 lc rgb orange title 'validation'
unset label 2; unset label 4; unset label 10; unset key

# Left, below: losses.
set tmargin at screen 0.47; set bmargin at screen 0.12
set xlabel 'step'
set format x '%.0f'
set ylabel 'cross-entropy loss (nats)'
set logscale y; set yrange [*:*]; set ytics autofreq; set format y '%g'
set label 1 sprintf('the first %d steps', window) at 11.5, graph 0.08 left textcolor rgb grey
plot run using 'step':'train_loss' with lines lw 1.2 lc rgb blue, \
     ''  using 'step':'val_loss' with lines lw 2.2 lc rgb orange
unset label 1; unset arrow; unset object 1

# Right: the spectrum of the window, the positive frequencies.
set lmargin at screen 0.665; set rmargin at screen 0.98
set tmargin at screen 0.84; set bmargin at screen 0.12
set xrange [1.0 / window:0.5]
set format x '%g'
set xlabel 'frequency (cycles per step)'
set ylabel 'energy (nats²)'
set yrange [1e-3:*]
set label 1 sprintf('Spectrum of the first %d steps', window) at graph 0.5, 1.085 center
set label 2 'training loss less its mean, Hann taper' at graph 0.5, 1.03 center textcolor rgb grey
plot spectrum using (column('frequency') > 0 ? column('frequency') : NaN):'energy' \
     with lines lw 1.2 lc rgb green
unset multiplot

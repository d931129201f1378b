# The training loss of the same runs in single precision, in double, and with a loss that rounds: a panel for each setting.
#   plot arithmetic TERMINAL TITLE CURVES     with columns setting, dtype, step, train_loss
term = ARG1
high = 1300
load 'pipelines/plots/common.gp'
n = count(1, 'setting')
stats table using 'step' name 's' nooutput
set multiplot layout n,1 title heading noenhanced font large
set lmargin 11; set rmargin 4; set xrange [0:s_max]
set grid y lc rgb faint lw 0.6 dt 1
set logscale y; set format y '10^{%T}'
do for [i = 1:n] {
    of = nth('setting', i)
    # What a panel is stands at its left, because the key is at its right. A blank title keeps the place.
    set title ' ' offset 0,-0.6
    set label 1 text_of(1, 'setting', i) at graph 0, graph 1.13 left noenhanced
    set xlabel (i == n ? 'step' : ''); set ylabel 'training loss (nats)'
    set key at graph 1, graph 1.2 right top samplen 2 maxrows 1
    # some five labels, however far the loss falls
    stats rows(1, of) using (log10(column('train_loss'))) name 'l' nooutput
    set ytics 10**(l_max - l_min > 4 ? ceil((l_max - l_min) / 5) : 1)
    if (i > 1) { unset key }
    plot rows(1, ' dtype=f32'.of) using 'step':'train_loss' with lines lw 1.6 lc rgb orange title 'f32', \
         rows(1, ' dtype=f64'.of) using 'step':'train_loss' with lines lw 0.8 lc rgb blue title 'f64', \
         rows(1, ' dtype=f32-rounded'.of) using 'step':'train_loss' with lines lw 0.8 lc rgb green title 'f32, rounded loss'
}
unset multiplot

# Training loss and validation accuracy along lines from every frame, a column for each fraction r.
#   plot lines-by-fraction TERMINAL TITLE TABLE
term = ARG1
wide = 1800; high = 850
load 'pipelines/plots/common.gp'
stats table using 'step' name 's' nooutput
stats table using 'train_loss' name 'loss' nooutput
n = count(1, 'r')
set multiplot layout 2,n title heading noenhanced font large margins 0.09,0.93,0.14,0.85 spacing 0.045,0.12
set autoscale fix; set border 15; set xtics apart(s_max, n > 4)
do for [row = 1:2] {
    if (row == 1) { set logscale cb; set format cb '10^{%T}'; set cbrange [loss_min:loss_max] } else { unset logscale cb; set format cb '%g'; set cbrange [0:1] }
    do for [i = 1:n] {
        if (i == n) { set colorbox } else { unset colorbox }
        set title (row == 1 ? 'r = '.text_of(1, 'r', i) : '') noenhanced; set xlabel row == 2 ? 'step' : ''
        set ylabel i == 1 ? (row == 1 ? "training loss (nats)\nα" : "validation accuracy\nα") : ''
        plot rows(1, nth('r', i)) using 'step':'alpha':(row == 1 ? column('train_loss') : column('val_acc')) with image notitle, \
             0 with lines dt 2 lw 0.7 lc rgb 'white' notitle
    }
}
unset multiplot

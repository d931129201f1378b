# Over learning rate and weight decay: final validation accuracy and early energy, one above the
# other in a column for each fraction r, or side by side where there is one.
#   plot heat TERMINAL TITLE TABLE
term = ARG1
load 'pipelines/plots/tables.gp'
n = count(1, 'r'); high = n > 1 ? 1050 : 700; wide = n > 3 ? 2200 : 1600
load 'pipelines/plots/common.gp'
# gnuplot reads 8.0e-3 in a text, and not 8e-3
lrs = sorted('lr', '%.9e'); decays = sorted('weight-decay', '%.9e')
lr_names = sorted('lr', '%g'); decay_names = sorted('weight-decay', '%g')
stats table using 'm0_400' name 'm' nooutput
# the place of a value among those there are
place(list, x) = (p = -1, sum [i = 1:words(list)] (word(list, i) + 0 == x ? (p = i - 1) : 0), p)
x(i) = place(decays, column('weight-decay'))
y(i) = place(lrs, column('lr'))
z(what) = what eq 'acc' ? column('final_val_acc') : column('m0_400')
share(what) = what eq 'acc' ? z(what) : log(z(what) / m_min) / log(m_max / m_min)
text(what) = what eq 'acc' ? sprintf('%.2f', z(what)) : z(what) < 1e5 ? sprintf('%.0f', z(what)) : sprintf('%.1e', z(what))
set multiplot layout (n > 1 ? 2 : 1),(n > 1 ? n : 2) title heading noenhanced font large
set border 15; set tics scale 0; set xtics (); set ytics ()
do for [i = 1:words(decays)] { set xtics add (word(decay_names, i) i - 1) }
do for [i = 1:words(lrs)] { set ytics add (word(lr_names, i) i - 1) }
set xrange [-0.5:words(decays) - 0.5]; set yrange [-0.5:words(lrs) - 0.5]
do for [what in 'acc energy'] {
    if (what eq 'acc') { set cbrange [0:1] } else { set cbrange [m_min:m_max]; set logscale cb; set format cb '%.0f'; set cbtics (m_min, sqrt(m_min * m_max), m_max) }
    do for [i = 1:n] {
        set title 'r = '.text_of(1, 'r', i).': '.(what eq 'acc' ? 'final validation accuracy' : n > 1 ? 'm0, 400 steps (nats²)' : 'energy m0 of the first 400 steps (nats²)') noenhanced
        set xlabel 'weight decay'; set ylabel 'learning rate'
        r = rows(1, nth('r', i))
        # boxes, not an image, whose cells would grow over places without a run
        plot r using (x(0)):(y(0)):(0.5):(0.5):(z(what)) with boxxyerror fillstyle solid 1 noborder linecolor palette notitle, \
             r using (x(0)):(y(0)):(text(what)):(share(what) > 0.6 ? 0x000000 : 0xffffff) with labels font (n > 1 ? ',12' : ',14') textcolor rgb variable notitle
    }
}
unset multiplot

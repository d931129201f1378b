# A column of a sweep's table over two of its options.
#   plot heatmap TERMINAL TITLE CELLS      what cells makes
term = ARG1
high = 800; wide = 1100
load 'pipelines/plots/common.gp'
nx = count(1, 'x'); ny = count(1, 'y')
stats table using 'z' name 'z' nooutput
if (!exists('z_records') || z_records == 0) { print 'nothing to draw: the column has no number'; exit status 1 }
value = text_of(1, 'value', 1)
is_share = z_min >= 0 && z_max <= 1 && (value eq 'grokked' || strstrt(value, '_acc') > 0)
is_wide = !is_share && z_min > 0 && z_max / z_min > 100
low = is_share ? 0 : z_min; top = is_share ? 1 : z_max > z_min ? z_max : z_min + 1
share(z) = is_wide ? log(z / low) / log(top / low) : (z - low) / (top - low)
text(z) = z != z ? '' : is_share ? sprintf('%.2f', z) : abs(z) < 1e5 && abs(z) >= 0.01 ? sprintf('%.4g', z) : sprintf('%.1e', z)
over = text_of(1, 'over', 1)
below(name) = (line = text_of(1, name, 1), line eq '-' ? '' : "\n".line)
set title heading.(over eq '-' ? '' : "\nmean over ".over) noenhanced font large
set border 15; set tics scale 0; set rmargin at screen 0.83 # room for the label of the colours
set xtics () noenhanced; set ytics () noenhanced
do for [i = 1:nx] { set xtics add (text_of(1, 'x', i) number(1, 'x_at', nth('x', i))) }
do for [i = 1:ny] { set ytics add (text_of(1, 'y', i) number(1, 'y_at', nth('y', i))) }
set xrange [-0.5:nx - 0.5]; set yrange [-0.5:ny - 0.5]
set xlabel text_of(1, 'across', 1).below('left_out').below('cut_short') noenhanced; set ylabel text_of(1, 'up', 1) noenhanced
set cblabel value noenhanced offset 2
set cbrange [low:top]
if (is_wide) { set logscale cb }
plot table using 'x_at':'y_at':(0.5):(0.5):'z' with boxxyerror fillstyle solid 1 noborder linecolor palette notitle, \
     table using 'x_at':'y_at':(text(column('z'))):(share(column('z')) > 0.6 ? 0x000000 : 0xffffff) \
         with labels font (nx > 8 ? ',12' : ',15') textcolor rgb variable notitle

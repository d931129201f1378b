# The share of runs that have grokked by each step, a curve a group, a cross where runs were censored.
#   plot race TERMINAL TITLE CURVES TIMES     gk-times's tables, with and without --curves
term = ARG1
load 'pipelines/plots/common.gp'
n = count(1, 'group')
okabe = '#0072B2 #D55E00 #009E73 #CC79A7 #E69F00 #56B4E9'
colour(i) = n <= words(okabe) ? word(okabe, i) : viridis(0.9 * (i - 1) / (n - 1))
stats table using 'step' name 's' nooutput
array last[n]
do for [i = 1:n] { stats rows(1, nth('group', i)) using 'step' name 'g' nooutput; last[i] = g_max }
step(x) = x == x && x < 1e300 ? sprintf('%.0f', x) : '∞'
of(i, c) = number(2, c, nth('group', i))
named(i) = sprintf("%s: %.0f of %.0f, median %s (%s to %s)", text_of(1, 'group', i), of(i, 'grokked'), of(i, 'n'), \
    step(of(i, 'median')), step(of(i, 'lower')), step(of(i, 'upper')))
set title heading noenhanced font large
set grid y lc rgb faint lw 0.6 dt 1
set xrange [0:1.02 * s_max]; set yrange [0:1.04]; set xlabel 'step'; set ylabel 'share of runs that have grokked'
set bmargin n + 4.5
set key at screen 0.07, character 0.3 left bottom Left reverse samplen 2 noenhanced maxcols 1
# Each curve is 0 up to the first step at which a run grokked or ended.
do for [i = 1:n] {
    x = number(1, 'step', nth('group', i)); y = number(1, 'share', nth('group', i))
    set arrow from 0,0 to x,0 nohead lw 2.5 lc rgb colour(i)
    set arrow from x,0 to x,y nohead lw 2.5 lc rgb colour(i)
    # where all have grokked, it stays 1
    if (of(i, 'grokked') == of(i, 'n')) { set arrow from last[i],1 to graph 1, first 1 nohead lw 2.5 lc rgb colour(i) }
}
plot for [i = 1:n] rows(1, nth('group', i)) using 'step':'share' with steps lw 2.5 lc rgb colour(i) title named(i), \
     for [i = 1:n] rows(1, nth('group', i)) using 'step':(column('censored') > 0 ? column('share') : NaN) \
         with points pt 2 ps 1.4 lw 2 lc rgb colour(i) notitle

# Accuracies and losses of runs, all in one picture: a colour a run, validation thick, training thin.
#   plot overlay TERMINAL TITLE TABLE       with a column run
term = ARG1
load 'pipelines/plots/tables.gp'
n = count(1, 'run')
longest = 0
do for [i = 1:n] { size = strlen(text_of(1, 'run', i)); longest = size > longest ? size : longest }
high = 900; wide = 1200 + 13 * longest; side = 1060.0 / wide
load 'pipelines/plots/common.gp'
stats table using 'step' nooutput; last = STATS_max
okabe = '#0072B2 #D55E00 #009E73 #CC79A7 #E69F00 #56B4E9'
colour(i) = n <= words(okabe) ? word(okabe, i) : viridis(0.9 * (i - 1) / (n - 1))
# whether a column has another value than nan
values(c) = count(1, c) > 1 || text_of(1, c, 1) ne 'nan'
set multiplot layout 2,1 title heading."\n" noenhanced font large; set lmargin 11; set rmargin at screen side
set logscale x; set xrange [1:1.02 * last]; set grid y lc rgb faint lw 0.6 dt 1
do for [what in 'acc loss'] {
    set xlabel (what eq 'loss' ? 'step' : '')
    if (what eq 'acc') {
        set ylabel 'accuracy'; set yrange [0:1.05]; set format y '%g'
        set key at screen side + 0.02, screen 0.9 left top Left reverse samplen 1 noenhanced maxrows 40
    } else {
        set ylabel 'loss'; set logscale y; set yrange [*:*]; set format y '10^{%T}'; unset key
    }
    # of a log that lacks one of them, the other; of one that lacks both, an empty panel
    kinds = (values('val_'.what) ? 'val ' : '').(values('train_'.what) ? 'train' : '')
    if (words(kinds)) {
        plot for [k in kinds] for [i = 1:n] rows(1, nth('run', i)) using 'step':k.'_'.what with lines \
            lw (k eq 'val' ? 2 : 0.7) dt 1 + (k ne 'val') lc rgb colour(i) title (k eq word(kinds, 1) ? text_of(1, 'run', i) : '')
    } else {
        unset logscale y; set yrange [0:1]; set format y ''
        set label 1 'not in the files' at graph 0.5, graph 0.5 center textcolor rgb grey
        plot for [i = 1:n] 2 with lines lw 2 lc rgb colour(i) title text_of(1, 'run', i) # for the key
    }
    unset label 1
}
unset multiplot

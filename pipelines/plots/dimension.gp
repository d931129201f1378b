# Intrinsic dimension of each layer along runs: a row for each seed, a column for each split.
#   gnuplot -c dimension.gp TERMINAL OUT TITLE TABLE
term = ARG1; out = ARG2; heading = ARG3; table = ARG4
high = 900
load 'pipelines/plots/common.gp'
seeds = values(table, 'seed'); layers = values(table, 'layer'); n = words(seeds)
colours = blue.' '.orange.' '.green.' '.purple
set multiplot layout n,2 title heading font large; set lmargin 9
set yrange [0:*]; set grid y lc rgb faint lw 0.6 dt 1
do for [i = 1:n] {
    do for [split in 'train val'] {
        set title (split eq 'train' ? 'training' : 'validation').' rows, initialisation '.(i)
        set xlabel i == n ? 'step' : ''; set ylabel split eq 'train' ? 'intrinsic dimension' : ''
        set key right top; if (i > 1 || split ne 'train') { unset key }
        plot for [l = 1:words(layers)] \
            rows(table, 'layer', word(layers, l)).sprintf(" | awk -F'\\t' 'NR == 1 || ($1 == \"%s\" && $3 == \"%s\" && $7 == \"mle\")'", word(seeds, i), split) \
            using 'step':'id' with lines lw 1.5 lc rgb word(colours, l) title 'block '.l
    }
}
unset multiplot

# Intrinsic dimension of each layer along runs: a row for each seed, a column for each split.
#   plot dimension TERMINAL TITLE TABLE
term = ARG1
high = 900
load 'pipelines/plots/common.gp'
n = count(1, 'seed'); layers = count(1, 'layer')
colours = blue.' '.orange.' '.green.' '.purple
set multiplot layout n,2 title heading noenhanced font large; set lmargin 9
set yrange [0:*]; set grid y lc rgb faint lw 0.6 dt 1
do for [i = 1:n] {
    do for [split in 'train val'] {
        set title (split eq 'train' ? 'training' : 'validation').' rows, initialisation '.(i)
        set xlabel i == n ? 'step' : ''; set ylabel split eq 'train' ? 'intrinsic dimension' : ''
        set key right top; if (i > 1 || split ne 'train') { unset key }
        plot for [l = 1:layers] rows(1, nth('layer', l).nth('seed', i).' method=mle split='.split) \
            using 'step':'id' with lines lw 1.5 lc rgb word(colours, l) title 'block '.l
    }
}
unset multiplot

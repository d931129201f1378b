# One curve of a run in a panel for each fraction r of training data.
#   plot multiples/gradient|cosines|condition TERMINAL TITLE TABLE
term = ARG1; what = ARG2
wide = 1600; high = 800
load 'pipelines/plots/common.gp'
stats table using 'step' name 's' nooutput
if (what eq 'gradient') { stats table using (column('grad_norm')**2) name 'y' nooutput }
if (what eq 'cosines') { stats table using (column('step') > 1 && column('cos_prev') < 1 ? 1 - column('cos_prev') : NaN) name 'y' nooutput }
if (what eq 'cosines') { stats table using 'cos_init' name 'c' nooutput }
if (what eq 'condition') { stats table using 'condition' name 'y' nooutput }
n = count(1, 'r')
twice = what eq 'cosines'
set multiplot layout (twice ? 2 : down(n)),(twice ? n : across(n)) title heading noenhanced font large
if (twice) { set lmargin 10 }
set grid y lc rgb faint lw 0.6 dt 1
set xrange [0:s_max]; set xtics apart(s_max, n > 4)
if (what eq 'gradient') {
    set logscale y; set format y '10^{%T}'
    set yrange [y_min / 2:y_max * 2]
    do for [i = 1:n] {
        set title 'r = '.text_of(1, 'r', i) noenhanced; set xlabel 'step'; set ylabel i % across(n) == 1 || n == 1 ? '|gradient|²' : ''
        plot rows(1, nth('r', i)) using 'step':(column('grad_norm')**2) with lines lw 0.8 lc rgb blue notitle
    }
}
if (what eq 'cosines') {
    do for [row = 1:2] {
        do for [i = 1:n] {
            set title (row == 1 ? 'r = '.text_of(1, 'r', i) : '') noenhanced
            if (row == 1) {
                set logscale y; set format y '10^{%T}'; set ylabel i == 1 ? '1 − cos(θ_{t−1}, θ_t)' : ''; set yrange [y_min / 2:y_max * 2]; set xlabel ''
                plot rows(1, nth('r', i)) using 'step':(column('step') > 1 ? 1 - column('cos_prev') : NaN) with lines lw 0.8 lc rgb blue notitle
            } else {
                unset logscale y; set format y '%g'; set ylabel i == 1 ? 'cos(θ_0, θ_t)' : ''; set yrange [c_min < 0 ? c_min : 0:1.02]; set xlabel 'step'
                plot rows(1, nth('r', i)) using 'step':'cos_init' with lines lw 1.5 lc rgb orange notitle
            }
        }
    }
}
if (what eq 'condition') {
    set yrange [y_min < -0.1 ? y_min * 1.05 : -0.1:0.05]
    do for [i = 1:n] {
        set title 'r = '.text_of(1, 'r', i) noenhanced; set xlabel 'step'; set ylabel i % across(n) == 1 || n == 1 ? 'λ_{min} / λ_{max}' : ''
        plot rows(1, nth('r', i)) using 'step':'condition' with linespoints pt 7 ps 0.4 lw 1 lc rgb blue notitle, 0 lc rgb grey dt 2 notitle
    }
}
unset multiplot

# t4 and t2 against the fraction r, with the fitted law, a panel for each operation.
#   plot powerlaw TERMINAL TITLE TABLE FIT
term = ARG1
wide = 1900
load 'pipelines/plots/common.gp'
n = count(1, 'operation')
of(panel, parameter) = number(2, 'estimate', panel.' parameter='.parameter)
stats table using (100 * column('frac')) name 'r' nooutput
stats table using 'steps' name 's' nooutput
stats table using 't2' name 'm' nooutput
set multiplot layout 1,n title heading noenhanced font large margins 0.07,0.8,0.15,0.83 spacing 0.08,0
# beside the panels: a law that is steep passes through their corners
set key at screen 0.99, screen 0.83 right top Left reverse samplen 2
set xlabel 'fraction r of the data that trains (%)'; set ylabel 'step'; set logscale y; set grid y lc rgb faint lw 0.6 dt 1
set xrange [r_min - 3:r_max + 3]; set yrange [m_min / 2:s_max * 2]
do for [i = 1:n] {
    panel = nth('operation', i); r = rows(1, panel)
    a = of(panel, 'a'); gamma = of(panel, 'gamma'); b = of(panel, 'b')
    set title text_of(1, 'operation', i).sprintf(': γ = %.3g', gamma) noenhanced
    if (i > 1) { unset key }
    # the fit is of the fraction itself
    plot r using (100 * column('frac')):'t4' with points pt 7 ps 1.3 lc rgb orange title 't4: generalised', \
         r using (100 * column('frac')):(column('t4') == column('t4') ? NaN : column('steps')) with points pt 8 ps 1.5 lc rgb grey title 'not grokked by this step', \
         a * (x / 100)**-gamma + b with lines lw 1.5 lc rgb orange title 'a r^{−γ} + b', \
         r using (100 * column('frac')):'t2' with points pt 5 ps 1.1 lc rgb blue title 't2: memorised'
}
unset multiplot

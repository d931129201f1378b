# What the figures share. The caller sets term (png or svg), because load forgets ARG1 ..., and may set
# wide and high first. The colours are those of Okabe and Ito, which colour-blind readers can distinguish,
# and viridis for heat.
if (!exists('wide')) { wide = 1600 }
if (!exists('high')) { high = 700 }
blue = '#0072B2'; orange = '#D55E00'; green = '#009E73'; purple = '#CC79A7'; grey = '#505050'; faint = '#d8d8d8'
if (term eq 'png') { set terminal pngcairo size wide,high font 'DejaVu Sans,17' lw 2 background '#ffffff' }
if (term eq 'svg') { set terminal svg size 0.75*wide,0.75*high font 'DejaVu Sans,13' lw 1.3 background '#ffffff' }
load 'pipelines/plots/tables.gp'
set encoding utf8
set datafile separator tab
set datafile commentschars '#'
set datafile missing 'nan'
set datafile columnheaders
set border 3 lw 0.7 lc rgb grey
set tics nomirror out
# The default, '% h', puts a blank before a label, which then stands beside the middle of its tick.
set format '%h'
set palette defined (0 '#440154', 1 '#3b528b', 2 '#21918c', 3 '#5ec962', 4 '#fde725')
viridis(x) = word('#440154 #482878 #3e4989 #31688e #26828e #1f9e89 #35b779 #6ece58 #b5de2b #fde725', 1 + int(9 * x + 0.5))
large = term eq 'png' ? ',21' : ',16'

# rows and columns for n panels
across(n) = n <= 3 ? n : n <= 4 ? 2 : n <= 6 ? 3 : 4
down(n) = ceil(real(n) / across(n))
# how far apart the labels of an axis from 0 to s stand; twice as far in a small panel
apart(s, small) = (b = 10**floor(log10(s)), s / b < 2 ? b / 2 : s / b < 5 ? b : 2 * b) * (small ? 2 : 1)

# What the figures share. The caller sets term (png or svg) and out, since load forgets ARG1 ... Okabe and Ito's colours; viridis for heat.
blue = '#0072B2'; orange = '#D55E00'; green = '#009E73'; purple = '#CC79A7'; grey = '#505050'
if (term eq 'png') { set terminal pngcairo size 1600,700 font 'DejaVu Sans,18' lw 2 background '#ffffff' }
if (term eq 'svg') { set terminal svg size 1200,525 font 'DejaVu Sans,14' lw 1.3 background '#ffffff' }
set output out
set encoding utf8
set datafile separator tab
set datafile commentschars '#'
set datafile missing 'nan'
set datafile columnheaders
set border 3 lw 0.7 lc rgb grey
set tics nomirror out
set palette defined (0 '#440154', 1 '#3b528b', 2 '#21918c', 3 '#5ec962', 4 '#fde725')

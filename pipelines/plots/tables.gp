# Tables, by pipelines/plots/rows: t is 1 for the first of pipelines/plots/plot's tables, and a value of a
# column is named by its place among the values. What shows a text that another wrote says noenhanced,
# so that _ and ^ are themselves.
heading = system('printf %s "$title"')
# The program is named to awk, because the first line of pipelines/plots/rows would start one program more.
asked = 'LC_ALL=C awk -f pipelines/plots/rows '
ask(what) = system(asked.what.' 2>&9')
# how many values column c has, and the i-th as text
count(t, c) = ask(sprintf('count table%d %s', t, c)) + 0
text_of(t, c, i) = ask(sprintf('value table%d %s %d', t, c, i))
# the numbers of a column in order, as words
sorted(c, form) = ask(sprintf('sorted table1 %s %s', c, form))
# conditions: column c has the i-th value of the first table, or of table t
nth(c, i) = nth_of(1, c, i)
nth_of(t, c, i) = sprintf(' %s@table%d:%d', c, t, i)
# the rows for which some conditions hold, with the header; an empty line before each new value of
# column c, as a grid wants it
rows(t, conditions) = sprintf('< %sall table%d%s 2>&9', asked, t, conditions)
grid(t, c, conditions) = sprintf('< %sgrid table%d %s%s 2>&9', asked, t, c, conditions)
table = rows(1, '')
# the number in column c of the first such row
number(t, c, conditions) = number_of(ask(sprintf('number table%d %s%s', t, c, conditions)))
number_of(s) = s eq 'nan' || s eq '' ? NaN : s eq 'inf' ? 1e308 : s + 0

# gk-fit-powerlaw: known laws come back, and what is not known is said.
# shellcheck disable=SC2154 # run sets status, output and stderr

load helpers

# law A GAMMA B R...: a table of exact points.
law() {
    awk 'BEGIN { print "r\tt4"; for (i = 4; i < ARGC; i++)
        printf "%.17g\t%.17g\n", ARGV[i], ARGV[1] * ARGV[i] ^ -ARGV[2] + ARGV[3] }' "$@"
}

# cell ROW COLUMN FILE
cell() {
    awk -F'\t' -v row="$1" -v name="$2" '/^#/ { next }
        !n { n = NF; for (i = 1; i <= NF; i++) if ($i == name) col = i; next }
        $1 == row { print $col; found = 1 } END { exit !found }' "$3"
}

@test "the paper's law for addition, in percent and in fraction" {
    law 1.09e15 7.73 1442.63 20 30 40 50 60 70 80 > p.tsv
    gk-fit-powerlaw p.tsv > p.out
    close_to "$(cell gamma estimate p.out)" 7.73 1e-9
    close_to "$(cell a estimate p.out)" 1.09e15 1e-8
    close_to "$(cell b estimate p.out)" 1442.63 1e-9
    close_to "$(cell a_other estimate p.out)" "$(awk "BEGIN { printf \"%.12g\", 1.09e15 * 100 ^ -7.73 }")" 1e-8
    law 0.378 7.73 1442.63 .2 .3 .4 .5 .6 .7 .8 | gk-fit-powerlaw --units fraction > f.out
    close_to "$(cell gamma estimate f.out)" 7.73 1e-9
    close_to "$(cell a estimate f.out)" 0.378 1e-8
    close_to "$(cell a_other estimate f.out)" "$(awk "BEGIN { printf \"%.12g\", .378 * 100 ^ 7.73 }")" 1e-8
}

@test "the published, rounded points" {
    printf 'r,t4\n20,97044\n30,5604\n50,1523\n80,1445\n' > p.csv
    gk-fit-powerlaw p.csv > out
    close_to "$(cell gamma estimate out)" 7.73 1e-4
    close_to "$(cell a estimate out)" 1.09e15 1e-2
    close_to "$(cell b estimate out)" 1442.63 2e-4
}

@test "NIST's DanWood, certified values" {
    printf '%s\n' x,y 1.309,2.138 1.471,3.421 1.490,3.597 1.565,4.340 1.611,4.882 1.680,5.660 |
        gk-fit-powerlaw -x x -y y --fix-b 0 --details > out
    close_to "$(cell a estimate out)" 0.76886226176 1e-9
    close_to "$(cell a stderr out)" 0.018281973860 1e-9
    close_to "$(cell gamma estimate out)" -3.8604055871 1e-9
    close_to "$(cell gamma stderr out)" 0.051726610913 1e-9
    close_to "$(cell sigma estimate out)" 0.0328531140 1e-7 # sqrt(4.3173084083e-3 / 4)
    assert_equal "$(cell b estimate out) $(cell b stderr out)" '0 0'
}

@test "S5 with 5 % noise: gamma in its interval, b not identifiable" {
    law 1.85e6 1.18 0 30 35 40 45 50 55 60 65 70 75 80 | awk -F'\t' -v OFS='\t' '
        BEGIN { split(".03 -.06 .05 .02 -.07 .04 -.01 .08 -.03 .01 -.05", e, " ") }
        NR > 1 { $2 *= 1 + e[NR - 1] } { print }' > s5.tsv
    run --separate-stderr gk-fit-powerlaw s5.tsv
    assert_success
    [[ $stderr == *'note: b is not identifiable: its 95 % interval, -'*' contains 0'* ]]
    refute [ "${stderr#*gamma is not}" != "$stderr" ]
    echo "$output" > out
    awk -v l="$(cell gamma lower out)" -v u="$(cell gamma upper out)" 'BEGIN { exit !(l < 1.18 && 1.18 < u) }'
    run --separate-stderr gk-fit-powerlaw -q s5.tsv
    assert_equal "$stderr" ''
    # b >= 0 cuts the interval there
    gk-fit-powerlaw -q --b-min 0 s5.tsv > bound
    assert_equal "$(cell b lower bound)" 0
    close_to "$(cell b upper bound)" "$(cell b upper out)" 0.2
}

@test "a bound that binds: the fit with b held there" {
    law 1000 .5 -50 10 20 30 40 50 | awk -F'\t' -v OFS='\t' 'NR > 1 { $2 += NR % 2 } { print }' > t
    run --separate-stderr gk-fit-powerlaw --b-min 0 t
    assert_success
    [[ $stderr == *'b is at its bound 0'* ]]
    echo "$output" > bound
    gk-fit-powerlaw -q --fix-b 0 t > held
    for row in a gamma; do
        close_to "$(cell $row estimate bound)" "$(cell $row estimate held)" 1e-9
    done
    assert_equal "$(cell b stderr bound)" nan
}

@test "a bound with a rival beyond it: intervals take it in" {
    # a logarithm and a little noise, the limit of gamma = 0 and b = inf: better than any law with b = 0
    awk 'BEGIN { n = split("20 25 30 40 50 60 80", r, " "); split("1 -2 1 1 -1 -1 1", e, " ")
        print "r\tt4"; for (i = 1; i <= n; i++) printf "%d\t%.17g\n", r[i], 1000 - 100 * log(r[i]) + e[i] }' >log.tsv
    gk-fit-powerlaw -q --b-min 0 log.tsv >fit
    assert_equal "$(awk '$1 == "b" { print $2, $5 }' fit)" '0 inf'
    awk '$1 == "gamma" { exit !($2 > 0 && $4 < 0) }' fit
    run -0 gk-fit-powerlaw --b-min 0 log.tsv
    assert_output --partial 'gamma is not identifiable'
}

@test "censored runs: by flag or by length, and both the same" {
    law 1.85e6 1.18 300 20 30 40 50 60 70 80 | awk -F'\t' -v OFS='\t' '
        NR == 1 { print $0, "steps" > "len"; print $0, "cut" > "flag"; next }
        { y = $2 + (NR % 2 ? 90 : -90); late = y > 20000
          print $1, late ? "nan" : y, 20000 > "len"; print $1, late ? 20000 : y, late > "flag" }'
    run --separate-stderr gk-fit-powerlaw --censor steps len
    assert_success
    [[ $stderr == *'3 of 7 runs are censored'* ]]
    echo "$output" | grep -v '^#' > a
    gk-fit-powerlaw -q --censor cut flag | grep -v '^#' > b
    cmp a b
    breaks "gk-fit-powerlaw: --censor: len: line 2: column t4: nan: how long did this run last?" \
        gk-fit-powerlaw len
    # what the law would have done anyway takes nothing from it
    gk-fit-powerlaw -q --censor steps --fix-b 300 len > c
    close_to "$(cell gamma estimate c)" 1.18 0.05
}

@test "censored runs: those that failed or were given up, and delays, have a note" {
    law 1.85e6 1.18 300 20 30 40 50 60 70 80 | awk -F'\t' -v OFS='\t' '
        NR == 1 { print $0, "delay", "steps", "status", "reason"; next }
        { print $1, $2, $2 - 20, 1e6, "done", "-" }
        END { print 20, "nan", "nan", 7, "failed", "diverged"; print 20, "nan", "nan", 400, "done", "given up at step 400"
              print 20, "nan", "nan", 600, "done", "given up at step 600"
              # what it did before it failed is known
              print 80, 1.85e6 * 80 ^ -1.18 + 300, 1.85e6 * 80 ^ -1.18 + 280, 1e6, "failed", "diverged" }' >t
    doubts() { # OPTION...
        run -0 --separate-stderr gk-fit-powerlaw --censor steps "$@"
        grep -E 'failed|given up|delay' <<<"$stderr" || :
    }
    assert_equal "$(doubts t)" 'gk-fit-powerlaw: note: t: 1 run failed and counts as censored, as if it could still grok: a group in which many diverge looks too good
gk-fit-powerlaw: note: t: 2 runs were given up: that they did not grok is a model'"'s guess"
    sed -i '/failed\|given/d' t
    assert_equal "$(doubts t)" ''
    assert_equal "$(doubts -y delay t)" \
        'gk-fit-powerlaw: note: t: delay counts from t2, and steps from 0: runs that did not grok are censored too late'
    sed '1s/steps/span/' t >renamed
    assert_equal "$(gk-fit-powerlaw -y delay --censor span renamed 2>&1 >/dev/null | grep delay)" ''
}

@test "weights: 0 leaves a run out" {
    law 5000 1 7 10 20 30 40 50 60 > t
    awk -F'\t' -v OFS='\t' 'NR == 1 { print $0, "w"; next } { print $0, NR } END { print 35, 9999, 0 }' \
        t > w.tsv
    gk-fit-powerlaw -q -w w w.tsv > out
    close_to "$(cell gamma estimate out)" 1 1e-9
    close_to "$(cell b estimate out)" 7 1e-8
}

@test "predictions: the law and a new run, with bands" {
    law 5000 1 7 10 20 30 40 50 60 | awk -F'\t' -v OFS='\t' 'NR > 1 { $2 += NR % 2 } { print }' > t
    gk-fit-powerlaw -q --predict 25,100 t > out
    run cell 'y(25)' estimate out
    close_to "$output" 207.5 1e-2
    for x in 25 100; do
        awk -v a="$(cell "new($x)" lower out)" -v b="$(cell "y($x)" lower out)" \
            -v c="$(cell "y($x)" upper out)" -v d="$(cell "new($x)" upper out)" \
            'BEGIN { exit !(a < b && b < c && c < d) }'
    done
}

@test "as many runs as parameters: the law through them, no errors" {
    law 5000 1 7 10 20 40 > t
    run --separate-stderr gk-fit-powerlaw t
    assert_success
    [[ $stderr == *'as many parameters as runs'* ]]
    echo "$output" > out
    close_to "$(cell a estimate out)" 5000 1e-8
    assert_equal "$(cell a stderr out) $(cell a lower out)" 'nan nan'
}

@test "a unit that cannot be meant gets a note" {
    law 0.378 7.73 1442 .2 .3 .5 .8 > f
    law 1e6 1 3 20 30 50 80 > p
    run --separate-stderr gk-fit-powerlaw f
    [[ $stderr == *'no r is above 1, taken as percent; --units fraction?'* ]]
    run --separate-stderr gk-fit-powerlaw --units fraction p
    [[ $stderr == *'some r are above 1, taken as fraction; --units percent?'* ]]
}

@test "data that are no law are refused" {
    t() { printf 'r\tt4\tc\n'; printf '%s\n' "$@" | tr ' ' '\t'; }
    breaks 'gk-fit-powerlaw: standard input: 2 runs with a value: too few for 3 parameters' \
        gk-fit-powerlaw < <(t '1 2 0' '2 1 0')
    breaks 'gk-fit-powerlaw: standard input: only 2 different x: too few for 3 parameters' \
        gk-fit-powerlaw < <(t '1 2 0' '2 1 0' '2 3 0' '1 5 0')
    breaks 'gk-fit-powerlaw: standard input: only 2 different x with a value: too few for 3 parameters' \
        gk-fit-powerlaw --censor c < <(t '1 2 9' '2 1 9' '2 3 9' '3 nan 9')
    breaks 'gk-fit-powerlaw: standard input: every y is 4: there is no law to fit' \
        gk-fit-powerlaw < <(t '1 4 0' '2 4 0' '3 4 0')
    breaks 'gk-fit-powerlaw: standard input: line 3: column r: 0: a power law wants x > 0' \
        gk-fit-powerlaw < <(t '1 4 0' '0 4 0' '3 4 0')
    breaks 'gk-fit-powerlaw: standard input: line 2: column t4: inf is not finite' \
        gk-fit-powerlaw < <(t '1 inf 0' '2 4 0' '3 4 0')
    breaks 'gk-fit-powerlaw: standard input: line 4: column c: -1: a weight is a number >= 0' \
        gk-fit-powerlaw -w c < <(t '1 1 0' '2 4 0' '3 4 -1')
    breaks 'gk-fit-powerlaw: standard input: line 2: column c: nan is not finite' \
        gk-fit-powerlaw --censor c < <(t '1 nan nan' '2 4 7' '3 4 7')
    breaks 'gk-fit-powerlaw: standard input: line 3: column t4: 9 is after the run'"'"'s end, c = 7' \
        gk-fit-powerlaw --censor c < <(t '1 nan 7' '2 9 7' '3 4 7')
    breaks 'gk-fit-powerlaw: standard input: line 2: column t4: nan, and c holds flags: when did it end?' \
        gk-fit-powerlaw --censor c < <(t '1 nan 1' '2 9 0' '3 4 0')
    breaks 'gk-fit-powerlaw: standard input: line 3: column t4: 9 is after the run'"'"'s end, steps = 0' \
        gk-fit-powerlaw --censor steps < <(t '1 nan 1' '2 9 0' '3 4 0' | sed '1s/c$/steps/')
    refuses_like 1 'no column .?t4' gk-fit-powerlaw < <(printf 'r,y\n1,2\n')
}

@test "wrong usage" {
    wrong_usage 'gk-fit-powerlaw: --fix-b and --b-min exclude each other' \
        gk-fit-powerlaw --fix-b 0 --b-min 0
    wrong_usage "gk-fit-powerlaw: --predict: 'x' is not a number" gk-fit-powerlaw --predict 1,x
    wrong_usage "gk-fit-powerlaw: --predict: '1,,2' has an empty place" gk-fit-powerlaw --predict 1,,2
    wrong_usage 'gk-fit-powerlaw: --predict: -3 is not above 0' gk-fit-powerlaw --predict -3
}

@test "an a that only follows gamma says so, with what to compare instead" {
    awk 'BEGIN { OFS = "\t"; print "r", "t4"; for (r = 20; r <= 80; r += 10) print r, 1.09e15 * r^-7.73 + 1442 + r % 3 }' >percent
    awk -F'\t' -v OFS='\t' 'NR > 1 { $1 /= 100 } 1' percent >fraction
    awk -F'\t' -v OFS='\t' 'NR > 1 { $1 /= 20 } 1' percent >middle
    run -0 --separate-stderr gk-fit-powerlaw --details percent
    [[ $stderr =~ note:\ a\ and\ gamma\ are\ correlated\ by\ 0\.999[0-9]+:\ a\ is\ the\ power\ at\ r\ =\ 1,\ outside\ the\ data\;\ compare\ gamma,\ b\ and\ --predict\ R\ with\ R\ from\ 20\ to\ 80,\ or\ give\ r\ in\ a\ unit\ that\ puts\ the\ data\ around\ 1 ]] || fail "$stderr"
    run -0 --separate-stderr gk-fit-powerlaw --units fraction fraction
    [[ $stderr == *'with R from 0.2 to 0.8, or give r'* ]] || fail "$stderr"
    # what the note advises: the same gamma and b, and an a that is known
    gk-fit-powerlaw percent >p 2>err
    run -0 --separate-stderr gk-fit-powerlaw --details --units fraction middle
    refute [ "${stderr#*correlated}" != "$stderr" ]
    printf '%s\n' "$output" >m
    for row in gamma b; do close_to "$(cell $row estimate m)" "$(cell $row estimate p)" 1e-6; done
    # in its own unit a is known better than in percent
    awk -v m="$(cell a stderr m)" -v ma="$(cell a estimate m)" -v p="$(cell a stderr p)" -v pa="$(cell a estimate p)" 'BEGIN { exit !(m / ma < p / pa / 3) }'
}

@test "a negative step among others is fitted, with a note" {
    printf 'r\tt4\n30\t1000\n50\t800\n80\t300\n20\t-1\n90\t200\n' >t
    run --separate-stderr gk-fit-powerlaw t
    assert_success
    [[ $stderr == *'note: 1 of 5 runs have a negative t4, which is fitted as it is; a run that never grokked has nan, and --censor'* ]]
    sed 's/\t/&-/; 1s/-//' <(grep -v 20 t) >all
    run --separate-stderr gk-fit-powerlaw all
    [[ $stderr != *negative* ]]
}

# gk-times: Kaplan-Meier and the log-rank test against published values and lifelines, and what a
# table of runs may hold.
# shellcheck disable=SC2154 # run sets status, output and stderr
load helpers

# rows: a table without comments and header.
rows() {
    grep -v '^#' | tail -n +2
}

# same_rows WANT < GOT: cell by cell the same text, or numbers that agree to 1e-9.
same_rows() {
    paste -d '\n' "$1" - | awk -F'\t' -v OFS='\t' '
        NR % 2 { split($0, want); n = NF; next }
        { if (NF != n) { print "line " NR / 2 ": " NF " cells, not " n; bad = 1; exit 1 }
          for (i = 1; i <= n; i++) {
              d = $i - want[i]; if (d < 0) d = -d; m = want[i] < 0 ? -want[i] : want[i]
              word = want[i] !~ /^-?[0-9.]+(e[-+]?[0-9]+)?$/
              if (word ? $i != want[i] : d > 1e-9 * m + 1e-15) { print "line " NR / 2 ": " $i ", not " want[i]; bad = 1 } } }
        END { if (NR % 2 || !NR) { print "not as many rows"; bad = 1 } exit bad }' || fail "$1"
}

times() {
    gk-times -q --time time --censor censored --group group "$@"
}

@test "times: groups, curves and tests are those of lifelines, to 1e-9" {
    for set in gehan larynx lung waltons; do
        times "$GOLDEN/times/$set.tsv" | rows | same_rows "$GOLDEN/times/$set.groups"
        times --curves "$GOLDEN/times/$set.tsv" | rows | same_rows "$GOLDEN/times/$set.curves"
        times --compare "$GOLDEN/times/$set.tsv" | tail -n 1 | cut -f 5-7 | same_rows "$GOLDEN/times/$set.test"
    done
}

@test "times: published values: Freireich's leukaemia and the lung data of R's survival" {
    times "$GOLDEN/times/gehan.tsv" >g
    assert_equal "$(cut -f 1-6 g | rows)" $'placebo\t21\t9\t23\t13\tinf\n6-MP\t21\t21\t8\t4\t11'
    times --compare "$GOLDEN/times/gehan.tsv" >c
    close_to "$(column_of chi_square c | tail -n 1)" 16.79 3e-4
    assert_equal "$(column_of expected c | xargs printf '%.2f ')" '19.25 10.75 30.00 ' # survdiff(Surv(time, cens) ~ treat)
    times "$GOLDEN/times/lung.tsv" | rows | cut -f 2-4 >l                                # survfit(Surv(time, status) ~ sex)
    assert_equal "$(<l)" $'138\t112\t270\n90\t53\t426'
    times --compare "$GOLDEN/times/lung.tsv" >c
    assert_equal "$(column_of expected c | xargs printf '%.1f ')" '91.6 73.4 165.0 '
    assert_equal "$(column_of chi_square c | xargs printf '%.1f ') $(column_of p c | xargs printf '%.3f ')" '10.3 10.3 10.3  0.001 0.001 0.001 '
}

@test "times: the table of a sweep: t4, and runs that did not grok censored at their last step" {
    grid='t4\tsteps\tlr\toptimizer\n950\t1200\t1e-3\tadamw\nnan\t2000\t1e-3\tadamw\n1500\t1600\t1e-3\tadamw\n400\t600\t1e-3\tmuon\n450\t600\t2e-3\tmuon\nnan\tnan\t1e-3\tmuon\n'
    # shellcheck disable=SC2059
    printf "$grid" >t
    run --separate-stderr gk-times --group optimizer t
    assert_success
    assert_equal "$stderr" 'gk-times: note: t: 1 run is left out: neither t4 nor steps is known'
    assert_equal "$(rows <<<"$output" | cut -f 1-6)" $'adamw\t3\t2\t1500\t950\tinf\nmuon\t2\t2\t400\t400\tinf'
    # muon is known for ever, adamw to 2000: (950 + 1500 + 2000) / 3, (400 + 450) / 2
    assert_equal "$(rows <<<"$output" | cut -f 9 | xargs)" '2000 2000'
    close_to "$(column_of restricted_mean <<<"$output" | head -n 1)" "$(awk 'BEGIN { printf "%.17g", 4450 / 3 }')"
    close_to "$(column_of restricted_mean <<<"$output" | tail -n 1)" 425
    assert_equal "$(grep '^#' <<<"$output")" "# gk-times $VERSION --time t4 --censor steps --group optimizer"
    # a group is the text of all its columns, in the order of the table
    assert_equal "$(gk-times -q --group optimizer,lr t | rows | cut -f 1,2)" $'adamw,1e-3\t3\nmuon,1e-3\t1\nmuon,2e-3\t1'
    assert_equal "$(gk-times -q t | rows | cut -f 1-3)" $'all\t5\t4'
    assert_equal "$(gk-times -q --time t4 --censor steps --group optimizer t | md5sum)" "$(gk-times -q --group optimizer t | md5sum)"
    # the same runs with flags, and with the last steps
    awk -F'\t' -v OFS='\t' 'NR == 1 { print "time", "steps", "group"; next }
        { print $2 == 1 ? "nan" : $1, $2 == 1 ? $1 : 99, $3 }' "$GOLDEN/times/gehan.tsv" >steps.tsv
    gk-times -q --time time --group group steps.tsv | rows | same_rows "$GOLDEN/times/gehan.groups"
}

@test "times: runs that failed or were given up, and delays, have a note" {
    printf 'lr\tstatus\tsteps\tt4\tdelay\treason\n' >t
    printf '1\tdone\t100\t50\t20\t-\n2\tfailed\t7\tnan\tnan\tdiverged\n2\tdone\t40\tnan\tnan\tgiven up at step 40\n2\tdone\t100\t60\t30\t-\n' >>t
    run -0 --separate-stderr gk-times --group lr t
    assert_equal "$(grep -v until <<<"$stderr")" 'gk-times: note: t: 1 run failed and counts as censored, as if it could still grok: a group in which many diverge looks too good
gk-times: note: t: 1 run was given up: that they did not grok is a model'"'s guess"
    # nobody looked whether it grokked
    printf 'status\tsteps\tt4\tfinal_val_acc\ndone\t100\t50\t1\ndone\t100\tnan\tnan\ndone\t100\tnan\t0.5\n' >unseen
    run -0 --separate-stderr gk-times unseen
    [[ $stderr == *'gk-times: note: unseen: 1 run has no validation accuracy and counts as not having grokked, which nobody knows'* ]] || fail "$stderr"
    # a run that grokked before it failed is not censored
    run -0 --separate-stderr gk-times --group lr <(sed 's/\t7\tnan/\t7\t5/' t)
    refute_regex "$stderr" 'failed'
    run -0 --separate-stderr gk-times --group lr --time delay <(grep -v 'failed\|given' t)
    [[ $stderr == *'delay counts from t2, and steps from 0: runs that did not grok are censored too late' ]] || fail "$stderr"
}

@test "times: all censored, one run, all at one step, ties with a censored run, step 0" {
    printf 't4\tsteps\nnan\t100\nnan\t200\n' >none
    run --separate-stderr gk-times none
    assert_equal "$(tail -n 1 <<<"$output")" $'all\t2\t0\tinf\tinf\tinf\t200\t0\t200'
    assert_equal "$stderr" 'gk-times: note: none: more than half of all did not grok in the steps they had: median inf'
    printf 't4\n70\n' >one
    assert_equal "$(gk-times one | tail -n 1)" $'all\t1\t1\t70\tnan\tinf\t70\t0\t70'
    printf 't4\n70\n70\n70\n' >same
    assert_equal "$(gk-times same | tail -n 1)" $'all\t3\t3\t70\tnan\tinf\t70\t0\t70'
    # who is censored at 10 is at risk at 10
    printf 't4\tsteps\n10\t10\nnan\t10\n20\t20\n' >ties
    assert_equal "$(gk-times -q --curves ties | rows | cut -f 2-5 | xargs)" '0 3 0 0 10 3 1 1 20 1 1 0'
    close_to "$(gk-times --curves ties | column_of share | sed -n 2p)" "$(awk 'BEGIN { printf "%.17g", 1 / 3 }')"
    # half is half where products round: 2/3 of 3/4 of the runs are left
    printf 't4\tsteps\n1\t9\n2\t9\nnan\t9\nnan\t9\n' >half
    assert_equal "$(gk-times half | tail -n 1 | cut -f 4)" 2
    printf 't4\tsteps\n0\t9\n0\t9\nnan\t9\n' >zero
    assert_equal "$(gk-times -q zero | tail -n 1 | cut -f 2-4,7)" $'3\t2\t0\t3'
    assert_equal "$(gk-times -q --curves zero | rows | cut -f 2-5 | xargs)" '0 3 2 0 9 1 0 1'
    # 2 groups without a median
    printf 'g,t4,steps\na,nan,9\nb,nan,9\nc,3,9\n' >two
    run --separate-stderr gk-times --group g two
    assert_equal "$stderr" "gk-times: note: two: more than half of group 'a' and of 1 other group did not grok in the steps they had: median inf"
}

@test "times: the mean up to a step, and up to where all are known" {
    close_to "$(gk-times -q --time time --censor censored --group group --until 10 "$GOLDEN/times/gehan.tsv" | column_of restricted_mean | tail -n 1)" \
        "$(awk 'BEGIN { printf "%.17g", (1 + 1 + 2 + 2 + 3 + 4 + 4 + 5 + 5 + 4 * 8 + 8 * 10) / 21 }')"
    breaks "gk-times: $GOLDEN/times/gehan.tsv: --until 36: the runs of placebo are known up to step 35 only" \
        gk-times --time time --censor censored --group group --until 36 "$GOLDEN/times/gehan.tsv"
    # where all grokked in all groups: to the last of them
    printf 'g,t4\na,3\nb,7\n' | gk-times --group g >t
    assert_equal "$(column_of until t | xargs) $(column_of restricted_mean t | xargs)" '7 7 3 7'
    # its error is the root of the sum of area^2 d / (n (n - d)), as R's survival has it
    close_to "$(gk-times -q --time time --censor censored "$GOLDEN/times/lung.tsv" | column_of mean_stderr)" 19.707791421339845 1e-9
}

@test "times: more groups than two, and groups that never meet" {
    gk-times --time time --censor censored --group group --compare "$GOLDEN/times/larynx.tsv" >t
    assert_equal "$(column_of df t | xargs)" '1 1 1 1 3'
    assert_equal "$(column_of n t | xargs) $(column_of grokked t | xargs)" '33 17 27 13 90 15 7 17 11 50'
    close_to "$(column_of expected t | tail -n 1)" 50
    # c ended before anybody grokked: it says nothing, and counts no degree of freedom
    printf 'g\tt4\tsteps\na\t5\t9\na\t6\t9\nb\t7\t9\nb\tnan\t9\nc\tnan\t2\n' >three
    grep -v '^c' three | gk-times --group g --compare | tail -n 1 | cut -f 5- >two
    gk-times --group g --compare three | tail -n 1 | cut -f 5- | same_rows two
    assert_equal "$(gk-times --group g --compare three | tail -n 2 | head -n 1)" $'c\t1\t0\t0\tnan\t0\tnan'
    # nobody grokked
    printf 'g\tt4\tsteps\na\tnan\t9\nb\tnan\t8\n' >none
    run --separate-stderr gk-times --group g --compare none
    assert_equal "$(tail -n 1 <<<"$output")" $'all\t2\t0\t0\tnan\t0\tnan'
    assert_equal "$stderr" "gk-times: note: no run grokked while another group's could have: nothing to compare"
}

@test "times: errors say what is wrong" {
    printf 'g\tt4\tsteps\na\t5\t9\na\tnan\t9\n' >t
    refuses_like 1 "^gk-times: t: no column 't5'" gk-times --time t5 t
    refuses_like 1 "^gk-times: t: no column 'h'" gk-times --group g,h t
    refuses_like 1 "^gk-times: t: no column 'stop'" gk-times --censor stop t
    breaks 'gk-times: t: one group in g, a: nothing to compare with' gk-times --group g --compare t
    wrong_usage 'gk-times: --compare wants groups: --group COLUMN' gk-times --compare t
    wrong_usage 'gk-times: --compare and --curves exclude each other' gk-times --group g --compare --curves t
    wrong_usage 'gk-times: --until is of the mean, which --curves does not print' gk-times --until 3 --curves t
    wrong_usage 'gk-times: --group: g is there twice' gk-times --group g,g t
    cut -f 1,2 t >bare
    breaks 'gk-times: --censor: bare: line 3: column t4: nan: how long did this run last?' gk-times bare
    printf 't4\tsteps\n5\t4\n' >late
    breaks "gk-times: late: line 2: column t4: 5 is after the run's end, steps = 4" gk-times late
    printf 't4\tsteps\n-5\t4\n' >before
    breaks 'gk-times: before: line 2: column t4: -5: a step is 0 or above' gk-times before
    printf 't4\tsteps\nnan\t-4\n' >before
    breaks 'gk-times: before: line 2: column steps: -4: a step is 0 or above' gk-times before
    printf 't4\tsteps\ninf\t4\n' >never
    breaks 'gk-times: never: line 2: column t4: inf is not finite' gk-times never
    printf 't4\tsteps\nnan\tnan\n' >nothing
    breaks 'gk-times: nothing: no row has a t4 or an end' gk-times nothing
    printf 't4\tgrokked\nnan\t0\n9\t1\n' >flags
    breaks 'gk-times: flags: line 2: column t4: nan, and grokked holds flags: when did it end?' gk-times --censor grokked flags
}

@test "times: a column called steps holds steps, even where all are 0 or 1" {
    printf 't4\tsteps\n1\t1\nnan\t1\n0\t1\nnan\t0\n' >short
    gk-times -q short >a
    assert_equal "$(rows <a | cut -f 2-3)" $'4\t2'
    gk-times -q --censor steps short | cmp - a
    printf 't4\tsteps\n5\t1\n6\t0\n' >late
    breaks "gk-times: late: line 2: column t4: 5 is after the run's end, steps = 1" gk-times late
    # by another name they are flags
    assert_equal "$(sed s/steps/ended/ late | gk-times -q --censor ended | rows | cut -f 2-3)" $'2\t1'
}

@test "times: groups are the cells of their columns, and a note names two that look alike" {
    # a comma in a cell does not move to another column
    printf 'a\tb\tt4\nema:0.9,2\tx\t1\nema:0.9\t2,x\t2\nsay "x"\ty\t3\n' >commas
    assert_equal "$(gk-times --group a,b commas | rows | cut -f 1,2)" \
        $'"ema:0.9,2",x\t1\nema:0.9,"2,x"\t1\n"say ""x""",y\t1'
    assert_equal "$(gk-times --group a commas | rows | cut -f 1 | head -n 1)" 'ema:0.9,2'
    # one number in two ways
    printf 'lr,g,t4\n1e-3,x,1\n0.001,y,2\n0.001,x,3\n1e-3,x,4\n' >ways
    run --separate-stderr gk-times --group lr ways
    assert_equal "$stderr" 'gk-times: note: ways: 1e-3 and 0.001 are two groups: their cells differ as text'
    assert_equal "$(rows <<<"$output" | cut -f 1,2)" $'1e-3\t2\n0.001\t2'
    run --separate-stderr gk-times --group g,lr ways
    assert_equal "$stderr" 'gk-times: note: ways: x,1e-3 and x,0.001 are two groups: their cells differ as text'
    run --separate-stderr gk-times --group g ways
    assert_equal "$stderr" ''
}

@test "times: flags whose name says the opposite are no censoring" {
    for name in grokked Grokked event event_observed status; do
        printf 't4,frac,%s\n1000,30,True\n800,50,True\n5000,20,False\n' "$name" >t
        why="--censor: t: by its name a 1 in column $name is a run that grokked, not one that is censored: give a column of 1 - $name, or of steps"
        breaks "gk-times: $why" gk-times --censor "$name" t
        breaks "gk-fit-powerlaw: $why" gk-fit-powerlaw -x frac --censor "$name" t
    done
    awk -F, -v OFS=, 'NR == 1 { $3 = "ended" } NR > 1 { $3 = $3 == "False" } 1' t >ended
    assert_equal "$(gk-times -q --censor ended ended | rows | cut -f 2-4)" $'3\t2\t1000'
}

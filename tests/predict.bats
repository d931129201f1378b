# gk-predict: runs told apart by what they did early, and a run given up while it is going on.
# shellcheck disable=SC2154 # run sets status, output and stderr

load helpers

# runs N DELTA: a table of N runs, half of which grok; log m0_400 of those is higher by DELTA on
# average, in evenly spread normal-like values that interleave; mobility_400 says nothing.
runs() {
    awk -v n="$1" -v delta="$2" 'BEGIN {
        print "m0_400,mobility_400,lr,r,final_val_acc,grokked"
        for (i = 0; i < n; i++) {
            y = i % 2; u = (int(i / 2) + 0.5) / (n / 2)
            z = log(u / (1 - u)) * 0.5513 # logistic of variance 1
            printf "%.17g,%.17g,%g,%g,%.17g,%d\n", exp(z + y * delta), 1 + (i * 7) % 11,
                (i % 3 + 1) / 1000, 30 + 10 * (i % 5), 0.1 + 0.8 * y + 0.01 * u, y
        }
    }'
}

# cell ROW COLUMN FILE
cell() {
    awk -F'\t' -v row="$1" -v name="$2" '/^#/ { next }
        !n { n = NF; for (i = 1; i <= NF; i++) if ($i == name) col = i; next }
        $1 == row { print $col; found = 1 } END { exit !found }' "$3"
}

# between A B C: A <= B <= C
between() {
    awk -v a="$1" -v b="$2" -v c="$3" 'BEGIN { exit !(a <= b && b <= c) }' ||
        fail "not $1 <= $2 <= $3"
}

# A model whose probability is below one half for a curve without energy.
model() {
    printf '%s\n' feature,from,to,log,floor,centre,scale,weight \
        '(intercept),nan,nan,0,-inf,0,1,0' 'm0_10,0,10,1,1e-9,3,1,2'
}

# curve VALUE N: a column train_loss of VALUE
curve() {
    awk -v v="$1" -v n="$2" 'BEGIN { print "step\ttrain_loss"
        for (i = 0; i < n; i++) print i "\t" v }'
}

@test "model and table do not go to one file" {
    printf 'm0_400,final_val_acc,grokked\n1,0,0\n2,0,0\n3,1,1\n5,1,1\n1,1,0\n2,1,1\n' >runs.csv
    wrong_usage 'gk-predict: --model: -o goes to x already' gk-predict fit -q -m x -o x runs.csv
    [ ! -e x ]
}

@test "fit: a feature that no cell of a table can name" {
    for row in '1,"grokked":0' '2,"grokked":0' '3,"grokked":1' '1,"grokked":1'; do
        echo "{\"a\\tb\":$row}"
    done >runs.json
    breaks "gk-predict: the feature 'a?b' has a tab or a line end in its name, which a model cannot hold: rename it" \
        gk-predict fit -q --features $'a\tb' -m m runs.json
    [ ! -e m ]
}

@test "fit: a known AUC is inside the interval, and m0 stands beside the model" {
    # logistic scores of scale s, delta apart: AUC by its integral, computed here by brute force
    runs 200 1 > t
    truth=$(awk 'BEGIN { s = 0.5513; for (i = 0; i < 2000; i++) for (j = 0; j < 2000; j++) {
        a = s * log((i + .5) / (1999.5 - i)) + 1; b = s * log((j + .5) / (1999.5 - j)); k += a > b }
        print k / 4e6 }')
    gk-predict fit t > out
    between "$(cell m0_400 auc_lower out)" "$truth" "$(cell m0_400 auc_upper out)"
    between "$(cell model auc_lower out)" "$truth" "$(cell model auc_upper out)"
    between "$(cell mobility_400 auc_lower out)" 0.5 "$(cell mobility_400 auc_upper out)"
    between "$(cell model auc out)" "$(cell model_fitted auc out)" 1
    between "$(cell model spearman_lower out)" "$(cell model spearman out)" \
        "$(cell model spearman_upper out)"
    assert_equal "$(cell model n out)" 200
    run cell lr auc out
    assert_failure # known beforehand: no feature unless named
}

@test "fit: an AUC of few runs is said to be worth little" {
    runs 12 1 | sed '2s/,0$/,1/' >t
    run -0 --separate-stderr gk-predict fit t
    # sqrt(13 / (12 * 7 * 5))
    assert_equal "$stderr" 'gk-predict: note: t: 12 runs, 7 that grokked: chance alone moves an AUC of so few by 0.18'
    runs 40 1 >t
    run -0 --separate-stderr gk-predict fit t
    assert_equal "$stderr" ''
}

@test "fit, rank: runs that had grokked before their features are known, and rows that are there twice, have a note" {
    # every second run groks, at step 391, 393 ... 469
    runs 40 1 | awk -F, -v OFS=, 'NR == 1 { print $0, "t4", "steps"; next } { print $0, NR % 2 ? 389 + NR - 1 : "", 999 }' >t
    early() { echo "gk-predict: note: t: $1 of 20 runs that grokked had done so by step $2, when the features are known: that is no prediction"; }
    for cmd in fit rank 'fit --print times' 'fit --print decisions'; do
        # shellcheck disable=SC2086 # words
        run -0 --separate-stderr gk-predict $cmd --bootstrap 0 t
        assert_equal "$stderr" "$(early 5 400)"
    done
    run -0 --separate-stderr gk-predict fit --bootstrap 0 --at 420 t
    wrong_usage 'gk-predict: --at: the features are known at step 400, and not at 399' gk-predict fit --bootstrap 0 --at 399 t
    run -0 --separate-stderr gk-predict fit --bootstrap 0 --at 420 t
    assert_equal "$stderr" "$(early 15 420)"
    run -0 --separate-stderr gk-predict fit --bootstrap 0 --features lr,r --m0 m0_400 t
    assert_equal "$stderr" ''
    # a word, or the -1 of a run that never grokked, is no early time
    awk -F, -v OFS=, 'NR > 1 { $7 = NR % 3 ? -1 : "never" } 1' t >never
    run -0 --separate-stderr gk-predict fit --bootstrap 0 never
    assert_equal "$stderr" ''
    # copies; runs of the same settings are none
    cut -d, -f 1-6 t >apart
    for n in 1 3; do
        { cat apart; sed -n "2,$((n + 1))p" apart; } >twice
        run -0 --separate-stderr gk-predict fit --bootstrap 0 twice
        are=$([ $n = 1 ] && echo ' is a copy' || echo 's are copies')
        assert_equal "$stderr" "gk-predict: note: twice: $n row$are of an earlier run: held-out runs are not unseen, and intervals are too narrow"
    done
    cut -d, -f 3,4,6 apart >settings
    run -0 --separate-stderr gk-predict rank --bootstrap 0 --features lr,r settings
    assert_equal "$stderr" ''
}

@test "fit: the intervals of the model count that other runs make another model" {
    runs 60 1 >t
    gk-predict fit t >out
    gk-predict fit --refits 0 t >fixed
    # the measures are the same, and so are the rows of features; the model's intervals are wider
    cmp <(grep -v '^#' out | cut -f 1-3,6,9 | grep -v '^model_') <(grep -v '^#' fixed | cut -f 1-3,6,9 | grep -v '^model_')
    cmp <(grep -v -e '^#' -e $'^model\t60' out) <(grep -v -e '^#' -e $'^model\t60' fixed)
    for what in auc spearman; do
        between "$(cell model ${what}_lower out)" "$(cell model ${what}_lower fixed)" "$(cell model $what out)"
        between "$(cell model $what out)" "$(cell model ${what}_upper fixed)" "$(cell model ${what}_upper out)"
    done
    between 0 "$(cell model auc_lower out)" 1
    between 0 "$(cell model auc_upper out)" 1
    grep -q '^# gk-predict .* --refits 200' out
    # with groups, too; the seed decides
    gk-predict fit --group r --refits 50 t >a
    gk-predict fit --group r --refits 50 t >b
    cmp a b
    gk-predict fit --group r --refits 50 --seed 1 t >c
    refute [ "$(cell model auc_lower a)" = "$(cell model auc_lower c)" ]
    # so many folds would take too long by default
    awk -F, -v OFS=, 'BEGIN { print "m0", "run", "grokked"; for (i = 0; i < 800; i++) print 1 + i * 7919 % 1000, i, i % 2 }' >many
    run -0 --separate-stderr gk-predict fit --bootstrap 1 --group run many
    assert_equal "$stderr" 'gk-predict: note: many: too many runs and folds to fit again by default: the intervals do not count that other runs make another model; --refits 200 does'
    assert_line --partial -- '--refits 0'
    wrong_usage 'gk-predict: --refits is an option of gk-predict fit' gk-predict score --refits 3 -m x
}

@test "fit: exact scores of four runs of each outcome" {
    # m0: no 1 2 3 4, yes 3 4 5 6: 8 + 4 + 1 + ... pairs: 13 wins, 2 ties of 16
    printf '%s\n' m0,v,grokked 1,0.1,0 2,0.2,0 3,0.3,0 4,0.4,0 3,0.5,1 4,0.6,1 5,0.7,1 6,0.8,1 > t
    gk-predict fit --val v t > out
    close_to "$(cell m0 auc out)" 0.875
    # ranks of m0: 1 2 3.5 5.5 3.5 5.5 7 8 against 1..8: sums of products 39, 41 and 42
    close_to "$(cell m0 spearman out)" "$(awk 'BEGIN { printf "%.17g", 39 / sqrt(41 * 42) }')" 1e-12
}

@test "fit: the same seed gives the same bytes, another one other folds" {
    runs 60 0.5 > t
    gk-predict fit t > a
    gk-predict fit t > b
    cmp a b
    gk-predict fit --seed 1 t > c
    refute [ "$(cell model auc a)" = "$(cell model auc c)" ]
    assert_equal "$(cell m0_400 auc a)" "$(cell m0_400 auc c)"
    gk-predict fit --bootstrap 0 t > d
    assert_equal "$(cell model auc d) $(cell model auc_lower d)" "$(cell model auc a) nan"
}

@test "fit: groups are left out one at a time" {
    runs 100 1 > t
    gk-predict fit --group r --print groups t > by-group
    assert_equal "$(column_of group by-group | tr '\n' ' ')" '30 40 50 60 70 '
    assert_equal "$(column_of n by-group | sort -u)" 20
    gk-predict fit --group r --print runs t > each
    assert_equal "$(column_of probability each | wc -l)" 100
    assert_equal "$(column_of group each | sed -n 7p)" 40
    gk-predict fit --group r t > out
    brier=$(awk -F'\t' '/^[0-9]/ { s += ($4 - $3) ^ 2; n++ } END { printf "%.17g", s / n }' each)
    close_to "$(cell model brier out)" "$brier"
    # the outcomes of a group have no part in its own probabilities
    awk -F, -v OFS=, '$4 == 50 { $6 = 1 - $6 } { print }' t > flipped
    gk-predict fit --group r --print runs flipped > other
    diff <(awk -F'\t' '$2 == 50 { print $4 }' each) <(awk -F'\t' '$2 == 50 { print $4 }' other)
    refute diff -q <(awk -F'\t' '$2 == 30 { print $4 }' each) <(awk -F'\t' '$2 == 30 { print $4 }' other)
}

@test "fit: perfectly separable runs do not diverge" {
    runs 40 30 > t
    gk-predict fit --ridge 1e-6 --model m t > out
    assert_equal "$(cell model auc out) $(cell model auc_lower out)" '1 1'
    for w in $(column_of weight m); do
        between -100 "$w" 100
    done
    for p in $(gk-predict fit --ridge 1e-6 --print runs t | column_of probability -); do
        between 0.001 "$p" 0.999
    done
}

@test "fit: the model file says what it is" {
    runs 60 1 > t
    gk-predict fit --features m0_400,lr --model m t > out
    assert_equal "$(column_of feature m | tr '\n' ' ')" '(intercept) m0_400 lr '
    assert_equal "$(cell m0_400 to m) $(cell lr to m)" '400 nan'
    grep -qE '^# model: 60 runs, 30 of them grokked; held out by tenths, AUC 0[.][0-9]{3} \(0[.][0-9]{3} to [01][.][0-9]{3}\) at step 400$' m
    # the interval is that of the row, whatever is printed
    grep -qF "($(cell model auc_lower out | xargs printf '%.3f') to $(cell model auc_upper out | xargs printf '%.3f'))" m
    grep '^# model' m >about
    gk-predict fit -q --features m0_400,lr --print runs --model m t >out
    grep '^# model' m | cmp - about
    gk-predict fit -q --features m0_400,lr --refits 0 --model m t >out
    grep -qF "($(cell model auc_lower out | xargs printf '%.3f') to $(cell model auc_upper out | xargs printf '%.3f') of fixed probabilities)" m
    # no interval without resamples, and no step where no window says one
    gk-predict fit -q --bootstrap 0 --features m0 --model bare <(sed 's/m0_400/m0/' t) >out
    grep -qE '^# model: 60 runs, 30 of them grokked; held out by tenths, AUC 0[.][0-9]{3}$' bare
    grep -q '^# gk-predict 1[.0-9]* fit .*--features m0_400,lr .*--ridge 1' m
}

@test "fit: another model stands beside it, on the same folds" {
    runs 100 1 >t
    gk-predict fit --features m0_400,mobility_400 --against mobility_400 --group r t >out
    gk-predict fit --features mobility_400 --refits 0 --group r t >alone
    assert_equal "$(grep -P '^against\t' out | cut -f 2-)" "$(grep -P '^model\t\d' alone | cut -f 2-)"
    close_to "$(cell difference auc out)" \
        "$(awk -v a="$(cell model auc out)" -v b="$(cell against auc out)" 'BEGIN { printf "%.17g", a - b }')"
    between 0 "$(cell difference auc_lower out)" "$(cell difference auc out)"
    between "$(cell difference auc out)" "$(cell difference auc_upper out)" 1
    # a model against itself, on the same resamples
    gk-predict fit --features m0_400 --against m0_400 --group r t >out
    assert_equal "$(grep -P '^difference\t' out)" "$(printf 'difference\t100\t0\t0\t0\t0\t0\t0\t0')"
}

@test "fit: --within ranks only runs of one group" {
    # m0 ranks each group wrongly and the groups rightly
    printf '%s\n' m0,g,grokked 1,a,1 2,a,0 3,a,0 11,b,1 12,b,1 13,b,0 >t
    gk-predict fit --group g --bootstrap 0 t >out
    gk-predict fit --group g --within --bootstrap 0 t >within
    close_to "$(cell m0 auc out)" "$(awk 'BEGIN { printf "%.17g", 4 / 9 }')"
    assert_equal "$(cell m0 auc within)" 0
}

@test "fit: --within ranks by scores before calibration, which drops those that rank groups wrongly" {
    # m0 says a little within each group, and the groups have other shares
    awk 'BEGIN { print "m0,g,grokked"
        for (g = 0; g < 4; g++) for (i = 0; i < 20; i++) { y = i < 4 + 4 * g; print 1 + 0.3 * y + i * 7 % 20 / 20 "," g "," y } }' >t
    gk-predict fit -q --group g --within --refits 0 --against m0 t >out
    assert_equal "$(grep -P '^model\t\d' out | cut -f 3-5)" "$(grep -P '^m0\t' out | cut -f 3-5)"
    assert_equal "$(grep -P '^against\t' out | cut -f 2-)" "$(grep -P '^model\t\d' out | cut -f 2-)"
    # the Brier score is of probabilities, also of each group
    gk-predict fit -q --group g --print runs t >each
    close_to "$(cell model brier out)" "$(awk -F'\t' '/^[0-9]/ { n++; s += ($4 - $3) ^ 2 } END { printf "%.17g", s / n }' each)"
    gk-predict fit -q --group g --within --print groups t >groups
    assert_equal "$(column_of auc groups | grep -cx 0.5)" 0
    close_to "$(column_of brier groups | awk '{ s += $1 / 4 } END { printf "%.17g", s }')" "$(cell model brier out)"
    # so are those of resamples
    gk-predict fit -q --group g --within --refits 20 t >again
    assert_equal "$(cell model auc again)" "$(cell model auc out)"
}

@test "fit: --print models is the rows of models of the summary" {
    runs 60 1 >t
    gk-predict fit -q --group r --features m0_400,lr --against lr t >all
    gk-predict fit -q --group r --features m0_400,lr --against lr --print models t >out
    diff <(grep -v '^#' all | head -n 5) <(grep -v '^#' out)
    assert_equal "$(column_of model out | paste -s -d ' ')" 'model model_fitted against difference'
}

@test "fit: calibration and decisions say what the runs say" {
    runs 60 1 | awk -F, -v OFS=, '{ print $0, NR == 1 ? "t4,steps" : ($6 ? 500 + NR "," 520 + NR : "nan,1000") }' >t
    gk-predict fit -q --print runs t >each
    gk-predict fit -q --print calibration t >bins
    assert_equal "$(column_of n bins | sort -u)" 6
    close_to "$(column_of probability bins | awk '{ s += $1 } END { printf "%.17g", s / 10 }')" \
        "$(column_of probability each | awk '{ s += $1 } END { printf "%.17g", s / NR }')" 1e-12
    gk-predict fit -q --print decisions t >out
    # at the threshold 0.5, run by run: called, ended, steps saved after step 400
    want=$(paste <(column_of probability each) <(column_of outcome each) <(awk -F, 'NR > 1 { print $NF }' t) | awk '
        { all += $3; n[$2]++ } $1 >= 0.5 { called[$2]++ } $1 < 0.5 { ended++; saved += $3 - 400 }
        END { printf "%.9g %.9g %d %.9g\n", called[0] / n[0], called[1] / n[1], ended, saved / all }')
    got=$(awk -F'\t' '$2 == 0.5 { printf "%.9g %.9g %d %.9g\n", $3, $4, $6, $8 }' out)
    assert_equal "$got" "$want"
    assert_equal "$(cell false_alarm_5 false_alarm out | awk '{ print ($1 <= 0.05) }')" 1
    assert_equal "$(cell wrong_1 wrong out)" 0
    # those of three groups, each by a threshold that the other two choose
    awk -F, -v OFS=, '{ print $0, NR == 1 ? "g" : NR % 3 }' t >grouped
    gk-predict fit -q --group g --print runs grouped >each
    gk-predict fit -q --group g --print decisions grouped >out
    want=$(awk -F'\t' '/^[0-9]/ { g[++n] = $2; y[n] = $3; p[n] = $4; all[$3]++ }
        # the lowest threshold with at most 5 % false alarms, the highest that ends at most 1 %, outside group out
        function good(t, out, wrong,   i, no, yes, a, w) {
            for (i = 1; i <= n; i++) if (g[i] != out) { no += !y[i]; yes += y[i]; a += !y[i] && p[i] >= t; w += y[i] && p[i] < t }
            return wrong ? w <= 0.01 * yes : a <= 0.05 * no }
        END { for (i = 1; i <= n; i++) {
                if (!(g[i] in low)) { low[g[i]] = 2; high[g[i]] = -1
                    for (k = 1; k <= n; k++) if (g[k] != g[i]) {
                        if (p[k] < low[g[i]] && good(p[k], g[i], 0)) low[g[i]] = p[k]
                        if (p[k] > high[g[i]] && good(p[k], g[i], 1)) high[g[i]] = p[k] } }
                alarm += !y[i] && p[i] >= low[g[i]]; hit += y[i] && p[i] >= low[g[i]]; wrong += y[i] && p[i] < high[g[i]] }
            printf "%.9g %.9g %.9g\n", alarm / all[0], hit / all[1], wrong / all[1] }' each)
    assert_equal "$(awk -F'\t' '$1 == "false_alarm_5_unseen" { printf "%.9g %.9g ", $3, $4 } $1 == "wrong_1_unseen" { printf "%.9g\n", $7 }' out)" "$want"
    # of a measure whose window nobody says, nobody knows when it decides
    sed '1s/m0_400/m0/' t >bare
    for table in decisions times; do
        wrong_usage 'gk-predict: --window: in which steps A:B was m0 measured?' gk-predict fit --features m0 --print "$table" bare
    done
    gk-predict fit -q --features m0_400 --print decisions t >out
    gk-predict fit -q --features m0 --window 0:400 --print decisions bare >window
    gk-predict fit -q --features m0 --at 400 --print decisions bare >at
    cmp <(grep -v '^#' out) <(grep -v '^#' window)
    cmp <(grep -v '^#' out) <(grep -v '^#' at)
    refuses_like 1 "no column 'steps'" gk-predict fit --print decisions <(runs 20 1)
    refuses_like 1 "no column 't4'" gk-predict fit --print times <(runs 20 1)
    # a time is a number, or nan
    runs 20 1 | awk -F, -v OFS=, 'NR == 1 { print $0, "t4", "steps"; next } { print $0, ($6 ? "inf" : "nan"), 2000 }' >endless
    for table in decisions times; do
        breaks 'gk-predict: endless: line 3: column t4: inf is not finite' gk-predict fit --print "$table" endless
    done
    runs 20 1 | awk -F, -v OFS=, 'NR == 1 { print $0, "t4"; next } { print $0, (NR == 3 ? 900 : "nan") }' >lonely
    breaks 'gk-predict: too few runs have a time to grok: all of them are in one of 10 folds' \
        gk-predict fit -q --print times lonely
    awk -F, -v OFS=, '{ print $0, NR == 1 ? "g" : NR < 8 ? "a" : "b" }' lonely >grouped
    breaks 'gk-predict: without group a no run has a time to grok' gk-predict fit -q --group g --print times grouped
}

@test "fit: a group of any name is one cell" {
    runs 40 1 | awk -F, -v OFS=, 'NR == 1 { print $1, $6, "t4,g"; next }
        { print $1, $6, ($6 ? 500 + NR : "nan"), (NR % 4 < 2 ? "\"a\tb\"" : "#c") }' >t
    for table in groups times; do
        gk-predict fit -q --group g --print "$table" t >out
        grep -q '^a\\tb	' out || fail "$table: a group is two cells"
        grep -q '^\\x23c	' out || fail "$table: a group is a comment"
    done
    gk-predict fit -q --group g --print runs t >out
    assert_equal "$(grep -v '^#' out | awk -F'\t' '{ print NF }' | sort -u)" 4
}

@test "fit: intervals of times cover what they promise" {
    # log t4 = 6 + log m0 / 2 + a noise of uniform errors of 20 %
    awk 'BEGIN { srand(1); print "m0_100,t4,grokked"
        for (i = 0; i < 400; i++) { m = exp(4 * rand()); e = 0.4 * (rand() - 0.5)
            print m "," (i % 2 ? exp(6 + log(m) / 2 + e) : "nan") "," i % 2 } }' >t
    gk-predict fit -q --print times --cover 0.9 t >out
    assert_equal "$(cell all n out)" 200
    between 0.84 "$(cell all covered out)" 0.96
    # 90 % of the errors are within 0.18 to both sides
    between 1.38 "$(cell all factor out)" 1.49
    between 1.05 "$(cell all error out)" 1.15
}

@test "fit: with two groups no errors tell how wide an interval of times is: it has no end" {
    for n in 40 42; do # groups of 10, and of 11 and 10 runs that grok
        runs "$n" 1 | awk -F, -v OFS=, 'NR == 1 { print $0, "t4", "g"; next }
            { print $0, ($6 ? 500 + NR : "nan"), (NR % 4 < 2 ? "a" : "b") }' >t
        gk-predict fit -q --features m0_400 --print times --group g t >out
        for row in a b all; do
            assert_equal "$(cell $row width out) $(cell $row factor out) $(cell $row covered out)" 'inf inf 1'
        done
        run -0 --separate-stderr gk-predict fit --features m0_400 --print times --group g t
        assert_equal "$stderr" 'gk-predict: note: the intervals have no end: without one of two groups no errors on unseen groups are left'
    done
}

@test "fit: an interval of times without an end says how many runs it needs" {
    runs 40 1 | awk -F, -v OFS=, 'NR == 1 { print $0, "t4", "g"; next } { print $0, ($6 ? 500 + NR : "nan"), NR % 4 + int(NR / 20) }' >t
    # 20 runs grokked, of three groups or more
    for cover in 0.9 0.99; do
        run -0 --separate-stderr gk-predict fit --features m0_400 --print times --cover $cover --group g t
        case $cover in
        0.9) refute_regex "$stderr" 'no end' ;;
        *) assert_equal "$stderr" 'gk-predict: note: the intervals of 20 runs have no end: a coverage of 0.99 needs 99 runs that grokked outside their fold' ;;
        esac
    done
    # 19 of them are as many as a coverage of 0.95 needs, and 18 are not
    for n in 20 19; do
        runs 60 1 | awk -F, -v OFS=, -v n=$n 'NR == 1 { print $0, "t4", "g"; next }
            { print $0, ($6 && k++ < n ? 500 + NR : "nan"), NR }' >t
        run -0 --separate-stderr gk-predict fit --features m0_400 --print times --cover 0.95 --group g t
        case $n in
        20) assert_equal "$stderr" '' ;;
        *) assert_equal "$stderr" 'gk-predict: note: the intervals of 19 runs have no end: a coverage of 0.95 needs 19 runs that grokked outside their fold' ;;
        esac
    done
}

@test "fit: a feature that is of the end of a run, and a delay for a time, have a note" {
    runs 40 1 | awk -F, -v OFS=, 'NR == 1 { print $0, "t4", "delay", "steps", "final_val_loss"; next }
        { print $0, ($6 ? 500 + NR "," 300 + NR : "nan,nan"), 1000, NR }' >t
    noted() { # NOTE OPTION...
        run -0 --separate-stderr gk-predict "${@:2}" t
        assert_equal "$stderr" "${1:+gk-predict: note: t: $1}"
    }
    for name in grokked steps final_val_loss final_val_acc; do
        noted "the feature $name is known only when a run has ended: that is no prediction" fit --features m0_400,$name
        noted '' rank --features m0_400,$name
    done
    noted 'the feature steps is known only when a run has ended: that is no prediction' fit --features m0_400,r --against r,steps
    noted 'the feature r is known only when a run has ended: that is no prediction' fit --features m0_400,r --val r
    noted '' fit --features m0_400,r
    # what it would say of times before step 400 is not so of a delay
    noted 'delay counts from t2, and the step of a decision from 0: give the time as a step' \
        fit --features m0_400 --print times --time delay
}

@test "fit, rank: runs that were given up have a note" {
    runs 40 1 | awk -F, -v OFS='\t' '{ $1 = $1; print $0, NR == 1 ? "reason" : !$6 && n++ < 3 ? "given up at step " 400 : "-" }' >t
    said="gk-predict: note: t: 3 runs were given up: that they did not grok is a model's guess"
    for command in fit 'rank --features m0_400'; do
        # shellcheck disable=SC2086 # two words
        run -0 --separate-stderr gk-predict $command t
        assert_equal "$stderr" "$said"
    done
    # where no outcome is asked for, nothing is guessed
    run -0 --separate-stderr gk-predict rank --features m0_400 <(sed '1s/grokked/known/' t)
    assert_equal "$stderr" ''
    # and a run that is left out counts for nothing
    run -0 --separate-stderr gk-predict fit --skip-nan <(awk -F'\t' -v OFS='\t' '/given/ { $1 = "nan" } { print }' t)
    refute_regex "$stderr" 'given up'
}

@test "score: a curve beyond the runs that a model knows is said to be" {
    runs 40 1 >t
    gk-predict fit -q --features m0_400 -m m t >/dev/null
    close_to "$(cell m0_400 most m)" "$(awk -F, 'NR > 1 && $1 + 0 > x { x = $1 } END { print x }' t)"
    run -0 --separate-stderr gk-predict score -m m <(curve 1 400)
    assert_regex "$stderr" '^gk-predict: note: m0_400 is 400, beyond the model.s range of [0-9.]+ to [0-9.]+$'
    run -0 --separate-stderr gk-predict score -m m <(curve 0.05 400)
    assert_equal "$stderr" ''
    # and as soon as its windows are over, while the curve goes on
    mkfifo pipe
    gk-predict score -m m pipe >/dev/null 2>err &
    local score=$!
    exec 7>pipe
    curve 1 400 >&7
    for _ in {1..100}; do [ -s err ] || sleep 0.05; done
    cp err early
    exec 7>&-
    wait "$score"
    assert_regex "$(cat early)" '^gk-predict: note: m0_400 is 400, beyond'
    cmp early err
    # a curve of every tenth step has sums of a tenth
    awk -F'\t' -v OFS='\t' 'NR > 1 { $1 *= 10 } 1' <(curve 0.5 40) >sparse
    run -0 --separate-stderr gk-predict score -m m sparse
    assert_equal "$stderr" 'gk-predict: note: sparse: m0_400 is measured on a row every 10 steps: the model must be of curves with such rows'
}

@test "score: without --model by the model of gk, which says what it is" {
    gk-data --p 11 | gk-train --model mlp --layers 1 --dim 8 --hidden 8 --steps 900 --eval-every 10 >c
    run -0 --separate-stderr gk-predict score c
    assert_line -e '^# gk-predict [0-9.]+ fit '
    [[ $stderr == *'gk-predict: note: by the model of gk; --model FILE takes another'* ]] || fail "$stderr"
    [[ $stderr =~ 'note: model: '[0-9]+' runs, '[0-9]+' of them grokked; held out by modulus, AUC within groups '0.[0-9]+ ]] || fail "$stderr"
    # what it was fitted to, and what it is asked
    [[ $stderr == *'note: model: small networks, '*' mod 19, 23 and 29 and S4, '*'whether a run that has not grokked will by step 10,000'* ]] || fail "$stderr"
    run -0 --separate-stderr gk-predict score -q c
    assert_equal "$stderr" ''
    cmp "$ROOT/models/grok.model" "$GK_BUILD/share/gk/models/grok.model"
}

@test "score: the fitted probability of a whole curve" {
    model > m
    curve 2 10 > c
    gk-predict score -m m c > out
    # m0 = 40: p = 1 / (1 + exp(-2 (log 40 - 3)))
    close_to "$(column_of probability out | tail -1)" \
        "$(awk 'BEGIN { printf "%.17g", 1 / (1 + exp(-2 * (log(40) - 3))) }')"
    assert_equal "$(column_of probability out | head -2 | tr '\n' ' ')" 'nan nan '
    # half-way, sums are scaled up
    close_to "$(column_of probability out | sed -n 5p)" "$(column_of probability out | tail -1)"
}

@test "score: features as gk-hjorth has them" {
    awk 'BEGIN { print "step\tval_loss"; for (i = 0; i < 60; i++) print 2 * i "\t" 3 * exp(-i / 20) + sin(i) / 5 }' > c
    printf '%s\n' feature,from,to,log,floor,centre,scale,weight '(intercept),nan,nan,0,-inf,0,1,0.1' \
        mobility_10_90,10,90,0,-inf,0.2,1,3 'complexity,nan,nan,0,-inf,2,5,1' > m
    a=$(gk-hjorth -c val_loss --window 10:90 --detrend linear c | column_of mobility -)
    b=$(gk-hjorth -c val_loss --window 20:40 --detrend linear c | column_of complexity -)
    gk-predict score -m m -c val_loss --window 20:40 --detrend linear c > out
    close_to "$(column_of probability out | tail -1)" "$(awk -v a="$a" -v b="$b" \
        'BEGIN { printf "%.17g", 1 / (1 + exp(-.1 - 3 * (a - .2) - (b - 2) / 5)) }')"
    assert_equal "$(column_of step out | head -1)" 10
}

@test "score: what is not of the curve is set" {
    printf '%s\n' feature,from,to,log,floor,centre,scale,weight '(intercept),nan,nan,0,-inf,0,1,0' \
        m0_10,0,10,1,1e-9,0,1,1 lr,nan,nan,1,1e-9,0,1,1 > m
    curve 2 10 > c
    gk-predict score -m m --set lr=0.025 c > out
    close_to "$(column_of probability out | tail -1)" 0.5
    wrong_usage 'gk-predict: --set: the model asks for lr' gk-predict score -m m c
    wrong_usage 'gk-predict: --set: the model has no feature m0_10 to set' \
        gk-predict score -m m --set m0_10=1 c
    wrong_usage 'gk-predict: --set: lr wants a finite number' gk-predict score -m m --set lr=x c
    wrong_usage 'gk-predict: --set: lr wants a finite number' gk-predict score -m m --set lr c
    wrong_usage 'gk-predict: --set: lr is there twice' gk-predict score -m m --set lr=1,lr=2 c
}

# A curve of three columns, and a model of one of them at step 6.
column_model() {
    printf '%s\n' feature,from,to,log,floor,centre,scale,weight '(intercept),nan,nan,0,-inf,0,1,0' "$@"
}

@test "score: a feature that is a column at a step is read off the curve" {
    awk 'BEGIN { print "step\ttrain_loss\tgrad_norm\tval_loss"
        for (i = 0; i < 12; i++) print i "\t" 2 "\t" 3 + i / 8 "\t" (i % 3 ? "nan" : 1 + i) }' >c
    column_model 'grad_norm_6,nan,nan,0,-inf,0,1,1' >m # as an older fit wrote it
    gk-predict score -m m c >out
    # 3.75, known from that row on; what the tool of before wanted to be told
    assert_equal "$(column_of step out | head -n 1)" 6
    close_to "$(column_of probability out | head -n 1)" "$(awk 'BEGIN { printf "%.17g", 1 / (1 + exp(-3.75)) }')"
    assert_equal "$(column_of probability out | sort -u | wc -l)" 1
    gk-predict score -m m --set grad_norm_6=3.75 c 2>&1 >told | grep -q 'no feature of a curve' || fail 'it is told'
    # beside a window: both are wanted
    column_model 'grad_norm_6,6,6,0,-inf,0,1,1' m0_4,0,4,1,1e-9,0,1,1 >m
    gk-predict score -m m c >out
    assert_equal "$(column_of probability out | grep -c nan)" 6
    close_to "$(column_of probability out | tail -n 1)" "$(awk 'BEGIN { printf "%.17g", 1 / (1 + exp(-3.75 - log(16))) }')"
    gk-predict score -m m --set grad_norm_6=3.75 c >told
    cmp <(tail -n 1 out) <(tail -n 1 told)
    # a column that has values at some steps, and a curve whose steps are uneven
    column_model 'val_loss_6,6,6,0,-inf,0,1,1' >m
    gk-predict score -m m <(grep -v -E '^(7|8|10)' c) >out
    assert_equal "$(column_of step out | paste -sd' ')" '6 9 11'
    # and a run that is given up by it
    run --separate-stderr gk-predict score -m m --give-up 1 c
    assert_equal "$stderr" 'gk-predict: note: step 6: giving up, the probability 0.999 is below 1'
    # a curve that has a column of the whole name, too: what is taken is said
    column_model 'grad_norm_6,6,6,0,-inf,0,1,1' >m
    run --separate-stderr gk-predict score -m m <(awk -v OFS='\t' '{ print $0, NR == 1 ? "grad_norm_6" : 100 }' c)
    assert_success
    assert_regex "$stderr" '^gk-predict: note: [^ ]*: the feature grad_norm_6 is the column grad_norm at step 6, not the column grad_norm_6$'
    close_to "$(column_of probability <<<"$output" | head -n 1)" "$(awk 'BEGIN { printf "%.17g", 1 / (1 + exp(-3.75)) }')"
    run --separate-stderr gk-predict score -m m c
    assert_equal "$stderr" ''
    # what a fit writes says the step
    runs 40 1 | sed '1s/mobility_400/grad_norm_400/' >t
    gk-predict fit --features m0_400,grad_norm_400,lr --model m t >/dev/null
    assert_equal "$(cell grad_norm_400 from m) $(cell grad_norm_400 to m) $(cell lr to m)" '400 400 nan'
}

@test "score: a column at a step that the curve does not have is named" {
    curve 2 12 >c
    column_model 'grad_norm_6,6,6,0,-inf,0,1,1' >m
    wrong_usage 'gk-predict: c has no column grad_norm, which the model asks for; give another model, or values of features such as grad_norm_6' \
        gk-predict score -m m c
    column_model 'train_loss_6,6,6,0,-inf,0,1,1' 'cos_init_6,6,6,0,-inf,0,1,1' 'grad_norm_6,6,6,0,-inf,0,1,1' \
        'cos_init_9,9,9,0,-inf,0,1,1' >m
    wrong_usage 'gk-predict: c has no column cos_init, grad_norm, which the model asks for; give another model, or values of features such as cos_init_6' \
        gk-predict score -m m c
    column_model 'train_loss_6,6,6,0,-inf,0,1,1' >m
    fails() {
        run --separate-stderr gk-predict score -m m c
        assert_equal "$status $stderr" "1 gk-predict: $1"
    }
    curve 2 12 | sed '/^6\t/d' >c
    fails 'c: line 8: step 7, and none at 6, where train_loss is wanted'
    printf 'step,train_loss,train_loss\n6,1,2\n' >c
    run -1 --separate-stderr gk-predict score -m m -c step c
    [[ $stderr == *"two columns are called 'train_loss'"* ]] || fail "$stderr"
    printf 'step,train_loss,val_loss\n6,1,nan\n' >c
    column_model 'val_loss_6,6,6,0,-inf,0,1,1' >m
    fails 'c: line 2: column val_loss: nan at step 6, where it is wanted'
    printf 'step,train_loss,val_loss\n3,1,1\n' >c
    run --separate-stderr gk-predict score -m m c
    assert_equal "$status" 1
}

@test "score: a curve that begins in a window is said to" {
    model >m # m0 of 0:10
    curve 1 40 >c
    for first in 0 1 2 6; do
        awk -v first=$first 'NR == 1 || $1 >= first' c >late
        run -0 --separate-stderr gk-predict score -m m late
        assert_equal "$stderr" "$( ((first < 2)) || echo "gk-predict: note: late: it begins at step $first, in the window 0:10 of m0_10")"
    done
    # evaluated every 3 steps, from the first of them on
    awk 'NR == 1 || $1 % 3 == 0 && $1 > 0' c >late
    run -0 --separate-stderr gk-predict score -m m late
    [[ $stderr != *'it begins at'* ]]
}

@test "give-up: closes the pipe on a hopeless run, after its window" {
    model > m
    export -f curve
    # shellcheck disable=SC2016 # for the inner shell
    run --separate-stderr bash -c \
        'curve 0.01 100000000 2>/dev/null | gk-predict score -m m --give-up 0.5 >out; exit "${PIPESTATUS[1]}"'
    assert_success
    [[ $stderr == *'gk-predict: note: step 9: giving up, the probability '*' is below 0.5'* ]]
    assert_equal "$(column_of step out | tail -1)" 9
    # a run that may grok is read to its end
    curve 2 30 | gk-predict score -m m --give-up 0.5 > out
    assert_equal "$(column_of step out | tail -1)" 29
    assert_equal "$(column_of probability out | tail -20 | sort -u | wc -l)" 1
}

@test "give-up: ends gk-train, with status 0 all along the pipe" {
    model > m
    sed -i 's/,0$/,-9/' m
    gk-data --p 5 > d
    run --separate-stderr bash -o pipefail -c 'gk-train -d d --model mlp --layers 1 --dim 4 --hidden 4 \
        --steps 100000000 | gk-predict score -m m --give-up 0.9 | tail -1'
    assert_success
    [[ $stderr == *'giving up'* ]]
}

@test "score: a curve that ends early is said to" {
    model > m
    run --separate-stderr gk-predict score -m m <(curve 2 5)
    assert_success
    [[ $stderr == *'note: the curve ended at step 4, before its windows were over'* ]]
    # shellcheck disable=SC2016 # likewise
    refuses_like 1 'a window has passed with fewer than 3 samples' bash -c \
        'printf "step\ttrain_loss\n%s\t1\n%s\t1\n" 0 9 | gk-predict score -m m | sed -n "/^$/p"; exit "${PIPESTATUS[1]}"'
}

@test "a run with a nan is left out if asked, as if it were not there" {
    runs 40 2 >whole.csv
    { cat whole.csv && echo 'nan,1,0.1,30,0.5,1' && echo '1,1,0.1,30,0.5,nan' && echo '1,1,nan,30,nan,0'; } >more.csv
    run --separate-stderr -0 gk-predict fit --skip-nan more.csv
    assert_equal "$stderr" 'gk-predict: note: more.csv: 3 runs left out, for a nan (m0_400 in 1, final_val_acc in 1, grokked in 1)'
    assert_equal "$(sed /^#/d <<<"$output")" "$(gk-predict fit whole.csv | sed /^#/d)"
    # what is not used does not matter
    run --separate-stderr -0 gk-predict fit --skip-nan --features mobility_400 --m0 mobility_400 \
        < <(sed 's/^[^,m]*,/nan,/' whole.csv)
    assert_equal "$stderr" ''
    # an m0 that is no feature is there to compare the model with: nobody has asked for it
    run --separate-stderr -0 gk-predict fit --skip-nan --features mobility_400,lr more.csv
    assert_equal "$stderr" 'gk-predict: note: more.csv: 3 runs left out, for a nan (m0_400 in 1, lr in 1, final_val_acc in 1, 1 more; 1 only for m0_400, to compare the model with)'
    run --separate-stderr -0 gk-predict fit --skip-nan --features mobility_400,lr --m0 mobility_400 more.csv
    assert_equal "$stderr" 'gk-predict: note: more.csv: 2 runs left out, for a nan (lr in 1, final_val_acc in 1, grokked in 1)'
    breaks 'gk-predict: more.csv: line 42: column m0_400, to compare the model with: nan is not finite (m0 names another, skip-nan leaves such runs out)' \
        gk-predict fit --features mobility_400,lr more.csv
    # of three columns or more the first are named, one that all lack without a number
    awk -F, -v OFS=, 'NR > 1 && NR < 5 { $1 = $2 = $3 = $5 = "nan" } { print }' whole.csv >lacking.csv
    run --separate-stderr -0 gk-predict fit --skip-nan --features m0_400,mobility_400,lr lacking.csv
    assert_equal "$stderr" 'gk-predict: note: lacking.csv: 3 runs left out, for a nan (m0_400, mobility_400, lr, 1 more)'
    refuses_like 1 'column m0_400: inf is not finite$' gk-predict fit --skip-nan < <(runs 4 2; echo inf,1,1,1,1,1)
}

@test "tables of runs that tell nothing are refused" {
    table() { printf '%s\n' m0,grokked "$@"; }
    breaks 'gk-predict: standard input: all 3 runs have outcome 1: there is nothing to tell apart' \
        gk-predict fit < <(table 1,1 2,1 3,1)
    breaks 'gk-predict: standard input: all 2 runs have outcome 0: there is nothing to tell apart' \
        gk-predict fit < <(table 1,0 2,0)
    breaks 'gk-predict: standard input: one run alone: there is nothing to tell apart' gk-predict fit < <(table 1,0)
    breaks 'gk-predict: note: standard input: 2 runs left out, for a nan (m0)
gk-predict: standard input: no run is left' gk-predict fit --skip-nan < <(table nan,0 nan,1)
    breaks 'gk-predict: standard input: only one run has outcome 1: it cannot be left out' \
        gk-predict fit < <(table 1,0 2,0 3,1)
    breaks 'gk-predict: standard input: line 3: column grokked: 0.5 is neither 0 nor 1' \
        gk-predict fit < <(table 1,0 2,0.5 3,1)
    breaks 'gk-predict: standard input: line 2: column m0: nan is not finite (skip-nan leaves such runs out)' \
        gk-predict fit < <(table nan,0 2,0 3,1)
    breaks 'gk-predict: standard input: one group only: none can be left out' \
        gk-predict fit --group g < <(printf '%s\n' m0,g,grokked 1,a,0 2,a,1)
    breaks 'gk-predict: standard input: without group b all runs have the same outcome' \
        gk-predict fit --group g < <(printf '%s\n' m0,g,grokked 1,a,0 2,a,0 3,b,1 4,c,0)
    breaks 'gk-predict: --features: standard input: no column is a measure of gk-hjorth, such as m0 or m0_400' \
        gk-predict fit < <(printf '%s\n' x,grokked 1,0 2,1)
    refuses_like 1 "column 'grokked'|column grokked|no column .*grokked" \
        gk-predict fit < <(printf '%s\n' m0,y 1,0 2,1)
}

@test "models that are none are refused" {
    curve 2 10 > c
    model | sed 's/,2$/,x/' > m
    refuses_like 1 'm: line 3: .*weight' gk-predict score -m m c
    model | sed 's/,1,2$/,0,2/' > m
    breaks 'gk-predict: m: line 3: not a term of a model of gk-predict' gk-predict score -m m c
    { model; model | tail -1; } > m
    breaks 'gk-predict: m: line 4: a second m0_10' gk-predict score -m m c
    { model; model | sed -n 2p; } > m
    breaks 'gk-predict: m: line 4: a second (intercept)' gk-predict score -m m c
    model | head -2 > m
    breaks 'gk-predict: m: a model has a row (intercept) and features' gk-predict score -m m c
    model | sed 's/^m0_10,0,10/lr,nan,nan/' > m
    breaks 'gk-predict: the model has no feature of a curve' gk-predict score -m m --set lr=1 c
    breaks 'gk-predict: missing: No such file or directory' gk-predict score -m missing c
}

@test "wrong usage, and options that change nothing" {
    model > m
    wrong_usage "gk-predict: the first operand is fit, score or rank, not ''" gk-predict
    wrong_usage "gk-predict: the first operand is fit, score or rank, not 'fti'" gk-predict fti
    wrong_usage 'gk-predict: --skip-nan is an option of gk-predict fit' gk-predict rank --skip-nan
    wrong_usage 'gk-predict: --seed is an option of gk-predict fit and rank' gk-predict score --seed 1
    wrong_usage 'gk-predict: --window is an option of gk-predict fit and score' gk-predict rank --window 0:4
    wrong_usage 'gk-predict: --model is an option of gk-predict fit and score' gk-predict rank -m m
    wrong_usage 'gk-predict: --give-up is an option of gk-predict score' gk-predict fit --give-up 0.1
    wrong_usage 'gk-predict: --ridge is an option of gk-predict fit' gk-predict score --ridge 2
    wrong_usage 'gk-predict: --ridge: 0 is not in (0, inf)' gk-predict fit --ridge 0
    wrong_usage 'gk-predict: --print groups needs --group' gk-predict fit --print groups
    wrong_usage 'gk-predict: --model: -o goes to standard output already' gk-predict fit -m -
    wrong_usage 'gk-predict: --model: standard input is for the curve' gk-predict score -m -
    wrong_usage 'gk-predict: --within needs --group' gk-predict fit --within
    wrong_usage 'gk-predict: --against is an option of gk-predict fit' gk-predict score --against lr
    wrong_usage 'gk-predict: --features: m0 is there twice' gk-predict fit --features m0,m0
    sed -i 's/^m0_10,0,10/m0,nan,nan/' m
    wrong_usage 'gk-predict: --window: in which steps A:B was m0 measured?' gk-predict score -m m
    model > m
    run --separate-stderr gk-predict score -m m --window 0:5 <(curve 2 10)
    assert_equal "$stderr" 'gk-predict: note: --window changes nothing: the model says all its windows'
    runs 40 1 > t
    run --separate-stderr gk-predict fit --window 0:5 t
    assert_equal "$stderr" 'gk-predict: note: --window changes nothing: every feature says its own'
    # what another table needs; a nan there leaves no run out
    runs 40 1 | awk -F, -v OFS=, '{ print $0, NR == 1 ? "g" : NR % 4, NR == 1 ? "last" : "nan" }' >t
    idle() { # PRINTS OPTION...
        run -0 --separate-stderr gk-predict fit --group g --features m0_400 "${@:2}" t
        assert_equal "$stderr" "gk-predict: note: $2 changes nothing without --print $1"
        local kept=("${@:2}")
        cmp <(sed '/^#/d' <<<"$output") <(gk-predict fit -q --group g --features m0_400 "${kept[@]:$idle}" t | sed '/^#/d')
    }
    for table in groups runs calibration; do
        idle=2 idle 'summary or models' --against last --print $table
        idle=2 idle decisions --steps last --print $table
        idle=2 idle times --cover 0.5 --print $table
    done
    idle=2 idle decisions --steps last
    idle=1 idle 'summary, models or groups' --within --print runs
    runs 40 1 > t
    run --separate-stderr gk-predict fit --features lr <(sed 's/m0_400/x/; s/mobility_400/z/' t)
    assert_equal "$stderr" 'gk-predict: note: no column is m0: --m0 names a feature to compare the model with'
}

# row GROUP FEATURE COLUMN... of the table out
row() {
    g=$1 f=$2 names="${*:3}" awk -F'\t' '/^#/ { next }
        !header++ { for (i = 1; i <= NF; i++) at[$i] = i; next }
        $1 == ENVIRON["g"] && $2 == ENVIRON["f"] { n = split(ENVIRON["names"], name, " ")
            for (i = 1; i <= n; i++) printf "%s%s", $at[name[i]], i < n ? " " : "\n" }' out
}

@test "rank: quantiles, AUC and rank correlation by hand, with ties" {
    # yes: 4 2, no: 1 2 2: 5 of 6 pairs; ranks 1 3 3 5 3 and 1 3 2 5 4
    printf '%s\n' x,same,final_val_acc,grokked 1,7,10,0 2,7,20,0 2,7,15,0 4,7,40,1 2,7,30,1 >t
    gk-predict rank --features x,same --bootstrap 0 t >out
    assert_equal "$(row all x n positives min q25 median q75 max)" '5 2 1 2 2 2 4'
    assert_equal "$(row all x auc auc_lower auc_upper spearman)" "0.83333333333333337 nan nan $(
        awk 'BEGIN { printf "%.17g", 8 / sqrt(80) }')"
    assert_equal "$(row all same min median max auc spearman)" '7 7 7 0.5 nan'
    # the order of rows does not matter, and the sum of the AUC of x and of -x is 1
    (head -n 1 t && tail -n +2 t | sort -r) | awk -F, -v OFS=, '{ print (NR > 1 ? -$1 : "x"), $2, $3, $4 }' |
        gk-predict rank --features x --bootstrap 0 >out
    assert_equal "$(row all x q25 median q75)" '-2 -2 -2'
    between 0.1666666666 "$(row all x auc)" 0.1666666667
    assert_equal "$(row all x spearman)" "-$(awk 'BEGIN { printf "%.17g", 8 / sqrt(80) }')"
}

@test "rank: what fit prints of each feature, with the same resamples" {
    runs 60 0.8 >t
    gk-predict fit --quiet t >fitted
    gk-predict rank --features m0_400,mobility_400 t >out
    for f in m0_400 mobility_400; do
        for c in auc auc_lower auc_upper spearman spearman_lower spearman_upper; do
            assert_equal "$(row all $f $c)" "$(cell $f $c fitted)"
        done
    done
}

@test "rank: medians of two groups without an outcome, a nan left out, runs of one outcome" {
    printf '%s\n' g,x b,1 a,1e308 b,4 a,-1e308 b,nan c,nan >t
    run --separate-stderr gk-predict rank --features x --group g --bootstrap 0 t
    assert_equal "$stderr" 'gk-predict: note: t: 2 values left out, for a nan'
    echo "$output" >out
    assert_equal "$(grep -v '^#' out | cut -f 1 | paste -s -d ' ')" 'group b a c'
    assert_equal "$(row b x n positives median auc spearman)" '2 0 2.5 nan nan'
    assert_equal "$(row a x n median)" '2 0'
    assert_equal "$(row c x n min median max)" '0 nan nan nan'
    printf '%s\n' g,x,grokked b,1,1 a,2,0 b,4,1 a,3,1 a,3,nan >t
    run --separate-stderr gk-predict rank --features x --group g --bootstrap 0 t
    assert_equal "$stderr" "gk-predict: note: t: 1 run left out, for a nan (grokked)
gk-predict: note: t: 1 row without an AUC, the first of group b: its runs have one outcome"
    echo "$output" >out
    assert_equal "$(row b x n positives auc)" '2 2 nan'
    assert_equal "$(row a x n positives auc)" '2 1 1'
    printf '%s\n' x,grokked 1,nan >t
    breaks 'gk-predict: t: every run has a nan for its outcome or its accuracy' gk-predict rank --features x t
    printf '%s\n' x,grokked 1,2 >t
    breaks 'gk-predict: t: line 2: column grokked: 2 is neither 0 nor 1' gk-predict rank --features x t
    printf '%s\n' x,grokked inf,1 >t
    breaks 'gk-predict: t: line 2: column x: inf is not finite' gk-predict rank --features x t
}

# gk-phases: t1..t4, the phase, slingshots, refusals. The definitions are checked in unit/phases.c.
# shellcheck disable=SC2154 # run sets status, output and stderr
load helpers

# run_of T2 T4 [LOSS]: a run of 4,000 steps evaluated every 10 that memorises at T2 and generalises
# at T4; LOSS is awk for its training loss at step t.
run_of() {
    awk -v t2="$1" -v t4="$2" 'BEGIN {
        print "step\ttrain_loss\ttrain_acc\tval_loss\tval_acc"
        for (t = 0; t <= 4000; t++)
            printf "%d\t%.9g\t%.9g\t1\t%s\n", t, ('"${3:-exp(-t / 500)}"'),
                t2 == "nan" || t < t2 ? (t > 20) * 0.9 : 1,
                t % 10 ? "nan" : t4 == "nan" || t < t4 ? (t > 50) * 0.5 : 1 }'
}

# phases_of OPTION...: the row of the table, t1 to slingshots.
phases_of() {
    gk-phases "$@" | tail -n 1 | cut -f 1-7
}

@test "the four phases, their times and delay" {
    assert_equal "$(run_of 125 2000 | phases_of)" $'21\t125\t60\t2000\t1875\tgrokking\t0'
    assert_equal "$(run_of 125 1100 | phases_of)" $'21\t125\t60\t1100\t975\tcomprehension\t0'
    assert_equal "$(run_of 125 nan | phases_of)" $'21\t125\t60\tnan\tnan\tmemorization\t0'
    assert_equal "$(run_of nan nan | phases_of)" $'21\tnan\t60\tnan\tnan\tconfusion\t0'
    assert_equal "$(run_of 125 2000 | gk-phases | grep -v '^#' | head -n 1)" \
        $'t1\tt2\tt3\tt4\tdelay\tphase\tslingshots\tt4_stable'
}

@test "thresholds, gap and hold are settable" {
    run_of 125 2000 >x.tsv
    assert_equal "$(phases_of --high 0.9 x.tsv)" $'21\t21\t60\t2000\t1979\tgrokking\t0'
    assert_equal "$(phases_of --low 0.7 --high 0.8 x.tsv | cut -f 1-4)" $'21\t21\t2000\t2000'
    assert_equal "$(phases_of --gap 1875 x.tsv | cut -f 6)" comprehension
    # At 2,000 validation is at 1 for 201 evaluations up to the last.
    assert_equal "$(phases_of --hold 201 x.tsv | cut -f 4)" 2000
    assert_equal "$(phases_of --hold 202 x.tsv | cut -f 4)" nan
}

@test "a curve of another framework: commas, its own columns, no step" {
    printf 'epoch,val_acc,train_acc\n1,0,0.2\n2,,1\n' | sed 's/,,/,nan,/' >x.csv
    printf '3,0.5,1\n4,1,1\n' >>x.csv
    assert_equal "$(phases_of --gap 1 x.csv)" $'1\t2\t3\t4\t2\tgrokking\tnan'
    sed 's/epoch/when/' x.csv >counted.csv
    run --separate-stderr phases_of --gap 1 counted.csv
    assert_output $'0\t1\t2\t3\t2\tgrokking\tnan'
    assert_equal "$stderr" "gk-phases: note: counted.csv: no column is a step (step, epoch, iteration ...): rows count from 0; --step names it"
    assert_equal "$(phases_of --gap 1 --step when counted.csv)" $'1\t2\t3\t4\t2\tgrokking\tnan'
}

@test "slingshots: spikes after memorisation that fall again" {
    spikes='t == 60 ? 4 : t == 900 ? 0.7 : t == 901 ? 0.3 : t == 1500 || t == 1501 ? 3.6 : t > 3990 ? 1 : 0.05 * exp(-t / 500)'
    run_of 125 2000 "$spikes" >x.tsv
    assert_equal "$(phases_of x.tsv | cut -f 7)" 2
    gk-phases --spikes x.tsv >spikes.tsv
    assert_equal "$(column_of start spikes.tsv | paste -sd' ')" '900 1500'
    assert_equal "$(column_of peak spikes.tsv | paste -sd' ')" '900 1500'
    assert_equal "$(column_of end spikes.tsv | paste -sd' ')" '902 1502'
    close_to "$(column_of height spikes.tsv | head -n 1)" 0.7 1e-8
    close_to "$(column_of floor spikes.tsv | head -n 1)" "$(awk 'BEGIN { print 0.05 * exp(-899 / 500) }')" 1e-4
    assert_equal "$(phases_of --factor 100 x.tsv | cut -f 7)" 1
    assert_equal "$(phases_of --rise 1 x.tsv | cut -f 7)" 1
    assert_equal "$(phases_of --rise 4 x.tsv | cut -f 7)" 0
    # no memorisation, no slingshots
    assert_equal "$(run_of nan nan "$spikes" | phases_of | cut -f 7)" 0
}

@test "the table says how it was made" {
    { echo '# gk-train 1.0 --steps 4000'; run_of 125 2000; } | gk-phases --hold 3 >p.tsv
    assert_equal "$(sed -n 1,2p p.tsv)" "# gk-train 1.0 --steps 4000
# gk-phases $VERSION --low 0 --high 1 --hold 3 --gap 1000 --factor 5 --rise 0.02"
}

@test "--percent: the same times, and a note where the accuracies seem to be fractions" {
    run_of 125 2000 >fractions.tsv
    awk -F'\t' -v OFS='\t' 'NR > 1 { $3 *= 100; if ($5 != "nan") $5 *= 100 } 1' fractions.tsv >percent.tsv
    run -0 --separate-stderr gk-phases --percent percent.tsv
    assert_equal "${lines[-1]}" "$(gk-phases fractions.tsv | tail -n 1)"
    assert_equal "$stderr" ''
    run -0 --separate-stderr gk-phases --percent fractions.tsv
    assert_equal "$stderr" 'gk-phases: note: fractions.tsv: no accuracy is above 1 in percent: are they fractions?'
    run -0 --separate-stderr gk-phases --percent -q fractions.tsv
    assert_equal "$stderr" ''
    # a network that never generalises may stay below 1 %
    printf 'step\ttrain_acc\tval_acc\n0\t1\t1\n9\t100\t0.5\n' >late.tsv
    run -0 --separate-stderr gk-phases --percent late.tsv
    assert_equal "$stderr" ''
    # one accuracy in percent, the other a fraction
    while read -r column train val; do
        printf 'step\ttrain_acc\tval_acc\n0\t0.1\t0.1\n9\t%s\t%s\n' "$train" "$val" >one.tsv
        run -0 --separate-stderr gk-phases --percent one.tsv
        assert_equal "$stderr" "gk-phases: note: one.tsv: no $column is above 1 in percent: is it a fraction?"
    done <<'END'
train_acc 1 100
train_acc 0.7 30
val_acc 100 1
END
}

@test "losses below 0 are logarithms: no slingshots are counted" {
    run_of 125 2000 "$spikes" >loss.tsv
    awk -F'\t' -v OFS='\t' 'NR > 1 { $2 = log($2) } 1' loss.tsv >log.tsv
    run -0 --separate-stderr gk-phases log.tsv
    assert_equal "$stderr" "gk-phases: note: log.tsv: train_loss is $(column_of train_loss log.tsv | grep -m 1 -e -): slingshots show in losses of 0 and above, not in their logarithm"
    assert_equal "${lines[-1]}" "$(gk-phases loss.tsv | tail -n 1 | awk -F'\t' -v OFS='\t' '{ $7 = "nan" } 1')"
    refuses_like 1 '^gk-phases: log.tsv: train_loss is -.*: slingshots show in losses of 0 and above' gk-phases --spikes log.tsv
    awk -F'\t' -v OFS='\t' 'NR > 1 { $2 = 0 } 1' loss.tsv >zero.tsv
    run -0 --separate-stderr gk-phases zero.tsv
    assert_equal "$stderr" ''
}

@test "wrong data is refused with its place" {
    printf 'step\ttrain_acc\tval_acc\n0\t0\t0\n1\t97\t3\n' >percent.tsv
    breaks 'gk-phases: percent.tsv: line 3: train_acc is 97: accuracies are fractions, from 0 to 1 (--percent reads percent)' \
        gk-phases percent.tsv
    printf 'step\ttrain_acc\tval_acc\n0\t1.00001\t0\n' >above.tsv
    breaks 'gk-phases: above.tsv: line 2: train_acc is 1.00001: accuracies are fractions, from 0 to 1 (--percent reads percent)' \
        gk-phases above.tsv
    printf 'step\ttrain_acc\tval_acc\n0\t0\t-0.5\n' >minus.tsv
    refuses_like 1 'minus.tsv: line 2: val_acc is -0.5' gk-phases minus.tsv
    printf 'step\ttrain_acc\tval_acc\n5\t0\t0\n5\t1\t0\n' >twice.tsv
    breaks 'gk-phases: twice.tsv: line 3: step 5 does not rise above step 5 (gk-curve merges the rows of a resumed run)' gk-phases twice.tsv
    printf 'step\ttrain_acc\tval_acc\n5\t0\t\n' >gap.tsv
    breaks 'gk-phases: gap.tsv: no row has a val_acc but nan' gk-phases gap.tsv
    printf 'step\ttrain_acc\n5\t0\n' >no.tsv
    printf 'epoch,loss/train,loss/val\n0,3,4\n1,2,3\n' | gk-curve -q >losses.tsv
    breaks "gk-phases: losses.tsv: no column 'train_acc'; there are: step, train_loss, val_loss; gk-curve found none in the log, and can be told which it is" gk-phases losses.tsv
    breaks "gk-phases: no.tsv: no column 'val_acc'; there are: step, train_acc; gk-curve finds columns of other names" gk-phases no.tsv
    printf 'step\ttrain_acc\tval_acc\n0\t0\tnan\n1\t1\tnan\n' >never.tsv
    breaks 'gk-phases: never.tsv: no row has a val_acc but nan' gk-phases never.tsv
    printf 'step\ttrain_acc\tval_acc\n0\t0\t0\n' >lossless.tsv
    breaks 'gk-phases: lossless.tsv: slingshots show in the column train_loss, which has no values' \
        gk-phases --spikes lossless.tsv
    refuses_like 1 'empty input' gk-phases </dev/null
    refuses_like 2 '^gk-phases: --high: ' gk-phases --high 0 lossless.tsv
    refuses_like 2 '^gk-phases: --factor: ' gk-phases --factor 1 lossless.tsv
    refuses_like 1 '^gk-phases: .*No space left' bash -c 'gk-phases lossless.tsv >/dev/full'
}

@test "a spike counts while memorisation has not lasted yet, one before it does not" {
    curve() {
        printf 'step\ttrain_acc\tval_acc\ttrain_loss\n'
        printf '%s\t%s\t0\t%s\n' "$@"
    }
    curve 0 1 0.001  1 1 1  2 1 0.001  3 1 0.001 >early.tsv
    for hold in 1 2 3 4; do
        assert_equal "$(gk-phases --hold $hold early.tsv | column_of slingshots)" 1
    done
    assert_equal "$(gk-phases --hold 5 early.tsv | column_of slingshots)" 0
    curve 0 1 0.001  1 1 1  2 0 0.001  3 1 0.001  4 1 0.001  5 1 0.001 >broken.tsv
    assert_equal "$(gk-phases --hold 3 broken.tsv | column_of slingshots)" 0
    assert_equal "$(gk-phases --hold 2 broken.tsv | column_of slingshots)" 1
}

# stable VAL_ACC...: t4 and t4_stable of a run with these at steps 0, 10, 20, ...
stable() {
    local i=0 v
    { printf 'step\ttrain_acc\tval_acc\n'; for v; do printf '%d\t1\t%s\n' $((10 * i++)) "$v"; done; } |
        gk-phases --high "${HIGH:-1}" | tail -n 1 | cut -f 4,8
}

@test "t4_stable: the step from which validation accuracy stays to the end" {
    assert_equal "$(stable 0 0.5 1 1 1)" $'20\t20'
    assert_equal "$(stable 0 1 0.5 1 1)" $'10\t30'
    assert_equal "$(stable 0 1 1 1 0.9)" $'10\tnan'
    assert_equal "$(stable 0 1 0.9 nan 1 nan)" $'10\t40'
    assert_equal "$(stable 0 1 nan nan)" $'10\t10'
    assert_equal "$(stable 0 0.2 0.9)" $'nan\tnan'
    assert_equal "$(HIGH=0.9 stable 0 0.95 0.8 0.92 0.9)" $'10\t30'
}

@test "a curve of minibatches has a note" {
    { echo '# gk-train 1.0.0 --model mlp --batch 16 --seed 0' && printf 'step\ttrain_acc\tval_acc\n0\t0\t0\n1\t1\t1\n'; } >c
    run -0 --separate-stderr gk-phases c
    assert_equal "$stderr" 'gk-phases: note: c: train_acc is that of a batch (--batch): t1 and t2 may come too early'
    run -0 --separate-stderr gk-phases <(sed 's/batch 16/batch full/' c)
    assert_equal "$stderr" ''
}

@test "thresholds that would turn the events around are refused" {
    printf 'step\ttrain_acc\tval_acc\n0\t1\t1\n' >x.tsv
    wrong_usage 'gk-phases: --low: 0.9 is not below --high, 0.2' gk-phases --low 0.9 --high 0.2 x.tsv
    wrong_usage 'gk-phases: --low: 0.5 is not below --high, 0.5' gk-phases --low 0.5 --high 0.5 x.tsv
    assert_equal "$(gk-phases --low 0.49 --high 0.5 x.tsv | column_of t1)" 0
}

@test "spikes below --factor get a note" {
    # a loss that stays at 0.2 and shoots up to 0.7, three times
    run_of 125 2000 't % 500 == 0 && t > 1999 && t < 3001 ? 0.7 : 0.2' >x.tsv
    run --separate-stderr gk-phases x.tsv
    assert_equal "$(column_of slingshots <<<"$output")" 0
    assert_equal "$stderr" 'gk-phases: note: x.tsv: no slingshot by --factor 5, but 3 spikes of twice the floor: --factor 2 counts them'
    run --separate-stderr gk-phases --factor 2 x.tsv
    assert_equal "$(column_of slingshots <<<"$output") $stderr" '3 '
    run --separate-stderr gk-phases --factor 3 x.tsv
    assert_equal "$(column_of slingshots <<<"$output") $stderr" '3 '
    # none where the loss is quiet, nor where nothing was memorised
    run_of 125 2000 't % 500 == 0 ? 0.3 : 0.2' | gk-phases 2>&1 >/dev/null | diff /dev/null -
    run_of nan 2000 't % 500 == 0 && t > 1999 ? 0.7 : 0.2' | gk-phases 2>&1 >/dev/null | diff /dev/null -
}

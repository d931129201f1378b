#!/usr/bin/env bats
# shellcheck disable=SC2154 # run sets status, output and stderr
# Tables as other programs write them: which column holds the steps, missing values, rows in pieces,
# percent, truth in words. What could be read in two ways is said.
load helpers

# row COMMAND...: the last line it prints, and its standard error in the file `said`.
row() {
    "$@" 2>said | tail -n 1
}

# phases OPTION...: t1 to slingshots of a curve.
phases() {
    row gk-phases "$@" | cut -f 1-7
}

@test "foreign: steps by any of their names, in any case, give the same phases" {
    for name in step Step STEP _step global_step trainer/global_step iteration Iteration iter epoch Epoch; do
        printf '%s,train_acc,val_acc\n0,0.1,0.1\n100,1,0.1\n2000,1,1\n' "$name" >t.csv
        assert_equal "$(phases t.csv)" $'0\t100\t0\t2000\t1900\tgrokking\tnan'
        assert_equal "$(<said)" ''
    done
    sed -i '1s/.*/when,train_acc,val_acc/' t.csv
    assert_equal "$(phases t.csv)" $'0\t1\t0\t2\t1\tcomprehension\tnan'
    assert_equal "$(<said)" "gk-phases: note: t.csv: no column is a step (step, epoch, iteration ...): rows count from 0; --step names it"
    assert_equal "$(phases --step when t.csv)" $'0\t100\t0\t2000\t1900\tgrokking\tnan'
    breaks "gk-phases: t.csv: no column 'no'; there are: when, train_acc, val_acc" gk-phases --step no t.csv
}

@test "foreign: a column of steps is no coordinate" {
    for name in Step _step epoch global_step STEP; do
        printf '%s,x,y\n0,1,0\n100,0,1\n200,-1,0\n300,0,-1\n' "$name" >t.csv
        gk-pca --variance --center mean t.csv >v.tsv
        close_to "$(column_of ratio v.tsv | head -n 1)" 0.5 1e-12
        close_to "$(column_of variance v.tsv | head -n 1)" 0.66666666666666667 1e-12
        assert_equal "$(gk-pca t.csv | column_of step | paste -sd' ')" '0 100 200 300'
    done
    # by another name it is one, unless it is named
    sed -i '1s/.*/when,x,y/' t.csv
    run --separate-stderr gk-pca --variance --center mean t.csv
    [[ $stderr = *'no column is a step'* ]] || fail "$stderr"
    close_to "$(gk-pca --step when --variance --center mean t.csv | column_of ratio | head -n 1)" 0.5 1e-12
}

@test "foreign: gk-twonn leaves the steps out of distances" {
    awk 'BEGIN { srand(3); for (i = 0; i < 60; i++) print rand() "," rand() }' >points
    { echo x,y; cat points; } >plain.csv
    gk-twonn plain.csv | column_of id >want
    for name in Step epoch iteration; do
        { echo "x,$name,y"; awk -F, '{ print $1 "," 1000 * NR "," $2 }' points; } >t.csv
        gk-twonn t.csv | column_of id | cmp - want
    done
    { echo "x,when,y"; awk -F, '{ print $1 "," 1000 * NR "," $2 }' points; } >t.csv
    gk-twonn --step when t.csv | column_of id | cmp - want
}

@test "foreign: the spectrum's frequencies are per step" {
    for name in Step epoch iter _step; do
        awk -v name="$name" 'BEGIN { print name ",train_loss"
            for (i = 0; i < 80; i++) printf "%d,%.12g\n", 10 * i, 1 + sin(2 * 3.14159265358979 * i / 8) }' >t.csv
        gk-fft --detrend mean t.csv | awk -F'\t' '!/^#/ && $4 + 0 > most { most = $4; f = $2 } END { print f < 0 ? -f : f }' >f
        close_to "$(<f)" 0.0125 1e-9
        assert_equal "$(gk-hjorth --window 0:400 t.csv | column_of n)" 40
    done
}

@test "foreign: a predictor measures the window in steps" {
    printf '%s\n' feature,from,to,log,floor,centre,scale,weight '(intercept),nan,nan,0,-inf,0,1,0' \
        'm0_400,0,400,0,0,10,5,1' >model
    awk 'BEGIN { print "step\ttrain_loss"; for (i = 0; i <= 100; i++) print 10 * i "\t" exp(-i / 20) }' >t.tsv
    gk-predict score --model model t.tsv | column_of probability | tail -n 1 >want
    for name in Step epoch _step; do
        sed "1s/step/$name/" t.tsv | gk-predict score --model model | column_of probability | tail -n 1 | cmp - want
    done
    sed '1s/step/at/' t.tsv | gk-predict score --model model --step at | column_of probability | tail -n 1 | cmp - want
}

@test "foreign: empty cells are values that were not computed" {
    printf 'step,train_acc,val_acc\n0,0.1,0.1\n1,1,\n2,1,1\n' >t.csv
    assert_equal "$(phases t.csv)" $'0\t1\t0\t2\t1\tcomprehension\tnan'
    # what pandas makes of gk's own table
    awk 'BEGIN { print "step,train_loss,val_loss"; for (i = 0; i < 40; i++) print i "," 1 / (i + 1) "," (i % 10 ? "" : 1 / (i + 2)) }' >v.csv
    assert_equal "$(row gk-hjorth -c val_loss v.csv | cut -f 1)" 4
    assert_equal "$(<said)" 'gk-hjorth: note: v.csv: 36 rows are left out: no value in column val_loss'
    sed 's/,$/,nan/' v.csv >n.csv
    cmp <(gk-fft -q -c val_loss v.csv) <(gk-fft -q -c val_loss n.csv)
    printf 'r,t4,steps\n0.2,,9000\n0.3,5604,9000\n0.4,2700,9000\n0.5,1523,9000\n0.6,1400,9000\n0.8,1445,9000\n' >law.csv
    cmp <(gk-fit-powerlaw -q -x r -y t4 --censor steps law.csv) <(sed 's/,,/,nan,/' law.csv | gk-fit-powerlaw -q -x r -y t4 --censor steps)
    { echo m0,grokked; for i in 1 2 3 4 5 6; do echo "$i,$((i > 3))"; done; echo ,1; } >early.csv
    run --separate-stderr -0 gk-predict fit --skip-nan --bootstrap 20 early.csv
    [[ $stderr = *'1 run'* ]] || fail "$stderr"
}

@test "foreign: rows of one step that complement each other are one" {
    # Lightning's CSVLogger: training and validation each in a row of their own
    printf 'epoch,step,train_acc,val_acc\n0,49,0.2,\n0,49,,0.1\n1,99,1,\n1,99,,0.3\n2,149,1,\n2,149,,1\n' >t.csv
    assert_equal "$(phases t.csv)" $'49\t99\t49\t149\t50\tcomprehension\tnan'
    assert_equal "$(<said)" 'gk-phases: note: t.csv: 3 rows are merged with the row before, of the same step'
    printf 'step,train_acc,val_acc\n0,0,\n0,0.5,1\n' >t.csv
    breaks "gk-phases: t.csv: line 3: step 0 stands in line 2, too, with another 'train_acc'" gk-phases t.csv
    printf 'step,train_acc,val_acc\n0,0,0\n0,0,0\n' >t.csv
    breaks 'gk-phases: t.csv: line 3: step 0 does not rise above step 0' gk-phases t.csv
    # a live curve with whole rows is not held back by the row that is to come
    mkfifo live
    (exec 3>live; printf 'step\ttrain_loss\n0\t1\n1\t2\n2\t0\n' >&3; for _ in {1..100}; do
        [ "$(grep -c '^[0-9]' out)" -lt 3 ] || exit 0
        sleep 0.1
    done; exit 1) &
    gk-hjorth --follow live >out 2>err
    wait $!
}

@test "foreign: truth in words, percent, accuracies that rounding put above 1" {
    printf 'm0,grokked\n1,False\n2,False\n3,True\n4,True\n1.5,FALSE\n3.5,true\n' >words.csv
    sed 's/[Ff][Aa][Ll][Ss][Ee]/0/; s/[Tt]rue/1/' words.csv >digits.csv
    cmp <(gk-predict fit --bootstrap 20 words.csv) <(gk-predict fit --bootstrap 20 digits.csv)
    printf 'step,train_acc,val_acc\n0,10,10\n100,100,10\n2000,100.00001,100\n' >p.csv
    breaks 'gk-phases: p.csv: line 2: train_acc is 10: accuracies are fractions, from 0 to 1 (--percent reads percent)' gk-phases p.csv
    assert_equal "$(phases --percent p.csv)" $'0\t100\t0\t2000\t1900\tgrokking\tnan'
    printf 'step,train_acc,val_acc\n0,1.0000001,0.1\n5,1.0000001,1.00000012\n' >f.csv
    assert_equal "$(phases f.csv | cut -f 2,4)" $'0\t5'
    printf 'step,train_acc,val_acc\n0,0.5,0.5\n1,101,0.5\n' >o.csv
    breaks 'gk-phases: o.csv: line 3: train_acc is 101: accuracies are in percent, from 0 to 100' gk-phases --percent o.csv
}

@test "foreign: a name that stands twice is an error only where it is asked for" {
    printf 'step,lr,train_loss,lr\n0,1,3,1\n1,1,1,1\n2,1,2,1\n' >t.csv
    assert_equal "$(row gk-hjorth t.csv | cut -f 1)" 3
    breaks "gk-hjorth: t.csv: two columns are called 'lr'" gk-hjorth -c lr t.csv
    printf 'Step,STEP,train_loss\n0,5,3\n1,7,1\n' >t.csv
    breaks "gk-hjorth: t.csv: two columns are called 'step', in any case of letters: say which holds the steps" gk-hjorth t.csv
    assert_equal "$(row gk-hjorth --step Step t.csv | cut -f 1)" 2
}

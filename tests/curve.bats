#!/usr/bin/env bats
# shellcheck disable=SC2030,SC2031,SC2154 # run sets status, output and stderr
# Logs of other programs as curves (gk-curve). tests/logs holds files that the programs wrote.
load helpers

LOGS=$ROOT/tests/logs

# want KIND: the curve of tests/logs as gk-curve writes it: exact, or single (rounded).
want() {
    python3 -IS - "$1" "$LOGS/want.csv" <<'END'
import csv, struct, sys
names = ["step", "train_loss", "train_acc", "val_loss", "val_acc"]
print(*names, sep="\t")
for row in csv.DictReader(open(sys.argv[2])):
    values = [float(row[n]) for n in names]
    if sys.argv[1] == "single":
        print("%.17g" % values[0], *("%.9g" % struct.unpack("f", struct.pack("f", v)) for v in values[1:]), sep="\t")
    else:
        print(*("%.17g" % v for v in values), sep="\t")
END
}

# rows FILE...: the curve without its history.
rows() {
    gk-curve -q "$@" | grep -v '^#'
}

# events FILE < SPEC: tests/logs/events.py
events() {
    python3 -IS "$LOGS/events.py" >"$1"
}

@test "curve: TensorBoard's files, whoever wrote them" {
    want single >single
    want exact >exact
    for f in torch tensors tensorboard tensorboardx; do
        rows "$LOGS/$f.tfevents" | cmp - single || fail "$f"
    done
    rows "$LOGS/double.tfevents" | cmp - exact
    run --separate-stderr -0 gk-curve "$LOGS/torch.tfevents"
    assert_equal "$stderr" 'gk-curve: note: taken by their names: train/loss as train_loss, train/acc as train_acc, val/loss as val_loss, val/acc as val_acc
gk-curve: note: not in the curve: config/text_summary, weights'
    assert_line --index 0 "# gk-curve $VERSION --map train_loss=train/loss,train_acc=train/acc,val_loss=val/loss,val_acc=val/acc"
    run --separate-stderr -0 gk-curve --step x "$LOGS/torch.tfevents"
    [[ $stderr = *"note: --step: $LOGS/torch.tfevents: event files have steps of their own"* ]] || fail "$stderr"
    # through a pipe, which cannot be read twice
    # shellcheck disable=SC2002 # a pipe is the point
    cat "$LOGS/torch.tfevents" | rows | cmp - single
    assert_equal "$(gk-curve -q "$LOGS/torch.tfevents" | gk-phases -q | tail -n 1)" "$(gk-phases -q "$LOGS/want.csv" | tail -n 1)"
}

@test "curve: epochs beside steps are said to end apart" {
    { echo step,loss,acc && seq -f '%g,1,0.5' 0 499; } >train.csv
    { echo epoch,val_loss,val_acc && seq -f '%g,2,0.1' 0 49; } >val.csv
    run --separate-stderr -0 gk-curve train.csv val.csv
    assert_equal "$(grep -c 'note: val_[a-z]* ends at step 49 and train_[a-z]* at step 499: if one counts epochs and the other steps, the rows do not belong together' <<<"$stderr")" 1
    { echo step,val_loss,val_acc && seq -f '%g,2,0.1' 0 10 499; } >val.csv
    run --separate-stderr -0 gk-curve train.csv val.csv
    [[ $stderr != *'ends at step'* ]] || fail "$stderr"
}

@test "curve: a chart of several runs of Weights & Biases, and a run's history as pandas writes it" {
    cat >two.csv <<'END'
"Step","gpt2_a1729.40 - train/loss","gpt2_a1729.40 - train/loss__MIN","gpt2_a1729.40 - train/loss__MAX","b - x - train/loss","b - x - train/loss__MIN","b - x - train/loss__MAX"
"0","25.5","25.5","25.5","10.75","10.75","10.75"
"1","11.25","11.25","11.25","6.5","6.5","6.5"
"3","","","","5.5","5.5","5.5"
END
    breaks 'gk-curve: --map: no series is a column by its name alone: train_loss=SERIES says which; there are: gpt2_a1729.40 - train/loss, gpt2_a1729.40 - train/loss__MIN, gpt2_a1729.40 - train/loss__MAX, b - x - train/loss, b - x - train/loss__MIN, b - x - train/loss__MAX' \
        gk-curve two.csv
    assert_equal "$(gk-curve -q --map 'train_loss=b - x - train/loss' two.csv | column_of train_loss | paste -sd' ')" '10.75 6.5 5.5'
    assert_equal "$(gk-curve -q --map 'train_loss=gpt2_a1729.40 - train/loss' two.csv | column_of step | paste -sd' ')" '0 1'
    printf '%s\n' ',_step,_runtime,_timestamp,train/loss,val/acc' 0,0,1.5,1748551479.77,2.0, 1,10,2.5,1748551480.77,1.5,0.25 >history.csv
    run -0 --separate-stderr gk-curve history.csv
    assert_equal "$(column_of step <<<"$output" | paste -sd' ') $(column_of val_acc <<<"$output" | paste -sd' ')" '0 10 nan 0.25'
    assert_line --partial -- '--map train_loss=train/loss,val_acc=val/acc'
    assert_equal "${stderr_lines[1]}" 'gk-curve: note: not in the curve: _runtime, _timestamp'
}

@test "curve: JSON is parsed once, and says what a table says" {
    awk 'BEGIN { print "step,train_loss,val_acc"; for (i = 0; i < 40; i++) printf "%d,%.17g,%s\n", i, exp(-i / 9), i % 4 ? "" : i / 40 }' >t.csv
    awk -F, 'NR > 1 { printf "{\"step\":%s,\"train_loss\":%s%s}\n", $1, $2, $3 == "" ? "" : ",\"val_acc\":" $3 }' t.csv >t.jsonl
    gk-curve t.csv >want
    gk-curve t.jsonl | cmp - want
    gk-curve - <t.jsonl | cmp - want
    # more files than are kept open, and more than there are descriptors for
    for i in {1..40}; do printf '{"step":%d,"train_loss":%d,"s":{"%d":1}}\n' "$i" "$((i * i))" "$i" >"part$i.jsonl"; done
    bash -c 'ulimit -n 80; gk-curve -q part*.jsonl part*.jsonl part*.jsonl' >got
    assert_equal "$(column_of train_loss got | paste -sd' ')" "$(for i in {1..40}; do echo $((i * i)); done | paste -sd' ')"
    breaks "gk-curve: t.jsonl: a temporary file in $PWD/none: No such file or directory" env TMPDIR="$PWD/none" gk-curve t.jsonl
}

@test "curve: tables and JSON of pandas, polars and Weights & Biases" {
    want exact >exact
    for f in pandas.csv pandas-long.csv polars.csv polars.jsonl wandb.csv want.csv; do
        rows "$LOGS/$f" | cmp - exact || fail "$f"
    done
    # ten digits
    rows "$LOGS/pandas.json" | paste - exact | awk -F'\t' 'NR > 1 { for (i = 1; i <= 5; i++) if ($i - $(i + 5) > 1e-10 || $(i + 5) - $i > 1e-10) exit 1; n++ }
        END { exit n != 20 }'
    # empty cells and null are missing values
    awk -F'\t' -v OFS='\t' 'NR > 1 && $1 % 500 { $4 = $5 = "nan" } { print }' exact >sparse
    rows "$LOGS/pandas-sparse.csv" | cmp - sparse
    assert_equal "$(rows "$LOGS/pandas.jsonl" | grep -c nan)" "$(grep -c nan sparse)"
    # all at once is one of them
    rows --map train_loss=train_loss,val_loss=val_loss "$LOGS"/p*.csv "$LOGS/polars.jsonl" | cmp - exact
}

@test "curve: Lightning's CSVLogger and transformers' Trainer, held against Python" {
    python3 -IS - "$LOGS" >want <<'END'
import csv, json, sys
def show(log, names):
    rows = {}
    for entry in log:
        for theirs, own in names.items():
            if entry.get(theirs, "") != "":
                rows.setdefault(int(entry["step"]), {})[own] = float(entry[theirs])
    own = list(names.values())
    print("step", *own, sep="\t")
    for step in sorted(rows):
        print(step, *("%.17g" % rows[step].get(n, float("nan")) for n in own), sep="\t")
show(csv.DictReader(open(sys.argv[1] + "/lightning.csv")), {n: n for n in ("train_loss", "train_acc", "val_loss", "val_acc")})
for name in "trainer_state.json", "trainer_state-end.json":
    show(json.load(open(f"{sys.argv[1]}/{name}"))["log_history"],
         {"learning_rate": "lr", "loss": "train_loss", "eval_loss": "val_loss", "eval_accuracy": "val_acc", "grad_norm": "grad_norm"})
END
    for f in lightning.csv trainer_state.json trainer_state-end.json; do
        rows "$LOGS/$f"
    done | cmp - want
    gk-curve "$LOGS/trainer_state-end.json" 2>said >out
    assert_equal "$(<said)" 'gk-curve: note: taken by their names: learning_rate as lr, loss as train_loss, eval_loss as val_loss, eval_accuracy as val_acc
gk-curve: note: --map: column train_loss could also be the series train_loss: train_loss=SERIES says which
gk-curve: note: not in the curve: epoch, eval_runtime, eval_samples_per_second, eval_steps_per_second, total_flos, train_loss, train_runtime, train_samples_per_second, train_steps_per_second'
}

@test "curve: --list has a row for each series" {
    run -0 gk-curve --list "$LOGS/torch.tfevents"
    assert_output "$(printf '%s\n' "# gk-curve $VERSION --list" 'series@points@others@first@last@column' 'config/text_summary@0@1@0@0@-' \
        'train/loss@20@0@0@1900@train_loss' 'val/loss@20@0@0@1900@val_loss' 'train/acc@20@0@0@1900@train_acc' \
        'val/acc@20@0@0@1900@val_acc' 'weights@0@1@1900@1900@-' | tr @ '\t')"
    printf 'a,b#,c\n1,x,\n2,3,\n' | gk-curve -q --list | tail -n +3 >got
    assert_equal "$(<got)" $'a\t2\t0\t0\t1\t-\nb#\t1\t1\t0\t1\t-'
    wrong_usage 'gk-curve: --list and --percent exclude each other' gk-curve --list --percent val_acc x
}

@test "curve: --map names any column; a backslash escapes a comma in a name" {
    printf 'step,metric,value\n0,"a,b",3\n0,c\\d,4\n5,"a,b",6\n0,=,1\n' >long
    gk-curve -q --map 'x=a\,b,train_loss=c\\d,y=\=,z=a\,b' long >got
    printf 'step\ttrain_loss\tx\ty\tz\n0\t4\t3\t1\t3\n5\tnan\t6\tnan\t6\n' >want
    tail -n +2 got | cmp - want
    # the command in its history makes it again
    bash -c "$(sed -n "s/^# gk-curve $VERSION/gk-curve -q/p" got) long" | cmp - got
    breaks 'gk-curve: --map: no series '\''no'\''; there are: a,b, c\d, =' gk-curve --map x=no long
    wrong_usage "gk-curve: --map: 'x' is not of the form COLUMN=SERIES" gk-curve --map x long
    wrong_usage "gk-curve: --map: '=x' is not of the form COLUMN=SERIES" gk-curve --map =x long
    wrong_usage "gk-curve: --map: '' is not of the form COLUMN=SERIES" gk-curve --map 'x=c\\d,' long
    wrong_usage "gk-curve: --map: 'x' is given twice" gk-curve --map 'x=c\\d,x==' long
    wrong_usage 'gk-curve: --map: the column step is chosen apart from the others' gk-curve --map 'step=c\\d' long
    printf 'step,a,b\n0,x,1\n1,y,z\n' >text
    breaks "gk-curve: --map: 'a' holds no numbers" gk-curve --map x=a text
    breaks "gk-curve: text: line 3: column b: 'z' is not a number, or out of range" gk-curve -q --map x=b text
    printf '0 a simple 1\n5 a string 0\n' | events e
    breaks "gk-curve: e: byte 79: 'a' at step 5 is not a number" gk-curve --map x=a e
    # an accuracy that was not computed is none, in an event file as in a table
    printf '0 val_acc simple nan\n5 val_acc simple 0.5\n' | events e
    assert_equal "$(rows e)" $'step\tval_acc\n0\tnan\n5\t0.5'
    printf '0 val_acc simple 50\n5 val_acc simple nan\n' | events e
    assert_equal "$(rows --percent val_acc e)" $'step\tval_acc\n0\t0.5\n5\tnan'
    printf 'step,c\n0,2\n' >tab
    breaks "gk-curve: 'x?y' cannot be the name of a column" gk-curve -q --map $'x\ty=c' tab
    printf 'step,x,y\n0,1,2\n' >other
    breaks 'gk-curve: --map: no series is a column by its name alone: train_loss=SERIES says which; there are: x, y' gk-curve other
    printf 'step,x\n0,a\n' >none
    breaks 'gk-curve: no series holds numbers; there are: x' gk-curve none
    printf 'step;loss\n0;0,5\n' >semicolons
    breaks "gk-curve: semicolons: line 1: cells are separated by ';', and tabs or commas are wanted: sed 's/,/./g; s/;/,/g' FILE | ..." gk-curve -q semicolons
    printf 'step loss\n0 0.5\n1 0.4\n' >blanks
    breaks "gk-curve: blanks: line 2: cells are separated by blanks, and below a header tabs or commas are wanted: tr -s ' ' '\\t' <FILE | ..." gk-curve -q blanks
    assert_equal "$(tr -s ' ' '\t' <blanks | gk-curve -q | sed 1d)" $'step\ttrain_loss\n0\t0.5\n1\t0.40000000000000002'
    printf 'step\n0\n' >alone
    breaks 'gk-curve: no series' gk-curve alone
}

# taken NAME...: the columns for which gk-curve takes series of these names, as COLUMN=NAME; - for
# none.
taken() {
    (IFS=,; printf 'step,%s\n' "$*") >t
    for i in 1 2; do
        printf '%d' "$i"
        printf ',0.5%.0s' "$@"
        echo
    done >>t
    gk-curve -q --list t | awk -F'\t' '!/^#/ && $1 != "series" { printf "%s%s=%s", n++ ? " " : "", $6, $1 }'
}

@test "curve: names that can mean only one column" {
    assert_equal "$(taken train_loss val_acc)" 'train_loss=train_loss val_acc=val_acc'
    assert_equal "$(taken train/loss valid/accuracy)" 'train_loss=train/loss val_acc=valid/accuracy'
    assert_equal "$(taken Loss/train Accuracy/validation)" 'train_loss=Loss/train val_acc=Accuracy/validation'
    assert_equal "$(taken loss eval_loss eval_accuracy)" 'train_loss=loss val_loss=eval_loss val_acc=eval_accuracy'
    assert_equal "$(taken accuracy loss val_accuracy val_loss learning_rate)" \
        'train_acc=accuracy train_loss=loss val_acc=val_accuracy val_loss=val_loss lr=learning_rate'
    assert_equal "$(taken 'run - train/cross_entropy' dev.nll lr-AdamW grad/norm)" \
        'train_loss=run - train/cross_entropy val_loss=dev.nll lr=lr-AdamW grad_norm=grad/norm'
    # the more explicit one; the test split if there is no other
    assert_equal "$(taken loss train/loss test_loss val_loss)" '-=loss train_loss=train/loss -=test_loss val_loss=val_loss'
    assert_equal "$(taken loss test_loss)" 'train_loss=loss val_loss=test_loss'
    # two that fit equally, an unknown word, two splits in a name
    assert_equal "$(taken train_loss_step train_loss_epoch val_loss)" '-=train_loss_step -=train_loss_epoch val_loss=val_loss'
    assert_equal "$(taken train_aux_loss val/loss_min trainval_loss train_val_loss 'loss - x')" \
        '-=train_aux_loss -=val/loss_min -=trainval_loss -=train_val_loss -=loss - x'
    gk-curve t >out 2>said && fail 'a curve of nothing'
    taken train_loss_step train_loss_epoch val_loss >/dev/null
    run --separate-stderr -0 gk-curve t
    assert_equal "$stderr" 'gk-curve: note: --map: column train_loss could be the series train_loss_step, train_loss_epoch: train_loss=SERIES says which
gk-curve: note: not in the curve: train_loss_step, train_loss_epoch'
}

@test "curve: --percent, and accuracies that are no fractions" {
    printf 'step,train_acc,val_acc,share\n0,10,50,25\n5,100.00001,100,50\n' >p
    breaks "gk-curve: --percent: 'train_acc' is 10 at step 0: train_acc is from 0 to 1, or it is in percent" gk-curve -q p
    gk-curve -q --percent train_acc,val_acc,share --map share=share p | tail -n +3 >got
    assert_equal "$(<got)" $'0\t0.10000000000000001\t0.5\t0.25\n5\t1\t1\t0.5'
    sed -i 's/50$/500/' p
    gk-curve -q --percent train_acc,val_acc,share --map share=share p | tail -n 1 | cut -f 4 | grep -qx 5
    sed -i 's/100\.00001/101/' p
    breaks "gk-curve: --percent: 'train_acc' is 101 at step 5: train_acc is from 0 to 100 in percent" gk-curve -q --percent train_acc,val_acc p
    wrong_usage "gk-curve: --percent: 'x' is no column of the curve" gk-curve -q --percent x p
    printf 'step,val_acc\n0,1.0000001\n' | gk-curve -q | tail -n 1 | cut -f 2 | grep -qx 1
    # a fraction that is declared as percent
    printf 'step,train_acc,val_acc\n0,0.5,0.25\n5,1,1.5\n' >q
    gk-curve --percent train_acc,val_acc q 2>said >out
    assert_equal "$(<said)" 'gk-curve: note: --percent: no train_acc is above 1 in percent: is it a fraction?'
}

@test "curve: several files are merged on the step, the later one counts" {
    printf 'step,train/loss\n0,3\n10,2\n20,1\n' >a.csv
    printf '{"step":5,"val/loss":7}{"step":10,"val/loss":6,"train/loss":2.5}' >b.jsonl
    gk-curve a.csv b.jsonl >out 2>said
    assert_equal "$(tail -n +2 out)" $'step\ttrain_loss\tval_loss\n0\t3\tnan\n5\tnan\t7\n10\t2.5\t6\n20\t1\tnan'
    assert_equal "$(tail -n 1 said)" "gk-curve: note: 'train/loss': 1 point of a step that came again (first 10): the later one stands"
    gk-curve -q b.jsonl a.csv | tail -n 2 | head -n 1 | cut -f 2 | grep -qx 2
    wrong_usage 'gk-curve: standard input is wanted twice' gk-curve - - <a.csv
    # steps in any order
    printf 'step,lr\n5,1\n3,2\n9,3\n3,4\n' | gk-curve -q | tail -n +3 | cmp - <(printf '3\t4\n5\t1\n9\t3\n')
}

@test "curve: folders are runs" {
    mkdir -p logs/train logs/validation
    # Keras logs both splits under one name
    printf '%s epoch_loss simple %s\n' 0 2 1 1 | events logs/train/e
    printf '%s epoch_loss simple %s\n' 0 4 1 3 | events logs/validation/e
    rows logs/*/e | cmp - <(printf 'step\ttrain_loss\tval_loss\n0\t2\t4\n1\t1\t3\n')
    # two runs that are not the splits of one
    mv logs/train logs/one && mv logs/validation logs/two
    breaks 'gk-curve: --map: no series is a column by its name alone: train_loss=SERIES says which; there are: one/epoch_loss, two/epoch_loss' gk-curve logs/*/e
    rows --map a=one/epoch_loss,b=two/epoch_loss logs/*/e | cmp - <(printf 'step\ta\tb\n0\t2\t4\n1\t1\t3\n')
    rows --join logs/*/e | cmp - <(printf 'step\ttrain_loss\n0\t4\n1\t3\n')
}

@test "curve: the runs of one file, by a column" {
    printf 'step\ttrain_loss\tval_loss\n0\t2\t4\n9\t1\t3\n' >want
    for name in run run_id dir_name seed; do
        # rows of two runs take turns, or follow each other
        printf '%s,step,loss,val_loss\n1,0,2,4\n2,0,7,8\n1,9,1,3\n2,9,5,6\n' "$name" >wide
        printf '%s,step,tag,value\n1,0,loss,2\n1,9,loss,1\n1,0,val_loss,4\n1,9,val_loss,3\n2,0,loss,7\n' "$name" >long
        breaks 'gk-curve: --map: no series is a column by its name alone: train_loss=SERIES says which; there are: '"$name"', 1/loss, 1/val_loss, 2/loss, 2/val_loss' \
            gk-curve wide
        rows --map train_loss=1/loss,val_loss=1/val_loss wide | cmp - want
        rows --map train_loss=1/loss,val_loss=val_loss long | cmp - want
        rows --join wide | cmp - <(printf 'step\ttrain_loss\tval_loss\n0\t7\t8\n9\t5\t6\n')
        # a single run needs no name
        grep -v ^2 wide >one
        rows one | cmp - want
    done
    mkdir -p a && printf '{"run":"x","step":0,"loss":2}{"run":"y","step":0,"loss":3}' >a/j
    rows --map x=x/loss,y=y/loss a/j | cmp - <(printf 'step\tx\ty\n0\t2\t3\n')
    # further columns that may name the split, or something else
    printf 'epoch,set,loss\n0,train,2\n0,Test,4\n9,train,1\n9,Test,3\n' >s
    rows s | cmp - want
    printf 'epoch,dataset,train_loss,val_loss\n0,mod97,2,4\n9,mod97,1,3\n' >d
    rows d | cmp - want
}

@test "curve: steps that go back say so, unless all of them do" {
    printf 'step,loss\n0,3\n100,2\n50,1\n150,0\n' >two
    run --separate-stderr -0 gk-curve two
    [[ $stderr == *"note: 'loss': its steps go back (first to 50): all its points count as those of one run" ]]
    printf 'step,loss\n20,3\n10,2\n0,1\n' >down
    run --separate-stderr -0 gk-curve down
    [[ $stderr != *'go back'* ]]
    assert_equal "$(tail -n 3 <<<"$output")" $'0\t1\n10\t2\n20\t3'
}

@test "curve: a restarted run voids its earlier points from there on" {
    want single >single
    rows "$LOGS"/resumed.?.tfevents | cmp - single
    run --separate-stderr -0 gk-curve "$LOGS"/resumed.?.tfevents
    assert_line --index 0 --regexp '^# gk-curve'
    [[ $stderr = *"resumed.2.tfevents: the run began again at step 1000: 16 earlier points from there on left out" ]] || fail "$stderr"
    # another folder's run is another run
    mkdir a b
    printf '%s\n' '0 val/loss simple 1' '5 val/loss simple 2' '9 val/loss simple 3' | events a/e
    printf '%s\n' 'restart 5' '5 train/loss simple 4' | events b/e
    rows a/e b/e | cmp - <(printf 'step\ttrain_loss\tval_loss\n0\tnan\t1\n5\t4\t2\n9\tnan\t3\n')
    rows --join a/e b/e | cmp - <(printf 'step\ttrain_loss\tval_loss\n0\tnan\t1\n5\t4\tnan\n')
}

@test "curve: every encoding of a scalar" {
    # in one file, each under its name
    local real='simple float_val float_plain float_content float_one double_val double_plain double_content half_val bfloat16_val'
    local whole='int_val int_plain int64_val int64_content'
    { for kind in $real; do printf "%s $kind $kind %s\n" 3 0.5 -2 -1.25 4503599627370497 384; done
        for kind in $whole; do printf "%s $kind $kind %s\n" 3 7 4 -5; done; } | events e
    for kind in $real; do
        rows --map x="$kind" e | cmp - <(printf 'step\tx\n-2\t-1.25\n3\t0.5\n4503599627370497\t384\n') || fail "$kind"
    done
    for kind in $whole; do
        rows --map x="$kind" e | cmp - <(printf 'step\tx\n3\t7\n4\t-5\n') || fail "$kind"
    done
    printf '0 x bool_val 1\n1 x zero 0\n2 x double_val 0.1\n' | events e
    rows --map x=x e | cmp - <(printf 'step\tx\n0\t1\n1\t0\n2\t0.10000000000000001\n')
    printf '0 x %s 1\n' vector string nothing | events e
    assert_equal "$(gk-curve -q --list e | tail -n 1)" $'x\t0\t3\t0\t0\t-'
    printf '0 x short 1\n' | events e
    breaks 'gk-curve: e: byte 40: a record whose value is damaged' gk-curve e
}

@test "curve: an event file that ends in a record is read up to there" {
    printf '%s train/loss simple %s\n' 0 3 1 2 2 1 | events e
    size=$(stat -c %s e) each=$((($(stat -c %s e) - 40) / 3))
    # Another shell runs the loop: Bats traps every command of a test, which makes loops slow.
    cat >each <<'END'
for ((n = 1; n < size; n++)); do
    head -c "$n" e >cut
    if ((n < 40)); then
        rc=0
        gk-curve cut >got 2>&1 || rc=$?
        [ "$rc" -eq 1 ] || { echo "$n" && exit 1; }
        continue
    fi
    want='' said=''
    ((n < 40 + each)) || want=step$'\t'train_loss
    for ((step = 0; step < (n - 40) / each; step++)); do want+=$'\n'$step$'\t'$((3 - step)); done
    [ -z "$want" ] || [ "$(gk-curve -q cut | grep -v '^#')" = "$want" ] || { echo "$n" && exit 1; }
    (((n - 40) % each == 0)) || said="gk-curve: note: cut: byte $((n - (n - 40) % each)): the last record is not whole, as in a file that is still being written: read up to there"
    [ "$(gk-curve --list cut 2>&1 >got)" = "$said" ] || { echo "$n: not '$said'" && exit 1; }
done
END
    size=$size each=$each bash -eu each
    # one that grows meanwhile
    { head -c $((40 + each + 5)) e; sleep 0.2; tail -c +$((40 + each + 6)) e; } | rows | cmp - <(rows e)
}

@test "curve: a damaged event file is refused with the place" {
    printf '%s train/loss simple %s\n' 0 3 1 2 | events e
    size=$(stat -c %s e) each=$((($(stat -c %s e) - 40) / 2))
    python3 -IS -c 'import sys
for n in range(12, int(sys.argv[1]), 3):
    data = bytearray(open("e", "rb").read())
    data[n] ^= 16
    open("bad%d" % n, "wb").write(data)' "$size"
    # Another shell runs this loop, too.
    cat >each <<'END'
for ((n = 12; n < size; n += 3)); do
    at=$((n < 40 ? 0 : n - (n - 40) % each)) what=data rc=0
    ((n - at >= 12)) || what=length
    gk-curve "bad$n" >got 2>said || rc=$?
    [ "$rc $(<said)" = "1 gk-curve: bad$n: byte $at: the checksum of a record's $what is wrong" ] && [ ! -s got ] || { echo "$rc" && cat said && exit 1; }
done
END
    size=$size each=$each bash -eu each
    while IFS='|' read -r spec message; do
        events bad <<<"$spec"
        breaks "gk-curve: bad: byte 40: $message" gk-curve bad
    done <<'END'
record ff|a record that is no event
record 10|a record that is no event
record 2a05|a record that is no event
record 0b|a record that is no event
record 00|a record that is no event
record 2a020a05|a record whose summary is damaged
record 2a040a020a05|a record whose value is damaged
record 2a070a050a03610062|a tag with a zero byte
END
}

# bats test_tags=memory
@test "curve: what passes for no scalar takes no memory" {
    PEAK=("$GK_BUILD/tests/peak" 100)
    [ -z "${GK_SANITIZED-}" ] || PEAK=()
    python3 -IS - "$LOGS" >e <<'END'
import sys
sys.path.insert(0, sys.argv[1])
sys.dont_write_bytecode = True
from events import *
out = sys.stdout.buffer
out.write(record(event(["0", "train/loss", "simple", "3"])))
data = bytes(20 << 20)  # a picture of 20 MiB, all zeros
# A byte of zeros changes the checksum by a matrix of bits. Squared 22 times, the matrix is that of 4 MiB.
def times(matrix, c):
    out = 0
    for i in range(32):
        out ^= matrix[i] * (c >> i & 1)
    return out
matrix = [TABLE[1 << i & 255] ^ (1 << i) >> 8 for i in range(32)]
for _ in range(22):
    matrix = [times(matrix, c) for c in matrix]
c = 0xFFFFFFFF
for _ in range(len(data) >> 22):
    c = times(matrix, c)
c ^= 0xFFFFFFFF
length = struct.pack("<Q", len(data))
out.write(length + masked_crc(length) + data + struct.pack("<I", ((c >> 15 | c << 17) + 0xA282EAD8) & 0xFFFFFFFF))
out.write(record(event(["1", "train/loss", "simple", "2"])))
END
    run --separate-stderr -0 "${PEAK[@]}" gk-curve e
    assert_line --index 3 $'1\t2'
    [[ $stderr = *': a record over 16 MiB: passed over'* ]] || fail "$stderr"
    # a length that is a lie is the end of a file that grows
    head -c 60 e >lie
    python3 -IS - "$LOGS" >>lie <<'END'
import sys
sys.path.insert(0, sys.argv[1])
sys.dont_write_bytecode = True
from events import *
length = struct.pack("<Q", 2**63 + 5)
sys.stdout.buffer.write(length + masked_crc(length) + b"xyz")
END
    run --separate-stderr "${PEAK[@]}" gk-curve --list lie
    assert_equal "$status" 0
    [[ $stderr = *'the last record is not whole'* ]] || fail "$stderr"
}

@test "curve: long tables, with a split, of any names" {
    printf 'step\tmetric\tvalue\n0\ttrain_loss\t3\n0\tval_loss\t4\n7\ttrain_loss\t\n7\tval_loss\t5\n' >t
    printf 'step\ttrain_loss\tval_loss\n0\t3\t4\n7\tnan\t5\n' >want
    rows t | cmp - want
    sed 's/metric/TAG/; s/step/Epoch/' t >u
    rows u | cmp - want
    printf 'iter,split,name,value\n0,train,loss,3\n0,val,loss,4\n7,val,loss,5\n' >s
    rows s | cmp - want
    printf '{"step":0,"phase":"train","loss":3}{"step":0,"phase":"val","loss":4}{"step":7,"phase":"val","loss":5}' >j
    rows j | cmp - want
    # one series a file, as TensorBoard's page exports it
    printf 'Wall time,Step,Value\n1.7,0,3\n' >run-x-tag-train_loss.csv
    printf 'Wall time,Step,Value\n1.7,0,4\n1.7,7,5\n' >run-x-tag-val_loss.csv
    rows run-*.csv | cmp - want
    # no column is a step
    printf 'train_loss\n3\n2\n' >n
    gk-curve n >out 2>said
    assert_equal "$(tail -n 2 out)" $'0\t3\n1\t2'
    assert_equal "$(<said)" 'gk-curve: note: n: no column is a step (step, epoch, iteration ...): rows count from 0; --step names it'
    printf 'at,train_loss\n5,3\n,9\n9,2\n' >o
    gk-curve --step at o >out 2>said
    assert_equal "$(tail -n 2 out)" $'5\t3\n9\t2'
    assert_equal "$(<said)" 'gk-curve: note: o: 1 row without a step: left out'
    printf 'step,train_loss\ninf,3\n' >i
    breaks 'gk-curve: i: line 2: the step is inf' gk-curve i
}

# bats test_tags=memory
@test "curve: a million rows in less than 200 MB" {
    [ -z "${GK_SANITIZED-}" ] || skip 'memory is no measure'
    awk 'BEGIN { print "step\tlr\ttrain_loss\ttrain_acc\tval_loss\tval_acc\tgrad_norm\tparam_norm"
        for (i = 0; i < 1000000; i++) print i "\t1\t2\t1\t" i % 7 "\t0\t5\t6" }' >t
    run -0 bash -o pipefail -c '"$GK_BUILD/tests/peak" 200 gk-curve -q t | tail -n +2 | cmp - t'
}

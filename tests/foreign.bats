#!/usr/bin/env bats
# shellcheck disable=SC2154 # run sets status, output and stderr
# Tables as other programs write them: which column holds the steps, missing values, rows in pieces,
# percent, truth values as words. What could be read in two ways gets a note.
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

@test "foreign: a step column is no coordinate" {
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

@test "foreign: labels of rows are no coordinates, and a column that counts rows has a note" {
    awk 'BEGIN { srand(5); for (i = 0; i < 40; i++) print rand() "," rand() "," rand() }' >points
    { echo x,y,z; cat points; } >plain.csv
    for tool in 'gk-pca --variance' gk-twonn gk-spectra; do
        $tool -q plain.csv >want
        for name in '' 'Unnamed: 0' index row_nr ',Unnamed: 0' ',Unnamed: 0.1,Unnamed: 0' level_0,index; do
            { echo "$name,x,y,z"; awk -v name="$name" '{ n = gsub(",", ",", name); for (i = 0; i <= n; i++) printf "%d,", NR - 1; print }' points; } >t.csv
            run --separate-stderr -0 $tool t.csv
            assert_equal "$output" "$(<want)"
            [[ $stderr != *'counts the rows'* ]]
        done
        for first in 0 1; do
            { echo x,label,y,z; awk -F, -v first="$first" '{ print $1 "," NR - 1 + first "," $2 "," $3 }' points; } >t.csv
            run --separate-stderr -0 $tool t.csv
            [[ $stderr == *"${tool%% *}: note: t.csv: column 2 counts the rows, and is a coordinate" ]] || fail "$stderr"
        done
        run --separate-stderr -0 $tool points
        [[ $stderr != *'counts the rows'* ]]
    done
}

@test "foreign: a column of whole numbers beside fractions has a note" {
    awk 'BEGIN { srand(5); for (i = 0; i < 40; i++) print rand() "," int(5 * rand()) "," rand() "," rand() ",0" }' >points
    { echo x,token,y,z,dead; cat points; } >named
    printf '0.5,1,3\n2,2,4\n1,5,6\n' >whole # more such columns than others
    cut -d, -f 1,3-5 points >fractions
    cut -d, -f 2 points | paste -d, - <(cut -d, -f 2 points | tac) >integers
    for tool in 'gk-pca --variance' gk-twonn gk-spectra; do
        for file in points named; do
            run --separate-stderr -0 $tool $file
            [[ $stderr == *"${tool%% *}: note: $file: column 2 holds whole numbers alone, and is a coordinate" ]] || fail "$stderr"
        done
        for file in fractions whole integers; do
            $tool $file >out 2>err || :
            refute grep 'whole numbers' err
        done
    done
}

@test "foreign: a first row 0, 1, 2 ... above fractions has a note" {
    printf '0.5,1.5,3\n2,2,4\n1,5,6.5\n0,7,1\n8,3,2\n' >points
    for head in 0,1,2 0.0,1.0,2.0; do
        { echo "$head"; cat points; } >t.csv
        for tool in gk-pca gk-twonn gk-spectra; do
            $tool t.csv >out 2>err
            grep -qxF "$tool: note: t.csv: line 1 is 0, 1, 2 ... and counts as a row: names of columns, as pandas writes them, must be taken away (tail -n +2)" err ||
                fail "$tool says $(<err)"
            cmp <(tail -n +2 t.csv | $tool) <($tool points)
        done
    done
    for table in '0,1,3\n0.5,1,2\n' '0,1,2\n3,4,6\n5,1,1\n' '1,2,3\n0.5,1,2\n' 'a,b,c\n0,1,2\n0.5,1,2\n'; do
        printf "$table" | gk-spectra 2>&1 >out | grep 'pandas' && fail "$table"
    done
    true
}

@test "foreign: gk-twonn omits steps from distances" {
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
    breaks 'gk-phases: t.csv: line 3: step 0 does not rise above step 0 (gk-curve merges the rows of a resumed run)' gk-phases t.csv
    # complete rows of a live curve do not wait for the next row
    mkfifo live
    (exec 3>live; printf 'step\ttrain_loss\n0\t1\n1\t2\n2\t0\n' >&3; for _ in {1..100}; do
        [ "$(grep -c '^[0-9]' out)" -lt 3 ] || exit 0
        sleep 0.1
    done; exit 1) &
    gk-hjorth --follow live >out 2>err
    wait $!
}

@test "foreign: truth values, percent, accuracies that rounding put above 1" {
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

@test "foreign: a repeated name is an error only if it is used" {
    printf 'step,lr,train_loss,lr\n0,1,3,1\n1,1,1,1\n2,1,2,1\n' >t.csv
    assert_equal "$(row gk-hjorth t.csv | cut -f 1)" 3
    breaks "gk-hjorth: t.csv: two columns are called 'lr'" gk-hjorth -c lr t.csv
    printf 'Step,STEP,train_loss\n0,5,3\n1,7,1\n' >t.csv
    breaks "gk-hjorth: t.csv: two columns are called 'step', in any case of letters: say which holds the steps" gk-hjorth t.csv
    assert_equal "$(row gk-hjorth --step Step t.csv | cut -f 1)" 2
}

# frames FILE...: frames as PyTorch saves a network with BatchNorm, frame i with w = i/10 more.
frames() {
    python3 -IS - "$@" <<'END'
import json, struct, sys
for i, name in enumerate(sys.argv[1:]):
    w = struct.pack("<3f", *(x + 0.1 * i for x in (1, 2, 3)))
    tensors = [("w", "F32", [1, 3], w), ("bn.running_mean", "F32", [2], struct.pack("<2f", 50 * i, -70 * i)),
               ("bn.num_batches_tracked", "I64", [], struct.pack("<q", 100 * i)), ("mask", "BOOL", [4], bytes([1, 0, 1, 1])),
               ("z", "C64", [1], struct.pack("<2f", 1, 2)), ("i8", "I8", [2], bytes([255, 1])),
               ("u64", "U64", [1], struct.pack("<Q", 2 ** 63 + 1)), ("f8", "F8_E4M3", [2], bytes([0x38, 0xb8])),
               ("f4", "F4", [4], b"\x12\x34"), ("u16", "U16", [1], b"\1\2"), ("i16", "I16", [1], b"\1\2"),
               ("u32", "U32", [1], b"\1\2\0\0"), ("e5", "F8_E5M2", [1], b"\x3c"), ("f6", "F6_E2M3", [4], b"abc"),
               ("z4", "F8_E4M3FNUZ", [2], b"\x40\xc0"), ("z5", "F8_E5M2FNUZ", [1], b"\x40"), ("e8", "F8_E8M0", [1], b"\x7f"),
               ("g6", "F6_E3M2", [4], b"abc"), ("h", "F16", [1], b"\0\x3c"), ("bf", "BF16", [1], b"\x80\x3f"),
               ("i32", "I32", [1], b"\1\0\0\0"), ("d", "F64", [1], struct.pack("<d", 1)), ("u8", "U8", [1], b"\1")]
    header, body = {}, b""
    for n, d, s, b in tensors:
        header[n] = {"dtype": d, "shape": s, "data_offsets": [len(body), len(body) + len(b)]}
        body += b
    text = json.dumps(header).encode()
    open(name, "wb").write(struct.pack("<Q", len(text)) + text + body)
END
}

@test "foreign: counters and masks are no parameters of gk-pca; --exclude removes running means" {
    frames a b c
    run --separate-stderr gk-pca --variance --center mean --exclude 'bn.running_*,f8,e5' a b c
    close_to "$(column_of variance <<<"$output" | head -n 1)" 0.03 1e-6
    [[ $stderr = 'gk-pca: note: a: 13 tensors hold no floating-point numbers and no parameters: left out ('*', ...)'$'\n''gk-pca: note: '*': frames without a step: they count from 0, in the order they are given' ]] || fail "$stderr"
    # without --exclude the means count as parameters, and dominate
    [ "$(gk-pca -q --variance --center mean a b c | column_of variance | head -n 1 | cut -d. -f 1)" -gt 7000 ]
    close_to "$(gk-pca -q --variance --center mean --tensor w a b c | column_of variance | head -n 1)" 0.03 1e-6
    close_to "$(gk-pca -q --variance --center mean --tensor '[vw]' a b c | column_of variance | head -n 1)" 0.03 1e-6
    close_to "$(gk-pca -q --variance --center mean --tensor bn.num_batches_tracked a b c | column_of variance | head -n 1)" 10000
    breaks "gk-pca: a: frame 1: no tensor 'x*'" gk-pca --tensor 'x*' a b c
    breaks "gk-pca: a: frame 1: tensor 'z' is C64, which gk lists and copies but does not compute with" gk-pca --tensor z a b c
}

@test "foreign: tensors of every dtype are listed, shown and copied" {
    frames a
    gk-ckpt-dump --list a >list
    assert_equal "$(column_of dtype list | sort | paste -sd' ')" \
        'BF16 BOOL C64 F16 F32 F32 F4 F64 F6_E2M3 F6_E3M2 F8_E4M3 F8_E4M3FNUZ F8_E5M2 F8_E5M2FNUZ F8_E8M0 I16 I32 I64 I8 U16 U32 U64 U8'
    assert_equal "$(awk -F'\t' '$1 == "i8" { print $5, $6 } $1 == "f8" { print $5, $6 } $1 == "z" { print $5, $6 }' list | paste -sd' ')" '-1 1 -1 1 nan nan'
    assert_equal "$(gk-ckpt-dump --tensor u64 a | tail -n 1)" 9223372036854775809
    assert_equal "$(gk-ckpt-dump --tensor z4 a | tail -n 1)" $'1\t-1'
    assert_equal "$(gk-ckpt-dump --tensor mask a | tail -n 1)" $'1\t0\t1\t1'
    breaks "gk-ckpt-dump: a: frame 1: tensor 'z' is C64, which gk lists and copies but does not compute with" gk-ckpt-dump --tensor z a
    breaks 'gk-ckpt-dump: .npy has no type for F4' gk-ckpt-dump --tensor f4 --format npy a
    gk-ckpt-dump --tensor z --format npy a | grep -aq "'<c8'"
    gk-ckpt-dump --format safetensors a >copy
    gk-ckpt-dump --list copy | grep -v '^#' | cmp - <(grep -v '^#' list)
    # by pattern
    gk-ckpt-dump --tensor 'bn.*,w' --format safetensors a | gk-ckpt-dump --list | column_of name | paste -sd' ' >names
    assert_equal "$(<names)" 'bn.num_batches_tracked bn.running_mean w'
    breaks "gk-ckpt-dump: a: frame 1: 2 tensors match 'bn.*': as text or .npy one is written" gk-ckpt-dump --tensor 'bn.*' a
    assert_equal "$(gk-ckpt-dump --list --exclude '*8,bn.*' a | column_of name | paste -sd' ')" 'bf d e5 f4 f6 g6 h i16 i32 mask u16 u32 u64 w z z4 z5'
    assert_equal "$(gk-ckpt-dump --flat --exclude 'bn.*,f8,e[58],z[45],h,bf,d' a | tail -n 1)" $'1\t2\t3'
}

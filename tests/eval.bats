#!/usr/bin/env bats
# shellcheck disable=SC2030,SC2031,SC2154 # run sets status, output and stderr
# gk-eval: losses, accuracies and activations of the golden networks, and every refusal.
load helpers

# golden FILE WHAT: a golden file's checkpoint, dataset or tensors, on standard output.
golden() {
    (cd "$ROOT" && "$GK_BUILD/tests/golden_files" "tests/golden/$1.safetensors" "$2")
}

# value NAME FILE: a scalar of a golden file.
value() {
    gk-ckpt-dump --tensor "$1" "$GOLDEN/$2.safetensors" | tail -n 1
}

# activations FILE: all numbers, one point per line.
activations() {
    gk-ckpt-dump --tensor activations "$1" | awk '!/^#/ && n++ > 0'
}

# same_points A B: two files of activations agree to 1e-12 of the largest.
same_points() {
    paste <(activations "$1" | tr '\t' '\n') <(activations "$2" | tr '\t' '\n') | awk '
        { d = $1 - $2; if (d < 0) d = -d; if (d > worst) worst = d
          m = $2 < 0 ? -$2 : $2; if (m > most) most = m }
        END { exit !(NR > 0 && most > 0 && worst <= 1e-12 * most && NF == 2) }' ||
        fail "$1 and $2 differ"
}

@test "eval: the golden losses and accuracies" {
    for g in transformer_paper transformer_openai mlp; do
        golden $g checkpoint >c
        golden $g dataset >d
        gk-eval -d d c >t
        close_to "$(column_of train_loss t)" "$(value loss $g)"
        close_to "$(column_of train_acc t)" "$(value accuracy $g)"
        assert_equal "$(column_of step t)" 7
    done
    assert_equal "$(column_of val_loss t)$(column_of val_acc t)" nannan # the mlp has no validation rows
    golden transformer_paper checkpoint >c
    golden transformer_paper dataset >d
    gk-eval -d d c >t
    close_to "$(column_of val_loss t)" "$(value val.loss transformer_paper)"
    close_to "$(column_of val_acc t)" "$(value val.accuracy transformer_paper)"
}

@test "eval: a row for each checkpoint, from files, streams and standard input, whatever the threads" {
    golden transformer_paper checkpoint >c
    golden transformer_paper dataset >d
    golden transformer_paper checkpoint32 >c32
    gk-eval -d d c c32 c >t
    assert_equal "$(column_of step t | wc -l)" 3
    [ "$(sed -n 3p t)" = "$(sed -n 5p t)" ]
    close_to "$(sed -n 4p t | cut -f 2)" "$(sed -n 3p t | cut -f 2)" 1e-6
    cat c c32 c | gk-eval --threads 1 -d d | cmp - t
    gk-eval -d - c c32 c <d | cmp - t
    gk-eval -d d --threads 3 -o o c c32 c
    cmp o t
}

@test "eval: --dtype and --split" {
    golden transformer_paper checkpoint32 >c32
    golden transformer_paper dataset >d
    gk-eval -d d c32 >t
    gk-eval -d d --dtype f64 c32 >t64
    close_to "$(column_of train_loss t)" "$(column_of train_loss t64)" 1e-6
    [ "$(column_of train_loss t)" != "$(column_of train_loss t64)" ]
    gk-eval -d d --split train c32 >tr
    gk-eval -d d --split val c32 >va
    assert_equal "$(column_of train_loss tr) $(column_of val_loss tr) $(column_of val_acc tr)" \
        "$(column_of train_loss t) nan nan"
    assert_equal "$(column_of val_loss va) $(column_of train_loss va)" "$(column_of val_loss t) nan"
}

@test "eval: one split alone must have rows, in every tool that evaluates" {
    local tool
    gk-data --p 7 --frac 1 -o all
    gk-train -q -d all --steps 0 --dim 8 --heads 2 --ff 8 --save c -o /dev/null
    for tool in eval 'landscape --toward random:1' hvp; do
        # shellcheck disable=SC2086 # words
        breaks "gk-${tool%% *}: c: frame 1: the split has no rows" gk-$tool -d all --split val -o out c
    done
    gk-eval -d all c >t
    assert_equal "$(column_of val_loss t)" nan
}

@test "eval: the golden activations of every layer" {
    for g in transformer_paper mlp; do
        golden $g checkpoint >c
        golden $g dataset >d
        for layer in embed $([ $g = mlp ] && echo layer0 layer1 || echo block0 block1); do
            golden $g act.$layer >want
            gk-eval -d d --activations "$layer" --position all c >got
            same_points got want
        done
    done
}

@test "eval: one position of each row, and both splits in turn" {
    golden transformer_paper checkpoint >c
    golden transformer_paper dataset >d
    gk-eval -d d --activations block0 --position all c >all
    for p in 0 3 last; do
        gk-eval -d d --activations block0 --position $p c >one
        diff <(activations all | awk -v p=${p/last/3} '(NR - 1) % 4 == p') <(activations one)
    done
    gk-eval -d d --activations block0 c c >two
    assert_equal "$(gk-ckpt-dump --list two | cut -f 1,3 | grep -c '^activations.\[25,8\]$')" 2
    for s in train val both; do
        gk-eval -d d --activations block0 --split $s c >$s
    done
    assert_equal "$(activations both | wc -l)" 49
    diff <(activations both) <(cat <(activations train) <(activations val))
}

@test "eval: errors name bad input" {
    golden transformer_paper checkpoint >c
    golden transformer_paper dataset >d
    golden mlp dataset >other
    wrong_usage 'gk-eval: --data: a dataset is needed' gk-eval c
    wrong_usage 'gk-eval: --data: standard input cannot be the checkpoints and the dataset' gk-eval -d - <d
    wrong_usage 'gk-eval: --position: only --activations have positions' gk-eval -d d --position 1 c
    wrong_usage 'gk-eval: --loss: --activations do not depend on the loss' gk-eval -d d --activations embed --loss mse c
    wrong_usage 'gk-eval: --digits: --activations are no table, and are written exactly' gk-eval -d d --activations embed --digits 3 c
    wrong_usage "gk-eval: --position: '-1': last, all or a number from 0 is wanted" \
        gk-eval -d d --activations embed --position -1 c
    for layer in attn block layer1x 1; do
        wrong_usage "gk-eval: --activations: '$layer': embed, block0, block1, ... (transformer) or layer0, layer1, ... (mlp) is wanted" \
            gk-eval -d d --activations $layer c
    done
    refuses_like 1 'c: frame 1: .*vocab' gk-eval -d other c
    refuses_like 1 'd: frame 1: a checkpoint is wanted' gk-eval -d d d
    refuses_like 1 'c: .*dataset' gk-eval -d c c
    breaks 'gk-eval: none: No such file or directory' gk-eval -d d none
    breaks 'gk-eval: none: No such file or directory' gk-eval -d none c
    breaks 'gk-eval: c: frame 1: there is no block2: the network has embed and block0 to block1' \
        gk-eval -d d --activations block2 c
    breaks 'gk-eval: c: frame 1: there is no layer0: the network has embed and block0 to block1' \
        gk-eval -d d --activations layer0 c
    breaks 'gk-eval: c: frame 1: there is no position 4: a row has positions 0 to 3' \
        gk-eval -d d --activations block0 --position 4 c
    golden mlp checkpoint >m
    breaks 'gk-eval: m: frame 1: the split has no rows' \
        gk-eval -d other --activations layer0 --split val m
}

@test "eval: what neither tensors nor metadata say is named, in every tool that computes with a network" {
    gk-data --p 5 --layout nanda -o d
    gk-train -q -d d --layers 1 --dim 8 --ff 8 --steps 1 --save c >t
    gk-train -q -d d --model mlp --dim 8 --hidden 8 --activation tanh --steps 1 --save m >t
    all='heads 4, norm post, positions sinusoidal, activation relu'
    while IFS='|' read -r from keys assumed; do
        # shellcheck disable=SC2086 # words
        with_metadata $from gk.kind - $keys >x
        run -0 --separate-stderr gk-eval -d d x
        assert_equal "$stderr" "${assumed:+gk-eval: note: x: assumed, as neither tensors nor metadata say: $assumed}"
    done <<'END'
c|heads 4 activation relu|norm post, positions sinusoidal
c|norm post positions sinusoidal activation relu|
m|activation -|activation leaky
m||
END
    with_metadata c gk.kind - heads - >x
    for cmd in gk-eval gk-fourier gk-hvp 'gk-landscape --toward random:1 --alpha 0:1:2' 'gk-train --steps 1 --init'; do
        # shellcheck disable=SC2086 # words
        run -0 --separate-stderr $cmd x -d d
        assert_equal "$stderr" "${cmd%% *}: note: x: assumed, as neither tensors nor metadata say: $all"
    done
    run -0 --separate-stderr gk-train -d d --init x --heads 4 --steps 1
    assert_equal "$stderr" "gk-train: note: x: assumed, as neither tensors nor metadata say: ${all#*, }"
}

@test "eval: a network that was trained on other data is named, and rows in both splits" {
    gk-data --p 5 --frac 0.6 -o d
    gk-data --p 5 --frac 0.6 --split-seed 1 -o other
    gk-train -q -d d --layers 1 --dim 8 --heads 2 --ff 8 --steps 2 --trajectory c.gks -o t
    for cmd in gk-eval gk-hvp 'gk-landscape --toward random:1 --alpha 0:1:2'; do
        # shellcheck disable=SC2086 # words
        run -0 --separate-stderr $cmd -d other c.gks c.gks
        assert_equal "$stderr" "${cmd%% *}: note: c.gks: trained on other data than other: $(head -n 1 t | cut -c 3-)"
        # shellcheck disable=SC2086 # words
        run -0 --separate-stderr $cmd -d d c.gks
        assert_equal "$stderr" ''
    done
    # the 9 training rows are 0 to 8; the 6 validation rows are 3 to 8 of them
    python3 -IS - d >shared <<'END'
import json, struct, sys
data = open(sys.argv[1], "rb").read()
n, = struct.unpack("<Q", data[:8])
header = json.loads(data[8:8 + n])
body = bytearray(data[8 + n:])
for kind in "labels", "tokens":
    a, b = (header[f"{split}.{kind}"]["data_offsets"] for split in ("train", "val"))
    body[b[0]:b[1]] = body[a[1] - (b[1] - b[0]):a[1]]
sys.stdout.buffer.write(data[:8 + n] + body)
END
    gk-train -q -d d --layers 1 --dim 8 --heads 2 --ff 8 --steps 2 --save c >t
    for cmd in gk-eval gk-hvp 'gk-landscape --toward random:1 --alpha 0:1:2' 'gk-train --steps 1 --init'; do
        # shellcheck disable=SC2086 # words
        run -0 --separate-stderr $cmd c -d shared
        assert_equal "$stderr" "${cmd%% *}: note: shared: 6 of 6 validation rows are training rows, too"
    done
}

@test "eval: progress counts frames, also those of gk-fourier and gk-spectra" {
    needs_progress
    gk-data --p 5 -o d
    gk-train -q -d d --layers 1 --dim 8 --heads 2 --ff 8 --steps 60 --trajectory t.gks --every 1 -o /dev/null
    for tool in 'gk-eval -d d' 'gk-eval -d d --activations block0' 'gk-fourier -d d' gk-spectra; do
        run progress_of frame "$tool t.gks t.gks t.gks t.gks t.gks"
        assert_line --regexp '^frame [0-9]+ of 305, [0-9.e+]+/s, [0-9]+:[0-9]+ left'
        run progress_of frame "cat t.gks t.gks t.gks t.gks t.gks | $tool"
        assert_line --regexp '^frame [0-9]+, [0-9.e+]+/s$'
        run progress_of frame "$tool -q t.gks t.gks t.gks t.gks t.gks"
        assert_output ''
    done
}

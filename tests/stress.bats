#!/usr/bin/env bats
# shellcheck disable=SC2030,SC2031,SC2154 # run sets status, output and stderr
# Numbers under stress: the smallest data and networks, the largest steps. Either the right result or
# a clear error.
load helpers

tiny=(--layers 1 --dim 4 --heads 2 --ff 4 --threads 1)
small_mlp=(--model mlp --layers 1 --dim 4 --hidden 3 --threads 1)

# loss_of MODEL_OPTIONS...: the training loss of row 0 on d.
loss_of() {
    gk-train -d d --steps 0 "$@" | column_of train_loss
}

# all_finite COLUMNS TABLE: no nan and inf in these columns of the table.
all_finite() {
    for c in $1; do
        column_of "$c" "$2" >column
        [ -s column ] || fail "no column $c in $2"
        run grep -E 'nan|inf' column
        assert_output ''
    done
}

@test "stress: p = 2, every operation through every tool" {
    for op in add sub mul div x2+y2 x2+xy+y2 x3+xy x3+xy2+y; do
        gk-data --op "$op" --p 2 -o d
        for model in tiny small_mlp; do
            local -n options=$model
            gk-train -d d "${options[@]}" --steps 12 --save c --trajectory t.gks --every 4 >curve
            all_finite 'train_loss val_loss grad_norm' curve
            close_to "$(gk-eval -d d c | column_of val_loss)" "$(column_of val_loss curve | tail -n 1)"
        done
        gk-hvp -d d c >h
        all_finite 'lambda_max lambda_min residual_max' h
        gk-landscape -d d --toward next --alpha 0:1:2 t.gks >l 2>/dev/null
        all_finite 'train_loss val_loss' l
        gk-pca --variance t.gks >v
        close_to "$(column_of cumulative v | tail -n 1)" 1
    done
}

@test "stress: one training row is memorised; one or no validation row" {
    gk-data --p 5 --train 1 -o d
    for model in tiny small_mlp; do
        local -n options=$model
        gk-train -d d "${options[@]}" --lr 0.1 --weight-decay 0 --steps 100 >t
        assert_equal "$(column_of train_acc t | sort -u | xargs)" '0 1'
        column_of train_loss t | awk 'END { exit !($1 < 1e-2) }'
        # a batch is then the whole, as a larger size is
        cmp <(gk-train -d d "${options[@]}" --steps 5 | grep -v '^#') <(gk-train -d d "${options[@]}" --steps 5 --batch 1 | grep -v '^#')
        cmp <(gk-train -d d "${options[@]}" --steps 5 | grep -v '^#') <(gk-train -d d "${options[@]}" --steps 5 --batch 99 | grep -v '^#')
    done
    gk-data --p 5 --train 14 -o d
    gk-train -d d "${tiny[@]}" --steps 3 --save c >t
    run column_of val_acc t
    for a in "${lines[@]}"; do [[ $a == [01] ]] || fail "the accuracy on one row is $a"; done
    gk-data --p 5 --frac 1 -o d
    gk-train -d d "${tiny[@]}" --steps 3 --save c >t
    assert_equal "$(column_of val_loss t | sort -u)$(column_of val_acc t | sort -u)" nannan
    assert_equal "$(gk-eval -d d c | column_of val_loss)" nan
    refuses_like 1 'gk-hvp: c: frame 1: the split has no rows' gk-hvp -d d --split val -o h c
}

@test "stress: a width of one: the loss is log V, or its own closed form" {
    gk-data --p 5 -o d
    # LayerNorm of one number is its bias, 0 at the start: all logits are 0
    close_to "$(loss_of --layers 1 --dim 1 --heads 1 --ff 1 --dtype f64)" "$(awk 'BEGIN { printf "%.17g", log(7) }')" 1e-15
    close_to "$(loss_of --layers 3 --dim 1 --heads 1 --ff 2 --dtype f64)" "$(awk 'BEGIN { printf "%.17g", log(7) }')" 1e-15
    gk-train -d d --layers 1 --dim 1 --heads 1 --ff 1 --steps 5 --save c >t
    all_finite 'train_loss grad_norm' t
    gk-hvp -d d c >h
    all_finite 'lambda_max lambda_min' h
    # one wide heads, and one head
    for h in 1 2 4 8; do gk-train -d d --layers 1 --dim 8 --heads $h --ff 4 --steps 2 --save c >t && gk-eval -d d c >/dev/null; done
    wrong_usage 'gk-train: --heads: 3 heads do not divide the width 8' gk-train -d d --dim 8 --heads 3
    wrong_usage 'gk-train: --heads: 4 heads do not divide the width 1' gk-train -d d --dim 1
    gk-train -d d --model mlp --layers 1 --dim 1 --hidden 1 --steps 3 >t
    all_finite 'train_loss grad_norm' t
    # 64 layers
    gk-train -d d --layers 64 --dim 2 --heads 1 --ff 1 --steps 2 >t
    all_finite 'train_loss grad_norm' t
    wrong_usage 'gk-train: --layers: 65 is not in [1, 64]' gk-train -d d --layers 65
}

@test "stress: a checkpoint without its number of heads" {
    gk-data --p 5 -o d
    gk-train -d d --layers 1 --dim 8 --heads 4 --ff 8 --steps 2 --save four >/dev/null
    gk-train -d d --layers 1 --dim 8 --heads 2 --ff 8 --steps 2 --save two >/dev/null
    sed 's/"heads"/"heard"/' four >c
    for cmd in gk-eval gk-hvp 'gk-landscape --toward random:1 --alpha 0:1:2'; do
        # shellcheck disable=SC2086 # words
        run --separate-stderr $cmd -d d c
        assert_success
        assert_equal "$stderr" "${cmd%% *}: note: c: assumed, as neither tensors nor metadata say: heads 4"
        # shellcheck disable=SC2086 # words
        assert_equal "$(tail -n 1 <<<"$output")" "$($cmd -d d four | tail -n 1)"
        # shellcheck disable=SC2086 # words
        run --separate-stderr $cmd -q -d d c
        assert_equal "$stderr" ''
    done
    sed 's/"heads": *"2"/"heads":"3"/' two >c
    breaks "gk-eval: c: frame 1: 3 heads do not divide the width 8" gk-eval -d d c
}

@test "stress: steps of any size: finite numbers, or an error that names the step" {
    gk-data --p 5 -o d
    for optimizer in adamw adam adamax rmsprop rprop momentum sgd; do
        for lr in 1e-300 1 1e20 1e300; do
            for dtype in f32 f64; do
                run --separate-stderr gk-train -d d "${tiny[@]}" --optimizer $optimizer --lr $lr --warmup 0 --dtype $dtype --steps 30
                echo "$output" >t
                [ "$status" -eq 0 ] || [[ $stderr =~ ^gk-train:\ step\ [0-9]+:\ the\ [a-z\ \']+\ is\ not\ finite\ \((nan|inf)\)$ ]] || fail "$optimizer $lr $dtype: $status $stderr"
                all_finite 'train_loss train_acc grad_norm param_norm' t
            done
        done
    done
    # Adam divides by sqrt(v) + eps: a parameter that never had a gradient is 0/0 without eps.
    refuses_like 1 '^gk-train: step 1: the training loss is not finite \(nan\)$' gk-train -d d "${tiny[@]}" --eps 0 -o t
    # With a huge one nothing but the decay is left: the norm falls by 1 - lr in each step.
    gk-train -d d "${tiny[@]}" --eps 1e300 --lr 1e-2 --warmup 0 --dtype f64 --steps 3 | column_of param_norm >norm
    close_to "$(tail -n 1 norm)" "$(awk 'NR == 1 { printf "%.17g", $1 * (1 - 1e-2) ^ 3 }' norm)" 1e-14
}

@test "stress: weights that overflow give no loss and no accuracy" {
    gk-data --p 5 -o d
    gk-train -d d "${tiny[@]}" --steps 2 --save c >/dev/null
    gk-landscape -d d --toward random:1 --alpha 0:1e308:2 c >t
    assert_equal "$(column_of val_acc t | tail -n 1)$(column_of train_acc t | tail -n 1)$(column_of train_loss t | tail -n 1)" nannannan
    close_to "$(column_of train_loss t | head -n 1)" "$(gk-eval -d d c | column_of train_loss)"
}

@test "stress: a Hessian of low rank has a density" {
    for p in 2 5; do
        gk-data --p $p --train 1 -o d
        gk-train -d d "${small_mlp[@]}" --steps 5 --save c >/dev/null
        gk-hvp -d d --density c >t
        # it is a density: the trapezoids make 1
        awk -F'\t' '/^#/ { next } !col++ { next }
            n++ { sum += ($2 - x) * ($3 + y) / 2 } { x = $2; y = $3 } END { exit !(sum > 0.98 && sum < 1.02) }' t
    done
}

@test "stress: labels and claims out of range" {
    gk-data --p 5 -o d
    gk-train -d d "${tiny[@]}" --steps 1 --save c >/dev/null
    # the last value of val.tokens is '=', 6
    { head -c -4 d && printf '\377\377\377\177'; } >b
    refuses_like 1 '^gk-train: b: frame 1: tensor val.tokens: row [0-9]+: 2147483647 is not in \[0, 6\]$' gk-train -d b "${tiny[@]}"
    refuses_like 1 '^gk-eval: b: frame 1: tensor val.tokens: row [0-9]+: 2147483647 is not in' gk-eval -d b c
    { head -c -4 d && printf '\377\377\377\377'; } >b
    refuses_like 1 'row [0-9]+: -1 is not in \[0, 6\]$' gk-train -d b "${tiny[@]}"
    gk-data --p 7 -o other
    refuses_like 1 '^gk-eval: c: frame 1: .*vocab' gk-eval -d other c
    { printf 'a\tb\tc\n0\t0\t4096\n'; } >t
    refuses_like 1 "^gk-data: t: line 2: column c: '4096' is no integer in \[0, 4095\]" gk-data --table t
}

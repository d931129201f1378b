# gk-train: the table, the optimisers' options, checkpoints, trajectories, and every way to end.
# shellcheck shell=bash disable=SC2154,SC2016,SC2030,SC2031,SC2094
load helpers

tiny=(--layers 1 --dim 8 --heads 2 --ff 16)

data() {
    gk-data --p 7 --frac 0.7 "$@"
}

rows() {
    grep -v -e '^#' -e '^step' "$@"
}

# metadata KEY FILE: its value in the header of the (first) frame.
metadata() {
    grep -ao "\"$1\" *: *\"[^\"]*\"" "$2" | head -n 1 | sed 's/.*: *"//; s/"$//'
}

# Seven ways to train, a line each.
configurations() {
    cat <<END
${tiny[*]}
${tiny[*]} --dtype f64 --clip 0.5 --decay matrices
${tiny[*]} --batch 5 --optimizer adam --weight-decay 0.1
${tiny[*]} --optimizer rprop --lr 1e-2
${tiny[*]} --optimizer momentum --lr 0.1 --dtype f64 --batch 6 --eval-every 3
--model mlp --dim 6 --hidden 12 --optimizer adamax --warmup 0
--model mlp --layers 1 --dim 6 --hidden 12 --optimizer rmsprop --seed 3 --batch 7
END
}

@test "N steps give rows 0..N of ten columns below the history" {
    data >d
    gk-train "${tiny[@]}" --steps 12 d >t
    assert_equal "$(sed -n 1p t)" "# gk-data $VERSION --op add --p 7 --pairs unordered --frac 0.7 --split-seed 0 --layout paper"
    assert_equal "$(sed -n 2p t)" "# gk-train $VERSION --model transformer --layers 1 --dim 8 --heads 2 --ff 16 --optimizer adamw --lr 0.001 --weight-decay 1 --decay all --beta1 0.9 --beta2 0.98 --eps 1e-08 --warmup 10 --clip 0 --batch full --seed 0 --dtype f32 --eval-every 1"
    assert_equal "$(sed -n 3p t)" $'step\tlr\ttrain_loss\ttrain_acc\tval_loss\tval_acc\tgrad_norm\tparam_norm\tcos_prev\tcos_init'
    assert_equal "$(column_of step t | xargs)" "$(seq 0 12 | xargs)"
    assert_equal "$(rows t | awk -F'\t' 'NF != 10' | wc -l)" 0
}

@test "the dataset comes from --data, an operand or standard input, with the same bytes" {
    data >d
    gk-train "${tiny[@]}" --steps 2 -d d >a
    gk-train "${tiny[@]}" --steps 2 d >b
    gk-train "${tiny[@]}" --steps 2 <d >c
    gk-train "${tiny[@]}" --steps 2 - -o e <d
    cmp a b
    cmp a c
    cmp a e
}

@test "warm-up: the first update has learning rate 0; rprop has none" {
    data >d
    gk-train "${tiny[@]}" --steps 6 --warmup 4 --lr 0.8 --dtype f64 d >t
    run column_of lr t
    assert_output $'0\n0.20000000000000001\n0.40000000000000002\n0.60000000000000009\n0.80000000000000004\n0.80000000000000004\n0.80000000000000004'
    assert_equal "$(column_of train_loss t | sed -n 1p)" "$(column_of train_loss t | sed -n 2p)"
    assert_equal "$(column_of cos_prev t | sed -n '1,2p' | xargs)" 'nan 1'
    assert_equal "$(column_of cos_init t | sed -n '1,2p' | xargs)" '1 1'
    gk-train "${tiny[@]}" --steps 1 --warmup 0 d | column_of lr >lr
    assert_equal "$(xargs <lr)" '0.001 0.001'
    gk-train "${tiny[@]}" --steps 1 --optimizer rprop d | column_of lr >lr
    assert_equal "$(xargs <lr)" '0.001 0.001'
}

@test "--eval-every leaves nan between, and validates the last row" {
    data >d
    gk-train "${tiny[@]}" --steps 7 d >a
    gk-train "${tiny[@]}" --steps 7 --eval-every 3 d >b
    column_of val_loss a | awk '(NR - 1) % 3 && NR != 8 { print "nan"; next } { print }' >want
    column_of val_loss b | cmp - want
    column_of train_loss a >ta
    column_of train_loss b | cmp - ta
    gk-data --p 7 --frac 1 | gk-train "${tiny[@]}" --steps 2 >c
    assert_equal "$(column_of val_loss c | xargs)" 'nan nan nan'
    assert_equal "$(column_of val_acc c | xargs)" 'nan nan nan'
}

@test "norms and cosines of parameters whose squares, or products of squares, no double holds" {
    data >d
    # nothing moves, and without LayerNorm all parameters have the scale
    how=("${tiny[@]}" --norm none --warmup 0 --steps 1 --dtype f64 --optimizer sgd --lr 0)
    gk-train "${how[@]}" d >one
    for scale in 1e-60 1e-100 1e-150 1e-160 1e-250; do
        gk-train "${how[@]}" --init-scale $scale d >t
        close_to "$(column_of param_norm t | tail -n 1)" "$(column_of param_norm one | tail -n 1)${scale#1}" 1e-13
        # unknown, rather than one that rounding makes
        case $scale in 1e-160 | 1e-250) cos=nan ;; *) cos=1 ;; esac
        assert_equal "$scale $(rows t | tail -n 1 | cut -f 9-10 | xargs)" "$scale $cos $cos"
    done
    # a held norm, too
    gk-train "${how[@]}" --init-scale 1e-250 --lr 1 --hold-norm 2 d | column_of param_norm >t
    close_to "$(tail -n 1 t)" "$(awk 'NR == 1 { printf "%.17g", 2 * $1 }' t)" 1e-13
}

@test "clipping scales the step, not the reported norm" {
    data >d
    gk-train "${tiny[@]}" --dtype f64 --optimizer sgd --lr 0.1 --warmup 0 --steps 1 d >a
    g=$(column_of grad_norm a | head -n 1)
    gk-train "${tiny[@]}" --dtype f64 --optimizer sgd --lr 0.1 --warmup 0 --steps 1 --clip "$(awk -v g="$g" 'BEGIN { printf "%.17g", g / 4 }')" d >b
    gk-train "${tiny[@]}" --dtype f64 --optimizer sgd --lr 0.025 --warmup 0 --steps 1 d >c
    assert_equal "$(column_of grad_norm b | head -n 1)" "$g"
    for column in train_loss val_loss grad_norm param_norm cos_init; do
        close_to "$(column_of "$column" b | tail -n 1)" "$(column_of "$column" c | tail -n 1)" 1e-12
    done
    gk-train "${tiny[@]}" --dtype f64 --optimizer sgd --lr 0.1 --warmup 0 --steps 1 --clip 1000 d | rows >e
    rows a | cmp - e
}

@test "each instruction set gives the same numbers up to rounding" {
    data >d
    for cpu in v1 v3; do
        GK_CPU=$cpu gk-train "${tiny[@]}" --dtype f64 --steps 5 -o $cpu d
        GK_CPU=$cpu gk-train "${tiny[@]}" --dtype f64 --steps 5 --optimizer momentum -o m.$cpu d
    done
    gk-train "${tiny[@]}" --dtype f64 --steps 5 -o best d
    for column in train_loss val_loss grad_norm param_norm cos_init; do
        a=$(column_of "$column" best | tail -n 1)
        for other in v1 v3; do close_to "$(column_of "$column" $other | tail -n 1)" "$a" 1e-10; done
        close_to "$(column_of "$column" m.v1 | tail -n 1)" "$(column_of "$column" m.v3 | tail -n 1)" 1e-10
    done
}

@test "the same bytes for any number of threads, in seven configurations" {
    data >d
    while read -ra conf; do
        same_with_threads "${conf[@]}" --steps 12
    done < <(configurations)
}

@test "stopped and resumed gives the bytes of never having stopped, in seven configurations" {
    data >d
    while read -ra conf; do
        gk-train "${conf[@]}" --steps 21 --save whole.ckpt d >whole.tsv
        gk-train "${conf[@]}" --steps 6 --save part.ckpt d >part.tsv
        gk-train --resume part.ckpt --steps 15 --save part.ckpt d >rest.tsv
        gk-train --resume part.ckpt --steps 21 --save part.ckpt d >last.tsv
        cmp whole.ckpt part.ckpt
        grep '^#' whole.tsv >head.want
        grep '^#' last.tsv | cmp - head.want
        # The last row of each part is validated, whatever --eval-every is.
        cut -f 1-4,7- whole.tsv >want
        cat part.tsv <(rows rest.tsv) <(rows last.tsv) | cut -f 1-4,7- | cmp - want
    done < <(configurations)
}

@test "a checkpoint's settings hold unless given again" {
    data >d
    gk-train "${tiny[@]}" --lr 5e-3 --batch 4 --steps 3 --save a d >/dev/null
    gk-train --resume a --lr 1e-2 --batch full --steps 5 --save b d >t
    run -0 column_of lr t
    assert_output $'0.004\n0.005'
    assert_equal "$(metadata batch b)" full
    assert_equal "$(metadata lr b)" 0.01
    assert_equal "$(metadata heads b)" 2
    assert_equal "$(metadata step b)" 5
    # Both lives are told.
    assert_equal "$(grep -c '^# gk-train' t)" 2
}

@test "a size of batches has many writings, which are one run" {
    data >d
    gk-train "${tiny[@]}" --steps 9 --batch 5 --save want d >/dev/null
    for n in +5 05; do
        gk-train "${tiny[@]}" --steps 4 --batch "$n" --save a d >/dev/null
        assert_equal "$(metadata batch a)" 5
        gk-train --resume a --steps 9 --save b d >/dev/null
        cmp want b
    done
    with_metadata a batch ' 5' >b
    breaks "gk-train: b: frame 1: metadata batch: ' 5' is neither full nor an integer" gk-train --resume b --steps 9 d
}

@test "integers of a checkpoint at both ends of their range" {
    data --frac 1 >d
    gk-train "${tiny[@]}" --steps 2 --save a --weights-only d >/dev/null
    gk-train "${tiny[@]}" --steps 2 --save whole d >/dev/null
    gk-train "${tiny[@]}" --steps 3 --save c --weights-only d >/dev/null
    for n in 9223372036854775807 9223372036854775806 1000000000000000; do
        with_metadata a step "$n" seed "$n" >b
        assert_equal "$(gk-eval -d d b | tail -n 1 | cut -f 2-)" "$(gk-eval -d d a | tail -n 1 | cut -f 2-)"
        gk-pca --variance b c >/dev/null
        gk-landscape -q -d d --toward random:9223372036854775807 --alpha 0:1:2 b >/dev/null
        gk-landscape -q -d d --toward "frame:$n" --alpha 0:1:2 a b >/dev/null 2>&1 || true # they are alike
        gk-ckpt-dump --list --steps "$n:9223372036854775807:9223372036854775807" b >/dev/null
        with_metadata whole step "$n" >b
        wrong_usage "gk-train: --steps: 10000 is before step $n of b" gk-train --resume b d
    done
    for n in -1 -9223372036854775808 9223372036854775808 ' 2' 2.0 0x2; do
        with_metadata a step "$n" >b
        breaks "gk-eval: b: frame 1: metadata 'step' is '$n': an integer from 0 to 9223372036854775807 is wanted" \
            gk-eval -d d b
        with_metadata a heads "$n" >b
        breaks "gk-eval: b: frame 1: metadata 'heads' is '$n': an integer from 1 to 65536 is wanted" gk-eval -d d b
    done
}

@test "a resumed run at its last step has no row to add, and saves itself again" {
    data >d
    gk-train "${tiny[@]}" --steps 3 --save a d >/dev/null
    gk-train --resume a --steps 3 --save b d >t
    cmp a b
    assert_equal "$(rows t)" ''
    wrong_usage 'gk-train: --steps: 2 is before step 3 of a' gk-train --resume a --steps 2 d
}

@test "history holds what changes numbers, and nothing else" {
    data >d
    gk-train "${tiny[@]}" --threads 1 --steps 4 --save-every 2 --save a --trajectory a.gks --every 2 d >/dev/null
    gk-train "${tiny[@]}" --threads 2 --steps 2 --save b d >/dev/null
    gk-train --resume b --steps 4 --save b d >/dev/null
    cmp a b
    run metadata gk.history a
    refute_output --regexp 'threads|steps|save|resume|traj|--every'
}

@test "a trajectory holds step 0, every K-th and the last" {
    data >d
    steps_of() { grep -ao '"step" *: *"[0-9]*"' "$1" | grep -o '[0-9]*' | xargs; }
    gk-train "${tiny[@]}" --steps 10 --trajectory a.gks --every 4 d >/dev/null
    assert_equal "$(steps_of a.gks)" '0 4 8 10'
    assert_equal "$(metadata gk.end a.gks)" 4
    gk-train "${tiny[@]}" --steps 8 --trajectory a.gks --every 4 d >/dev/null
    assert_equal "$(steps_of a.gks)" '0 4 8'
    gk-train "${tiny[@]}" --steps 30 --trajectory a.gks --every log d >/dev/null
    assert_equal "$(steps_of a.gks)" '0 1 2 3 4 5 6 7 8 9 10 11 13 14 16 18 20 22 25 28 30'
    refute grep -aqF optim.m. a.gks
    # Parts follow each other without a frame twice.
    gk-train "${tiny[@]}" --steps 4 --trajectory a.gks --every 2 --save c d >/dev/null
    gk-train --resume c --steps 8 --trajectory b.gks --every 2 d >/dev/null
    assert_equal "$(steps_of <(cat a.gks b.gks))" '0 2 4 6 8'
    # A run that has no step to add still writes a stream with a frame.
    gk-train --resume c --steps 4 --trajectory b.gks d >/dev/null
    assert_equal "$(steps_of b.gks)" 4
}

@test "--weights-only saves no state, and nothing can resume from it" {
    data >d
    gk-train "${tiny[@]}" --steps 2 --save a --weights-only d >/dev/null
    refute grep -aqF -e optim.m. -e '"optimizer"' a
    breaks "gk-train: --resume: a: frame 1: weights only: a checkpoint with the optimiser's state is wanted" \
        gk-train "${tiny[@]}" --resume a --steps 4 d
}

@test "a checkpoint that another program wrote again, with its metadata, is resumed and says so" {
    data >d
    gk-train "${tiny[@]}" --steps 2 --save a d >/dev/null
    with_metadata a gk.history $'gk-data x\nhalved embed.weight' >b
    gk-train --resume a --steps 4 d >want
    gk-train --resume b --steps 4 d >got
    assert_equal "$(sed -n 2p got)" '# halved embed.weight'
    cmp <(grep -v '^#' want) <(grep -v '^#' got)
}

@test "what does not belong to a checkpoint is refused" {
    data >d
    data --split-seed 1 >other
    gk-train "${tiny[@]}" --steps 2 --save a d >/dev/null
    refuses_like 1 '^gk-train: a: frame 1: the run was trained on another dataset: its rows have the digest [0-9a-f]{16}, not [0-9a-f]{16}$' \
        gk-train --resume a other
    # the same rows, scored at another place
    with_metadata d layout - score_positions 2 >elsewhere
    refuses_like 1 '^gk-train: a: frame 1: the run was trained on another dataset' gk-train --resume a elsewhere
    network='gk-train: a: frame 1: this is another network than the one asked for'
    breaks "$network: ff 16, not 8" gk-train --resume a --ff 8 d
    breaks "$network: heads 2, not 4" gk-train --resume a --heads 4 d
    breaks "$network: model transformer, not mlp" gk-train --resume a --model mlp d
    breaks "$network: vocab 9, not 13" gk-train --resume a <(gk-data --p 11)
    # even where what is asked for is no network at all: the file says 8 wide, and bias ffn
    breaks "$network: heads 2, not 3" gk-train --resume a --heads 3 d
    breaks "$network: heads 2, not 3" gk-train --init a --heads 3 d
    gk-train -q "${tiny[@]}" --bias ffn --steps 1 --save f -o /dev/null d
    breaks "${network/: a/: f}: model transformer, not mlp" gk-train --resume f --model mlp d
    breaks 'gk-train: a: frame 1: the run began from seed 0' gk-train --resume a --seed 1 d
    # from theta_0 follow cos_init and a held norm
    breaks 'gk-train: a: frame 1: the run began with init paper, not normal:0.1' gk-train --resume a --init normal:0.1 d
    breaks 'gk-train: a: frame 1: the run began with init_scale 1, not 2' gk-train --resume a --init-scale 2 d
    gk-train -q "${tiny[@]}" --init nanda --init-scale 0.5 --steps 1 --save n -o /dev/null d
    breaks 'gk-train: n: frame 1: the run began with init nanda, not paper' gk-train --resume n --init paper d
    breaks 'gk-train: n: frame 1: the run began with init_scale 0.5, not 1' gk-train --resume n --init-scale 1 d
    cmp <(gk-train -q --resume n --steps 3 d) <(gk-train -q --resume n --init nanda --init-scale 0.5 --steps 3 d)
    breaks 'gk-train: n: frame 1: the run began with init_rows 0, not 2' gk-train --resume n --init-rows 2 d
    gk-train -q "${tiny[@]}" --init-rows 2 --steps 1 --save r -o /dev/null d
    breaks 'gk-train: r: frame 1: the run began with init_rows 2, not 0' gk-train --resume r --init-rows 0 d
    gk-train -q --init a --steps 1 --save w -o /dev/null d
    refuses_like 1 '^gk-train: w: frame 1: the run began with init weights:[0-9a-f]{16}, not paper$' \
        gk-train --resume w --init paper d
    breaks 'gk-train: a: frame 1: the state is of adamw, not of sgd' gk-train --resume a --optimizer sgd d
    # rprop's rate is the first size of its steps
    gk-train -q "${tiny[@]}" --optimizer rprop --lr 0.02 --steps 1 --save p -o /dev/null d
    breaks 'gk-train: p: frame 1: the run began with lr 0.02, not 0.5' gk-train --resume p --lr 0.5 d
    cmp <(gk-train -q --resume p --steps 3 d) <(gk-train -q --resume p --lr 2e-2 --steps 3 d)
    sed 's/"lr": *"0.001"/"lr":"0.0x1"/' a >b
    breaks "gk-train: b: frame 1: metadata lr: '0.0x1' is not a number" gk-train --resume b d
    refuses_like 1 '^gk-train: d: frame 1: .*checkpoint' gk-train --resume d d
    refuses_like 1 '^gk-train: a: .*not a dataset' gk-train a
    head -c 2000 a >half
    refuses_like 1 '^gk-train: half: ' gk-train --resume half d
}

@test "resume: what a checkpoint leaves out is the default, explicit or not; unknown words are refused by name" {
    data >d
    gk-train -q -d d "${tiny[@]}" --steps 3 --save c -o /dev/null
    go_on() { gk-train -q -d d --resume "$1" --steps 5 --save "$2" -o /dev/null; }
    go_on c want
    # an older gk's, and one that says all
    with_metadata c decay - clip - eval_every - warmup - batch - lr - beta1 - beta2 - eps - weight_decay - dtype - model - layers - >old
    with_metadata c norm post positions sinusoidal activation relu bias none loss ce init paper init_scale 1 \
        init_rows 0 grokfast none clip_rows 0 hold_norm 0 run somebody.s gkx.norm rms >aloud
    go_on old got
    cmp want got
    go_on aloud got
    cmp want got
    # what the network is: in the words of every tool
    while IFS='|' read -r key value message; do
        with_metadata c "$key" "$value" >x
        breaks "gk-eval: x: frame 1: $message" gk-eval -d d x
        breaks "gk-train: x: frame 1: $message" gk-train -d d --resume x --steps 5
        breaks "gk-train: x: frame 1: $message" gk-train -d d --init x
    done <<'END'
model|rnn|metadata 'model' is 'rnn': transformer or mlp is wanted
norm|rms|metadata 'norm' is 'rms': post, pre, none or block is wanted
positions|rotary|metadata 'positions' is 'rotary': sinusoidal, learned or none is wanted
loss|focal|metadata 'loss' is 'focal': ce, mse, stablemax or ce-rounded is wanted
inputs|patches|metadata 'inputs' is 'patches': sum, concat or onehot is wanted
heads|3|3 heads do not divide the width 8
dim|9|metadata 'dim' is 9, but the tensors make it 8
layers|2|metadata 'layers' is 2, but the tensors make it 1
gk.attention|sparse|metadata 'gk.attention' is 'sparse': this gk knows no such key; perhaps a newer one wrote the file
END
    with_metadata d gk.attention sparse >x
    breaks "gk-train: x: frame 1: metadata 'gk.attention' is 'sparse': this gk knows no such key; perhaps a newer one wrote the file" \
        gk-train x
    # how it is trained
    while IFS='|' read -r key value message; do
        with_metadata c "$key" "$value" >x
        breaks "gk-train: x: frame 1: $message" gk-train -d d --resume x --steps 5
    done <<'END'
optimizer|adan|metadata optimizer: 'adan' is none of: adamw adam adamax rmsprop rprop momentum sgd lion muon; did you mean adam?
grokfast|kalman:1|metadata grokfast: 'kalman:1' is none of: none ema:A,L ma:W,L
init|orthogonal|metadata init: 'orthogonal': paper, nanda, normal:STD with STD > 0, fan-in or torch is wanted
decay|norms|metadata decay: 'norms' is none of: all matrices
seed|-|the metadata have no 'seed'
END
    with_metadata c heads - >x
    gk-train -d d --resume x --steps 3 2>said >t
    assert_equal "$(<said)" "gk-train: note: x: assumed, as neither tensors nor metadata say: heads 4"
}

@test "--until-grokked stops when validation accuracy stays at 1" {
    { printf 'a b c\n' | tr ' ' '\t'; for a in 0 1 2; do for b in 0 1 2; do printf '%d\t%d\t1\n' $a $b; done; done; } >const
    gk-data --table const >d
    gk-train "${tiny[@]}" --lr 1e-2 --steps 500 --until-grokked d >two
    gk-train "${tiny[@]}" --lr 1e-2 --steps 500 --until-grokked 5 d >five
    gk-train "${tiny[@]}" --lr 1e-2 --steps 500 --until-grokked=1 d >one
    assert_equal "$(column_of val_acc one | grep -cx 1)" 1
    assert_equal "$(column_of val_acc two | tail -n 2 | xargs)" '1 1'
    assert_equal "$(column_of val_acc five | tail -n 6 | grep -cx 1)" 5
    assert_equal "$(rows five | wc -l)" $(($(rows two | wc -l) + 3))
    # The count goes on where it stopped.
    last=$(column_of step two | tail -n 1)
    gk-train "${tiny[@]}" --lr 1e-2 --steps "$last" --save a d >/dev/null
    gk-train --resume a --until-grokked 5 --steps 500 d >rest
    assert_equal "$(column_of step rest | tail -n 1)" $((last + 3))
    # Where it stopped does not show: its last row's own evaluation does not count.
    gk-train "${tiny[@]}" --lr 1e-2 --steps 500 --eval-every 5 --until-grokked --save whole d >five
    last=$(column_of step five | tail -n 1)
    gk-train "${tiny[@]}" --lr 1e-2 --steps $((last - 1)) --eval-every 5 --until-grokked --save a d >part
    assert_equal "$(column_of val_acc part | tail -n 1)" 1
    gk-train --resume a --until-grokked --steps 500 --save b d >rest
    cmp whole b
    assert_equal "$(column_of step rest | xargs)" "$last"
    # a count that no run has
    for n in $((last + 2)) 9223372036854775807 9223372036854775808 -1 ' 1' 1e1; do
        with_metadata b perfect "$n" >c
        breaks "gk-train: c: frame 1: metadata 'perfect' is '$n': an integer from 0 to $((last + 1)) is wanted" \
            gk-train --resume c --steps $((last + 3)) d
    done
    gk-data --p 7 --frac 1 >novals
    wrong_usage 'gk-train: --until-grokked: the dataset has no validation rows' gk-train --until-grokked novals
}

@test "a loss that is not finite ends the run with an error that names the step" {
    data >d
    echo old >ckpt
    echo old >gks
    echo old >tsv
    for dtype in f32 f64; do
        run --separate-stderr gk-train "${tiny[@]}" --optimizer sgd --lr 1e300 --warmup 3 --dtype $dtype \
            --steps 50 --save ckpt --trajectory gks -o tsv d
        assert_failure 1
        [[ $stderr =~ ^gk-train:\ step\ [23]:\ the\ .*\ is\ not\ finite ]] || fail "$stderr"
    done
    assert_equal "$(cat ckpt gks tsv | xargs)" 'old old old'
    assert_equal "$(ls -- *tmp 2>/dev/null)" ''
}

# Starts a long run in the background and waits for its first rows. The run is a child of its own
# shell option set so that it has SIGINT at its default.
start() {
    : >out.tsv # the rows of another run would be taken for its own
    set -m
    "$@" >out.tsv 2>err &
    pid=$!
    set +m
    for _ in $(seq 200); do
        [ "$(wc -l <out.tsv)" -gt 5 ] && return
        sleep 0.02
    done
    fail "no rows: $(cat err)"
}

@test "SIGTERM, SIGINT and SIGHUP finish the step, save, and end by the signal" {
    data >d
    for sig in TERM INT HUP; do
        start gk-train "${tiny[@]}" --batch 5 --steps 100000000 --save a --trajectory a.gks --every 1000000 d
        kill -s $sig $pid
        status=0
        wait $pid || status=$?
        assert_equal $status $((128 + $(kill -l $sig)))
        step=$(metadata step a)
        assert_equal "$(tail -n 1 out.tsv | cut -f 1)" "$step"
        assert_equal "$(cat err)" "gk-train: note: stopped at step $step, saved in a"
        assert_equal "$(metadata gk.end a.gks)" 2
        gk-train --resume a --steps $((step + 5)) --save a d >/dev/null
        gk-train "${tiny[@]}" --batch 5 --steps $((step + 5)) --save b d >whole.tsv
        cmp a b
        head -n $((step + 4)) whole.tsv | cmp - out.tsv
    done
    assert_equal "$(ls -- *tmp 2>/dev/null)" ''
}

@test "a stopped run commits the table of -o" {
    data >d
    gk-train "${tiny[@]}" --steps 100000000 --save-every 10 --save a d -o t --quiet &
    pid=$!
    for _ in $(seq 200); do [ -s a ] || sleep 0.02; done
    kill -s TERM $pid
    status=0
    wait $pid || status=$?
    assert_equal $status 143
    assert_equal "$(tail -n 1 t | cut -f 1)" "$(metadata step a)"
}

@test "a reader that closes the pipe ends the run with status 0, saved" {
    data >d
    run bash -c 'gk-train "$@" --steps 100000000 --save a --trajectory a.gks d | head -n 6 >t; echo "${PIPESTATUS[*]}"' - "${tiny[@]}"
    assert_output '0 0'
    assert_equal "$(wc -l <t)" 6
    step=$(metadata step a)
    gk-train "${tiny[@]}" --steps "$step" --save b --trajectory b.gks d >/dev/null
    cmp a b
    cmp a.gks b.gks
}

@test "a trajectory's reader that goes away ends the run too" {
    data >d
    mkfifo fifo
    head -c 1000 fifo >/dev/null &
    run --separate-stderr gk-train "${tiny[@]}" --steps 100000000 --save a --trajectory fifo --every 1 d -o t
    assert_success
    assert_equal "$stderr" ''
    [ -s a ]
    assert_equal "$(column_of step t | tail -n 1)" "$(metadata step a)"
}

@test "two outputs do not go to one file" {
    data >d
    mkdir sub
    for other in x ./x sub/../x; do
        wrong_usage "gk-train: --save: -o goes to x already" gk-train "${tiny[@]}" --steps 5 -o x --save $other d
        wrong_usage "gk-train: --trajectory: -o goes to x already" gk-train "${tiny[@]}" --steps 5 -o x --trajectory $other d
        wrong_usage "gk-train: --trajectory: --save goes to $other already" \
            gk-train "${tiny[@]}" --steps 5 -o t --trajectory x --save $other d
    done
    [ ! -e x ]
    gk-train "${tiny[@]}" --steps 5 -o x --save sub/x --trajectory y d
    gk-train "${tiny[@]}" --steps 5 -o t --save c d
    wrong_usage 'gk-hvp: --vectors: -o goes to v already' gk-hvp -q -d d --vectors v -o v c
}

@test "a full disk is an error, and the old files stay" {
    data >d
    echo old >a
    run --separate-stderr bash -c 'gk-train "$@" --steps 50 --save a d >/dev/full' - "${tiny[@]}"
    assert_failure 1
    assert_equal "$stderr" 'gk-train: standard output: No space left on device'
    breaks 'gk-train: /dev/full: cannot write: No space left on device' gk-train "${tiny[@]}" --steps 50 --trajectory /dev/full --every 1 d -o t
    run --separate-stderr gk-train "${tiny[@]}" --steps 5 --save /dev/full d
    assert_failure 1
    assert_equal "$stderr" 'gk-train: /dev/full: cannot write: No space left on device'
    assert_equal "$(cat a)" old
    refuses 1 'gk-train: nowhere/a: No such file or directory' gk-train "${tiny[@]}" --save nowhere/a d
}

@test "kill -9 while saving leaves a whole checkpoint" {
    data >d
    for n in 1 2 3 4 5 6; do
        start gk-train "${tiny[@]}" --steps 100000000 --save a --save-every 1 d
        sleep "0.0$n"
        kill -9 $pid
        wait $pid || true
        step=$(metadata step a)
        gk-train --resume a --steps $((step + 1)) d >t
        assert_equal "$(column_of step t)" $((step + 1))
        rm -f ./*.tmp
    done
}

@test "wrong usage" {
    data >d
    wrong_usage 'gk-train: --batch: 0 is not in [1, 1000000000000000]' gk-train --batch 0 d
    wrong_usage "gk-train: --batch: 'half' is neither full nor an integer" gk-train --batch half d
    wrong_usage "gk-train: --every: '1.5' is neither log nor an integer" gk-train --trajectory t --every 1.5 d
    wrong_usage 'gk-train: --every needs --trajectory' gk-train --every 5 d
    wrong_usage 'gk-train: --save-every needs --save' gk-train --save-every 5 d
    wrong_usage 'gk-train: --weights-only needs --save' gk-train --weights-only d
    wrong_usage "gk-train: unexpected operand 'd' beside --data" gk-train --data d d
    wrong_usage 'gk-train: dataset and checkpoint cannot both come from standard input' gk-train --resume - -
    wrong_usage 'gk-train: --save: -o goes to standard output already' gk-train --save - d
    wrong_usage 'gk-train: --trajectory: --save goes to standard output already' gk-train --save - --trajectory - -o t d
    wrong_usage 'gk-train: --heads: 3 heads do not divide the width 128' gk-train --heads 3 d
    wrong_usage 'gk-train: --lr: nan is not finite' gk-train --lr nan d
    wrong_usage 'gk-train: --lr: 1e-400 is nearer to 0 than the smallest number, 2.225e-308' gk-train --lr 1e-400 d
    for n in ' 5' '5 ' 0x5 5. 1.25e1; do
        wrong_usage "gk-train: --batch: '$n' is neither full nor an integer" gk-train --batch "$n" d
        wrong_usage "gk-train: --every: '$n' is neither log nor an integer" gk-train --trajectory t --every "$n" d
    done
    wrong_usage 'gk-train: --beta1: 1 is not in [0, 0.999999999]' gk-train --beta1 1 d
    wrong_usage 'gk-train: --until-grokked: 0 is not in [1, 1000000000000000]' gk-train --until-grokked 0 d
    refuses_like 1 "^gk-train: .*layout paper" gk-train --model mlp <(gk-data --layout openai)
    refuses_like 1 '^gk-train: standard input: ' gk-train </dev/null
}

@test "options without effect here are named" {
    data >d
    run --separate-stderr gk-train "${tiny[@]}" --optimizer sgd --momentum 0.5 --hidden 3 --steps 1 d
    assert_success
    assert_equal "$stderr" $'gk-train: note: --hidden changes nothing here\ngk-train: note: --momentum changes nothing here'
    run --separate-stderr gk-train "${tiny[@]}" --optimizer sgd --momentum 0.5 --steps 1 --quiet d
    assert_equal "$stderr" ''
}

@test "an option has an effect or is named" {
    data >d
    gk-train "${tiny[@]}" --steps 0 --save given d >/dev/null
    effect() {
        read -ra base <<<"$1"
        read -ra more <<<"$2"
        gk-train -q "${base[@]}" --lr 1e-2 --steps 12 d | rows >without
        gk-train "${base[@]}" --lr 1e-2 --steps 12 "${more[@]}" d 2>said | rows >with
        if cmp -s without with; then
            assert_equal "$1: $(<said)" "$1: gk-train: note: ${more[0]} changes nothing here"
        else
            assert_equal "$1: $2: $(<said)" "$1: $2: "
        fi
        cmp -s without with && echo "$2" >>idle || true
    }
    for kind in adamw sgd rprop lion; do
        for option in '--warmup 3' '--decay matrices' '--clip 0.1' '--batch 20' '--batch 19' '--weight-decay 0.2'; do
            effect "${tiny[*]} --optimizer $kind" "$option"
        done
        effect "${tiny[*]} --optimizer $kind --weight-decay 0.3" '--clip 0.1'
        effect "${tiny[*]} --optimizer $kind --weight-decay 0.3" '--decay matrices'
    done
    # matrices alone
    effect '--arch gromov --hidden 8' '--decay matrices'
    effect "${tiny[*]} --norm none" '--decay matrices'
    effect "${tiny[*]} --norm none --bias ffn" '--decay matrices'
    effect '--arch liu --bias none' '--decay matrices'
    effect '--arch liu' '--decay matrices'
    # the queue is full at the 12th update, the last, or never
    effect "${tiny[*]}" '--grokfast ma:12,2'
    effect "${tiny[*]}" '--grokfast ma:13,2'
    for batch in 6 full; do
        effect "--init given --batch $batch" '--seed 3'
        effect "${tiny[*]} --batch $batch" '--seed 3'
    done
    assert_equal "$(sort idle | uniq -c | xargs)" '4 --batch 20 1 --clip 0.1 5 --decay matrices 1 --grokfast ma:13,2 1 --seed 3 1 --warmup 3'
    # what is the default, or does as it does, needs no note
    run --separate-stderr gk-train "${tiny[@]}" --optimizer rprop --warmup 0 --clip 0 --decay all --batch full --seed 0 --steps 1 d
    assert_equal "$stderr" ''
}

@test "a decay that single precision rounds away is named" {
    data >d
    note() { # RATE DECAY SAYS WORDS...
        run --separate-stderr gk-train "${tiny[@]}" --lr "$1" --weight-decay "$2" --steps 30 "${@:4}" d
        assert_equal "$stderr" "${3:+gk-train: note: --weight-decay: $2 acts as $3 at the rate $1, because f32 rounds 1 - rate * decay}"
        rows <<<"$output" >got
    }
    note 0.001 1e-05 0
    gk-train -q "${tiny[@]}" --weight-decay 0 --steps 30 d | rows | cmp - got
    note 0.001 0.0001 0.00012
    note 0.0001 0.001 0.0012 --optimizer lion
    note 0.001 0.001 ''
    note 0.001 0 ''
    note 0 1e-05 ''
    note 1e+300 1 '' --steps 0
    note 0.001 1e-05 '' --dtype f64
    gk-train -q "${tiny[@]}" --weight-decay 0 --steps 30 --dtype f64 d | rows >none
    ! cmp -s none got || fail 'double precision loses it, too'
    note 0.001 1e-05 '' --optimizer adam # in the gradient
    note 0.02 1e-06 0 --optimizer muon
    # muon has two rates
    run --separate-stderr gk-train "${tiny[@]}" --optimizer muon --weight-decay 1e-5 --steps 0 d
    assert_equal "$stderr" "$(printf 'gk-train: note: --weight-decay: 1e-05 acts as %s, because f32 rounds 1 - rate * decay\n' \
        '8.9e-06 at the rate 0.02' '0 at the rate 0.001')"
}

@test "one of table, checkpoint and trajectory may take standard output" {
    data >d
    gk-train "${tiny[@]}" --steps 3 --save a --trajectory a.gks --every 1 d >t
    gk-train "${tiny[@]}" --steps 3 --save - -o t2 d | cmp - a
    gk-train "${tiny[@]}" --steps 3 --trajectory - --every 1 -o t2 d | cmp - a.gks
    cmp t t2
}

@test "the last, short batch of an epoch is used as it is; a size beyond all rows is the full batch" {
    data >d
    gk-train "${tiny[@]}" --steps 5 --batch 20 d | rows >a
    gk-train "${tiny[@]}" --steps 5 --batch 1000 d | rows >b
    gk-train "${tiny[@]}" --steps 5 d | rows >c
    cmp a c
    cmp b c
    # the history has what was done, so that gk-phases does not take the curve for that of batches
    run --separate-stderr gk-phases <(gk-train -q "${tiny[@]}" --steps 5 --batch 1000 d)
    assert_equal "$stderr" ''
    assert_output --partial ' --batch full '
    run --separate-stderr gk-phases <(gk-train -q "${tiny[@]}" --steps 5 --batch 19 d)
    assert_output --partial ' --batch 19 '
    [ "$stderr" ]
}

@test "in f32 the loss goes on falling far below the resolution of a number near 1" {
    gk-data --p 5 --frac 1 >d
    gk-train "${tiny[@]}" --lr 1e-2 --weight-decay 0 --steps 4000 --eval-every 2000 d >t
    column_of train_loss t | awk 'NR == 1001 { half = $1 } END { exit !($1 > 0 && $1 < 1e-8 && half > $1) }'
    column_of grad_norm t | awk 'END { exit !($1 > 0) }'
}

@test "checkpoints pass through pipes and change precision" {
    data >d
    gk-train "${tiny[@]}" --steps 4 --save - -o t d | gk-train --resume - --dtype f64 --steps 5 --save wide d >t64
    assert_equal "$(metadata dtype wide)" f64
    gk-train "${tiny[@]}" --steps 5 d | column_of train_loss | tail -n 1 >want
    close_to "$(column_of train_loss t64)" "$(cat want)" 1e-5
    gk-train --resume wide --dtype f32 --steps 6 --save narrow d >/dev/null
    assert_equal "$(metadata dtype narrow)" f32
}

@test "--until-grokked evaluates changed weights again before it trusts the checkpoint's count" {
    gk-data --p 7 -o d
    net=(-d d --layers 1 --dim 8 --heads 2 --ff 8)
    gk-train "${net[@]}" --steps 5 --save c >t.tsv
    [ "$(column_of val_acc t.tsv | tail -n 1)" != 1 ] || fail 'it has grokked already'
    LC_ALL=C sed 's/"perfect":"0"/"perfect":"2"/' c >claims
    run -1 cmp -s c claims
    gk-train -d d --resume claims --until-grokked --steps 9 | column_of step | paste -sd' ' >steps
    assert_equal "$(<steps)" '6 7 8 9'
    # one that is as good as it claims ends at once
    { echo $'a\tb\tc'; for a in 0 1 2; do for b in 0 1 2; do echo "$a"$'\t'"$b"$'\t1'; done; done; } >const
    gk-data --table const -o e
    gk-train "${tiny[@]}" -d e --lr 1e-2 --steps 500 --until-grokked --save g >/dev/null
    gk-train -d e --resume g --until-grokked --steps 900 | column_of step | diff /dev/null -
}

@test "init: a run begins from a checkpoint's weights, at step 0 and with a fresh optimiser" {
    data >d
    gk-train -q -d d "${tiny[@]}" --steps 9 --lr 1e-2 --save c >t
    gk-train -d d --init c --steps 6 --save w -o tw
    # the network is the checkpoint's, the first row what the checkpoint's run had at its end
    assert_equal "$(rows tw | head -n 1 | cut -f 1-6)" $'0\t0\t'"$(rows t | tail -n 1 | cut -f 3-6)"
    assert_equal "$(rows tw | head -n 1 | cut -f 9-10)" $'nan\t1'
    # the history: the run before, then this one; no name of a file
    assert_equal "$(grep -c '^# gk-data' tw) $(grep -c '^# gk-train' tw)" '1 2'
    init=$(sed -nE 's/^# gk-train .* --init (weights:[0-9a-f]{16}) .*/\1/p' tw)
    assert_equal "$(metadata init w)" "$init"
    # as if these weights had come from a seed: training has no other memory
    gk-train -q -d d "${tiny[@]}" --steps 0 --save zero -o /dev/null
    cmp <(gk-train -d d "${tiny[@]}" --steps 8 | rows) <(gk-train -d d --init zero --steps 8 | rows)
    # weights alone, a stream of one frame, double precision: the same start
    gk-train -q -d d --resume c --steps 9 --weights-only --save only -o /dev/null
    cmp tw <(gk-train -d d --init only --steps 6)
    cmp tw <(gk-train -d d --init - --steps 6 <c)
    gk-train -q -d d --init c --dtype f64 --steps 0 --save wide -o /dev/null
    cmp <(rows tw) <(gk-train -d d --init wide --steps 6 | rows)
    # options beside it say what else is wanted of the run, not of the network
    assert_equal "$(gk-train -d d --init c --optimizer sgd --batch 5 --steps 3 | rows | wc -l)" 4
    gk-train -q -d d --init c --init-scale 2 --steps 0 --save double -o /dev/null
    cmp <(rows tw) <(gk-train -d d --init double --init-scale 0.5 --steps 6 | rows)
}

@test "init: a run that began from weights resumes as if it had not stopped" {
    data >d
    gk-train -q -d d "${tiny[@]}" --steps 9 --lr 1e-2 --save c -o /dev/null
    for options in '--steps 12' '--steps 12 --hold-norm 1.5 --dtype f64' '--steps 12 --batch 5 --grokfast ema:0.9,2'; do
        # shellcheck disable=SC2086 # words
        gk-train -q -d d --init c $options --save whole -o tw
        gk-train -q -d d --init c $options --steps 5 --save part -o ta
        gk-train -q -d d --resume part --steps 12 --save part -o tb
        cmp whole part
        cmp <(rows tw | cut -f 1-8,10) <(rows ta tb | sed 's/^t[ab]://' | cut -f 1-8,10) # cos_prev: nan where a process begins
    done
    # what is saved for that is no parameter to those who read checkpoints
    gk-eval -d d whole >e
    cmp e <(gk-eval -d d <(gk-train -q -d d --resume whole --steps 12 --weights-only --save /dev/stdout -o /dev/null))
    # without it the run cannot go on
    sed 's/"optim\.init\.unembed\.weight"/"optim.xxxx.unembed.weight"/' <whole >broken
    refuses_like 1 "^gk-train: broken: frame 1: tensor 'optim.init.unembed.weight' is missing" gk-train -d d --resume broken --steps 13
}

@test "init: a file that does not fit, or is none, is named" {
    data >d
    gk-train -q -d d "${tiny[@]}" --steps 1 --save c -o /dev/null
    breaks 'gk-train: c: frame 1: this is another network than the one asked for: layers 1, not 2' \
        gk-train -d d --init c --layers 2
    breaks 'gk-train: c: frame 1: this is another network than the one asked for: layers 1, not 2' \
        gk-train -d d --init c --arch gpt2
    gk-data --p 5 -o five
    breaks 'gk-train: c: frame 1: this is another network than the one asked for: vocab 9, not 7' \
        gk-train -d five --init c
    wrong_usage "gk-train: --init: 'papre': paper, nanda, normal:STD with STD > 0, fan-in, torch or the file of a checkpoint is wanted" \
        gk-train -d d --init papre
    wrong_usage 'gk-train: --init: weights:0123456789abcdef stands for a checkpoint: name its file' \
        gk-train -d d --init weights:0123456789abcdef
    wrong_usage 'gk-train: --init: a run begins from c or goes on by --resume' gk-train -d d --init c --resume c
    wrong_usage 'gk-train: dataset and checkpoint cannot both come from standard input' gk-train --init -
    refuses_like 1 '^gk-train: d: frame 1: ' gk-train -d d --init d
    # a scheme's name wins over a file's, and a note says so
    gk-train -d d "${tiny[@]}" --steps 1 >plain
    for word in paper normal:0.1; do
        gk-train -d d "${tiny[@]}" --steps 1 --init $word >drawn 2>said
        assert_equal "$(<said)" ''
        cp c $word
        gk-train -d d "${tiny[@]}" --steps 1 --init $word >t 2>said
        assert_equal "$(<said)" "gk-train: note: --init $word draws the initial values; the file of that name is ./$word"
        cmp drawn t
        cmp <(gk-train -d d --steps 1 --init ./$word) <(gk-train -d d --steps 1 --init c)
        [ $word != paper ] || cmp plain t
    done
    # a folder is no checkpoint, and a digest is no scheme
    mkdir nanda
    gk-train -d d "${tiny[@]}" --steps 1 --init nanda >t 2>said
    assert_equal "$(<said)" ''
    cp c weights:0123456789abcdef
    cmp <(gk-train -d d --steps 1 --init weights:0123456789abcdef) <(gk-train -d d --steps 1 --init c)
    # a checkpoint from elsewhere does not say its heads
    sed 's/"heads":"2"/"haeds":"2"/' <c >h
    run --separate-stderr gk-train -d d --init h --steps 0
    assert_equal "$stderr" "gk-train: note: h: assumed, as neither tensors nor metadata say: heads 4"
    cmp <(gk-train -d d --init h --heads 2 --steps 2) <(gk-train -d d --init c --steps 2)
}

# gk-train's interventions and the optimisers lion and muon: what they add to a run, its state in
# checkpoints, and every file that contradicts itself. What they compute is in
# tests/unit/interventions*.c and lion_muon.c.
# shellcheck shell=bash disable=SC2154
load helpers

tiny=(--layers 1 --dim 8 --heads 2 --ff 16)

data() {
    gk-data --p 7 --frac 0.7
}

rows() {
    grep -v -e '^#' -e '^step' "$@"
}

# Ways to intervene, a line each.
configurations() {
    cat <<END
${tiny[*]} --grokfast ema:0.9,2
${tiny[*]} --grokfast ma:4,3 --dtype f64
${tiny[*]} --orthogonal-gradient --batch 5
${tiny[*]} --hold-norm 0.8 --optimizer sgd --lr 0.1
${tiny[*]} --optimizer lion --lr 1e-3 --batch 6 --init-rows 0.8 --clip-rows 0.8
${tiny[*]} --optimizer muon --decay matrices
${tiny[*]} --optimizer muon --grokfast ma:3,1 --orthogonal-gradient --clip 0.5 --hold-norm 1 --batch 7
--model mlp --dim 6 --hidden 12 --optimizer muon --grokfast ema:0.5,1 --clip-rows 0.5 --hold-norm 1.1 --dtype f64
END
}

# metadata KEY FILE: its value in the header of the (first) frame.
metadata() {
    grep -ao "\"$1\" *: *\"[^\"]*\"" "$2" | head -n 1 | sed 's/.*: *"//; s/"$//'
}

# edit IN PROGRAM OUT: the frame of IN with its header and data changed by a line of Python. There h
# is the header, m its metadata, t[NAME] = [dtype, shape, bytes] the tensors.
edit() {
    python3 -IS - "$@" <<'END'
import json, struct, sys
with open(sys.argv[1], "rb") as f:
    n, = struct.unpack("<Q", f.read(8))
    h = json.loads(f.read(n))
    data = f.read()
m = h.pop("__metadata__")
t = {k: [v["dtype"], v["shape"], data[slice(*v["data_offsets"])]] for k, v in h.items()}
exec(sys.argv[2])
size = {"F64": 8, "F32": 4}
head, blob = {"__metadata__": m}, b""
for k in sorted(t, key=lambda k: (-size[t[k][0]], k)):
    head[k] = {"dtype": t[k][0], "shape": t[k][1], "data_offsets": [len(blob), len(blob) + len(t[k][2])]}
    blob += t[k][2]
head = json.dumps(head).encode()
head += b" " * (-len(head) % 8)
with open(sys.argv[3], "wb") as f:
    f.write(struct.pack("<Q", len(head)) + head + blob)
END
}

@test "the same bytes for any number of threads, with each intervention" {
    data >d
    while read -ra conf; do
        same_with_threads "${conf[@]}" --steps 10 --trajectory-state
    done < <(configurations)
}

@test "stopped at any step and resumed gives the bytes of never having stopped, with each intervention" {
    data >d
    while read -ra conf; do
        gk-train "${conf[@]}" --steps 9 --save whole.ckpt d >whole.tsv
        for k in $(seq 0 8); do
            gk-train "${conf[@]}" --steps "$k" --save part.ckpt d >part.tsv
            gk-train --resume part.ckpt --steps 9 --save rest.ckpt d >rest.tsv
            cmp whole.ckpt rest.ckpt || fail "${conf[*]}: stopped at $k"
            cut -f 1-4,7- whole.tsv >want
            cat part.tsv <(rows rest.tsv) | cut -f 1-4,7- | cmp - want
        done
    done < <(configurations)
}

@test "a run that is killed while it saves resumes from the last checkpoint, with each intervention" {
    data >d
    while read -ra conf; do
        gk-train "${conf[@]}" --steps 100000000 --save a --save-every 1 --eval-every 1000 d >/dev/null 2>&1 &
        pid=$!
        for _ in $(seq 300); do
            step=0
            [ ! -s a ] || step=$(metadata step a)
            [ "${step:-0}" -lt 5 ] || break
            sleep 0.02
        done
        kill -9 $pid
        wait $pid || true
        step=$(metadata step a)
        gk-train --resume a --steps $((step + 3)) --save b d >/dev/null
        gk-train "${conf[@]}" --steps $((step + 3)) --eval-every 1000 --save c d >/dev/null
        cmp b c
        rm -f ./*.tmp a
    done < <(configurations)
}

@test "each intervention changes the run from the first update that moves, and only that" {
    data >d
    gk-train "${tiny[@]}" --steps 4 d | rows >plain
    for what in '--grokfast ema:0.9,2' '--grokfast ma:1,2' --orthogonal-gradient '--hold-norm 2' '--clip-rows 0.4' '--optimizer lion' '--optimizer muon'; do
        # shellcheck disable=SC2086
        gk-train "${tiny[@]}" --steps 4 $what d | rows >changed
        # row 0 has the raw gradient; its update has rate 0
        cmp <(head -n 1 plain) <(head -n 1 changed)
        ! cmp -s plain changed || fail "$what changes nothing"
    done
    # the queue gives no mean before W updates
    gk-train "${tiny[@]}" --steps 6 d | rows >plain
    gk-train "${tiny[@]}" --steps 6 --grokfast ma:5,2 d | rows >changed
    cmp <(head -n 5 plain) <(head -n 5 changed)
    ! cmp -s plain changed
}

@test "--orthogonal-gradient leaves nothing of a tensor of one element" {
    data >d
    # momentum 0 keeps the gradient that the update used in buf
    for seed in 1 2 3 4; do
        gk-train --arch onehot --activation tanh --hidden 1 --optimizer momentum --momentum 0 --warmup 0 --lr 1e-9 \
            --dtype f64 --seed $seed --orthogonal-gradient --steps 1 --save a d >/dev/null
        assert_equal "$(gk-ckpt-dump --tensor optim.buf.layers.0.bias a | tail -n 1)" 0
        refute [ "$(gk-ckpt-dump --tensor optim.buf.unembed.weight a | tail -n 1 | cut -f 1)" = 0 ]
    done
}

@test "--hold-norm holds param_norm, at X times that of step 0" {
    data >d
    for x in 1 0.5; do
        gk-train "${tiny[@]}" --steps 30 --warmup 0 --lr 1e-2 --hold-norm $x d >t
        column_of param_norm t | awk -v x=$x 'NR == 1 { want = x * $1; next }
            ($1 - want) ^ 2 > (1e-6 * want) ^ 2 { print "step " NR - 1 ": " $1 " for " want; bad = 1 } END { exit bad }'
    done
}

# norms FILE: each tensor and the norm of each of its rows, a line each. A vector is one row.
norms() {
    edit "$1" 'import array
for name, (dtype, shape, data) in t.items():
    x = array.array({"F32": "f", "F64": "d"}[dtype], data)
    for i in range(0, len(x) if not name.startswith("optim.") else 0, shape[-1]):
        print(name, sum(v * v for v in x[i:i + shape[-1]]) ** 0.5)' /dev/null
}

@test "--init-rows gives every row and vector its norm; zeros stay, and directions do" {
    data >d
    gk-train "${tiny[@]}" --bias ffn --dtype f64 --init-rows 1.5 --steps 0 --save a d >/dev/null
    norms a | awk '$1 ~ /norm[12].bias/ { zeros++; if ($2 != 0) exit 1; next }
        { rows++; if (($2 - 1.5) ^ 2 > 1e-28) { print; bad = 1 } } END { exit bad || zeros != 2 || rows != 9 + 9 + 4 * 8 + 16 + 8 + 2 + 2 }'
    # so another scale has no effect, and no part in the history
    run --separate-stderr gk-train "${tiny[@]}" --bias ffn --dtype f64 --init-scale 4 --init-rows 1.5 --steps 0 --save b d
    assert_equal "$stderr" 'gk-train: note: --init-scale changes nothing here'
    cmp a b
    # weights that no double's square holds
    gk-train "${tiny[@]}" --bias ffn --dtype f64 --init-scale 1e-200 --steps 0 --save small d >/dev/null
    gk-train "${tiny[@]}" --bias ffn --dtype f64 --steps 0 --save plain d >/dev/null
    for file in small plain; do
        gk-train --init $file --dtype f64 --init-rows 1.5 --steps 0 d | rows >$file.tsv
    done
    close_to "$(cut -f 3 small.tsv)" "$(cut -f 3 plain.tsv)" 1e-12
    # in a run that begins from a checkpoint, too
    cmp plain.tsv <(gk-train --init a --dtype f64 --steps 0 d | rows)
}

@test "--clip-rows holds the rows of blocks and layers, and leaves embedding and read-out free" {
    data >d
    for net in '--layers 2 --dim 8 --heads 2 --ff 16 --norm pre --positions learned --bias all' '--model mlp --dim 6 --hidden 12'; do
        # shellcheck disable=SC2086
        gk-train $net --dtype f64 --lr 0.1 --weight-decay 0 --warmup 0 --clip-rows 0.7 --steps 25 --save a d >/dev/null
        norms a | awk '/^(un)?embed/ { if ($2 > 0.8) free = 1; next }
            $2 > 0.7 * (1 + 1e-14) { print; bad = 1 } $2 > 0.7 * (1 - 1e-12) { held = 1 } END { exit bad || !free || !held }'
    done
    # rows that are never so long are left as they are
    gk-train "${tiny[@]}" --clip-rows 1e6 --steps 9 d | rows | cmp - <(gk-train "${tiny[@]}" --steps 9 d | rows)
    # it comes before --hold-norm, which has the last word
    gk-train "${tiny[@]}" --clip-rows 0.1 --hold-norm 1 --steps 9 d | column_of param_norm |
        awk 'NR == 1 { want = $1 } ($1 - want) ^ 2 > (1e-6 * want) ^ 2 { exit 1 }'
}

@test "history and metadata name an intervention where it is in use, and nowhere else" {
    data >d
    gk-train "${tiny[@]}" --steps 1 --save a d >t
    refute grep -qaE 'grokfast|orthogonal|hold|muon|rows' a
    refute grep -qE 'grokfast|orthogonal|hold|muon|rows' t
    gk-train "${tiny[@]}" --steps 1 --grokfast none --clip-rows 0 --init-rows 0 --hold-norm 0 --save b d >u
    cmp a b
    cmp t u
    gk-train "${tiny[@]}" --steps 1 --optimizer muon --grokfast ema:0.9,2 --orthogonal-gradient --init-rows 2 --clip-rows 3 --hold-norm 1.5 --save a d >t
    assert_equal "$(sed -n 2p t | grep -oE -- '--(init-rows|momentum|muon-lr|grokfast|orthogonal-gradient|clip-rows|hold-norm)( [^-][^ ]*)?' | xargs)" \
        '--init-rows 2 --momentum 0.95 --muon-lr 0.02 --grokfast ema:0.9,2 --orthogonal-gradient --clip-rows 3 --hold-norm 1.5'
    assert_equal "$(metadata grokfast a) $(metadata grokfast_since a) $(metadata hold_norm a) $(metadata muon_lr a)" 'ema:0.9,2 0 1.5 0.02'
    assert_equal "$(metadata init_rows a) $(metadata clip_rows a)" '2 3'
    grep -qaF '"orthogonal_gradient":""' a
}

@test "the defaults of lion and muon; options without effect are named" {
    data >d
    run --separate-stderr gk-train "${tiny[@]}" --optimizer lion --eps 1 --momentum 0.5 --muon-lr 1 --steps 0 d
    assert_success
    assert_equal "$stderr" "$(printf 'gk-train: note: --%s changes nothing here\n' eps momentum muon-lr)"
    assert_line --index 1 --regexp '--optimizer lion --lr 0.001 --weight-decay 1 --decay all --beta1 0.9 --beta2 0.99 --warmup 10'
    run --separate-stderr gk-train "${tiny[@]}" --optimizer muon --steps 0 d
    assert_equal "$stderr" ''
    assert_line --index 1 --regexp '--optimizer muon --lr 0.001 --weight-decay 1 --decay all --beta1 0.9 --beta2 0.98 --eps 1e-08 --momentum 0.95 --muon-lr 0.02 --warmup 10'
    run --separate-stderr gk-train "${tiny[@]}" --muon-lr 1 --steps 0 d
    assert_equal "$stderr" 'gk-train: note: --muon-lr changes nothing here'
}

@test "states in a checkpoint: their names, of the tensors that have them, and their shapes" {
    data >d
    states() { gk-ckpt-dump --list a | awk -F'\t' '/^optim/ { print $1, $3 }'; }
    gk-train "${tiny[@]}" --optimizer lion --steps 2 --save a d >/dev/null
    assert_equal "$(states | grep -c '^optim.m.')" 12
    assert_equal "$(states | grep -vc '^optim.m.')" 0
    gk-train "${tiny[@]}" --optimizer muon --steps 2 --save a d >/dev/null
    assert_equal "$(states | grep -c '^optim.m.')" 12
    assert_equal "$(states | sed -n 's/^optim.v.//p' | cut -d' ' -f 1 | xargs)" \
        "$(echo blocks.0.norm{1,2}.{bias,weight} embed.weight unembed.weight)"
    gk-train "${tiny[@]}" --optimizer sgd --grokfast ema:0.9,2 --steps 2 --save a d >/dev/null
    assert_equal "$(states | head -n 1)" 'optim.ema.blocks.0.attn.k.weight [8,8]'
    for steps in 0 2 9; do
        gk-train "${tiny[@]}" --optimizer sgd --grokfast ma:3,2 --steps $steps --save a d >/dev/null
        assert_equal "$(states | head -n 1)" "optim.queue.blocks.0.attn.k.weight [$((steps < 3 ? steps : 3)),64]"
    done
}

@test "a queue holds the gradient of update k in row k mod W" {
    data >d
    # momentum 0 keeps the last gradient in buf; a gain of 0 changes nothing
    how=(--dtype f64 --optimizer momentum --momentum 0 --warmup 0 --lr 0.3)
    numbers() { gk-ckpt-dump --tensor "optim.$1.unembed.weight" "$2" | grep -v -e '^#' -e ^c0; }
    gk-train "${tiny[@]}" "${how[@]}" --grokfast ma:3,0 --steps 5 --save a d >/dev/null
    numbers queue a >queue
    assert_equal "$(wc -l <queue)" 3
    for k in 2 3 4; do
        gk-train "${tiny[@]}" "${how[@]}" --steps $((k + 1)) --save b d >/dev/null
        numbers buf b | tr '\n' '\t' | sed 's/\t$/\n/' >want
        sed -n "$((k % 3 + 1))p" queue | cmp - want
    done
}

@test "--trajectory-state: a frame is a checkpoint that a run resumes from" {
    data >d
    gk-train "${tiny[@]}" --optimizer muon --grokfast ma:3,1 --steps 8 --trajectory a.gks --every 4 --trajectory-state --save whole d >t
    gk-ckpt-dump --steps 4:4:1 --format safetensors a.gks >frame
    gk-train --resume frame --steps 8 --save rest d >u
    cmp whole rest
    gk-ckpt-dump --split-to frames a.gks
    gk-train "${tiny[@]}" --optimizer muon --grokfast ma:3,1 --steps 4 --save four d >/dev/null
    tensors() { gk-ckpt-dump --list "$1" | grep -v '^#'; }
    diff <(tensors frame) <(tensors four)
    diff <(gk-ckpt-dump --meta frame | grep -v '^#') <(gk-ckpt-dump --meta four | grep -v '^#')
    # without it the frames are unchanged, and no analysis reads the state
    gk-train "${tiny[@]}" --optimizer muon --grokfast ma:3,1 --steps 8 --trajectory b.gks --every 4 d >u
    cmp t u
    refute grep -aqF optim. b.gks
    diff <(gk-pca --components 2 a.gks) <(gk-pca --components 2 b.gks)
    diff <(gk-eval -d d a.gks) <(gk-eval -d d b.gks)
    wrong_usage 'gk-train: --trajectory-state needs --trajectory' gk-train --trajectory-state d
}

@test "an intervention may begin, change or end where a run is resumed" {
    data >d
    gk-train "${tiny[@]}" --steps 5 --save plain d >/dev/null
    # begun at step 5, the average's first gradient is that of step 5, and the checkpoint records
    # that
    gk-train --resume plain --grokfast ma:2,3 --orthogonal-gradient --hold-norm 1 --steps 9 --save a d >whole
    assert_equal "$(metadata grokfast_since a)" 5
    for k in 5 6 8; do
        gk-train --resume plain --grokfast ma:2,3 --orthogonal-gradient --hold-norm 1 --steps $k --save part d >part.tsv
        gk-train --resume part --steps 9 --save b d >rest
        cmp a b
        cut -f 1-4,7- whole >want
        cat part.tsv <(rows rest) | cut -f 1-4,7- | cmp - want
    done
    # the gain may change, the state stays; a queue that is not full yet fits a longer one
    gk-train "${tiny[@]}" --grokfast ma:8,0 --steps 5 --save a d >/dev/null
    gk-train --resume a --grokfast ma:7,0 --steps 12 d | rows >t
    gk-train --resume plain --steps 12 d | rows | cmp - t
    # and it ends
    gk-train --resume a --grokfast none --hold-norm 0 --steps 12 --save b d | rows | cmp - t
    refute grep -qaE '"grokfast|optim.queue|"hold' b
    breaks 'gk-train: a: frame 1: the state is of grokfast ma:8,0: another kind cannot go on from it' \
        gk-train --resume a --grokfast ema:0.9,2 d
    breaks "gk-train: a: frame 1: tensor 'optim.queue.blocks.0.attn.k.weight': the shape [3, 64] is wanted, not [5, 64]" \
        gk-train --resume a --grokfast ma:3,2 d
}

@test "a state that is missing, too much, of another shape or not finite is named" {
    data >d
    gk-train "${tiny[@]}" --optimizer muon --grokfast ma:3,2 --steps 5 --save a d >/dev/null
    edit a '' b
    gk-train --resume b --steps 6 d >/dev/null
    try() {
        edit a "$1" b
        breaks "gk-train: b: frame 1: $2" gk-train --resume b --steps 6 d
    }
    nan='struct.pack("<f", float("nan"))'
    try 'del t["optim.m.embed.weight"]' "tensor 'optim.m.embed.weight' is missing"
    try 'del t["optim.v.embed.weight"]' "tensor 'optim.v.embed.weight' is missing"
    try 'del t["optim.queue.embed.weight"]' "tensor 'optim.queue.embed.weight' is missing"
    try 't["optim.v.blocks.0.ffn.up.weight"] = t["optim.m.blocks.0.ffn.up.weight"]' \
        "tensor 'optim.v.blocks.0.ffn.up.weight' is no state of muon"
    try 't["optim.buf.embed.weight"] = t["optim.m.embed.weight"]' "tensor 'optim.buf.embed.weight' is no state of muon"
    try 't["optim.m.other"] = t["optim.m.embed.weight"]' "tensor 'optim.m.other' is no state of muon"
    try 't["optim.ema.embed.weight"] = t["optim.m.embed.weight"]' "tensor 'optim.ema.embed.weight' is no state of muon"
    try 't["optim.m.embed.weight"][1].reverse()' "tensor 'optim.m.embed.weight': the shape [9, 8] is wanted, not [8, 9]"
    try 'q = t["optim.queue.embed.weight"]; q[1][0] = 2; q[2] = q[2][:2*72*4]' \
        "tensor 'optim.queue.embed.weight': the shape [3, 72] is wanted, not [2, 72]"
    try 'q = t["optim.queue.embed.weight"]; q[1][0] = 4; q[2] = q[2] + q[2][:72*4]' \
        "tensor 'optim.queue.embed.weight': the shape [3, 72] is wanted, not [4, 72]"
    try 't["optim.queue.embed.weight"][1] = [3, 9, 8]' "tensor 'optim.queue.embed.weight': the shape [3, 72] is wanted, not [3, 9, 8]"
    for state in m v queue; do
        try "q = t['optim.$state.embed.weight']; q[2] = q[2][:20] + $nan + q[2][24:]" \
            "tensor 'optim.$state.embed.weight': element 5 is nan"
    done
    gk-train "${tiny[@]}" --dtype f64 --grokfast ema:0.9,2 --steps 5 --save a d >/dev/null
    try 'del t["optim.ema.embed.weight"]' "tensor 'optim.ema.embed.weight' is missing"
    edit a 'q = t["optim.ema.embed.weight"]; q[2] = struct.pack("<d", 1e300) + q[2][8:]' b
    breaks "gk-train: b: frame 1: tensor 'optim.ema.embed.weight': element 0 is too large for f32" \
        gk-train --resume b --dtype f32 d
}

@test "metadata that contradict the state or themselves are named" {
    data >d
    gk-train "${tiny[@]}" --grokfast ma:3,2 --orthogonal-gradient --hold-norm 1 --steps 5 --save a d >/dev/null
    try() {
        edit a "$1" b
        breaks "gk-train: b: frame 1: $2" gk-train --resume b --steps 6 d
    }
    try 'm["grokfast"] = "ema:0.9,2"' "tensor 'optim.ema.blocks.0.attn.k.weight' is missing"
    try 'm["grokfast"] = "ma:4,2"' "tensor 'optim.queue.blocks.0.attn.k.weight': the shape [4, 64] is wanted, not [3, 64]"
    try 'm["grokfast"] = "sum"' "metadata grokfast: 'sum' is none of: none ema:A,L ma:W,L"
    try 'm["grokfast"] = "ma:0,2"' 'metadata grokfast: W = 0 is no integer in [1, 100000]'
    try 'del m["grokfast"]; del m["grokfast_since"]' "tensor 'optim.queue.blocks.0.attn.k.weight' is no state of adamw"
    try 'del m["grokfast_since"]' "the metadata have no 'grokfast_since'"
    try 'm["grokfast_since"] = "6"' "metadata 'grokfast_since' is '6': an integer from 0 to 5 is wanted"
    try 'm["grokfast_since"] = "4"' "tensor 'optim.queue.blocks.0.attn.k.weight': the shape [1, 64] is wanted, not [3, 64]"
    try 'm["hold_norm"] = "-1"' 'metadata hold-norm: -1 is not in [0, inf)'
    try 'm["hold_norm"] = "long"' "metadata hold-norm: 'long' is not a number"
    try 'm["clip_rows"] = "-1"' 'metadata clip-rows: -1 is not in [0, inf)'
    try 'm["init_rows"] = "long"' "metadata init-rows: 'long' is not a number"
    try 'm["orthogonal_gradient"] = "no"' 'metadata orthogonal-gradient: takes no value'
    try 'm["optimizer"] = "muon"' "tensor 'optim.v.blocks.0.attn.k.weight' is no state of muon"
    try 'm["optimizer"] = "lion"' "tensor 'optim.v.blocks.0.attn.k.weight' is no state of lion"
    try 'm["batch"] = "half"' "metadata batch: 'half' is neither full nor an integer"
    breaks 'gk-train: a: frame 1: the state is of adamw, not of muon' gk-train --resume a --optimizer muon d
}

@test "interventions: wrong usage" {
    data >d
    wrong_usage "gk-train: --grokfast: 'ema' is none of: none ema:A,L ma:W,L" gk-train --grokfast ema d
    wrong_usage 'gk-train: --grokfast: A = 1 is not in [0, 1)' gk-train --grokfast ema:1,2 d
    wrong_usage "gk-train: --grokfast: 'ma:3' has 1 numbers, not two" gk-train --grokfast ma:3 d
    wrong_usage 'gk-train: --hold-norm: -1 is not in [0, inf)' gk-train --hold-norm -1 d
    wrong_usage 'gk-train: --clip-rows: -1 is not in [0, inf)' gk-train --clip-rows -1 d
    wrong_usage "gk-train: --init-rows: 'two' is not a number" gk-train --init-rows two d
    wrong_usage 'gk-train: --muon-lr: inf is not finite' gk-train --muon-lr inf d
    wrong_usage 'gk-train: --orthogonal-gradient takes no value' gk-train --orthogonal-gradient=1 d
    wrong_usage "gk-train: --optimizer: 'Lion' is none of: adamw adam adamax rmsprop rprop momentum sgd lion muon; did you mean lion?" \
        gk-train --optimizer Lion d
}

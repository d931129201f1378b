# gk-hvp on the golden networks: the whole spectrum is known.
# shellcheck disable=SC2154,SC2030,SC2031 # run sets status, output and stderr
load helpers

golden() {
    (cd "$ROOT" && "$GK_BUILD/tests/golden_files" "tests/golden/$1.safetensors" "$2")
}

# spectrum FILE SET: the golden eigenvalues, increasing, one per line.
spectrum() {
    gk-ckpt-dump --tensor "hessian.eigenvalues.$2" "$GOLDEN/$1.safetensors" |
        awk '!/^#/ && n++' | tr '\t' '\n'
}

@test "hvp: both ends and the top five, over all parameters and over matrices" {
    for g in transformer_paper mlp nanda mlp_onehot gromov; do
        golden $g checkpoint >c
        golden $g dataset >d
        for set in all matrices; do
            spectrum $g $set | sort -g >want
            gk-hvp -d d --params $set --tol 1e-9 c >t
            close_to "$(column_of lambda_max t)" "$(tail -n 1 want)" 1e-8
            close_to "$(column_of lambda_min t)" "$(head -n 1 want)" 1e-8
            gk-hvp -d d --params $set --tol 1e-9 --top 5 c >t
            while read -r a b; do close_to "$a" "$b" 1e-8; done \
                < <(paste <(column_of lambda t) <(tail -n 5 want | tac))
        done
    done
}

@test "hvp: the trace lies within four of its standard errors, the density integrates to 1" {
    golden transformer_paper checkpoint >c
    golden transformer_paper dataset >d
    want=$(gk-ckpt-dump --tensor hessian.trace.all "$GOLDEN/transformer_paper.safetensors" | tail -n 1)
    gk-hvp -d d --trace --seed 3 c >t
    close_to "$(column_of trace t)" "$want" 0 "$(column_of stderr t | awk '{ print 4 * $1 }')"
    low=$(spectrum transformer_paper all | sort -g | head -n 1)
    high=$(spectrum transformer_paper all | sort -g | tail -n 1)
    awk -v a="$low" -v b="$high" 'BEGIN { w = b - a; printf "%.6f:%.6f:4001", a - w / 4, b + w / 4 }' >grid
    gk-hvp -d d --density --sigma 0.01 --grid "$(cat grid)" c >t
    paste <(column_of lambda t) <(column_of density t) |
        awk 'NR > 1 { s += ($1 - x) * ($2 + y) / 2 } { x = $1; y = $2 } END { print s }' >sum
    close_to "$(cat sum)" 1 1e-3
}

@test "hvp: a product with the golden direction, an eigenvector among them" {
    golden transformer_paper checkpoint >c
    golden transformer_paper dataset >d
    gk-hvp -d d --tol 1e-9 --top 1 --vectors v.gks c >t
    gk-hvp -d d --vector v.gks -o hv c
    # H v = lambda v, entry by entry
    lambda=$(column_of lambda t)
    numbers() { for n in embed.weight blocks.1.ffn.up.weight; do
        gk-ckpt-dump --tensor "$2$n" "$1" | awk '!/^#/ && n++' | tr '\t' '\n'; done; }
    paste <(numbers v.gks '') <(numbers hv hv.) | awk -v l="$lambda" '
        { d = $2 - l * $1; worst += d * d; n += $2 * $2 } END { exit !(NR > 100 && worst <= 1e-14 * n) }'
}

@test "hvp: what it refuses, and a note if products run out" {
    golden transformer_paper checkpoint >c
    golden transformer_paper dataset >d
    gk-data --p 11 -o d11
    gk-train -d d11 --dim 8 --ff 16 --steps 0 --save other -o /dev/null
    wrong_usage 'gk-hvp: --data: a dataset is needed' gk-hvp c
    wrong_usage 'gk-hvp: --top, --trace, --density and --vector exclude each other' \
        gk-hvp -d d --top 2 --trace c
    wrong_usage 'gk-hvp: --vectors: only eigenvalues have vectors' gk-hvp -d d --vectors v --trace c
    breaks 'gk-hvp: nothere: No such file or directory' gk-hvp -d nothere c
    breaks 'gk-hvp: c: frame 1: the network has a vocabulary of 9 tokens, the dataset of 13' \
        gk-hvp -d d11 -o o c
    refuses_like 1 '^gk-hvp: other: frame 1: tensor .* is wanted' gk-hvp -d d --vector other -o o c
    run --separate-stderr gk-hvp -d d --max-products 3 c
    assert_equal "$status" 0
    [[ $stderr =~ 'lambda_max '.*' is not converged: its residual is' ]]
}

@test "hvp: a direction under any prefix, in single precision; files that are no direction" {
    gk-data --p 7 -o d
    gk-train -q -d d --model mlp --layers 1 --dim 4 --hidden 6 --steps 20 --lr 0.01 --save c -o /dev/null
    # The eigenvector in single precision, and what the Hessian makes of it, under "hv.": the same line.
    gk-hvp -d d --dtype f32 --top 1 --vectors v.gks c >t
    run -0 gk-ckpt-dump --list v.gks
    assert_line --regexp '^embed.weight[[:blank:]]F32'
    lambda=$(column_of lambda t)
    gk-hvp -d d --vector v.gks -o hv c
    gk-hvp -d d --vector hv -o hhv c
    numbers() { gk-ckpt-dump --tensor "$2unembed.weight" "$1" | awk '!/^#/ && n++' | tr '\t' '\n'; }
    paste <(numbers v.gks '') <(numbers hv hv.) <(numbers hhv hv.) | awk -v l="$lambda" '
        { a = $2 - l * $1; b = $3 - l * $2; wa += a * a; wb += b * b; na += $2 * $2; nb += $3 * $3 }
        END { exit !(NR > 40 && wa <= 1e-6 * na && wb <= 1e-6 * nb) }'
    # one tensor too many, and nothing but zeros
    python3 -IS - c <<'END'
import json, struct, sys
data = open(sys.argv[1], "rb").read()
n, = struct.unpack("<Q", data[:8])
header, body = json.loads(data[8:8 + n]), data[8 + n:]
header = {k: v for k, v in header.items() if not k.startswith("optim.") and k != "__metadata__"}
def write(name, header, body):
    text = json.dumps(header).encode()
    open(name, "wb").write(struct.pack("<Q", len(text)) + text + body)
# renumbered without the optimiser's state
out, parts = {}, b""
for k, t in header.items():
    a, b = t["data_offsets"]
    out[k] = dict(t, data_offsets=[len(parts), len(parts) + b - a])
    parts += body[a:b]
write("zero", out, bytes(len(parts)))
out["more"] = {"dtype": "F32", "shape": [1], "data_offsets": [len(parts), len(parts) + 4]}
write("more", out, parts + b"\1\2\3\0")
END
    breaks "gk-hvp: zero: frame 1: the direction is zero" gk-hvp -d d --vector zero -o o c
    breaks "gk-hvp: more: frame 1: tensor 'more' is none of the checkpoint's" gk-hvp -d d --vector more -o o c
}

# A network that is sure of answers which another table calls wrong: its outputs are saturated, so that the
# residual part of the Hessian, which has both signs, dominates.
sure_and_wrong() {
    gk-data --p 5 --frac 1 -o right
    gk-data --op sub --p 5 --frac 1 -o wrong
    gk-train -d right --layers 1 --dim 8 --heads 2 --ff 8 --dtype f64 --lr 1e-2 --weight-decay 0 \
        --steps 300 --save c --weights-only -o /dev/null
}

@test "hvp: if the largest magnitude is negative, both ends are still algebraic" {
    sure_and_wrong
    n=$(gk-ckpt-dump --list c | column_of count | awk '{ n += $1 } END { print n }')
    gk-hvp -d wrong --tol 1e-9 c >t
    awk -v a="$(column_of lambda_max t)" -v b="$(column_of lambda_min t)" 'BEGIN { exit !(a > 0 && b < -2 * a) }'
    close_to "$(column_of condition t)" "$(paste <(column_of lambda_min t) <(column_of lambda_max t) |
        awk '{ print $1 / $2 }')" 1e-5
    gk-hvp -d wrong --top "$n" c | column_of lambda >all
    [ "$(wc -l <all)" -eq "$n" ]
    close_to "$(column_of lambda_max t)" "$(head -n 1 all)" 1e-9
    close_to "$(column_of lambda_min t)" "$(tail -n 1 all)" 1e-9
}

@test "hvp: the same bytes with any number of threads, and the same ends for any seed" {
    sure_and_wrong
    gk-hvp -d wrong --threads 1 c >a
    gk-hvp -d wrong --threads 3 c >b
    cmp a b
    gk-hvp -d wrong --seed 1 c >b
    close_to "$(column_of lambda_max a)" "$(column_of lambda_max b)" 1e-8
    close_to "$(column_of lambda_min a)" "$(column_of lambda_min b)" 1e-8
}

@test "hvp: along a trajectory each frame has the ends that it has alone" {
    gk-data --p 7 --frac 0.6 -o d
    gk-train -d d --dim 16 --ff 32 --lr 1e-2 --steps 60 --dtype f64 --trajectory t.gks --every 15 -o /dev/null
    gk-hvp -d d --tol 1e-5 t.gks >warm
    gk-ckpt-dump --split-to s t.gks
    for f in s/*; do gk-hvp -d d --tol 1e-8 "$f" | grep -v '^[#s]'; done >cold
    [ "$(wc -l <cold)" -eq 5 ]
    paste <(grep -v '^[#s]' warm | cut -f 1-8) cold | awk -F'\t' '
        function off(a, b) { d = a - b; return d < 0 ? -d : d }
        { most = 1e-6 * $10; if ($1 != $9 || off($2, $10) > most || off($3, $11) > most || off($7, $15) > most) exit 1 }'
}

@test "hvp: bad numbers and bad directions are named" {
    gk-data --p 7 --frac 0.6 -o d
    gk-train -d d --layers 1 --dim 8 --ff 16 --steps 0 --save c --weights-only -o /dev/null
    gk-train -d d --layers 1 --dim 16 --ff 16 --steps 0 --save wide --weights-only -o /dev/null
    with_nan c >nan
    with_zeros c >zero
    breaks "gk-hvp: nan: frame 1: tensor 'unembed.weight': element 71 is nan" gk-hvp -d d -o o nan
    breaks "gk-hvp: nan: frame 1: tensor 'unembed.weight': element 71 is nan" \
        gk-hvp -d d --vector nan -o o c
    breaks 'gk-hvp: zero: frame 1: the direction is zero' gk-hvp -d d --vector zero -o o c
    refuses_like 1 '^gk-hvp: wide: frame 1: tensor .* shape' gk-hvp -d d --vector wide -o o c
    # equal shapes, another number of heads
    gk-train -d d --layers 1 --dim 8 --heads 2 --ff 16 --steps 0 --save two -o /dev/null
    gk-hvp -q -d d --top 1 --max-products 3 --vectors v -o /dev/null two
    gk-hvp -d d --vector v -o hv two
    gk-pca -q --components 1 --axes axis -o /dev/null two <(gk-train -d d --resume two --steps 2 --save - -o /dev/null)
    for f in two v hv axis; do
        breaks "gk-hvp: $f: frame 1: this is another network than the checkpoint's: heads 2, not 4" \
            gk-hvp -d d --vector $f -o o c
    done
    breaks 'gk-hvp: nothere: No such file or directory' gk-hvp -d d --vector nothere -o o c
    gk-data --p 7 --frac 1 -o all
    breaks 'gk-hvp: c: frame 1: the split has no rows' gk-hvp -d all --split val -o o c
    breaks 'gk-hvp: --top: c: frame 1: 1000 eigenvalues of a Hessian of 688 rows' gk-hvp -d d --top 1000 -o o c
    [ ! -e o ]
}

@test "hvp: preconditioned, both ends and the top five of the golden spectrum, and the thresholds" {
    golden precondition state >c
    golden precondition dataset >d
    spectrum precondition preconditioned | sort -g >want
    gk-hvp -d d --precondition --tol 1e-9 c >t
    close_to "$(column_of lambda_max t)" "$(tail -n 1 want)" 1e-9
    close_to "$(column_of lambda_min t)" "$(head -n 1 want)" 1e-9
    gk-hvp -d d --precondition --tol 1e-9 --top 5 c >top
    while read -r a b; do close_to "$a" "$b" 1e-9; done < <(paste <(column_of lambda top) <(tail -n 5 want | tac))
    value() { gk-ckpt-dump --tensor "$1" "$GOLDEN/precondition.safetensors" | tail -n 1; }
    close_to "$(column_of threshold t)" "$(value threshold.preconditioned)" 1e-14
    gk-hvp -d d --tol 1e-9 c >t
    close_to "$(column_of threshold t)" "$(value threshold)" 1e-14
    spectrum precondition all | sort -g >want
    close_to "$(column_of lambda_max t)" "$(tail -n 1 want)" 1e-9
    # the sum of all eigenvalues, within four of its standard errors
    want=$(spectrum precondition preconditioned | awk '{ s += $1 } END { printf "%.17g", s }')
    gk-hvp -d d --precondition --trace c >t
    close_to "$(column_of trace t)" "$want" 0 "$(column_of stderr t | awk '{ print 4 * $1 }')"
    # an eigenvector under the product, in the coordinates in which it is symmetric
    gk-hvp -d d --precondition --tol 1e-9 --top 1 --vectors v.gks c >t
    gk-hvp -d d --precondition --vector v.gks -o hv c
    # ... which are no directions of the parameters
    for f in v.gks hv; do
        breaks "gk-hvp: $f: frame 1: it is in the coordinates that the optimiser scales, and no direction of the parameters" \
            gk-hvp -d d --vector $f -o o c
        breaks "gk-landscape: $f: frame 1: it is in the coordinates that the optimiser scales, and no direction of the parameters" \
            gk-landscape -d d --toward $f -o o c
    done
    numbers() { gk-ckpt-dump --tensor "$2embed.weight" "$1" | awk '!/^#/ && n++' | tr '\t' '\n'; }
    paste <(numbers v.gks '') <(numbers hv hv.) | awk -v l="$(column_of lambda t)" '
        { d = $2 - l * $1; worst += d * d; n += $2 * $2 } END { exit !(NR > 50 && worst <= 1e-14 * n) }'
}

@test "hvp: preconditioned along a trajectory with its state; what has none is refused" {
    gk-data --p 7 --frac 0.6 -o d
    tiny=(-d d --layers 1 --dim 8 --ff 16 --lr 1e-2 --dtype f64 -o /dev/null)
    gk-train "${tiny[@]}" --steps 6 --trajectory t.gks --every 3 --trajectory-state --save c
    run --separate-stderr gk-hvp -d d --precondition t.gks
    assert_equal "$status" 0
    assert_equal "$stderr" 'gk-hvp: note: t.gks: frame 1: the optimiser has made no update yet: skipped'
    printf '%s\n' "$output" >t
    assert_equal "$(column_of step t | xargs)" '3 6'
    assert_equal "$(column_of threshold t | sort -u)" 3800.0000000000005
    gk-ckpt-dump --split-to parts t.gks
    for f in parts/*; do gk-hvp -q -d d --precondition --tol 1e-8 $f || true; done >alone 2>err
    while read -r a b; do close_to "$a" "$b" 1e-9; done < <(paste <(column_of lambda_max t) <(grep -v '^[#s]' alone | cut -f 2))
    # a trajectory of weights has no rate; sgd without momentum is stable up to 2/lr
    gk-train "${tiny[@]}" --steps 2 --trajectory w.gks
    assert_equal "$(gk-hvp -q -d d --max-products 30 w.gks | column_of threshold | sort -u)" nan
    breaks "gk-hvp: --precondition: w.gks: frame 1: it has no optimiser's state, which checkpoints have unless they were saved with weights-only, and trajectories made with trajectory-state" \
        gk-hvp -d d --precondition -o o w.gks
    gk-train "${tiny[@]}" --steps 0 --save zero
    breaks 'gk-hvp: --precondition: zero: frame 1: the optimiser has made no update yet' gk-hvp -d d --precondition -o o zero
    for kind in lion momentum sgd muon; do
        gk-train "${tiny[@]}" --optimizer $kind --steps 2 --save other
        breaks "gk-hvp: --precondition: other: frame 1: the optimiser is $kind, not adam or adamw" \
            gk-hvp -d d --precondition -o o other
    done
    # without --precondition it is gradient descent's, for any optimiser
    assert_equal "$(gk-hvp -q -d d --max-products 30 other | column_of threshold)" 200
    with_metadata c beta2 1 >bad
    breaks "gk-hvp: --precondition: bad: frame 1: metadata 'beta2' is '1': a number in [0, 1) is wanted" gk-hvp -d d --precondition -o o bad
    with_metadata c eps - >bad
    breaks "gk-hvp: --precondition: bad: frame 1: the metadata have no 'eps'" gk-hvp -d d --precondition -o o bad
    with_metadata c lr fast >bad
    breaks "gk-hvp: bad: frame 1: metadata 'lr' is 'fast': a number in [0, inf) is wanted" gk-hvp -d d -o o bad
    with_metadata c step - >bad
    breaks "gk-hvp: --precondition: bad: frame 1: the metadata have no 'step'" gk-hvp -d d --precondition -o o bad
    [ ! -e o ]
}

@test "hvp: the Gauss-Newton matrix has no negative eigenvalue, and equals the Hessian if logits are linear" {
    gk-data --p 7 --frac 0.6 -o d
    gk-train -d d --layers 1 --dim 8 --ff 16 --lr 1e-2 --dtype f64 --steps 40 --save c -o /dev/null
    gk-hvp -d d --ggn --tol 1e-8 c >g
    gk-hvp -d d --tol 1e-8 c >h
    awk -v g="$(column_of lambda_min g)" -v top="$(column_of lambda_max g)" -v h="$(column_of lambda_min h)" 'BEGIN {
        exit !(g >= -1e-9 * top && h < -1e-3) }'
    gk-hvp -d d --ggn --threads 1 --tol 1e-8 c | cmp - g
    gk-hvp -d d --ggn --dtype f32 c >single
    close_to "$(column_of lambda_max single)" "$(column_of lambda_max g)" 1e-3
    # the read-out alone: its logits are linear in it, so that both products agree there
    python3 -IS - c <<'END'
import json, struct, sys
data = open(sys.argv[1], "rb").read()
n, = struct.unpack("<Q", data[:8])
header = json.loads(data[8:8 + n])
out, body = {}, b""
for name, t in sorted(header.items()):
    if name == "__metadata__" or name.startswith("optim."):
        continue
    a, b = t["data_offsets"]
    part = struct.pack("<%dd" % ((b - a) // 8), *[i % 5 - 2.0 if name == "unembed.weight" else 0.0 for i in range((b - a) // 8)])
    out[name] = dict(t, data_offsets=[len(body), len(body) + len(part)])
    body += part
text = json.dumps(out).encode()
open("v", "wb").write(struct.pack("<Q", len(text)) + text + body)
END
    gk-hvp -d d --vector v -o hv c
    gk-hvp -d d --ggn --vector v -o gv c
    numbers() { gk-ckpt-dump --tensor "hv.$2" "$1" | awk '!/^#/ && n++' | tr '\t' '\n'; }
    off() { paste <(numbers hv "$1") <(numbers gv "$1") | awk '{ d += ($1 - $2) ^ 2; n += $1 * $1 } END { print sqrt(d / n) }'; }
    close_to "$(off unembed.weight)" 0 0 1e-12
    awk -v x="$(off embed.weight)" 'BEGIN { exit !(x > 1e-3) }'
    # with the state, both
    gk-hvp -d d --ggn --precondition --tol 1e-6 c >p
    awk -v g="$(column_of lambda_min p)" -v top="$(column_of lambda_max p)" 'BEGIN { exit !(top > 0 && g >= -1e-6 * top) }'
}

@test "hvp: a reader of the table that goes away leaves the vectors found so far" {
    gk-data --p 5 -o d
    gk-train --layers 1 --dim 4 --heads 2 --ff 4 -d d --steps 4 --save c -o /dev/null
    run --separate-stderr bash -o pipefail -c 'while cat c 2>/dev/null; do :; done | gk-hvp -d d --max-products 50 -q --vectors v.gks | head -n 5 >/dev/null'
    assert_success
    assert_equal "$stderr" ''
    run -0 gk-ckpt-dump --list v.gks # a whole stream
    [ "$(wc -l <<<"$output")" -gt 10 ]
}

@test "hvp: progress counts products, and the time left from those that are known" {
    needs_progress
    gk-data --p 5 -o d
    gk-train -q -d d --dim 8 --heads 2 --ff 8 --steps 4 --trajectory t.gks --every 1 --save c -o /dev/null
    # of a trace or density they are known, of eigenvalues after the first frame
    run progress_of product 'gk-hvp -d d --trace --probes 200 t.gks'
    assert_line --regexp '^product [0-9]+ of 1000, [0-9.e+]+/s, [0-9]+:[0-9]+ left'
    run progress_of product 'gk-hvp -d d --density --probes 10 --depth 20 t.gks'
    assert_line --regexp '^product [0-9]+ of 1000, '
    run progress_of product 'gk-hvp -d d --top 30 --tol 1e-12 t.gks t.gks'
    assert_line --regexp '^product [0-9]+, [0-9.e+]+/s$'
    assert_line --regexp '^product [0-9]+ of [0-9]+, [0-9.e+]+/s, [0-9]+:[0-9]+ left'
    refute_output --partial ' of 0'
    for l in "${lines[@]}"; do
        [[ ! $l =~ ^product\ ([0-9]+)\ of\ ([0-9]+), ]] || ((BASH_REMATCH[1] <= 2 * BASH_REMATCH[2])) || fail "$l"
    done
    # one frame, and a pipe: nobody knows
    for command in 'gk-hvp -d d --top 60 --tol 1e-12 c' 'cat t.gks | gk-hvp -d d --top 60 --tol 1e-12'; do
        run progress_of product "$command"
        assert_line --regexp '^product [0-9]+, '
        refute_output --partial ' of '
    done
    run progress_of product 'gk-hvp -q -d d --trace --probes 200 t.gks'
    assert_output ''
}

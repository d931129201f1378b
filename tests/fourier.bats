# gk-fourier: frequencies and progress measures. The golden values are in tests/unit/fourier.c.
# shellcheck shell=bash disable=SC2154
load helpers

tiny=(--layers 1 --dim 8 --heads 2 --ff 16)

# gromov OP P KEYS OUT: Gromov's quadratic network (2023) in closed form: nine neurons for each key k,
# whose phases f and g leave only the term cos(w(a + b - c)) of (cos(wa + f) + cos(wb + g))^2 cos(wc + f + g).
# Elements count by their exponents in the group; sub and div subtract b.
gromov() {
    python3 -IS - "$@" <<'END'
import json, math, struct, sys
op, p, keys, out = sys.argv[1], int(sys.argv[2]), [int(k) for k in sys.argv[3].split(",")], sys.argv[4]
exponent = {x: x for x in range(p)}
if op in ("mul", "div"):
    powers = lambda g: [pow(g, i, p) for i in range(p - 1)]
    g = next(g for g in range(1, p) if len(set(powers(g))) == p - 1)
    exponent = {x: i for i, x in enumerate(powers(g))}
n = len(exponent)
sign = -1 if op in ("sub", "div") else 1
phases = [(f, g) for f in range(3) for g in range(3)]
first, last = [], [[] for _ in range(p)]
for k in keys:
    for f, g in phases:
        wave = lambda x, phase: math.cos(2 * math.pi * (k * exponent[x] / n + phase / 3)) if x in exponent else 0
        first.append([wave(x, f) for x in range(p)] +
                     [math.cos(2 * math.pi * (sign * k * exponent[x] / n + g / 3)) if x in exponent else 0 for x in range(p)])
        for c in range(p):
            last[c].append(wave(c, f + g))
header, body = {"__metadata__": {"gk.kind": "checkpoint", "model": "mlp", "inputs": "onehot", "bias": "none",
                                 "activation": "square", "loss": "mse", "dtype": "f64", "step": "5"}}, b""
for name, m in (("layers.0.weight", first), ("unembed.weight", last)):
    data = b"".join(struct.pack("<%dd" % len(row), *row) for row in m)
    header[name] = {"dtype": "F64", "shape": [len(m), len(m[0])], "data_offsets": [len(body), len(body) + len(data)]}
    body += data
text = json.dumps(header).encode()
text += b" " * (-len(text) % 8)
open(out, "wb").write(struct.pack("<Q", len(text)) + text + body)
END
}

@test "fourier: Gromov's network in closed form has all its energy in its keys, and all answers right" {
    for op in add sub mul div; do
        gk-data --op $op --p 31 --layout nanda -o d
        gromov $op 31 3,7 c
        gk-fourier -d d --keys 2 c >t
        assert_equal "$(column_of keys t)" 3+7
        close_to "$(column_of sum_share t)" 1 1e-12
        close_to "$(column_of key_share t)" 1 1e-12
        # each has half; the others have none
        gk-fourier -d d --view logits c >l
        column_of share l | awk '{ d = $1 - (NR == 3 || NR == 7 ? 0.5 : 0); if (d * d > 1e-24) exit 1 }'
        assert_equal "$(column_of k l | xargs)" '1 2 3 4 5 6 7 8 9 10 11 12 13 14 15'
        # the keys give the whole; without them all answers are equal
        gk-eval -d d --loss ce c >e
        if [ $op = add ] || [ $op = sub ]; then
            assert_equal "$(column_of train_acc e) $(column_of val_acc e)" '1 1'
            close_to "$(column_of restricted_train t)" "$(column_of train_loss e)" 1e-12
            close_to "$(column_of restricted_val t)" "$(column_of val_loss e)" 1e-12
            n=31
        else
            n=30
        fi
        for column in excluded_train excluded_val; do
            close_to "$(column_of $column t)" "$(awk "BEGIN { printf \"%.17g\", log($n) }")" 1e-12
        done
        assert_equal "$(column_of embed_gini t) $(column_of embed_ipr t)" 'nan nan'
        # a key without energy leaves the logits unchanged
        gk-fourier -d d --keys 5, c >t
        assert_equal "$(column_of keys t)" 5
        close_to "$(column_of key_share t)" 0 0 1e-24
        close_to "$(column_of restricted_train t)" "$(awk "BEGIN { printf \"%.17g\", log($n) }")" 1e-12
    done
}

@test "fourier: measures do not depend on the layout; every layout has them" {
    # the same network under three layouts: an mlp reads only the operands
    gk-data --p 13 --pairs all -o paper
    gk-data --p 13 --layout nanda -o nanda
    gk-train -q -d paper --model mlp --dim 8 --hidden 12 --steps 50 --lr 1e-2 --dtype f64 --save c -o t
    gk-fourier -d paper c | column_of sum_share >a
    gk-fourier -d nanda c | column_of sum_share | cmp - a
    cut -f 3- <(gk-fourier -d paper c | grep -v '^#') >a
    cut -f 3- <(gk-fourier -d nanda c | grep -v '^#') | cmp - a
    # openai/grok's tokens: element 0 is the token 22
    gk-data --p 11 --layout openai -o d
    gk-train -q -d d "${tiny[@]}" --steps 10 --save c -o t
    gk-fourier -d d --keys 5 c >m
    assert_equal "$(column_of keys m)" 1+2+3+4+5
    close_to "$(column_of key_share m)" "$(column_of sum_share m)" 1e-6
    # no frequency has what the keys leave
    awk -v s="$(column_of sum_share m)" 'BEGIN { exit !(s > 0 && s < 1) }'
}

@test "fourier: the restricted and the excluded part add up to the logits" {
    gk-data --p 5 --layout nanda -o d
    gk-train -q -d d "${tiny[@]}" --dtype f64 --steps 30 --save c -o t
    # energies: the embedding's shares add up to 1, the logits' to sum_share
    close_to "$(gk-fourier -d d --view embedding c | column_of share | awk '{ s += $1 } END { printf "%.17g", s }')" 1
    gk-fourier -d d c >m
    close_to "$(gk-fourier -d d --view logits c | column_of share | awk '{ s += $1 } END { printf "%.17g", s }')" \
        "$(column_of sum_share m)"
    assert_equal "$(column_of keys m)" 1+2
}

@test "fourier: a trajectory gives a row for each frame, with any number of threads" {
    gk-data --p 23 --frac 1 --pairs all -o d
    gk-train "${tiny[@]}" --steps 6 --trajectory a.gks --every 2 d >/dev/null
    gk-fourier -d d a.gks >t
    assert_equal "$(grep -v '^#' t | head -n 1)" $'step\tkeys\trestricted_train\trestricted_val\texcluded_train\texcluded_val\tsum_share\tkey_share\tembed_gini\tembed_ipr'
    assert_equal "$(column_of step t | xargs)" '0 2 4 6'
    assert_equal "$(column_of restricted_val t | sort -u)" nan
    gk-fourier -d d --threads 1 <a.gks | cmp - t
    gk-fourier -d d --threads 3 - <a.gks | cmp - t
    gk-ckpt-dump --split-to parts a.gks
    gk-fourier -d d parts/* | cmp - t
    gk-fourier -d d -o u a.gks
    cmp t u
    assert_equal "$(grep -c '^# gk-' t)" 3
    assert_equal "$(grep '^#' t | tail -n 1)" "# gk-fourier $VERSION --view measures --dtype saved"
    # given keys are those of every frame; in f64 the numbers are nearly the same
    gk-fourier -d d --keys 11,2 --dtype f64 a.gks >g
    assert_equal "$(column_of keys g | sort -u)" 2+11
    while read -r a b; do close_to "$a" "$b" 1e-4; done < <(paste <(column_of sum_share t) <(column_of sum_share g))
}

@test "fourier: a wrong label counts as in the dataset" {
    gk-data --p 11 --layout nanda -o d
    gk-data --p 11 --layout nanda --label-noise 0.5 -o noisy
    gromov add 11 2,5 c
    gk-fourier -d noisy --keys 2 c >t
    gk-eval -d noisy --loss ce c >e
    close_to "$(column_of restricted_train t)" "$(column_of train_loss e)" 1e-12
    gk-fourier -d d --keys 2 c >u
    awk -v a="$(column_of restricted_train t)" -v b="$(column_of restricted_train u)" 'BEGIN { exit !(a > 2 * b) }'
    close_to "$(column_of restricted_val t)" "$(column_of restricted_val u)" 1e-12
}

@test "fourier: labels of another operation and networks of other data get a note" {
    gk-data --p 11 --layout nanda -o d
    gk-data --p 11 --op sub --layout nanda -o minus
    gromov add 11 2,5 c
    # an operation that the metadata claim: a - b = a + b only if b is 0
    with_metadata minus op add >claimed
    run --separate-stderr gk-fourier -d claimed c
    assert_success
    assert_equal "$stderr" 'gk-fourier: note: claimed: 110 of 121 labels are not the answers of add; the losses take them as they are'
    run --separate-stderr gk-fourier -q -d - c <claimed
    assert_equal "$stderr" ''
    for op in add sub mul div; do
        gk-data --op $op --p 7 --layout nanda -o right
        gromov $op 7 2 r
        run --separate-stderr gk-fourier -d right r
        assert_equal "$stderr" ''
    done
    # openai/grok has the same number of tokens for every p
    for p in 5 7; do gk-data --p $p --layout openai -o o$p; done
    gk-train -q -d o5 "${tiny[@]}" --steps 2 --trajectory t.gks -o t
    run --separate-stderr gk-fourier -d o5 t.gks
    assert_equal "$stderr" ''
    run --separate-stderr gk-fourier -d o7 t.gks t.gks
    assert_success
    assert_equal "$stderr" "gk-fourier: note: t.gks: trained on other data than o7: $(head -n 1 t | cut -c 3-)"
    # a run from another network's weights was trained on both
    gk-train -q -d o5 "${tiny[@]}" --steps 2 --save c5 -o u
    gk-train -q -d o7 "${tiny[@]}" --init c5 --steps 2 --save c -o u
    run --separate-stderr gk-fourier -d o7 c
    assert_equal "$stderr" ''
    # another version of gk-data writes the same dataset
    with_metadata o7 gk.history "$(head -n 1 t | cut -c 3- | sed 's/gk-data [^ ]*/gk-data 9.9/')" >later
    run --separate-stderr gk-fourier -d later c
    assert_equal "$stderr" ''
}

@test "fourier: other operations, datasets and keys are refused" {
    gk-data --p 11 --layout nanda -o d
    gromov add 11 2,5 c
    for op in s5 x2+y2; do
        gk-data --op $op -o other
        breaks "gk-fourier: other: operation '$op' is no addition of a cyclic group: frequencies need add, sub, mul or div" \
            gk-fourier -d other c
    done
    gk-data --op sub --p 11 --q 5 -o other
    breaks 'gk-fourier: other: answers mod 5 of operands mod 11 are no addition of a cyclic group: frequencies need p = q' \
        gk-fourier -d other c
    gk-data --op mul --p 12 -o other
    breaks 'gk-fourier: other: 12 is no prime: its nonzero elements are no cyclic group' gk-fourier -d other c
    gk-data --op mul --p 2 -o other
    breaks 'gk-fourier: other: one element alone has no frequencies' gk-fourier -d other c
    with_metadata d op - >other
    breaks "gk-fourier: other: no metadata 'op' in the dataset: frequencies need add, sub, mul or div" gk-fourier -d other c
    for p in - x 1 5000; do
        with_metadata d p $p >other
        breaks "gk-fourier: other: the dataset's metadata 'p' is no modulus in [2, 4096]" gk-fourier -d other c
    done
    with_metadata d p 13 q 13 >other
    breaks "gk-fourier: other: the dataset's rows are not those of layout nanda with 13 elements" gk-fourier -d other c
    with_metadata d p 7 q 7 >other
    refuses_like 1 '^gk-fourier: other: train row [0-9]+: token [0-9]+ is none of the 7 elements$' gk-fourier -d other c
    with_metadata d layout mine >other
    breaks "gk-fourier: other: the dataset's layout is 'mine': paper, nanda or openai is wanted" gk-fourier -d other c
    with_metadata d vocab 4000 p 3999 q 3999 >other
    breaks 'gk-fourier: other: the dataset has 121 rows, too few for the pairs of 3999 elements' gk-fourier -d other c
    breaks "gk-fourier: standard input: no metadata 'op' in the dataset: frequencies need add, sub, mul or div" \
        gk-fourier -d - c < <(with_metadata d op -)
    wrong_usage 'gk-fourier: --data: a dataset is needed' gk-fourier c
    wrong_usage "gk-fourier: --keys: '0': a number of 1 to 5 frequencies is wanted" gk-fourier -d d --keys 0 c
    wrong_usage "gk-fourier: --keys: '6': a number of 1 to 5 frequencies is wanted" gk-fourier -d d --keys 6 c
    wrong_usage "gk-fourier: --keys: 'all': a number of 1 to 5 frequencies is wanted" gk-fourier -d d --keys all c
    wrong_usage "gk-fourier: --keys: '6': a frequency of 1 to 5 is wanted" gk-fourier -d d --keys 1,6 c
    wrong_usage "gk-fourier: --keys: '2.5': a frequency of 1 to 5 is wanted" gk-fourier -d d --keys 2.5, c
    wrong_usage 'gk-fourier: --keys: 3 is there twice' gk-fourier -d d --keys 3,1,03 c
    wrong_usage "gk-fourier: --keys: '1,,2' has an empty place" gk-fourier -d d --keys 1,,2 c
    wrong_usage "gk-fourier: --keys: '' has an empty place" gk-fourier -d d --keys , c
    wrong_usage 'gk-fourier: --keys: only measures have keys' gk-fourier -d d --view logits --keys 2 c
    breaks 'gk-fourier: c: frame 1: the network has no embedding' gk-fourier -d d -o t --view embedding c
    gk-data --p 13 --layout nanda -o d13
    breaks 'gk-fourier: c: frame 1: the mlp knows 11 elements, the dataset has 13' gk-fourier -d d13 -o t c
    breaks 'gk-fourier: d: frame 1: a checkpoint is wanted, its gk.kind is '"'dataset'" gk-fourier -d d -o t d
    [ ! -e t ]
}

# gk-spectra: norms and ranks of weight matrices. The values are in tests/unit/spectra.c.
# shellcheck shell=bash disable=SC2154
load helpers

tiny=(--layers 1 --dim 8 --heads 2 --ff 16)

rows() {
    grep -v -e '^#' -e '^step' "$@"
}

@test "a row for each matrix that is a parameter, in name order" {
    gk-data --p 7 >d
    gk-train "${tiny[@]}" --steps 3 --save c d >/dev/null
    gk-spectra c >t
    assert_equal "$(grep -v '^#' t | head -n 1)" $'step\ttensor\trows\tcols\tnorm\tspectral_norm\tstable_rank\teffective_rank'
    assert_equal "$(rows t | cut -f 1-4 | tr '\t\n' ' ;')" \
        '3 blocks.0.attn.k.weight 8 8;3 blocks.0.attn.o.weight 8 8;3 blocks.0.attn.q.weight 8 8;3 blocks.0.attn.v.weight 8 8;3 blocks.0.ffn.down.weight 8 16;3 blocks.0.ffn.up.weight 16 8;3 embed.weight 9 8;3 unembed.weight 9 8;'
    # the norm is that of gk-ckpt-dump
    gk-ckpt-dump --list c | awk -F'\t' '$3 ~ /,/ && $1 !~ /^optim/ { print $7 }' >want
    paste want <(column_of norm t) | awk '($1 / $2 - 1) ^ 2 > 1e-12 { exit 1 }'
    # what led here, and this stage last
    assert_equal "$(grep -c '^# gk-' t)" 3
    assert_equal "$(grep '^#' t | tail -n 1)" "# gk-spectra $VERSION"
}

@test "a trajectory gives each frame its rows, from a pipe, a file or parts of it" {
    gk-data --p 7 >d
    gk-train "${tiny[@]}" --steps 6 --trajectory a.gks --every 2 d >/dev/null
    gk-spectra a.gks >t
    assert_equal "$(column_of step t | uniq -c | xargs)" '8 0 8 2 8 4 8 6'
    gk-spectra <a.gks | cmp - t
    gk-spectra --threads 1 a.gks | cmp - t
    gk-spectra --threads 3 - <a.gks | cmp - t
    gk-ckpt-dump --split-to parts a.gks
    gk-spectra parts/* | cmp - t
    gk-spectra -o u a.gks
    cmp t u
}

@test "frames without a step count, and a note says so" {
    blob '{"w":{"dtype":"F32","shape":[1,1],"data_offsets":[0,4]}}' '\0\0\0@' >c
    run -0 --separate-stderr gk-spectra c
    assert_equal "$stderr" ''
    run -0 --separate-stderr gk-spectra c c c
    assert_equal "$stderr" 'gk-spectra: note: c: frames without a step: they count from 0, in the order they are given'
    assert_equal "$(column_of step <<<"$output" | xargs)" '0 1 2'
}

@test "--tensor takes patterns of parameters, and any matrix by its name" {
    gk-data --p 7 >d
    gk-train "${tiny[@]}" --steps 3 --save c d >/dev/null
    names() { gk-spectra --tensor "$1" c | column_of tensor | xargs; }
    assert_equal "$(names embed.weight)" embed.weight
    assert_equal "$(names '*.ffn.*')" 'blocks.0.ffn.down.weight blocks.0.ffn.up.weight'
    assert_equal "$(names 'unembed*,*.q.*')" 'blocks.0.attn.q.weight unembed.weight'
    assert_equal "$(names '*norm1*,*embed.weight')" 'embed.weight unembed.weight'
    assert_equal "$(names optim.m.embed.weight)" optim.m.embed.weight
    assert_equal "$(names 'embed.weight,optim.m.embed.weight')" 'embed.weight optim.m.embed.weight'
    # the rows of a dataset are integers: a matrix where they are asked for
    assert_equal "$(gk-spectra --tensor train.tokens d | rows | cut -f 2-4)" $'train.tokens\t14\t4'
    breaks "gk-spectra: c: frame 1: it has no matrix 'embed'" gk-spectra --tensor embed c
    breaks "gk-spectra: c: frame 1: it has no matrix '*.bias'" gk-spectra --tensor '*.bias' c
    for f in blocks.0.norm1.bias embed.weight,blocks.0.norm1.bias; do
        breaks "gk-spectra: c: frame 1: tensor 'blocks.0.norm1.bias' has rank 1: a matrix is wanted" gk-spectra --tensor "$f" c
    done
    # a name in a list that is none, and an exclusion of nothing
    for tool in gk-spectra gk-pca 'gk-ckpt-dump --format safetensors'; do
        # shellcheck disable=SC2086 # words
        breaks "${tool%% *}: c: frame 1: no tensor 'embd*'" $tool --tensor 'embed.weight,embd*,*' c
    done
    breaks "gk-spectra: c: frame 1: tensor 'embed.weight' is excluded" gk-spectra --tensor embed.weight --exclude 'em*' c
    for tool in gk-spectra 'gk-ckpt-dump --list' 'gk-ckpt-dump --flat'; do
        # shellcheck disable=SC2086
        run -0 --separate-stderr $tool --exclude 'optim.*,embd*' c
        [[ $stderr == *"${tool%% *}: note: --exclude: c: no tensor matches 'embd*'"* ]] || fail "$tool: $stderr"
    done
}

@test "a text table and an .npy array are one matrix" {
    printf '1\t0\n0\t1\n3\t4\n' >m
    gk-spectra m >t
    assert_equal "$(rows t | cut -f 1-4)" $'0\tmatrix\t3\t2'
    # W'W = [[10, 12], [12, 17]]: 26 and 1
    close_to "$(column_of norm t)" "$(awk 'BEGIN { printf "%.17g", sqrt(27) }')" 1e-14
    close_to "$(column_of spectral_norm t)" "$(awk 'BEGIN { printf "%.17g", sqrt(26) }')" 1e-14
    close_to "$(column_of stable_rank t)" "$(awk 'BEGIN { printf "%.17g", 27 / 26 }')" 1e-14
    close_to "$(column_of effective_rank t)" "$(awk 'BEGIN {
        q = sqrt(26) / (1 + sqrt(26)); printf "%.17g", exp(-q * log(q) - (1 - q) * log(1 - q)) }')" 1e-14
    gk-data --p 7 >d
    gk-train "${tiny[@]}" --steps 0 --save c d >/dev/null
    gk-ckpt-dump --tensor embed.weight --format npy -o e.npy c
    assert_equal "$(gk-spectra e.npy | rows | cut -f 3-)" "$(gk-spectra --tensor embed.weight c | rows | cut -f 3-)"
    wrong_usage 'gk-spectra: --tensor: m is text, without tensors' gk-spectra --tensor x m
    wrong_usage 'gk-spectra: --exclude: m is text, without tensors' gk-spectra --exclude x m
    wrong_usage 'gk-spectra: --tensor: e.npy is a .npy array, without tensors' gk-spectra --tensor x e.npy
    refuses_like 1 '^gk-spectra: m: ' gk-spectra -o t c m
}

@test "a name from a file is one cell, whatever is in it" {
    python3 -IS - >c <<'END'
import json, struct, sys
head = json.dumps({"#a\tb\n": {"dtype": "F32", "shape": [1, 1], "data_offsets": [0, 4]}}).encode()
sys.stdout.buffer.write(struct.pack("<Q", len(head)) + head + struct.pack("<f", 2))
END
    run -0 gk-spectra c
    assert_line $'0\t\\x23a\\tb\\n\t1\t1\t2\t2\t1\t1'
}

@test "values that are not finite, and frames without a matrix, are named" {
    gk-data --p 7 >d
    gk-train "${tiny[@]}" --steps 0 --save c --weights-only d >/dev/null
    with_nan c >bad
    breaks "gk-spectra: bad: frame 1: tensor 'unembed.weight': element [8, 7], counted from 0, is nan" gk-spectra bad
    gk-spectra --tensor embed.weight bad >/dev/null
    breaks 'gk-spectra: d: frame 1: it has no matrix' gk-spectra d
    printf '1 2\n3 nan\n' >m
    breaks 'gk-spectra: m: element [1, 1], counted from 0, is nan' gk-spectra m
    printf 'step,a,b,c\n0,1,2,-inf\n5,1,2,3\n' >m
    breaks 'gk-spectra: m: element [0, 2], counted from 0, is -inf' gk-spectra m
    breaks 'gk-spectra: none: No such file or directory' gk-spectra none
    # zeros have no rank
    with_zeros c >zero
    assert_equal "$(gk-spectra --tensor embed.weight zero | rows | cut -f 5-)" $'0\t0\t0\t0'
}

@test "a matrix without values has no spectrum, and is named" {
    blob '{"e":{"dtype":"F32","shape":[0,4],"data_offsets":[0,0]},"f":{"dtype":"F32","shape":[3,0],"data_offsets":[0,0]},"w":{"dtype":"F32","shape":[1,1],"data_offsets":[0,4]}}' '\0\0\0@' >c
    run -0 --separate-stderr gk-spectra c
    assert_equal "$stderr" "gk-spectra: note: c: 2 parameters have no values, and no spectrum ('e', ...)"
    assert_equal "$(rows <<<"$output")" $'0\tw\t1\t1\t2\t2\t1\t1'
    run -0 --separate-stderr gk-spectra --exclude f c
    assert_equal "$stderr" "gk-spectra: note: c: 1 parameter has no values, and no spectrum ('e')"
    for names in f f,w; do
        breaks "gk-spectra: c: frame 1: tensor 'f' [3, 0] is empty" gk-spectra --tensor "$names" c
    done
    breaks "gk-spectra: c: frame 1: tensor 'e' [0, 4] is empty" gk-spectra --exclude w c
}

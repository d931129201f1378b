# gk-landscape: the ends of a line are what gk-eval says of its two checkpoints; norms; refusals.
# shellcheck disable=SC2154,SC2030,SC2031 # run sets status, output and stderr
load helpers

setup() {
    begin
    cd "$BATS_TEST_TMPDIR" || return
    gk-data --p 7 --frac 0.6 -o d
    gk-train -d d --dim 16 --ff 32 --steps 40 --dtype f64 --trajectory t.gks --every 20 -o /dev/null
    gk-ckpt-dump --split-to s t.gks
    set -- s/*
    first=$1 last=${!#}
}

@test "landscape: alpha 0 is the checkpoint, alpha 1 the target" {
    gk-eval -d d "$first" "$last" | awk '!/^#/' | cut -f 2- | sed 1d >want
    gk-landscape -d d --toward "$last" --alpha 0:1:2 "$first" | awk '!/^#/' | cut -f 3- | sed 1d >got
    while read -r a b; do close_to "$a" "$b" 1e-9 1e-12; done \
        < <(paste <(tr '\t' '\n' <want) <(tr '\t' '\n' <got))
    [ "$(wc -l <got)" -eq 2 ]
}

@test "landscape: each frame toward the next, the last one skipped with a note" {
    run -0 --separate-stderr gk-landscape -d d --toward next --alpha 0:1:2 t.gks
    assert_equal "$stderr" 'gk-landscape: note: t.gks: frame 3: there is no next frame: skipped'
    assert_equal "$(grep -vc '^[#s]' <<<"$output")" 4
    gk-landscape -d d --toward frame:40 --alpha 1:1:1 -q t.gks >a
    gk-landscape -d d --toward "$last" --alpha 1:1:1 -q t.gks >b
    cmp <(grep -v '^#' a) <(grep -v '^#' b)
}

@test "landscape: the next of files in another order than their steps has a note" {
    gk-ckpt-dump --split-to parts t.gks
    n=(parts/*)
    run -0 --separate-stderr gk-landscape -d d --toward next --alpha 0:1:2 "${n[1]}" "${n[0]}"
    assert_equal "$stderr" "gk-landscape: note: ${n[0]}: step $(column_of step < <(gk-eval -d d "${n[0]}")) comes after step $(column_of step < <(gk-eval -d d "${n[1]}")): it is taken as the next
gk-landscape: note: ${n[0]}: frame 1: there is no next frame: skipped"
    run -0 --separate-stderr gk-landscape -d d --toward random:1 --toward2 pca:1 --alpha 0:0:1 "${n[0]}" "${n[2]}" "${n[1]}"
    [[ $stderr == "gk-landscape: note: ${n[1]}: step "*' comes after step '*': the axes are those about the last frame given' ]] || fail "$stderr"
    breaks "gk-landscape: t.gks: frame 1: a second frame has that step: which is frame:0?" \
        gk-landscape -d d --toward frame:0 --alpha 1:1:1 -o o t.gks t.gks
    run -0 --separate-stderr gk-landscape -d d --toward first --alpha 0:1:2 "${n[0]}" "${n[1]}"
    [[ $stderr != *'comes after'* ]]
}

@test "landscape: a frame without one of two directions is skipped, whichever it is" {
    for toward in 'first next' 'next first' 'first random:1' 'random:1 first' 'frame:0 pca:1'; do
        run -0 --separate-stderr gk-landscape -d d --toward "${toward% *}" --toward2 "${toward#* }" --alpha 0:1:2 t.gks
        assert_regex "$stderr_lines" '^gk-landscape: note: t.gks: frame 1: there is no distance toward .*: skipped$'
        assert_equal "$(grep -vc '^[#s]' <<<"$output")" $((4 * (2 - ${#stderr_lines[@]} + 1)))
    done
}

@test "landscape: a surface holds the lines; directions of length 1 swap with their sign" {
    gk-landscape -d d --toward random:1 --toward2 pca:1 --norm unit --alpha -1:1:3 --beta 0:0:1 t.gks >two
    gk-landscape -d d --toward random:1 --norm unit --alpha -1:1:3 t.gks >one
    cmp <(grep -v '^[#s]' two | cut -f 1,2,4-) <(grep -v '^[#s]' one)
    gk-landscape -d d --toward random:1 --norm unit --alpha 1:-1:3 --threads 1 t.gks >back
    cmp <(grep -v '^[#s]' one | sort) <(grep -v '^[#s]' back | sort)
}

@test "landscape: what it refuses" {
    breaks "gk-landscape: $last: frame 1: there is no next frame" \
        gk-landscape -d d --toward next -o o "$last"
    breaks "gk-landscape: $last: frame 1: there is no distance toward $last" \
        gk-landscape -d d --toward "$last" -o o "$last"
    gk-train -q -d d --dim 8 --heads 2 --ff 8 --steps 0 --save start >/dev/null # LayerNorm's biases are 0
    breaks 'gk-landscape: start: frame 1: the parameters are 0 wherever random:1 moves them: filter leaves nothing' \
        gk-landscape -d d --toward random:1 --norm filter --exclude '*weight' -o o start
    breaks 'gk-landscape: frame:7: no frame has that step' \
        gk-landscape -d d --toward frame:7 -o o t.gks
    breaks "gk-landscape: pca:1: $last: one frame is no trajectory" \
        gk-landscape -d d --toward pca:1 -o o "$last"
    wrong_usage 'gk-landscape: --toward: a direction is needed' gk-landscape -d d t.gks
    wrong_usage "gk-landscape: --toward2: 'random:1' is the first direction, too" \
        gk-landscape -d d --toward random:1 --toward2 random:1 "$last"
    run -0 --separate-stderr gk-landscape -d d --toward random:1 --exclude 'embed*,blocks.*.atn.*' --alpha 0:0:1 "$last"
    assert_equal "$stderr" "gk-landscape: note: --exclude: $last: no tensor matches 'blocks.*.atn.*'"
    wrong_usage 'gk-landscape: --beta: a surface needs --toward2' \
        gk-landscape -d d --toward next --beta 0:1:2 t.gks
    wrong_usage 'gk-landscape: pca:1 reads the checkpoints twice: give them as files' \
        gk-landscape -d d --toward pca:1
    run -2 gk-landscape -d d --toward pca:1 <(cat t.gks)
    assert_line --index 0 'gk-landscape: pca:1 reads the checkpoints twice: give them as files'
    wrong_usage "gk-landscape: --toward: 'pca:0': an integer of at least 1 belongs after 'pca:'" \
        gk-landscape -d d --toward pca:0 t.gks
    gk-train -d d --dim 8 --ff 32 --steps 0 --save other -o /dev/null
    refuses_like 1 'another network' gk-landscape -d d --toward other -o o "$last"
}

@test "landscape: bad numbers and bad directions are named" {
    gk-train -d d --dim 16 --ff 32 --steps 0 --save c --weights-only -o /dev/null
    gk-train -d d --dim 8 --ff 32 --steps 0 --save narrow --weights-only -o /dev/null
    gk-data --p 11 -o d11
    with_nan c >nan
    with_zeros c >zero
    nan="nan: frame 1: tensor 'unembed.weight': element 143 is nan"
    breaks "gk-landscape: $nan" gk-landscape -d d --toward random:1 -o o nan
    breaks "gk-landscape: $nan" gk-landscape -d d --toward nan -o o c
    breaks "gk-landscape: $nan" gk-landscape -d d --toward random:1 --toward2 nan -o o c
    # an eigenvector is a direction as it is: of another network, with a nan, without length
    gk-hvp -d d --top 1 --max-products 3 --vectors narrow.gks -q -o /dev/null narrow
    gk-hvp -d d --vector c -o v c
    with_nan v >vnan
    with_zeros v >vzero
    breaks "gk-landscape: vnan: frame 1: tensor 'hv.unembed.weight': element 143 is nan" \
        gk-landscape -d d --toward vnan -o o c
    breaks 'gk-landscape: vzero: frame 1: the direction is zero' gk-landscape -d d --toward vzero -o o c
    refuses_like 1 '^gk-landscape: narrow.gks: frame 1: tensor .blocks' \
        gk-landscape -d d --toward narrow.gks -o o c
    breaks 'gk-landscape: c: frame 1: the network has a vocabulary of 9 tokens, the dataset of 13' \
        gk-landscape -d d11 --toward random:1 -o o c
    breaks 'gk-landscape: nothere: No such file or directory' gk-landscape -d nothere --toward first -o o c
    breaks 'gk-landscape: nothere: No such file or directory' gk-landscape -d d --toward nothere -o o c
    wrong_usage 'gk-landscape: --data: a dataset is needed' gk-landscape --toward first c
    breaks 'gk-landscape: narrow: frame 1: this is another network than the first frame'"'"'s: dim 8, not 16' \
        gk-landscape -d d --toward random:1 -o o c narrow
    [ ! -e o ]
}

@test "landscape: progress counts the points of all frames, where they are known" {
    needs_progress
    # 3 frames of 300 points, the last without a next one
    run progress_of point 'gk-landscape -q -d d --toward next --alpha -1:1:300 t.gks'
    assert_output '' # --quiet
    run progress_of point 'gk-landscape -d d --toward next --alpha -1:1:300 t.gks'
    assert_line --regexp '^point [0-9]+ of 900, [0-9.e+]+/s, [0-9]+:[0-9]+ left'
    for l in "${lines[@]}"; do
        [[ $l =~ ^point\ ([0-9]+)\ of\ 900, ]] && ((BASH_REMATCH[1] <= 600)) || fail "$l"
    done
    run progress_of point 'cat t.gks | gk-landscape -d d --toward next --alpha -1:1:300'
    assert_line --regexp '^point [0-9]+, [0-9.e+]+/s'
    refute_output --partial ' of 0'
    run progress_of point "gk-landscape -d d --toward random:1 --toward2 random:2 --alpha -1:1:15 --beta 0:1:20 $first"
    assert_line --regexp '^point [0-9]+ of 300, '
    # a frame that is passed over counts
    run progress_of point 'gk-landscape -d d --toward first --alpha -1:1:300 t.gks'
    assert_line --regexp '^point [0-9]+ of 900, '
    for l in "${lines[@]}"; do
        [[ $l =~ ^point\ ([0-9]+)\ of\ 900, ]] && ((BASH_REMATCH[1] > 300)) || fail "$l"
    done
}

@test "landscape: networks of equal shapes are told apart" {
    for h in 2 4; do
        gk-train -q -d d --layers 1 --dim 8 --heads $h --ff 8 --seed $h --steps 2 --every 1 --trajectory t$h --save h$h -o /dev/null
        gk-hvp -q -d d --top 1 --max-products 3 --vectors v$h -o /dev/null h$h
        gk-hvp -q -d d --vector v$h -o hv$h h$h
        gk-pca -q --components 1 --axes a$h -o /dev/null t$h
    done
    line=(gk-landscape -q -d d --alpha 0:1:2)
    for f in h4 v4 hv4 a4; do
        breaks "gk-landscape: $f: frame 1: this is another network than the checkpoint's: heads 4, not 2" \
            "${line[@]}" --toward $f -o o h2
        breaks "gk-landscape: $f: frame 1: this is another network than the checkpoint's: heads 4, not 2" \
            "${line[@]}" --toward random:1 --toward2 $f -o o h2
    done
    for toward in first random:1; do
        breaks "gk-landscape: h4: frame 1: this is another network than the first frame's: heads 4, not 2" \
            "${line[@]}" --toward $toward -o o t2 h4
    done
    breaks "gk-landscape: h4: frame 1: this is another network than the checkpoint's: heads 4, not 2" \
        "${line[@]}" --toward frame:2 -o o t2 h4
    breaks "gk-landscape: h4: frame 1: this is another network than the checkpoint's: heads 4, not 2" \
        "${line[@]}" --toward next -o o h2 h4
    breaks "gk-landscape: pca:1: h4: frame 1: this is another network than the first frame's: heads 4, not 2" \
        "${line[@]}" --toward pca:1 -o o h2 h4
    # the frame of a step is looked up by its whole number
    with_metadata h2 step '2 ' >bad
    breaks "gk-landscape: bad: frame 1: metadata 'step' is '2 ': an integer from 0 to 9223372036854775807 is wanted" \
        "${line[@]}" --toward frame:2 -o o h2 bad
    # heads that nobody tells are 4; a direction need not tell any
    with_metadata h2 heads - >untold
    breaks "gk-landscape: untold: frame 1: this is another network than the checkpoint's: heads 4 (assumed), not 2" \
        "${line[@]}" --toward untold -o o h2
    "${line[@]}" --toward untold -o o h4
    with_metadata hv4 heads - >untold
    "${line[@]}" --toward untold -o o h2
    # equal totals: a layer has 80 + 8 ff parameters
    gk-train -q -d d --layers 1 --dim 4 --ff 22 --steps 0 --save one --weights-only -o /dev/null
    gk-train -q -d d --layers 2 --dim 4 --ff 6 --steps 0 --save two --weights-only -o /dev/null
    for f in one two; do
        assert_equal "$(gk-ckpt-dump --list $f | column_of count | awk '{ n += $1 } END { print n }')" 328
    done
    for toward in first random:1; do
        breaks "gk-landscape: two: frame 1: this is another network than the first frame's: layers 2, not 1" \
            "${line[@]}" --toward $toward -o o one two
    done
}

@test "landscape: directions in some parameters only" {
    points() { gk-landscape -d d "$@" --alpha 0:1:2 "$last" | grep -v '^#'; }
    # the same as toward a checkpoint of which only these come from elsewhere
    for side in '--params matrices|rank 1' "--exclude *.norm?.*|norms" "--exclude embed*,unembed*|ends" \
        "--tensor embed*,unembed*|middle" "--tensor *.norm?.* --exclude blocks.1.*|most"; do
        IFS='|' read -r option what <<<"$side"
        set -f
        # shellcheck disable=SC2086 # two words, and a pattern
        points --toward "$first" $option >got
        # shellcheck disable=SC2086
        points --toward "$first" $option --norm filter >filtered
        set +f
        cmp <(sed -n 2p got) <(points --toward "$first" | sed -n 2p) # alpha 0
        case $what in
        ends) change='("embed.weight", "unembed.weight")' ;;
        middle) change='[n for n in t if "embed" not in n]' ;;
        most) change='[n for n in t if "blocks.0.norm" not in n]' ;;
        norms) change='[n for n in t if ".norm" in n]' ;;
        *) change='[n for n in t if len(t[n]["shape"]) == 1]' ;;
        esac
        python3 -IS -c 'import json, struct, sys
def read(name):
    b = open(name, "rb").read()
    n = 8 + struct.unpack("<Q", b[:8])[0]
    return b[:n], json.loads(b[8:n]), b[n:]
head, t, a = read(sys.argv[1])
b = bytearray(read(sys.argv[2])[2])
t = {n: v for n, v in t.items() if n != "__metadata__"}
for n in '"$change"':
    i, j = t[n]["data_offsets"]
    b[i:j] = a[i:j]
sys.stdout.buffer.write(head + bytes(b))' "$last" "$first" >mixed
        cmp got <(points --toward mixed)
        cmp filtered <(points --toward mixed --norm filter)
    done
    # the axis of these parameters is that of gk-pca
    gk-pca -q --exclude '*embed*' --components 1 --axes a.gks t.gks >/dev/null
    cmp <(points --toward a.gks --norm unit) <(gk-landscape -d d --toward pca:1 --exclude '*embed*' --norm unit --alpha 0:1:2 t.gks | grep -v '^#' | sed -n '1p;6,7p')
    gk-pca -q --tensor 'blocks.1.*,embed.weight' --components 1 --axes a.gks t.gks >/dev/null
    cmp <(points --toward a.gks --norm unit) <(gk-landscape -d d --toward pca:1 --tensor 'embed.weight,blocks.1.*' --norm unit --alpha 0:1:2 t.gks | grep -v '^#' | sed -n '1p;6,7p')
    wrong_usage 'gk-landscape: --exclude: no parameter is left' gk-landscape -d d --toward first --exclude '*' -o o "$last"
    wrong_usage 'gk-landscape: --tensor and --params exclude each other' \
        gk-landscape -d d --toward first --tensor '*' --params all -o o "$last"
    breaks "gk-landscape: $last: frame 1: no tensor 'blocks.2.*'" \
        gk-landscape -d d --toward random:1 --tensor 'embed.weight,blocks.2.*' -o o "$last"
    # a name that the file has, but no parameter of the network
    gk-train -q -d d --dim 8 --heads 2 --ff 8 --steps 1 --save state >/dev/null
    wrong_usage 'gk-landscape: --tensor: no parameter is left' \
        gk-landscape -d d --toward random:1 --tensor 'optim.m.*' -o o state
}

@test "landscape: a history has the content of a target, not its file's name" {
    line() { grep '^# gk-landscape' "$1"; }
    mkdir else
    cp "$first" else/where.ckpt
    gk-pca -q --components 1 --axes axis.gks t.gks >/dev/null
    gk-landscape -d d --toward "$first" --toward2 axis.gks --alpha 0:1:2 "$last" >here
    gk-landscape -d d --toward "$PWD/else/where.ckpt" --toward2 "$PWD/axis.gks" --alpha 0:1:2 "$last" >there
    cmp here there
    assert_regex "$(line here)" ' --toward weights:[0-9a-f]{16} --toward2 direction:[0-9a-f]{16} '
    # the digest is that of gk-train --init
    gk-train -q -d d --init "$first" --steps 0 | grep -F -- "--init $(line here | grep -o 'weights:[0-9a-f]*')"
    gk-landscape -d d --toward "$last" --toward2 axis.gks --alpha 0:1:2 "$first" >other
    [ "$(line here)" != "$(line other)" ]
    gk-landscape -q -d d --toward next --toward2 random:3 --alpha 0:1:2 t.gks >frames
    [[ $(line frames) == *' --toward next --toward2 random:3 '* ]]
}

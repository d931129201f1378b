#!/usr/bin/env bats
# shellcheck disable=SC2030,SC2031,SC2154 # run sets status, output and stderr
# gk-ckpt-dump, and with it frames and streams as files and pipes. tests/unit/frame_refuse.c tests what
# the reader refuses, and tests/unit/hostile.c tests every tool.
load helpers

# frame STEP STREAM: w = [[1, 2, 3], [-1, -2, STEP]] in F32, b = STEP in U8, optim.m.w = 9.
frame() {
    local s
    s=$(printf '\\x%02x' "$1")
    blob "{\"__metadata__\":{${2:+\"gk.stream\":\"1\",}\"gk.history\":\"gk-train 1.0 --lr 1\",\"step\":\"$1\"},\
\"w\":{\"dtype\":\"F32\",\"shape\":[2,3],\"data_offsets\":[0,24]},\
\"optim.m.w\":{\"dtype\":\"F32\",\"shape\":[],\"data_offsets\":[24,28]},\
\"b\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[28,29]}}" \
        "\0\0\x80\x3f\0\0\0\x40\0\0\x40\x40\0\0\x80\xbf\0\0\0\xc0$(float "$1")\0\0\x10\x41$s"
}

# float N: the F32 of 0, 2, 4 or 8.
float() {
    case $1 in
    0) printf '\\0\\0\\0\\0' ;;
    2) printf '\\0\\0\\0\\x40' ;;
    4) printf '\\0\\0\\x80\\x40' ;;
    8) printf '\\0\\0\\0\\x41' ;;
    esac
}

end() {
    blob "{\"__metadata__\":{\"gk.end\":\"$1\"}}"
}

# stream STEP...
stream() {
    local s
    for s; do
        frame "$s" stream
    done
    end $#
}

# table FILE...: without comments
table() {
    grep -v '^#' "$@"
}

@test "frames: a list has names, dtypes, shapes, counts, extremes, norms and the step" {
    frame 4 >f
    run gk-ckpt-dump f
    assert_success
    assert_equal "$output" "# gk-train 1.0 --lr 1
# gk-ckpt-dump $VERSION
$(printf '%s\t' name dtype shape count min max norm)step
$(printf '%s\t' b U8 '[1]' 1 4 4 4)4
$(printf '%s\t' optim.m.w F32 '[]' 1 9 9 9)4
$(printf '%s\t' w F32 '[2,3]' 6 -2 4 5.91607978)4"
    run gk-ckpt-dump --list - <f
    assert_line --index 1 "# gk-ckpt-dump $VERSION --list"
    assert_line --index 5 --partial 'w	F32	[2,3]'
}

@test "frames: a list of values that are nan, absent, or very large" {
    blob '{"e":{"dtype":"F32","shape":[0,3],"data_offsets":[0,0]},
           "h":{"dtype":"F64","shape":[2],"data_offsets":[0,16]},
           "n":{"dtype":"F32","shape":[2],"data_offsets":[16,24]},
           "i":{"dtype":"F16","shape":[2],"data_offsets":[24,28]}}' \
        '\xa0\xc8\xeb\x85\xf3\xcc\xe1\x7f\0\0\0\0\0\0\0\0\0\0\x80\x3f\0\0\xc0\x7f\0\xfc\0\x3c' >f
    run table <(gk-ckpt-dump f)
    assert_line --index 1 'e	F32	[0,3]	0	nan	nan	0	nan'
    assert_line --index 2 'h	F64	[2]	2	0	1e+308	1e+308	nan'
    assert_line --index 3 'i	F16	[2]	2	-inf	1	inf	nan'
    assert_line --index 4 'n	F32	[2]	2	nan	nan	nan	nan'
}

@test "frames: names and metadata that would break a table are escaped" {
    blob '{"__metadata__":{"#k":"a\tb\nc\\d\u001b"},"#\t":{"dtype":"U8","shape":[],"data_offsets":[0,1]}}' x >f
    run table <(gk-ckpt-dump f)
    assert_line --index 1 --partial '\x23\t	U8	[]'
    run table <(gk-ckpt-dump --meta f)
    assert_line --index 1 '\x23k	a\tb\nc\\d\x1b	nan'
    # so are characters that would control a terminal: C1 controls, directions, lines; other letters
    # are unchanged
    blob '{"__metadata__":{"k\u009b2J":"\u202ex\u2028\u00e9\u20ac"},"w\u009d\u200b":{"dtype":"U8","shape":[],"data_offsets":[0,1]}}' x >f
    run table <(gk-ckpt-dump f)
    assert_line --index 1 --partial '\xe2\x80\x8b	U8	[]'
    assert_line --index 1 --partial 'w\xc2\x9d'
    run table <(gk-ckpt-dump --meta f)
    assert_line --index 1 $'k\\xc2\\x9b2J\t\\xe2\\x80\\xaex\\xe2\\x80\\xa8\303\251\342\202\254\tnan'
    refuses_like 1 "gk-ckpt-dump: f: frame 1: no tensor 'a[?][?]m[?]'\$" gk-ckpt-dump --tensor $'a\302\233m\233' f
}

@test "frames: the metadata of a stream" {
    stream 0 2 >s
    run table <(gk-ckpt-dump --meta s)
    assert_equal "$output" 'key	value	step
gk.history	gk-train 1.0 --lr 1	0
step	0	0
gk.history	gk-train 1.0 --lr 1	2
step	2	2'
}

@test "frames: a tensor as text, of one frame and of several" {
    stream 0 2 4 >s
    frame 4 >f
    run table <(gk-ckpt-dump --tensor w f)
    assert_equal "$output" 'c0	c1	c2
1	2	3
-1	-2	4'
    run table <(gk-ckpt-dump --tensor w --steps 2:4 s)
    assert_equal "$output" 'step	c0	c1	c2
2	1	2	3
2	-1	-2	2
4	1	2	3
4	-1	-2	4'
    run table <(gk-ckpt-dump --tensor optim.m.w f)
    assert_equal "$output" 'c0
9'
}

@test "frames: a flat vector has the parameters in name order, no optimiser state, no counter" {
    stream 0 2 >s
    run table <(gk-ckpt-dump --flat s)
    assert_equal "$output" 'step	c0	c1	c2	c3	c4	c5
0	1	2	3	-1	-2	0
2	1	2	3	-1	-2	2'
    frame 8 >f
    run table <(gk-ckpt-dump --flat f)
    assert_line --index 1 '1	2	3	-1	-2	8'
}

@test "frames: 64-bit integers keep all their digits" {
    blob '{"i":{"dtype":"I64","shape":[2],"data_offsets":[0,16]}}' \
        '\xff\xff\xff\xff\xff\xff\xff\x7f\0\0\0\0\0\0\0\x80' >f
    run table <(gk-ckpt-dump --tensor i f)
    assert_line --index 1 '9223372036854775807	-9223372036854775808'
    assert_equal "$(gk-ckpt-dump --list f | grep -v "^#" | tail -n 1 | cut -f 5,6)" '-9223372036854775808	9223372036854775807'
    blob '{"u":{"dtype":"U64","shape":[2],"data_offsets":[0,16]}}' \
        '\xff\xff\xff\xff\xff\xff\xff\xff\x01\0\0\0\0\0\x20\0' >f
    assert_equal "$(gk-ckpt-dump --list f | grep -v "^#" | tail -n 1 | cut -f 5,6)" '9007199254740993	18446744073709551615'
}

@test "frames: .npy of one frame and of several" {
    stream 0 2 4 >s
    frame 4 >f
    gk-ckpt-dump --tensor w --format npy -o w.npy f
    assert_equal "$(head -c 128 w.npy | tail -c +11 | tr -s ' ')" \
        "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), } "
    assert_equal "$(tail -c +129 w.npy | od -An -v -t f4 | xargs)" '1 2 3 -1 -2 4'
    gk-ckpt-dump --tensor w --format npy s >w.npy
    assert_equal "$(head -c 128 w.npy | grep -ao 'shape.*)')" "shape': (3, 2, 3)"
    assert_equal "$(tail -c +129 w.npy | od -An -v -t f4 -w24 | tail -n 1 | xargs)" '1 2 3 -1 -2 4'
    gk-ckpt-dump --flat --format npy s >w.npy
    assert_equal "$(head -c 128 w.npy | grep -ao "'<.*)")" "'<f4', 'fortran_order': False, 'shape': (3, 6)"
    assert_equal "$(tail -c +129 w.npy | od -An -v -t f4 -w24 | tail -n 1 | xargs)" '1 2 3 -1 -2 4'
    # An F64 parameter makes the vector F64; halves and BF16 alone make it F32.
    blob '{"a":{"dtype":"F64","shape":[],"data_offsets":[0,8]},"b":{"dtype":"F16","shape":[1],"data_offsets":[8,10]}}' \
        '\0\0\0\0\0\0\xf0\x3f\0\x3c' >h
    gk-ckpt-dump --flat --format npy h >w.npy
    assert_equal "$(head -c 128 w.npy | grep -ao "'<.*)")" "'<f8', 'fortran_order': False, 'shape': (2,)"
    blob '{"a":{"dtype":"F16","shape":[],"data_offsets":[0,2]},"b":{"dtype":"BF16","shape":[1],"data_offsets":[2,4]}}' \
        '\0\x3c\0\x40' >h
    gk-ckpt-dump --flat --format npy h >w.npy
    assert_equal "$(head -c 128 w.npy | grep -ao "'<.*)")" "'<f4', 'fortran_order': False, 'shape': (2,)"
    assert_equal "$(tail -c +129 w.npy | od -An -v -t f4 | xargs)" '1 2'
}

@test "frames: a tensor of other frames as a frame" {
    stream 0 2 >s
    gk-ckpt-dump --tensor w --format safetensors --steps 2:2 s >f
    run table <(gk-ckpt-dump f)
    assert_line --index 1 'w	F32	[2,3]	6	-2	3	4.79583152	2'
    assert_equal "${#lines[@]}" 2
    run gk-ckpt-dump --meta f
    assert_line "gk.history	gk-train 1.0 --lr 1\ngk-ckpt-dump $VERSION --tensor w	2"
    gk-ckpt-dump --flat --format safetensors s >t
    assert_equal "$(table <(gk-ckpt-dump t) | cut -f 1-4,8)" 'name	dtype	shape	count	step
theta	F32	[6]	6	0
theta	F32	[6]	6	2'
}

@test "frames: --steps includes both ends, thins, and may omit an end" {
    stream 0 2 4 8 >s
    steps() {
        gk-ckpt-dump --meta --steps "$1" s | grep '^step' | cut -f 2 | xargs
    }
    assert_equal "$(steps 0:8)" '0 2 4 8'
    assert_equal "$(steps 2:4)" '2 4'
    assert_equal "$(steps 0:8:4)" '0 4 8'
    assert_equal "$(steps 2:8:2)" '2 4 8'
    assert_equal "$(steps :3)" '0 2'
    assert_equal "$(steps 3:)" '4 8'
    assert_equal "$(steps ::8)" '0 8'
    breaks 'gk-ckpt-dump: --steps: no frame has such a step' gk-ckpt-dump --steps 5:7 s
    breaks 'gk-ckpt-dump: --steps: no frame has such a step' \
        gk-ckpt-dump --steps 5:7 --split-to d s
    [ ! -e d ]
}

@test "frames: frames without a step in the metadata are numbered from 0" {
    local w='{"w":{"dtype":"U8","shape":[],"data_offsets":[0,1]}}'
    { blob "$w" a; blob "$w" b; blob "$w" c; } >p
    run table <(gk-ckpt-dump --tensor w --steps 1:2 p)
    assert_equal "$output" 'step	c0
1	98
2	99'
}

@test "frames: a thinned stream is a stream, a single frame a checkpoint" {
    stream 0 2 4 8 >s
    gk-ckpt-dump --format safetensors --steps 0:8:4 s -o thin.gks
    assert_equal "$(gk-ckpt-dump --flat thin.gks | table | cut -f 1 | xargs)" 'step 0 4 8'
    assert_equal "$(grep -ac gk.stream thin.gks) $(grep -ao '"gk.end":"3"' thin.gks)" '1 "gk.end":"3"'
    gk-ckpt-dump --format safetensors --steps 4:4 s -o one
    run ! grep -a 'gk\.stream\|gk\.end' one
    # The same in gk's layout: sorted header, F32 before U8.
    frame 4 | gk-ckpt-dump --format safetensors >again
    cmp one again
    gk-ckpt-dump --format safetensors again | cmp - again
    assert_equal "$(gk-ckpt-dump --flat one | tail -n 1)" "$(frame 4 | gk-ckpt-dump --flat | tail -n 1)"
}

@test "frames: --split-to writes a checkpoint for each frame" {
    stream 0 2 4 >s
    gk-ckpt-dump --split-to d s
    assert_equal "$(echo d/*)" 'd/step-000000.safetensors d/step-000002.safetensors d/step-000004.safetensors'
    frame 4 | gk-ckpt-dump --format safetensors | cmp - d/step-000004.safetensors
    gk-ckpt-dump --split-to d --steps 2:2 s
    breaks 'gk-ckpt-dump: standard input: frame 2: a second frame of step 2' \
        gk-ckpt-dump --split-to e < <(frame 2; frame 2)
    : >file
    refuses_like 1 '^gk-ckpt-dump: .*file' gk-ckpt-dump --split-to file s
    breaks 'gk-ckpt-dump: no/d: No such file or directory' gk-ckpt-dump --split-to no/d s
}

@test "frames: streams and plain frames concatenate, on a pipe and as operands" {
    stream 0 2 >s
    frame 4 >f
    stream 8 >t
    steps() {
        grep '^step' | cut -f 2 | xargs
    }
    assert_equal "$(cat s f t | gk-ckpt-dump --meta | steps)" '0 2 4 8'
    assert_equal "$(gk-ckpt-dump --meta s f t | steps)" '0 2 4 8'
    assert_equal "$(gk-ckpt-dump --meta s - t <f | steps)" '0 2 4 8'
    printf x >>t
    breaks 'gk-ckpt-dump: t: frame 3: truncated: 1 bytes where a frame begins with its length in 8' \
        gk-ckpt-dump --split-to d f t
}

@test "frames: an open stream, a wrong end, an empty input" {
    { frame 0 stream; frame 2 stream; } >s
    refuses_like 1 '^gk-ckpt-dump: s: ends inside a stream: no end frame after frame 2$' \
        gk-ckpt-dump --split-to d s
    { frame 0 stream; end 2; } >s
    refuses_like 1 '^gk-ckpt-dump: s: frame 2: gk.end is 2, but the frames .* are 1$' \
        gk-ckpt-dump --split-to d s
    end 0 >s
    breaks 'gk-ckpt-dump: s: holds no frame' gk-ckpt-dump s
    : >s
    breaks 'gk-ckpt-dump: s: empty input' gk-ckpt-dump s
    breaks 'gk-ckpt-dump: none: No such file or directory' gk-ckpt-dump none
    frame 0 >f
    printf 'step\n1\n' >t
    breaks 'gk-ckpt-dump: t: safetensors frames are wanted, this is text' \
        gk-ckpt-dump --split-to d f t
    gk-ckpt-dump --tensor w --format npy f >n
    breaks 'gk-ckpt-dump: n: safetensors frames are wanted, this is a .npy array' gk-ckpt-dump n
}

@test "frames: what is missing or contradictory" {
    frame 0 >f
    blob '{"__metadata__":{"step":"x"},"w":{"dtype":"U8","shape":[2],"data_offsets":[0,2]},
           "e":{"dtype":"U8","shape":[0],"data_offsets":[0,0]}}' ab >g
    breaks "gk-ckpt-dump: f: frame 1: no tensor 'v'" gk-ckpt-dump --tensor v f
    breaks "gk-ckpt-dump: g: frame 1: metadata 'step' is 'x': an integer from 0 to 9223372036854775807 is wanted" \
        gk-ckpt-dump --tensor w g
    blob '{"w":{"dtype":"U8","shape":[2],"data_offsets":[0,2]},
           "e":{"dtype":"U8","shape":[0],"data_offsets":[0,0]}}' ab >g
    breaks "gk-ckpt-dump: g: frame 1: tensor 'e' is empty" gk-ckpt-dump --tensor e g
    blob '{"optim.m":{"dtype":"U8","shape":[2],"data_offsets":[0,2]}}' ab >h
    breaks 'gk-ckpt-dump: h: frame 1: no parameters' gk-ckpt-dump --flat h
    run --separate-stderr gk-ckpt-dump --tensor w f g
    assert_failure 1
    assert_equal "$stderr" "gk-ckpt-dump: g: frame 1: tensor 'w' has 2 columns, in the first frame 3"
    breaks "gk-ckpt-dump: g: frame 1: tensor 'w' is not of the shape and dtype of the first frame's" \
        gk-ckpt-dump --tensor w --format npy f g
    blob '{"w":{"dtype":"U8","shape":[1,1,1,1,1,1,1,1],"data_offsets":[0,1]}}' a >h
    breaks "gk-ckpt-dump: h: frame 1: tensor 'w': frames would make its rank 9, over 8" \
        gk-ckpt-dump --tensor w --format npy h h
}

@test "frames: wrong usage" {
    local exclude='gk-ckpt-dump: --list, --meta, --tensor, --flat and --split-to exclude each other'
    wrong_usage "$exclude" gk-ckpt-dump --list --meta f
    wrong_usage "$exclude" gk-ckpt-dump --flat --tensor w f
    wrong_usage "$exclude" gk-ckpt-dump --flat --split-to d f
    wrong_usage 'gk-ckpt-dump: --format: a list is text; --tensor or --flat have formats' \
        gk-ckpt-dump --format npy f
    wrong_usage 'gk-ckpt-dump: --format: a list is text; --tensor or --flat have formats' \
        gk-ckpt-dump --meta --format safetensors f
    wrong_usage 'gk-ckpt-dump: --split-to writes checkpoints to a folder: no -o, no --format' \
        gk-ckpt-dump --split-to d -o x f
    for s in 5 1:2:3:4 ::: 1:2:3: a:b 1:-2 1:2:x 1:2:0x3 ' 1:2' '1: 2' '1:2 ' 1.:2 1e3.: nan: 99999999999999999999:; do
        wrong_usage "gk-ckpt-dump: --steps: '$s': A:B or A:B:K with integers is wanted" \
            gk-ckpt-dump --steps "$s" f
    done
    for s in 4:3 1:2:0; do
        wrong_usage "gk-ckpt-dump: --steps: '$s' holds no step" gk-ckpt-dump --steps "$s" f
    done
}

@test "frames: a step that is no number is refused by every tool in the same words" {
    local small=(--layers 1 --dim 4 --heads 2 --ff 4 --quiet -o /dev/null)
    local what="metadata 'step' is '%s': an integer from 0 to 9223372036854775807 is wanted" said tool
    gk-data --op add --p 5 >d
    gk-train -d d "${small[@]}" --steps 4 --every 2 --trajectory t
    for step in x -; do
        # shellcheck disable=SC2059
        printf -v said "$what" "$step"
        LC_ALL=C sed "s/\"step\":\"2\"/\"step\":\"$step\"/" t >bad
        for tool in gk-ckpt-dump 'gk-ckpt-dump --meta' 'gk-ckpt-dump --flat' 'gk-ckpt-dump --steps 0:9' 'gk-ckpt-dump --split-to f' \
            gk-pca 'gk-twonn --tensor embed.weight' gk-spectra 'gk-eval -d d' 'gk-hvp -d d' 'gk-landscape -d d --toward next' 'gk-landscape -d d --toward frame:4'; do
            # shellcheck disable=SC2086
            run -1 --separate-stderr $tool bad
            assert_equal "$stderr" "${tool%% *}: bad: frame 2: $said"
        done
    done
}

@test "frames: a full disk, a closed pipe, a failed -o" {
    stream 0 2 4 8 >s
    breaks 'gk-ckpt-dump: standard output: No space left on device' sh -c 'gk-ckpt-dump s >/dev/full'
    breaks 'gk-ckpt-dump: standard output: No space left on device' \
        sh -c 'gk-ckpt-dump --flat --format npy s >/dev/full'
    breaks 'gk-ckpt-dump: standard output: No space left on device' \
        sh -c 'gk-ckpt-dump --format safetensors s >/dev/full'
    for _ in $(seq 500); do cat s; done >many
    run --separate-stderr bash -c 'set -o pipefail; gk-ckpt-dump many | head -n 1'
    assert_success
    assert_equal "$output$stderr" '# gk-train 1.0 --lr 1'
    echo old >out
    run gk-ckpt-dump --tensor v -o out s
    assert_failure 1
    assert_equal "$(cat out)" old
    assert_equal "$(find . -name '*out*' -o -name '.?*')" ./out
}

@test "frames: what an independent implementation wrote is read" {
    local f
    for f in "$GOLDEN"/*.safetensors; do
        gk-ckpt-dump --format safetensors "$f" >again
        diff <(gk-ckpt-dump --flat "$f" | tail -n 1) <(gk-ckpt-dump --flat again | tail -n 1)
    done
    run column_of count <(gk-ckpt-dump "$GOLDEN/transformer_paper.safetensors" | grep 'name\|^param.embed')
    assert_output 72
    close_to "$(gk-ckpt-dump --tensor hessian.gHg "$GOLDEN/mlp.safetensors" | tail -n 1)" \
        "$(gk-ckpt-dump --tensor hessian.gHg --format npy "$GOLDEN/mlp.safetensors" | tail -c 8 |
            od -An -t f8 | xargs)" 1e-14
}

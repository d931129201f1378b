# gk-pca: closed forms, the same answer from every kind of input, and every refusal.
# shellcheck disable=SC2002,SC2154 # a pipe is what is tested; run sets status, output and stderr
load helpers

# cell ROW COLUMN FILE: rows counted from 1 after the header.
cell() {
    awk -F'\t' -v row="$1" -v name="$2" '/^#/ { next }
        !n { n = NF; for (i = 1; i <= NF; i++) if ($i == name) col = i; next }
        ++r == row { print $col; found = 1 } END { exit !found }' "$3"
}

# body FILE: a table without its history.
body() {
    grep -v '^#' "$1"
}

@test "pca: points on top of an offset, more of them than coordinates" {
    # +- 1/16 about a mean that no double has
    printf '1000000000000000.000\n1000000000000000.125\n1000000000000000.125\n1000000000000000.000\n' > m.csv
    gk-pca --center mean --variance m.csv > v
    close_to "$(cell 1 variance v)" 0.00520833333333333333 1e-12 # 4 / 16^2 / 3
    gk-pca --center mean --components 1 m.csv > p
    close_to "$(cell 2 pc1 p)" -0.0625 1e-12
}

# A small network's way, five frames of it.
trajectory() {
    gk-data --op add --p 7 | gk-train --dim 8 --heads 2 --ff 16 --steps 40 --trajectory t.gks \
        --every 10 -q > /dev/null
}

@test "pca: four points of a rectangle, about their mean" {
    # half sides 3 and 1: variances 4 * 9 / 3 and 4 / 3
    printf '3,1\n-3,1\n-3,-1\n3,-1\n' > m.csv
    gk-pca --center mean --variance m.csv > v
    close_to "$(cell 1 variance v)" 12
    close_to "$(cell 2 variance v)" 1.33333333333333333
    close_to "$(cell 1 ratio v)" 0.9
    close_to "$(cell 1 cumulative v)" 0.9
    close_to "$(cell 2 cumulative v)" 1
    gk-pca --center mean --components 1 m.csv > p
    assert_equal "$(column_of step p | paste -sd ' ')" '0 1 2 3'
    for row in '1 3' '2 -3' '3 -3' '4 3'; do
        close_to "$(cell "${row% *}" pc1 p)" "${row#* }"
        close_to "$(cell "${row% *}" residual p)" 1
    done
}

@test "pca: the three centrings of points on two axes" {
    # x_t = (5 + 2 t, 7) on its way to (11, 7); a fourth point off the line
    printf 'step\ta\tb\n10\t5\t7\n20\t7\t7\n30\t8\t9\n40\t11\t7\n' > m.tsv
    gk-pca --components 2 m.tsv > last
    assert_equal "$(column_of step last | paste -sd ' ')" '10 20 30 40'
    assert_equal "$(cell 4 pc1 last) $(cell 4 pc2 last) $(cell 4 residual last)" '0 0 0'
    # Z' Z = [36 + 16 + 9, -6; -6, 4]: trace 65, determinant 61 * 4 - 36 = 208
    gk-pca --variance m.tsv > v
    close_to "$(awk -v a="$(cell 1 variance v)" -v b="$(cell 2 variance v)" 'BEGIN { printf "%.17g", 3 * (a + b) }')" 65
    close_to "$(awk -v a="$(cell 1 variance v)" -v b="$(cell 2 variance v)" 'BEGIN { printf "%.17g", 9 * a * b }')" 208
    # uncentred: trace 25 + 49 + 64 + 121 + 3 * 49 + 81
    gk-pca --center none --variance m.tsv > v
    close_to "$(awk -v a="$(cell 1 variance v)" -v b="$(cell 2 variance v)" 'BEGIN { printf "%.17g", 3 * (a + b) }')" 487
}

@test "pca: the line from first to last" {
    # 3-4-5: the third point is 2 off the line at half its length
    printf 'x,y\n1,1\n2.5,3\n0.9,4.2\n4,5\n' > m.csv
    gk-pca --line m.csv > l
    assert_equal "$(body l | head -n 1)" "$(printf 'step\talpha\tresidual\tfraction')"
    close_to "$(cell 1 alpha l)" 0 0 0
    close_to "$(cell 2 alpha l)" 2.5
    close_to "$(cell 2 fraction l)" 0.5
    close_to "$(cell 2 residual l)" 0 0 1e-15
    close_to "$(cell 3 alpha l)" 2.5
    close_to "$(cell 3 residual l)" 2
    close_to "$(cell 4 alpha l)" 5
    assert_equal "$(cell 4 residual l) $(cell 4 fraction l)" '0 1'
}

@test "pca: tiny residuals beside large projections" {
    # a zigzag along a line
    awk 'BEGIN { for (t = 0; t <= 20; t++) printf "%.17g,%.17g\n", 1000 * t, t % 2 ? 1e-6 : -1e-6 }' > m.csv
    gk-pca --center mean --components 1 m.csv > p
    for t in 2 9 11 20; do
        close_to "$(cell "$t" residual p)" 1e-6 0.06
    done
    gk-pca --center mean --variance m.csv > v
    close_to "$(cell 2 variance v)" "$(awk 'BEGIN { printf "%.17g", (21 - 1 / 21) * 1e-12 / 20 }')" 1e-6
}

@test "pca: a trajectory from a file, a pipe, its frames apart, and a matrix of its numbers" {
    trajectory
    gk-pca --components 3 t.gks > file
    gk-pca --components 3 < t.gks > redirected
    cat t.gks | gk-pca --components 3 > pipe
    gk-pca --threads 3 --components 3 t.gks > threads
    gk-ckpt-dump --split-to parts t.gks
    gk-pca --components 3 parts/* > apart
    cat parts/* | gk-pca --components 3 - > joined
    for other in redirected pipe threads apart joined; do
        cmp file $other
    done
    assert_equal "$(column_of step file | paste -sd ' ')" '0 10 20 30 40'

    # as rows of text, tensors in name order
    gk-ckpt-dump --flat t.gks > m.tsv
    gk-pca --components 3 m.tsv > matrix
    for row in 1 2 3 4 5; do
        for column in pc1 pc2 pc3 residual; do
            close_to "$(cell $row $column matrix)" "$(cell $row $column file)" 1e-6 1e-9
        done
    done
}

@test "pca: files in another order than their steps have a note, those without steps count" {
    trajectory
    gk-ckpt-dump --split-to parts t.gks
    cd parts || return
    n=(*)
    run -0 --separate-stderr gk-pca "${n[0]}" "${n[3]}" "${n[1]}"
    assert_equal "$stderr" "gk-pca: note: ${n[0]}: step 10 comes after step 30: step 10 counts as the last"
    run -0 --separate-stderr gk-pca --line "${n[0]}" "${n[3]}" "${n[1]}"
    assert_equal "$stderr" "gk-pca: note: ${n[0]}: step 10 comes after step 30: step 10 counts as the last"
    run -0 --separate-stderr gk-pca --center mean "${n[0]}" "${n[3]}" "${n[1]}"
    assert_equal "$stderr" ''
    for f in "${n[@]}"; do with_metadata "$f" step - >"bare$f"; done
    run -0 --separate-stderr gk-pca bare*
    bare=(bare*)
    assert_equal "$stderr" "gk-pca: note: ${bare[1]}: frames without a step: they count from 0, in the order they are given"
    assert_equal "$(column_of step <<<"$output" | paste -sd ' ')" '0 1 2 3 4'
    # Lightning's name for it
    for f in "${bare[@]}"; do with_metadata "$f" global_step "$((7 * ${#named[@]} + 5))" >"n$f" && named+=("n$f"); done
    run -0 --separate-stderr gk-pca "${named[@]}"
    assert_equal "$stderr" ''
    assert_equal "$(column_of step <<<"$output" | paste -sd ' ')" '5 12 19 26 33'
}

# A .npy of F32: SHAPE and ORDER (False: C), with the numbers from standard input.
npy_of() {
    local header="{'descr': '<f4', 'fortran_order': $2, 'shape': ($1), }"
    printf '\x93NUMPY\x01\x00\x76\x00%-117s\n' "$header"
    cat
}

# Four points on the axes of 8 million coordinates, 128 MB: (1, 0, ... 0), (0, ... 0), (-1, 0, ...), (0, ... 0, 2)
large() {
    printf '\0\0\200\77' # 1
    head -c $((2 * 32000000 - 4)) /dev/zero
    printf '\0\0\200\277' # -1
    head -c $((2 * 32000000 - 8)) /dev/zero
    printf '\0\0\0\100' # 2
}

@test "pca: a matrix larger than the memory it may take, from a file, a pipe and a frame" {
    large | npy_of '4, 8000000' False > m.npy
    { printf '\x48\0\0\0\0\0\0\0%-72s' '{"m":{"dtype":"F32","shape":[4,8000000],"data_offsets":[0,128000000]}}'
      large; } > m.safetensors
    PEAK=("$GK_BUILD/tests/peak" 100)
    [ -z "${GK_SANITIZED-}" ] || PEAK=()
    "${PEAK[@]}" gk-pca --center none --components 2 m.npy > file
    assert_equal "$(column_of pc1 file | paste -sd ' ')" '0 0 0 2'
    close_to "$(cell 1 residual file)" 0 0 1e-14
    assert_equal "$(cell 2 residual file)" 0
    close_to "$(cell 1 pc2 file)" 1
    close_to "$(cell 3 pc2 file)" -1
    "${PEAK[@]}" gk-pca --center none --components 2 - < m.npy > redirected
    cat m.npy | "${PEAK[@]}" gk-pca --center none --components 2 > pipe
    "${PEAK[@]}" gk-pca --center none --components 2 m.safetensors > frame
    cat m.safetensors | gk-pca --center none --components 2 > framepipe
    for other in redirected pipe frame framepipe; do
        cmp file $other
    done
}

@test "pca: a .npy in Fortran order is the same matrix" {
    printf '\0\0\200\77\0\0\0\100\0\0\100\100\0\0\200\100\0\0\240\100\0\0\300\300' > six # 1 2 3 4 5 -6
    npy_of '2, 3' True < six > f.npy
    gk-pca --center none --components 2 f.npy > fortran
    printf '1,3,5\n2,4,-6\n' | gk-pca --center none --components 2 > text
    cmp <(body fortran) <(body text)
    cat f.npy | gk-pca --center none --components 2 | cmp fortran
    npy_of '6,' True < six > v.npy
    gk-pca --center none --variance v.npy > one
    close_to "$(cell 1 variance one)" 18.2 # 91 / 5
}

@test "pca: matrices only, one tensor only" {
    trajectory
    gk-pca --params matrices --variance t.gks > ranked
    gk-pca --variance t.gks > all
    awk -v a="$(cell 1 variance ranked)" -v b="$(cell 1 variance all)" 'BEGIN { exit !(a < b) }'
    gk-pca --tensor blocks.0.norm1.weight --variance t.gks > one
    awk -v a="$(cell 1 variance one)" -v b="$(cell 1 variance all)" 'BEGIN { exit !(a < b / 10) }'
    gk-pca --exclude 'embed.*,nothing*' --variance t.gks >/dev/null 2>err
    grep -qxF "gk-pca: note: --exclude: t.gks: no tensor matches 'nothing*'" err
    gk-ckpt-dump --split-to parts t.gks
    gk-pca --tensor embed.weight --center mean --components 1 parts/step-000040.safetensors > rows
    assert_equal "$(column_of step rows | paste -sd ' ')" '0 1 2 3 4 5 6 7 8'
}

@test "pca: the axes are frames of the parameters, of norm 1, and give the projections" {
    trajectory
    gk-pca --components 2 --axes a.gks t.gks > p
    gk-ckpt-dump --split-to parts t.gks
    gk-ckpt-dump --meta a.gks > meta
    assert_equal "$(awk -F'\t' '$1 == "gk.kind" || $1 == "component" || $1 == "model" { print $1 "=" $2 }' meta |
        paste -sd ' ')" 'component=1 gk.kind=axis model=transformer component=2 gk.kind=axis model=transformer'
    diff <(gk-ckpt-dump --list parts/step-000000.safetensors | grep -v '^#' | cut -f 1-3 | sort -u) \
        <(gk-ckpt-dump --list a.gks | grep -v '^#' | cut -f 1-3 | sort -u)
    gk-ckpt-dump --list a.gks | column_of norm | awk '{ s += $1 ^ 2 } END { d = s - 2; exit !(d * d < 1e-10) }'

    # (theta_0 - theta_40) . axis 1
    { gk-ckpt-dump --flat t.gks; gk-ckpt-dump --flat a.gks; } | grep '^[-0-9]' |
        awk -F'\t' '{ for (i = 1; i <= NF; i++) x[NR, i] = $i }
            END { for (i = 1; i <= NF; i++) s += (x[1, i] - x[5, i]) * x[6, i]; printf "%.9g\n", s }' > product
    close_to "$(cat product)" "$(cell 1 pc1 p)" 1e-5

    # a tensor that does not count has no part in the direction
    gk-pca --components 1 --params matrices --axes m.gks t.gks > /dev/null
    gk-ckpt-dump --list m.gks | awk -F'\t' '$1 ~ /norm1.bias/ { exit $7 != 0 }'
    gk-ckpt-dump --list m.gks | awk -F'\t' '$1 ~ /embed.weight/ { exit $7 == 0 }'
    # of a matrix
    printf '0,0\n3,4\n' | gk-pca --axes x.gks > /dev/null
    run -0 gk-ckpt-dump --tensor axis x.gks
    assert_line --regexp '^-0\.(6|59999).*-0\.8'
}

@test "pca: a single matrix beside a counter, which is named" {
    blob '{"w":{"dtype":"F32","shape":[3,2],"data_offsets":[0,24]},"w_step":{"dtype":"I64","shape":[],"data_offsets":[24,32]}}' \
        '\0\0\0\0\0\0\x80\x3f\0\0\0\x40\0\0\x40\x40\0\0\x80\x40\0\0\xc0\x3f\x03\0\0\0\0\0\0\0' >f
    run -0 --separate-stderr gk-pca f
    assert_equal "$stderr" 'gk-pca: note: f: 1 tensor holds no floating-point numbers and no parameters: left out (w_step)'
}

@test "pca: integers alone in a frame are a matrix, in a trajectory no parameters" {
    local data='\x01\x02\x07\x04\x02\x09'
    blob '{"pixels":{"dtype":"U8","shape":[3,2],"data_offsets":[0,6]}}' "$data" >f
    printf '1,2\n7,4\n2,9\n' >want.csv
    for option in --variance --line '--center=mean'; do
        run -0 --separate-stderr gk-pca "$option" f
        assert_equal "$stderr" ''
        assert_equal "$output" "$(gk-pca "$option" want.csv)"
        assert_equal "$(gk-pca "$option" <f)" "$output"
    done
    breaks 'gk-pca: f: frame 1: no parameter among its 1 tensors' gk-pca f f
    blob '{"a":{"dtype":"U8","shape":[3,1],"data_offsets":[0,3]},"b":{"dtype":"U8","shape":[3,1],"data_offsets":[3,6]}}' "$data" >two
    breaks 'gk-pca: two: frame 1: no parameter among its 2 tensors' gk-pca two
}

@test "pca: wrong usage" {
    trajectory
    printf '1,2\n3,4\n5,5\n' > m.csv
    wrong_usage 'gk-pca: --line and --variance exclude each other' gk-pca --line --variance m.csv
    wrong_usage 'gk-pca: --line and --components exclude each other' gk-pca --line --components 1 m.csv
    wrong_usage 'gk-pca: --line and --center exclude each other' gk-pca --line --center mean m.csv
    wrong_usage 'gk-pca: --line and --axes exclude each other' gk-pca --line --axes a m.csv
    wrong_usage 'gk-pca: --tensor and --params exclude each other' gk-pca --tensor a --params all t.gks
    wrong_usage 'gk-pca: --params: the input is a matrix, not a trajectory' gk-pca --params all m.csv
    wrong_usage 'gk-pca: --tensor: m.csv: a text or .npy matrix has no tensors' gk-pca --tensor a m.csv
    wrong_usage 'gk-pca: --exclude: m.csv: a text or .npy matrix has no tensors' gk-pca --exclude 'a*' m.csv
    wrong_usage 'gk-pca: --components: 3 are asked for: 3 points of 2 coordinates have at most 2' gk-pca --components 3 m.csv
    wrong_usage 'gk-pca: --axes: -o goes to x already' gk-pca --axes x -o x m.csv
    wrong_usage 'gk-pca: --axes: -o goes to standard output already' gk-pca --axes - m.csv
}

@test "pca: errors name what cannot be analysed" {
    trajectory
    printf '1,2\n' > one.csv
    breaks 'gk-pca: one.csv: one point has no axes: at least 2 are needed' gk-pca one.csv
    breaks 'gk-pca: one.csv: one point makes no line: at least 2 are needed' gk-pca --line one.csv
    printf '1,2\n1,2\n1,2\n' > same.csv
    breaks 'gk-pca: same.csv: all 3 points are alike: there is no axis' gk-pca same.csv
    breaks 'gk-pca: same.csv: the first and the last point coincide: there is no line' gk-pca --line same.csv
    printf '1,2\n1,nan\n1,2\n' > nan.csv
    for option in --line --variance '--center=mean'; do
        breaks 'gk-pca: nan.csv: point 2, coordinate 2: the value is nan' gk-pca "$option" nan.csv
    done
    printf '1,2\n-inf,4\n1,2\n7,7\n' > inf.csv
    breaks 'gk-pca: inf.csv: point 2, coordinate 1: the value is infinite' gk-pca inf.csv
    printf '1,2\n1e200,4\n' > far.csv
    breaks 'gk-pca: far.csv: the points are too large: the squares of their distances overflow' gk-pca --variance far.csv
    printf '1,1\n2,2\n3,3\n' > line.csv
    breaks 'gk-pca: a.gks: line.csv: the points span 1 axes, not 2' gk-pca --axes a.gks line.csv
    [ ! -e a.gks ]

    gk-ckpt-dump --split-to parts t.gks
    breaks "gk-pca: --tensor: parts/step-000000.safetensors: frame 1: one frame is no trajectory, nor one matrix: which of its 22 tensors?" \
        gk-pca parts/step-000000.safetensors
    breaks "gk-pca: t.gks: frame 1: no tensor 'x'" gk-pca --tensor x t.gks
    breaks 'gk-pca: one.csv: a text or .npy matrix among several inputs' gk-pca t.gks one.csv
    gk-data --op add --p 5 | gk-train --dim 8 --heads 2 --ff 16 --steps 0 --trajectory five.gks -q > /dev/null
    breaks "gk-pca: five.gks: frame 1: tensor 'embed.weight' is [7, 8], in the first frame [9, 8]" \
        gk-pca t.gks five.gks
    gk-data --op add --p 7 | gk-train --layers 1 --dim 8 --heads 2 --ff 16 --steps 0 --trajectory one.gks -q > /dev/null
    breaks "gk-pca: one.gks: frame 1: no tensor 'blocks.1.attn.k.weight', which the first frame has" \
        gk-pca t.gks one.gks
    breaks "gk-pca: t.gks: frame 1: tensor 'blocks.1.attn.k.weight' is not in the first frame" gk-pca one.gks t.gks
    # equal shapes, another number of heads; a single tensor may be compared between networks
    gk-data --p 7 -o d
    for h in 2 4; do
        gk-train -d d --layers 1 --dim 8 --heads $h --ff 8 --seed $h --steps 2 --save h$h -o /dev/null
    done
    for view in --variance --line '--params matrices'; do
        breaks "gk-pca: h4: frame 1: this is another network than the first frame's: heads 4, not 2" gk-pca $view h2 h4
    done
    gk-pca --tensor embed.weight h2 h4 >/dev/null
    with_metadata h4 heads - >untold
    gk-pca h2 untold >/dev/null
    # what is no word or number of a network says nothing of it
    with_metadata h2 model A heads many >a
    with_metadata h4 model B >b
    gk-pca a b >/dev/null
    printf '1234' | npy_of '1, 2' False > cut.npy
    breaks 'gk-pca: cut.npy: truncated: its data has 4 of 8 bytes' gk-pca cut.npy
    cat cut.npy | breaks 'gk-pca: standard input: truncated: its data has 4 of 8 bytes' gk-pca
    printf '123456789' | npy_of '1, 2' False > more.npy
    breaks 'gk-pca: more.npy: bytes follow the array' gk-pca more.npy
    cat more.npy | breaks 'gk-pca: standard input: bytes follow the array' gk-pca
    printf '' | npy_of '0, 2' False > none.npy
    breaks 'gk-pca: none.npy: no values' gk-pca none.npy
    head -c 20000 t.gks > cut.gks
    run -1 gk-pca cut.gks
    assert_output --partial 'gk-pca: cut.gks: frame '
    assert_output --partial 'truncated'
}

@test "pca: no room for the temporary file, for the table, for the axes" {
    trajectory
    TMPDIR=$PWD/none run -1 gk-pca <(cat t.gks)
    assert_output --partial "a temporary file in $PWD/none: No such file or directory"
    TMPDIR=$PWD run -0 gk-pca <(cat t.gks)
    [ -z "$(find . -name 'gk-*')" ]
    run -1 bash -c 'gk-pca t.gks > /dev/full'
    assert_output 'gk-pca: standard output: No space left on device'
    run -1 gk-pca --axes /dev/full t.gks
    assert_output --partial 'No space left on device'
    run -0 bash -c 'set -o pipefail; gk-pca t.gks | :'
}

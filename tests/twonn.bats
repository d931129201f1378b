# gk-twonn: the formulas on clouds of known dimension, and every refusal.
# shellcheck disable=SC2154 # run sets status, output and stderr
load helpers

# cell ROW COLUMN FILE: rows counted from 1 after the header.
cell() {
    awk -F'\t' -v row="$1" -v name="$2" '/^#/ { next }
        !n { n = NF; for (i = 1; i <= NF; i++) if ($i == name) col = i; next }
        ++r == row { print $col; found = 1 } END { exit !found }' "$3"
}

# cloud KIND N [OFFSET]: points as text.
cloud() {
    awk -v kind="$1" -v n="$2" -v offset="${3:-0}" '
        function normal() { return sqrt(-2 * log(1 - rand())) * cos(6.283185307179586 * rand()) }
        function put(v, last) { printf "%.17g%s", v + offset, last ? "\n" : "\t" }
        BEGIN {
            srand(7)
            for (i = 1; i <= n; i++) {
                if (kind == "gauss") # 4 dimensions
                    for (c = 1; c <= 4; c++) put(normal(), c == 4)
                if (kind == "torus") # 3 angles in 6 coordinates
                    for (c = 1; c <= 3; c++) { t = 6.283185307179586 * rand(); put(cos(t)); put(sin(t), c == 3) }
                if (kind == "ball") { # 5 dimensions in 30 coordinates
                    s = 0
                    for (c = 0; c < 5; c++) { x[c] = normal(); s += x[c] ^ 2 }
                    r = rand() ^ 0.2 / sqrt(s)
                    for (c = 0; c < 30; c++) put(r * x[c % 5] * cos(1 + c), c == 29)
                }
            }
        }'
}

# formulas K DISCARD FILE: TwoNN, MLE by the mean of inverses and of m(x), by direct search.
formulas() {
    awk -v k="$1" -v discard="$2" '
        { for (c = 1; c <= NF; c++) x[NR, c] = $c }
        END {
            for (i = 1; i <= NR; i++) {
                for (q = 1; q <= k; q++) best[q] = 1e300
                for (j = 1; j <= NR; j++) {
                    if (i == j) continue
                    s = 0
                    for (c = 1; c <= NF; c++) s += (x[i, c] - x[j, c]) ^ 2
                    for (q = 1; q <= k; q++) if (s < best[q]) { t = best[q]; best[q] = s; s = t }
                }
                mu[i] = log(best[2] / best[1]) / 2
                inverse = 0
                for (q = 1; q < k; q++) inverse += log(best[k] / best[q]) / 2 / (k - 1)
                mean += inverse / NR; levina += 1 / inverse / NR
            }
            for (i = 2; i <= NR; i++) # insertion sort
                for (j = i; j > 1 && mu[j - 1] > mu[j]; j--) { t = mu[j]; mu[j] = mu[j - 1]; mu[j - 1] = t }
            m = int(NR * (1 - discard) + 1e-9)
            if (m > NR - 1) m = NR - 1
            for (i = 1; i <= m; i++) { xy -= mu[i] * log(1 - i / NR); xx += mu[i] ^ 2 }
            printf "%.17g %.17g %.17g\n", xy / xx, 1 / mean, levina
        }' "$3"
}

# agrees K DISCARD FILE [RELATIVE]
agrees() {
    read -r two mean levina < <(formulas "$1" "$2" "$3")
    gk-twonn --method all -k "$1" --discard "$2" "$3" > got
    close_to "$(cell 1 id got)" "$two" "${4:-1e-10}"
    close_to "$(cell 2 id got)" "$mean" "${4:-1e-10}"
    close_to "$(cell 3 id got)" "$levina" "${4:-1e-10}"
}

# within DIMENSION SIGMAS ROW FILE: the estimate of a row, in its own error bars.
within() {
    awk -v d="$1" -v id="$(cell "$3" id "$4")" -v e="$(cell "$3" stderr "$4")" -v s="$2" \
        'BEGIN { exit !(e > 0 && (id - d) ^ 2 < (s * e) ^ 2) }' || fail "row $3 is not $1: $(cat "$4")"
}

@test "twonn: the formulas on four clouds" {
    cloud gauss 300 > c
    agrees 5 0.1 c
    agrees 2 0 c
    cloud ball 300 > c
    agrees 20 0.1 c
    cloud torus 300 > c
    agrees 3 0.25 c
    cloud gauss 300 10000 > c
    agrees 5 0.1 c
}

@test "twonn: dimensions come out inside their error bars" {
    cloud torus 3000 > c
    gk-twonn --method all -k 5 c > t
    within 3 4 1 t
    within 3 4 2 t
    cloud gauss 3000 > c
    gk-twonn c > t
    within 4 4 1 t
    assert_equal "$(cell 1 n t) $(cell 1 dropped t) $(cell 1 method t) $(cell 1 k t)" '3000 0 twonn 2'
}

@test "twonn: an offset of 1e4 changes nothing" {
    cloud ball 800 > near
    awk -F'\t' -v OFS='\t' '{ for (i = 1; i <= NF; i++) $i = sprintf("%.17g", $i + 1e4) } 1' near > far
    gk-twonn --method all near > a
    gk-twonn --method all far > b
    for row in 1 2 3; do
        close_to "$(cell $row id b)" "$(cell $row id a)" 1e-8
    done
}

@test "twonn: a coordinate that all points share changes nothing, however large" {
    cloud gauss 512 > c # a power of two: the mean of the column is exact
    gk-twonn --method all -k 3 c > alone
    awk '{ print 2 ^ 75 "\t" $0 }' OFMT=%.17g CONVFMT=%.17g c > beside
    gk-twonn --method all -k 3 beside > got
    diff <(column_of id alone) <(column_of id got)
}

@test "twonn: near-duplicates in single precision are told apart" {
    # each point twice, 1e-6 apart: T_1 is that, and rounding to f32 must not make it 0
    cloud gauss 300 | awk -F'\t' -v OFS='\t' '{ print; for (i = 1; i <= NF; i++) $i *= 1 + 3e-7; print }' > c
    gk-twonn --method all -k 3 c > double
    awk '{ for (i = 1; i <= NF; i++) printf "%.9g%s", $i, i < NF ? "\t" : "\n" }' c > rounded
    gk-twonn --method all -k 3 rounded > single
    assert_equal "$(cell 1 n single) $(cell 1 dropped single)" '600 0'
    close_to "$(cell 1 id single)" "$(cell 1 id double)" 0.02
    close_to "$(cell 2 id single)" "$(cell 2 id double)" 0.02
}

@test "twonn: duplicates are counted and dropped" {
    cloud gauss 300 > c
    gk-twonn --method all -k 4 c > once
    { cat c; head -n 50 c; head -n 20 c; } | gk-twonn --method all -k 4 > repeated
    assert_equal "$(cell 2 n repeated) $(cell 2 dropped repeated)" '300 70'
    diff <(column_of id once) <(column_of id repeated)
    diff <(column_of stderr once) <(column_of stderr repeated)
}

@test "twonn: many neighbours take no more memory than their distances" {
    [ -z "${GK_SANITIZED-}" ] || skip 'a sanitizer takes memory of its own'
    cloud gauss 7000 > c # 90 MB of distances
    "$GK_BUILD/tests/peak" 180 gk-twonn --method all -k 1600 --threads 2 c > t
    assert_equal "$(cell 2 n t) $(cell 2 k t)" '7000 1600'
    gk-twonn --method all -k 1600 --threads 3 c | cmp - t
}

@test "twonn: one row a frame, the same bytes for any number of threads" {
    gk-data --op add --p 13 > d
    gk-train -d d --dim 8 --heads 2 --ff 16 --steps 20 --trajectory t.gks --every 10 -q > /dev/null
    gk-eval -d d --activations block1 t.gks > a.gks
    gk-twonn a.gks > one
    assert_equal "$(column_of step one | paste -sd ' ')" '0 10 20'
    gk-twonn --threads 3 < a.gks > two
    cmp one two
    gk-twonn - < a.gks > three
    cmp one three
    gk-twonn a.gks a.gks > four
    assert_equal "$(column_of step four | paste -sd ' ')" '0 10 20 0 10 20'
    # a frame's numbers as text give its row
    gk-ckpt-dump --steps 10:10:1 --tensor activations a.gks > m.tsv
    gk-twonn m.tsv > text
    close_to "$(cell 1 id text)" "$(cell 2 id one)" 1e-5
    # any matrix by name
    gk-twonn --tensor embed.weight t.gks > embed
    assert_equal "$(column_of n embed | paste -sd ' ')" '15 15 15'
}

@test "twonn: wrong usage" {
    cloud gauss 30 > c
    wrong_usage 'gk-twonn: -k: TwoNN has no k, only mle and levina have' gk-twonn -k 3 c
    wrong_usage 'gk-twonn: --discard: only TwoNN discards points' gk-twonn --method mle --discard 0.1 c
    wrong_usage 'gk-twonn: --discard: 1 would leave no point to fit' gk-twonn --discard 1 c
    wrong_usage 'gk-twonn: --tensor: c is text, without tensors' gk-twonn --tensor a c
    run -2 gk-twonn --method mle -k 1 c
    run -2 gk-twonn --discard -0.1 c
}

@test "twonn: errors name points without a dimension" {
    printf '1,2\n3,4\n' > two
    breaks 'gk-twonn: two: at least 3 points are needed, here are 2' gk-twonn two
    printf '1,2\n3,4\n1,2\n3,4\n' > twins
    breaks 'gk-twonn: twins: only 2 of 4 points differ: at least 3 are needed' gk-twonn twins
    printf '1,2\n3,4\n5,nan\n7,7\n' > hole
    breaks 'gk-twonn: hole: point 3: coordinate 2 is nan' gk-twonn hole
    printf '1,2\n3,4\n5,5\n7,inf\n' > far
    breaks 'gk-twonn: far: point 4: coordinate 2 is inf' gk-twonn far
    printf '0,0\n0,1\n1,0\n1,1\n' > square
    breaks 'gk-twonn: square: both nearest neighbours are equally far from each of the 3 points fitted: TwoNN has no answer' gk-twonn square
    breaks 'gk-twonn: square: the 2 nearest neighbours of 4 points are all equally far: there is no answer' \
        gk-twonn --method mle -k 2 square
    printf '0\n1\n2\n5\n' > comb
    breaks 'gk-twonn: comb: the 2 nearest neighbours of 1 points are all equally far: there m(x) is infinite' \
        gk-twonn --method levina -k 2 comb
    breaks 'gk-twonn: comb: discarding 0.9 of 4 points leaves none to fit' gk-twonn --discard 0.9 comb
    breaks 'gk-twonn: comb: 4 neighbours need 5 points, here are 4' gk-twonn --method mle -k 4 comb
    breaks 'gk-twonn: twins3: 3 neighbours need 4 points, here are 3 that differ' \
        bash -c "printf '0\n1\n3\n3\n' > twins3; gk-twonn --method mle -k 3 twins3"

    gk-data --op add --p 5 > d
    gk-train -d d --dim 8 --heads 2 --ff 16 --steps 2 --trajectory t.gks -q > /dev/null
    run -1 gk-twonn t.gks
    assert_output --partial 'gk-twonn: t.gks: frame 1: several matrices ('
    breaks "gk-twonn: t.gks: frame 1: no tensor 'x'" gk-twonn --tensor x t.gks
    # the last position of the embedding is the same in every row
    gk-eval -d d --activations embed t.gks > same.gks
    breaks 'gk-twonn: same.gks: frame 1: only 1 of 8 points differ: at least 3 are needed' gk-twonn same.gks
    gk-eval -d d --activations block1 t.gks | head -c 700 > cut.gks
    run -1 gk-twonn cut.gks
    assert_output --partial 'gk-twonn: cut.gks: frame '
}

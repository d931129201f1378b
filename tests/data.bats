#!/usr/bin/env bats
# shellcheck disable=SC2030,SC2031,SC2154 # run sets status, output and stderr
# gk-data: the equations, their order and split, the layouts, and every refusal.
load helpers

# tensor NAME FILE: the rows of an I32 tensor [n, cols] as text.
tensor() {
    local header cols begin end start
    header=$(od -An -t u8 -N 8 "$2" | tr -d ' ')
    local json
    json=$(tail -c +9 "$2" | head -c "$header")
    [[ $json =~ \"$1\":\{\"data_offsets\":\[([0-9]+),([0-9]+)\],\"dtype\":\"I32\",\"shape\":\[([0-9]+),([0-9]+)\] ]] ||
        fail "no tensor $1"
    begin=${BASH_REMATCH[1]} end=${BASH_REMATCH[2]} cols=${BASH_REMATCH[4]}
    start=$((8 + header + begin))
    [ "$begin" -eq "$end" ] ||
        od -An -v -t d4 -w$((4 * cols)) -j "$start" -N $((end - begin)) "$2" | tr -s ' ' | sed 's/^ //'
}

# meta KEY FILE
meta() {
    strings -n 3 "$2" | sed -n "1,/train.labels/s/.*\"$1\":\"\([^\"]*\)\".*/\1/p" | head -n 1
}

# equations FILE: all rows, training first, as "tokens labels".
equations() {
    paste -d ' ' <(tensor train.tokens "$1"; tensor val.tokens "$1") \
        <(tensor train.labels "$1"; tensor val.labels "$1")
}

sum() {
    sha256sum | cut -c 1-16
}

# ---- the split ----

@test "data: the first rows of openai/grok's addition" {
    gk-data --layout openai --op add --p 97 --split-seed 0 -o d
    run tensor train.tokens d
    # 66+47=16, 96+82=81, 41+92=36, 56+45=4; numbers from 22, + is 6, = is 1
    assert_line --index 0 '0 88 6 69 1 38'
    assert_line --index 1 '0 118 6 104 1 103'
    assert_line --index 2 '0 63 6 114 1 58'
    assert_line --index 3 '0 78 6 67 1 26'
    run tensor train.labels d
    assert_line --index 0 '38 0'
    assert_equal "$(meta score_positions d) $(meta vocab d) $(meta layout d)" '4,5 239 openai'
}

@test "data: openai/grok's rows for add and s5 at 1, 30, 50, 80 and 99 %" {
    # Checksums of the rows of an independent implementation of openai/grok's data in Python.
    while read -r op frac train val; do
        gk-data --layout openai --op "$op" --frac "$frac" -o d
        assert_equal "$op $frac $(tensor train.tokens d | sum) $(tensor val.tokens d | sum)" \
            "$op $frac $train $val"
    done <<END
add 0.01 37622cd8cf1033ff de8688faa123471c
add 0.3 3c9bb15f31844075 33a0fe69e1be1843
add 0.5 404a1e4ce520c3da 94af96001423c1c1
add 0.8 87d1f78d26718b23 63d75b0df217fa8d
add 0.99 96c0a6696711f5a9 234b37ea6a7951d1
s5 0.01 032351ca0d9c9cfb 2019f8ecb2fa4f39
s5 0.3 8590833fbf34e56c 94e1252373d1c102
s5 0.5 9fe4128100a5bae1 bf7948394b7138ed
s5 0.8 da939b32c4c67833 fd567efbf98a3e52
s5 0.99 d50ff6b4df315a17 e87ad8a5ff3e987b
END
}

@test "data: both layouts and all fractions split one shuffled list" {
    gk-data --pairs all --frac 0.3 --split-seed 5 --p 31 -o paper
    gk-data --pairs all --frac 0.3 --split-seed 5 --p 31 --layout openai -o openai
    gk-data --pairs all --frac 0.7 --split-seed 5 --p 31 -o more
    equations paper | awk '{ print $1, $3, $5 }' >a
    equations openai | awk '{ print $2 - 22, $4 - 22, $6 - 22 }' >b
    equations more | awk '{ print $1, $3, $5 }' >c
    cmp a b
    cmp a c
    gk-data --pairs all --frac 0.3 --split-seed 6 --p 31 -o other
    run cmp -s paper other
    assert_failure 1
}

# counts FILE: training and validation rows.
counts() {
    echo "$(tensor train.tokens "$1" | wc -l) $(tensor val.tokens "$1" | wc -l)"
}

@test "data: numbers of rows" {
    while read -r expected args; do
        # shellcheck disable=SC2086
        gk-data $args -o d
        assert_equal "$args: $(counts d)" "$args: ${expected/,/ }"
    done <<END
2823,6586 --pairs all --frac 0.3
4704,4705 --pairs all --frac 0.5
7527,1882 --pairs all --frac 0.8
2376,2377 --frac 0.5
4320,10080 --op s5 --frac 0.3
7200,7200 --op s5
11520,2880 --op s5 --frac 0.8
9312,0 --op div --frac 1
1,4752 --train 1
4753,0 --train 4753
8,7 --p 5 --frac 0.5
12,13 --p 5 --frac 0.5 --pairs all
2,1 --p 2 --frac 0.5
18,18 --op s3
576,0 --op s4 --frac 1
END
}

@test "data: half rows round to even" {
    gk-data --p 5 --pairs all --frac 0.1 -o d # 2.5
    assert_equal "$(counts d)" '2 23'
    gk-data --p 5 --pairs all --frac 0.3 -o d # 7.5
    assert_equal "$(counts d)" '8 17'
}

# ---- the equations ----

@test "data: each modular operation follows its formula, for p = 7 and p = 31" {
    for p in 7 31; do
        while IFS=: read -r op formula; do
            gk-data --op "$op" --p "$p" --pairs all --frac 1 -o d
            equations d | awk -v p="$p" "
                function div(x, y, q) { for (q = 0; q < p; q++) if ((q * y - x) % p == 0) return q }
                { a = \$1; b = \$3; c = ($formula) % p; c = c < 0 ? c + p : c
                  if (\$2 != p || \$4 != p + 1 || \$5 != c) { print \"wrong: \" \$0; exit 1 } }
                END { exit NR != p * p - ($([ "$op" = div ] && echo p || echo 0)) }" ||
                fail "$op"
        done <<END
add:a + b
sub:a - b
mul:a * b
div:div(a, b)
x2+y2:a^2 + b^2
x2+xy+y2:a^2 + a * b + b^2
x2+xy+y2+x:a^2 + a * b + b^2 + a
x3+xy:a^3 + a * b
x3+xy2+y:a^3 + a * b^2 + b
x2+y:a^2 + b
x3+y:a^3 + b
add-mul:a % 2 ? a * b : a + b
add-sub:a % 2 ? a - b : a + b
div-sub:b % 2 ? div(a, b) : a - b
END
    done
}

# The permutations of N things in lexicographic order, and products by their definition, in awk.
groups='
function perms(n, prefix, used,   i) {
    if (length(prefix) == n) { name[count] = prefix; number[prefix] = count++; return }
    for (i = 0; i < n; i++) if (!index(prefix, i)) perms(n, prefix i)
}
function compose(a, b,   c, i) { # a first
    for (i = 1; i <= length(a); i++) c = c substr(b, substr(a, i, 1) + 1, 1)
    return c
}
function inverse(a,   c, i) {
    for (i = 0; i < length(a); i++) c = c (index(a, i) - 1)
    return c
}'

@test "data: permutation products apply the first factor first" {
    while IFS=: read -r op n product; do
        gk-data --op "$op" --frac 1 -o d
        equations d | awk "$groups
            BEGIN { count = 0; perms($n, \"\") }
            { a = name[\$1]; b = name[\$3]
              if (number[$product] != \$5) { print \"wrong: \" \$0; exit 1 } }
            END { exit NR != count * count }" || fail "$op"
    done <<END
s3:3:compose(a, b)
s4:4:compose(a, b)
s5:5:compose(a, b)
s5conj:5:compose(compose(a, b), inverse(a))
s5aba:5:compose(compose(a, b), a)
END
}

@test "data: --q takes the answer modulo another number" {
    gk-data --op sub --p 7 --q 5 --pairs all --frac 1 -o d
    equations d | awk '{ c = ($1 - $3) % 5; if (c < 0) c += 5; exit $5 != c || $2 != 7 }'
    assert_equal "$(meta p d) $(meta q d) $(meta vocab d)" '7 5 9'
    gk-data --op mul --p 5 --q 11 --pairs all --frac 1 -o d
    equations d | awk '$5 != ($1 * $3) % 11 || $2 != 11 { exit 1 }'
    assert_equal "$(meta p d) $(meta q d) $(meta vocab d)" '5 11 13'
}

@test "data: unordered pairs are those with a <= b, the default if the operation commutes" {
    gk-data --p 11 --frac 1 -o d
    equations d | awk '$1 > $3 { exit 1 } END { exit NR != 66 }'
    assert_equal "$(meta pairs d)" unordered
    for op in mul x2+y2 x2+xy+y2; do
        gk-data --p 11 --op $op -o d
        assert_equal "$op $(meta pairs d)" "$op unordered"
    done
    for op in sub div x2+xy+y2+x x3+xy x3+xy2+y x2+y x3+y add-mul add-sub div-sub s3 s4 s5 s5conj s5aba; do
        gk-data --op $op -o d
        assert_equal "$op $(meta pairs d)" "$op all"
    done
    gk-data --op add --layout openai -o d
    assert_equal "$(meta pairs d)" all
    gk-data --op sub --p 2 -o d # which is addition
    assert_equal "$(meta pairs d)" unordered
}

@test "data: the output says how it was made, without file names" {
    gk-data --frac 0.25 -o d
    assert_equal "$(meta gk.history d)" \
        "gk-data $VERSION --op add --p 97 --pairs unordered --frac 0.25 --split-seed 0 --layout paper"
    assert_equal "$(meta gk.kind d) $(meta op d) $(meta p d) $(meta q d) $(meta frac d) $(meta split_seed d) $(meta vocab d) $(meta score_positions d)" \
        'dataset add 97 97 0.25 0 99 3'
    gk-data --op s3 --train 9 --split-seed 4294967295 -o d
    assert_equal "$(meta gk.history d)" \
        "gk-data $VERSION --op s3 --pairs all --train 9 --split-seed 4294967295 --layout paper"
    assert_equal "$(meta frac d) $(meta p d) $(meta q d)" '0.25 6 6'
}

@test "data: the same command gives the same bytes, to a file or a pipe" {
    gk-data --op s5 -o d
    gk-data --op s5 | cmp - d
}

@test "data: openai tokens of operators are the ASCII order of their names" {
    gk-data --list-ops | awk -F'\t' 'NR > 1 && $2 != "-" || $1 == "sub" { print $2 "\t" $1 }' >named
    printf '%s\n' sort reverse copy | cat <(cut -f 1 named) - | LC_ALL=C sort >order
    assert_equal "$(wc -l <order)" 20
    while IFS=$'\t' read -r operator op; do
        gk-data --op "$op" --layout openai -o d
        token=$(($(grep -nxF -- "$operator" order | cut -d : -f 1) + 1))
        assert_equal "$op $(equations d | head -n 1 | cut -d ' ' -f 3)" "$op $token"
    done <named
    assert_equal "$(grep -nx s5 order | cut -d : -f 1)" 12
}

# ---- tables ----

@test "data: a table is an operation; its order of rows, other columns and separators do not matter" {
    awk 'BEGIN { print "a\tb\tc"; for (a = 0; a < 9; a++) for (b = 0; b < 9; b++)
        print a "\t" b "\t" (a + b) % 9 }' >t.tsv
    { echo '# gk-made 1.0'; echo 'c,x,b,a'; tail -n +2 t.tsv | sort -r |
        awk '{ print $3 ",z," $2 "," $1 }'; } >t.csv
    gk-data --p 9 -o add
    gk-data --table t.tsv -o tsv
    gk-data --table - -o csv <t.csv
    equations add >a
    equations tsv | cmp - a
    equations csv | cmp - a
    assert_equal "$(meta op tsv) $(meta p tsv) $(meta vocab tsv)" 'table 9 11'
    assert_equal "$(meta gk.history csv)" \
        "gk-made 1.0\ngk-data $VERSION --pairs unordered --frac 0.5 --split-seed 0 --layout paper"
}

@test "data: a table with half of the pairs is used unchanged" {
    printf 'a,b,c\n0,1,2\n0,2,1\n1,2,5\n' >t
    gk-data --table t --frac 1 -o d
    assert_equal "$(meta pairs d) $(meta p d) $(meta vocab d) $(counts d)" 'all 3 8 3 0'
}

@test "data: wrong tables" {
    printf 'a,b,c\n0,1,2\n0,1.5,2\n' >t
    breaks "gk-data: t: line 3: column b: '1.5' is no integer in [0, 4095]" gk-data --table t
    printf 'a,b,c\n0,-1,2\n' >t
    breaks "gk-data: t: line 2: column b: '-1' is no integer in [0, 4095]" gk-data --table t
    printf 'a,b,c\n0,1,4096\n' >t
    breaks "gk-data: t: line 2: column c: '4096' is no integer in [0, 4095]" gk-data --table t
    printf 'a,b,c\n0,1,nan\n' >t
    breaks "gk-data: t: line 2: column c: 'nan' is no integer in [0, 4095]" gk-data --table t
    printf 'a,b,c\n0,1,x\n' >t
    refuses_like 1 "^gk-data: t: line 2: .*'x'" gk-data --table t
    printf 'a,b,c\n2,1,0\n0,0,0\n2,1,1\n' >t
    breaks 'gk-data: t: a = 2, b = 1 is there twice' gk-data --table t
    printf 'a,b,d\n0,1,2\n' >t
    refuses_like 1 '^gk-data: t: no column .c.; there are: a, b, d' gk-data --table t
    printf 'a,b,c\n' >t
    refuses_like 1 '^gk-data: t: ' gk-data --table t
    : >t
    refuses_like 1 '^gk-data: t: ' gk-data --table t
    breaks 'gk-data: nowhere: No such file or directory' gk-data --table nowhere
}

# ---- refusals ----

@test "data: layout nanda writes 'a b =' and takes all pairs; the golden rows" {
    gk-data --op add --p 7 --frac 0.3 --layout nanda -o d
    for part in train.tokens train.labels val.tokens val.labels; do
        cmp <(gk-ckpt-dump --tensor $part d | grep -v '^#') \
            <(gk-ckpt-dump --tensor $part "$GOLDEN/data_nanda.safetensors" | grep -v '^#') || fail $part
    done
    gk-ckpt-dump --meta d | awk -F'\t' '$1 ~ /^(layout|vocab|pairs|score_positions)$/ { print $1, $2 }' >meta
    assert_equal "$(paste -s -d, meta)" 'layout nanda,pairs all,score_positions 2,vocab 8'
    # the same list, split likewise
    gk-data --op add --p 7 --frac 0.3 --pairs all -o paper
    cmp <(gk-ckpt-dump --tensor train.tokens d | awk '!/^#/ && n++ { print $1, $2 }') \
        <(gk-ckpt-dump --tensor train.tokens paper | awk '!/^#/ && n++ { print $1, $3 }')
}

@test "data: label noise gives this many training rows another element" {
    for layout in paper nanda openai; do
        for frac in 0 0.1 0.25 1; do
            gk-data --p 11 --frac 0.6 --layout $layout --pairs all -o clean
            gk-data --p 11 --frac 0.6 --layout $layout --pairs all --label-noise $frac -o noisy
            paste <(gk-ckpt-dump --tensor train.labels clean | grep -v '^#') \
                <(gk-ckpt-dump --tensor train.labels noisy | grep -v '^#') >both
            [ $layout = openai ] && low=22 || low=0
            # halves to even: 73 rows
            awk -v f=$frac -v low=$low -v c=$((low ? 3 : 2)) 'NR > 1 {
                wrong += $1 != $c; n++; if ($c < low || $c >= low + 11) exit 2 }
                END { want = f == 0.1 ? 7 : f == 0.25 ? 18 : f * 73; exit !(n == 73 && wrong == want) }' both ||
                fail "$layout $frac"
            cmp <(gk-ckpt-dump --tensor val.labels clean | grep -v '^#') <(gk-ckpt-dump --tensor val.labels noisy | grep -v '^#')
            [ $layout = openai ] || cmp <(gk-ckpt-dump --tensor train.tokens clean | grep -v '^#') \
                <(gk-ckpt-dump --tensor train.tokens noisy | grep -v '^#')
        done
    done
    gk-data --p 11 --label-noise 0.25 | gk-ckpt-dump --meta | grep -q $'^label_noise\t0.25'
    gk-data --p 11 --label-noise 0 >a
    gk-data --p 11 >b
    cmp a b
    # drawn from the split's seed; each wrong answer about equally often
    gk-data --p 31 --frac 1 --op sub --label-noise 1 --split-seed 1 -o c
    gk-ckpt-dump --tensor train.labels c | awk '/^[0-9]/ && n++ { s[$1]++ } END { for (e = 0; e < 31; e++) if (s[e] < 12 || s[e] > 55) exit 1 }'
    gk-data --p 31 --frac 1 --op sub --label-noise 1 --split-seed 1 | cmp - c
    echo 'a,b,c
0,0,0' | gk-data --table - --frac 1 --label-noise 0.5 2>said || true
    assert_equal "$(<said)" 'gk-data: --label-noise: 0.5: there is no other element'
    wrong_usage 'gk-data: --label-noise: 1.5 is not in [0, 1]' gk-data --label-noise 1.5
    # so little that it rounds to no row
    gk-data --p 5 --frac 0.6 --label-noise 0.01 2>said >d
    assert_equal "$(<said)" 'gk-data: note: --label-noise 0.01 of 9 training rows makes none wrong'
}

@test "data: wrong usage" {
    wrong_usage 'gk-data: --frac: 1.5 is not in [0, 1]' gk-data --frac 1.5
    wrong_usage 'gk-data: --frac: -0.5 is not in [0, 1]' gk-data --frac -0.5
    wrong_usage 'gk-data: --frac: 0 of 4753 rows leaves none to train on' gk-data --frac 0
    wrong_usage 'gk-data: --frac: 1e-05 of 4753 rows leaves none to train on' gk-data --frac 1e-5
    wrong_usage 'gk-data: --train: 0 is not in [1, 16777216]' gk-data --train 0
    wrong_usage 'gk-data: --train: 4754 is more than the 4753 rows there are' gk-data --train 4754
    wrong_usage 'gk-data: --frac and --train exclude each other' gk-data --frac 0.5 --train 5
    wrong_usage 'gk-data: --p: 1 is not in [2, 4096]' gk-data --p 1
    wrong_usage 'gk-data: --p: 4097 is not in [2, 4096]' gk-data --p 4097
    wrong_usage 'gk-data: --p: 96 is not prime, as div needs' gk-data --op div --p 96
    wrong_usage 'gk-data: --p: 49 is not prime, as div-sub needs' gk-data --op div-sub --p 49
    wrong_usage 'gk-data: --q: div has no meaning modulo anything but p' gk-data --op div --q 5
    wrong_usage 'gk-data: --p: s5 has no modulus' gk-data --op s5 --p 97
    wrong_usage 'gk-data: --q: s3 has no modulus' gk-data --op s3 --q 5
    printf 'a,b,c\n0,1,2\n' >t
    wrong_usage 'gk-data: --p: a table has no modulus' gk-data --table t --p 3
    wrong_usage 'gk-data: --table and --op exclude each other' gk-data --table t --op add
    wrong_usage 'gk-data: --pairs: unordered needs a commutative operation; in sub, 0 o 1 = 96 is not 1 o 0' \
        gk-data --op sub --pairs unordered
    wrong_usage 'gk-data: --pairs: unordered needs a commutative operation; in table, 0 o 1 = 2 is there without 1 o 0' \
        gk-data --table t --pairs unordered
    printf 'a,b,c\n0,1,2\n1,0,1\n' >u
    wrong_usage 'gk-data: --pairs: unordered needs a commutative operation; in table, 0 o 1 = 2 is not 1 o 0' \
        gk-data --table u --pairs unordered
    wrong_usage 'gk-data: --layout: openai has no token for table' gk-data --table t --layout openai
    wrong_usage 'gk-data: --layout: openai has no token for s4' gk-data --op s4 --layout openai
    wrong_usage 'gk-data: --layout: openai has tokens for 97 numbers, not 98' gk-data --p 98 --layout openai
    wrong_usage 'gk-data: --layout: openai has tokens for 97 numbers, not 101' \
        gk-data --p 5 --q 101 --layout openai
    wrong_usage 'gk-data: --split-seed: 4294967296 is not in [0, 4294967295]' gk-data --split-seed 4294967296
    refuses_like 2 "^gk-data: --op: 'plus' is none of: add sub mul div " gk-data --op plus
    wrong_usage "gk-data: unexpected operand 'add'" gk-data add
}

@test "data: --list-ops lists what --op takes" {
    run -0 gk-data --list-ops
    assert_line --index 0 $'op\topenai\tdefinition'
    listed=$(gk-data --list-ops | tail -n +2 | cut -f 1 | tr '\n' ' ')
    run gk-data --op nonesuch
    assert_output "gk-data: --op: 'nonesuch' is none of: ${listed% }"
    for op in $listed; do
        gk-data --op "$op" -o d
        assert_equal "$(meta op d)" "$op"
    done
}

@test "data: a full disk, a closed pipe, a missing folder" {
    run bash -c 'gk-data >/dev/full'
    assert_failure 1
    assert_output --partial 'No space left on device'
    run bash -c 'gk-data --list-ops >/dev/full'
    assert_failure 1
    run bash -o pipefail -c 'gk-data --op s5 | head -c 100 >/dev/null'
    assert_success
    assert_output ''
    run gk-data -o nowhere/d
    assert_failure 1
    assert_output --partial 'nowhere/d'
}

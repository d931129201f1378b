# Numbers of any size: results for X 2^k are those for X, up to the scale; a result that no double holds
# is an error or a note.
# shellcheck disable=SC2154 # run sets status, output and stderr
load helpers

K=(-1000 -700 -520 -300 -20 1 60 500)
BIG=(520 700 1000)

# times K FILE: every column but the first (a step, or r) times 2^K. The powers of two are exact.
times() {
    awk -F'\t' -v k="$1" 'BEGIN { OFS = "\t" } NR > 1 { for (i = 2; i <= NF; i++) $i = sprintf("%.17g", $i * 2^k) } 1' "$2"
}

# agree POWERS A K B [RELATIVE]: B is the table A, column i times 2^(K POWERS[i]); what that makes
# subnormal is off by one such number at most. Rows that are no numbers are the same.
agree() {
    powers=$1 k=$3 r=${5:-0} awk -F'\t' '
        /^#/ { next }
        FNR == NR { a[++n] = $0; next }
        { m++; split(a[m], x); split(ENVIRON["powers"], p, " ")
          for (i = 1; i <= NF; i++) {
              if ($i !~ /^[-+.0-9]/ || m == 1) { if ($i != x[i]) exit bad = 1; continue }
              want = x[i]
              for (j = 0; j < p[i]; j++) want *= 2^ENVIRON["k"]
              d = want - $i; if (d < 0) d = -d
              size = want < 0 ? -want : want
              if (d > ENVIRON["r"] * size + 2^-1072) { print m, i, $i, want; exit bad = 1 }
          } }
        END { exit bad || m != n || n < 2 }' "$2" "$4" || fail "$4 is not $2 times 2^$3"
}

curve() { # a step and three columns
    awk 'BEGIN { OFS = "\t"; print "step", "a", "b", "c"
        for (i = 0; i < 12; i++) printf "%d\t%.17g\t%.17g\t%.17g\n", i, sin(i), i * i / 20 + (i == 5), cos(3 * i) / 7 }'
}

@test "numbers: hjorth and fft of a curve times 2^k" {
    curve >x
    for detrend in none mean linear highpass=0.1; do
        gk-hjorth -c b --detrend $detrend x >h
        gk-fft -c b --detrend $detrend --taper hann x >f
        for k in "${K[@]}"; do
            times "$k" x >y
            gk-hjorth -c b --detrend $detrend y >hy
            gk-fft -c b --detrend $detrend --taper hann y >fy
            agree '0 2 0 0 2 2 2 0 0' h "$k" hy
            agree '0 0 0 2' f "$k" fy
        done
        for k in "${BIG[@]}"; do
            times "$k" x >y
            breaks 'gk-hjorth: the squares of this signal are too large for a double' gk-hjorth -c b --detrend $detrend y
            breaks 'gk-fft: the squares of this signal are too large for a double' gk-fft -c b --detrend $detrend y
        done
    done
    # subnormal numbers are off by half of the least one, which is all the variation that is there
    printf 'x\n1e-322\n1.2e-322\n1.4e-322\n1.6e-322\n1.8e-322\n' >y
    [ "$(gk-hjorth -c x y | column_of complexity)" = 0 ]
    printf 'x\n1e308\n-1e308\n1e308\n' >y
    breaks 'gk-hjorth: the squares of this signal are too large for a double' gk-hjorth -c x --detrend mean y
}

@test "numbers: components of points times 2^k" {
    curve >x
    awk -F'\t' 'BEGIN { OFS = "\t" } { NF = 7 } NR == 1 { $0 = "step\ta\tb\tc\td\te\tf" }
        NR > 1 { $5 = $2 * $3; $6 = $3 - $4; $7 = $2 + $4 * $4 } NR < 6' OFS='\t' x >wide
    for table in x wide; do # points as columns of the Gram matrix and as rows
        for center in last mean none; do
            gk-pca --center $center $table >p
            gk-pca --center $center --variance $table >v
            for k in "${K[@]}" "${BIG[@]}"; do
                times "$k" $table >y
                gk-pca --center $center y >py
                agree '0 1 1 1' p "$k" py 1e-11
                if [ "$k" -lt 510 ]; then
                    gk-pca --center $center --variance y >vy
                    agree '0 2 0 0' v "$k" vy 1e-11
                else
                    breaks 'gk-pca: y: the points are too large: the squares of their distances overflow' \
                        gk-pca --center $center --variance y
                fi
            done
        done
        gk-pca --line $table >l
        for k in "${K[@]}" "${BIG[@]}"; do
            times "$k" $table >y
            gk-pca --line y >ly
            agree '0 1 1 0' l "$k" ly 1e-13
        done
    done
}

@test "numbers: components of points that differ in size" {
    # a coordinate that is large and does not vary
    printf '1e300\t1e-200\n1e300\t3e-200\n1e300\t2e-200\n' >y
    assert_equal "$(gk-pca --components 1 y | column_of pc1 | paste -sd' ')" '9.9999999999999998e-201 -9.9999999999999998e-201 0'
    # a line far shorter than what lies beside it
    printf '0\t0\n3\t4\n0\t1e-250\n' >y
    assert_equal "$(gk-pca --line y | column_of alpha | paste -sd' ')" '0 4 1.0000000000000001e-250'
    assert_equal "$(gk-pca --line y | column_of residual | paste -sd' ')" '0 3 0'
    # differences beyond the largest number
    printf '1.5e308\n-1.5e308\n1e308\n' >y
    breaks 'gk-pca: y: the points are too large: their distances overflow' gk-pca y
    breaks 'gk-pca: y: the points are too large: their distances overflow' gk-pca --line y
    printf '1.5e308\n-1e307\n1e308\n' >y
    assert_equal "$(gk-pca --line y | column_of fraction | tail -n 1)" 1
    printf '1e-200\n1e-200\n1e-200\n' >y
    breaks 'gk-pca: y: all 3 points are alike: there is no axis' gk-pca y
    printf '1e300\tnan\n1\t1\n' >y
    breaks 'gk-pca: y: point 1, coordinate 2: the value is nan' gk-pca y
    # axes that are written hold their variance
    printf '1e-200\t2e-200\n3e-200\t7e-200\n2e-200\t1e-200\n' >y
    gk-pca -q --axes a.gks y >/dev/null
    [ "$(gk-ckpt-dump --list a.gks | column_of norm | sort -u)" = 1 ]
    printf '1e200\t2e200\n3e200\t7e200\n2e200\t1e200\n' >y
    breaks 'gk-pca: a.gks: y: the points are too large: the squares of their distances overflow' gk-pca --axes a.gks y
}

@test "numbers: dimensions and spectra of a matrix times 2^k" {
    curve >x
    for method in twonn 'mle -k 4' 'levina -k 4'; do
        # shellcheck disable=SC2086 # two words
        gk-twonn --method $method x >t
        for k in "${K[@]}" "${BIG[@]}"; do
            # shellcheck disable=SC2086
            times "$k" x | gk-twonn --method $method >ty
            agree '0 0 0 0 0 0' t "$k" ty
        done
    done
    gk-spectra <(sed 1d x | cut -f 2-) >s
    for k in "${K[@]}" "${BIG[@]}"; do
        gk-spectra <(times "$k" x | sed 1d | cut -f 2-) >sy
        agree '0 0 0 0 1 1 0 0' s "$k" sy 1e-13
    done
    # a coordinate that is large and does not vary, and an offset, change nothing
    sed 1d x | cut -f 2- | gk-twonn >t
    sed 1d x | cut -f 2- | sed 's/$/\t1e300/' | gk-twonn >ty
    cmp t ty
    printf '%s\n' 1 2 4 8 16 | gk-twonn >t
    printf '1e15\n1000000000000001\n1000000000000003\n1000000000000007\n1000000000000015\n' | gk-twonn >ty
    cmp t ty
    printf '0\n1e-200\n3e-200\n1\n' >y
    breaks 'gk-twonn: y: point 1: its distance 0 to the nearest is out of range' gk-twonn y
    printf '1.5e308\n-1.5e308\n-1e308\n' >y
    breaks 'gk-twonn: y: point 1: its distance inf to the nearest is out of range' gk-twonn y
}

@test "numbers: a power law of x and y times 2^k" {
    awk 'BEGIN { print "r\tt4"; for (r = 20; r <= 80; r += 10) print r "\t" 1e6 * r^-1.5 + 100 + r % 3 * 20 }' >x
    gk-fit-powerlaw --details --predict 25 x >p
    cut -f 1 p | sed 1d >names
    for k in "${K[@]}" "${BIG[@]}"; do
        times "$k" x >y
        gk-fit-powerlaw --details --predict 25 y >py
        grep -E '^(par|a|b|y|new|sig)' p >s && grep -E '^(par|a|b|y|new|sig)' py >sy
        agree '0 1 1 1 1' s "$k" sy 1e-7
        grep -E '^(par|gamma|corr)' p >s && grep -E '^(par|gamma|corr)' py >sy
        agree '0 0 0 0 0' s "$k" sy 1e-7
        # times 2^k at x: b and gamma stay
        awk -v k="$k" 'NR > 1 { $1 = sprintf("%.17g", $1 * 2^k) } 1' OFS='\t' x >y
        gk-fit-powerlaw -q y >py
        grep -E '^(par|gamma|b)' p >s && grep -E '^(par|gamma|b)' py >sy
        agree '0 0 0 0 0' s "$k" sy 1e-6
        # and weights are relative
        awk -v k="$k" '{ print $0 "\t" (NR == 1 ? "w" : sprintf("%.17g", (1 + NR % 2) * 2^k)) }' x >y
        awk '{ print $0 "\t" (NR == 1 ? "w" : 1 + NR % 2) }' x | gk-fit-powerlaw -w w >s
        gk-fit-powerlaw -w w y >sy
        cmp s sy
    done
    printf 'r\tt4\n20\t5e-308\n30\t4e-308\n40\t3.5e-308\n50\t3.2e-308\n60\t3.1e-308\n' >y
    gk-fit-powerlaw y >p
    awk '$1 == "a" || $1 == "gamma" { n += $4 < $2 && $2 < $5 && $3 > 0 } END { exit n != 2 }' p
}

@test "numbers: a power law says so if no double holds its a" {
    for unit in 1e-250:small 1e250:large; do
        awk -v s="${unit%:*}" 'BEGIN { print "r\tt4"; for (r = 20; r <= 80; r += 10) printf "%.17g\t%.17g\n", r * s, 1e6 * r^-1.5 + 100 + r % 3 * 20 }' >y
        run -0 --separate-stderr gk-fit-powerlaw y
        assert_equal "$(grep -v 'percent\|correlated' <<<"$stderr")" "gk-fit-powerlaw: note: a is too ${unit#*:} for a double: give r in a unit that brings it near 1
gk-fit-powerlaw: note: a_other is too ${unit#*:} for a double: give r in a unit that brings it near 1"
    done
    printf 'r\tt4\n20\t5e-308\n30\t4e-308\n40\t3.5e-308\n50\t3.2e-308\n' >y
    breaks 'gk-fit-powerlaw: y: b = 1 is too far from y, which goes up to 5e-308' gk-fit-powerlaw --fix-b 1 y
    breaks 'gk-fit-powerlaw: y: b = 1 is too far from y, which goes up to 5e-308' gk-fit-powerlaw --b-min 1 y
}

@test "numbers: a model of features times 2^k" {
    awk 'BEGIN { print "grokked\tm0\tz"; for (i = 0; i < 24; i++) print ((i % 3) + i > 11) "\t" i + 1 + i % 4 * 4 "\t" i * 7 % 11 - 4 }' >x
    gk-predict fit --features m0,z --model m x >p
    for k in "${K[@]}" "${BIG[@]}" 1015; do
        times "$k" x >y
        gk-predict fit --features m0,z --model my y >py
        agree '0 0 0 0 0 0 0 0 0' p 0 py 1e-8
        assert_equal "$(column_of feature my | paste -sd' ')" '(intercept) m0 z'
        grep -E '^(feat|z)' m >s && grep -E '^(feat|z)' my >sy
        agree '0 0 0 0 0 1 1 0 1 1' s "$k" sy 1e-8
        # and what it wrote it reads
        printf '%s\n' train_loss 1 2 3 4 1 >c
        gk-predict score -q --model my --window 0:4 --set z=1 c >/dev/null
    done
    # of both signs, as far apart as numbers are
    awk '{ $3 = NR == 1 ? $3 : (NR % 2 ? "-1.7e308" : "1.7e308") } 1' OFS='\t' x >y
    gk-predict fit --features m0,z --model my y >py
    awk '{ $3 = NR == 1 ? $3 : (NR % 2 ? -1 : 1) } 1' OFS='\t' x | gk-predict fit --features m0,z >p
    agree '0 0 0 0 0 0 0 0 0' p 0 py 1e-8
    # equal ones tell nothing
    awk '{ $3 = NR == 1 ? $3 : "1e300" } 1' OFS='\t' x >y
    gk-predict fit --features m0,z --model my y >/dev/null
    assert_equal "$(awk '$1 == "z" { print $7 }' my)" 1
}

@test "numbers: phases, test functions and norms of any size" {
    printf 'step\ttrain_loss\ttrain_acc\tval_acc\n' >x
    for i in 1 0.5 0.1 3 0.1 0.05 1 0.2 0.01; do
        printf '%d\t%s\t1\t0.5\n' $((++n)) "$i" >>x
    done
    gk-phases --rise 0 --spikes x >s
    for k in "${K[@]}" "${BIG[@]}"; do
        awk -F'\t' -v k="$k" 'NR > 1 { $2 = sprintf("%.17g", $2 * 2^k) } 1' OFS='\t' x | gk-phases --rise 0 --spikes >sy
        agree '0 0 0 1 1' s "$k" sy
    done
    run -0 --separate-stderr gk-testfn --function rastrigin --start 3e-200,4e-200 --steps 0
    close_to "$(column_of error <<<"$output")" 5e-200
    breaks 'gk-testfn: --start: the function is too large there for a double' \
        gk-testfn --start 1e200,1 -o t
    breaks 'gk-testfn: --grid: the function is too large for a double at -1e+300, -1e+300' \
        gk-testfn --grid=-1e300:1e300:3 -o t
    [ ! -e t ]
}

@test "numbers: an option that no number holds is refused" {
    wrong_usage 'gk-train: --lr: 1e-400 is nearer to 0 than the smallest number, 2.225e-308' gk-train --lr 1e-400 d
    wrong_usage "gk-train: --steps: ':::' is not an integer" gk-train --steps ::: d
    wrong_usage "gk-train: --threads: 99999999999999999999 is not in [1, 1024]" gk-train --threads 99999999999999999999 d
    wrong_usage "gk-ckpt-dump: --steps: ':::': A:B or A:B:K with integers is wanted" gk-ckpt-dump --steps ::: d
}

# direction K IN OUT: the F64 tensors of the first frame times 2^K.
direction() {
    python3 -IS -c 'import math, struct, sys
k, data = int(sys.argv[1]), sys.stdin.buffer.read()
head = 8 + struct.unpack("<Q", data[:8])[0]
end = max(int(part.split(b"]")[0].split(b",")[1]) for part in data[8:head].split(b"\"data_offsets\":[")[1:]) + head
v = struct.unpack("<%dd" % ((end - head) // 8), data[head:end])
sys.stdout.buffer.write(data[:head] + struct.pack("<%dd" % len(v), *[math.ldexp(x, k) for x in v]) + data[end:])' "$1" <"$2" >"$3"
}

@test "numbers: landscapes and products along a direction times 2^k" {
    gk-data --p 5 -o d
    gk-train -q -d d --layers 1 --dim 4 --heads 2 --ff 4 --threads 1 --dtype f64 --steps 3 --save c >/dev/null
    gk-hvp -d d --top 1 --max-products 4 -q --vectors v.gks c >/dev/null
    direction 0 v.gks w
    cmp v.gks w
    gk-hvp -d d --vector v.gks -o hv c
    for norm in unit filter; do
        gk-landscape -d d --toward v.gks --norm $norm --alpha 0:1:3 c >l
        for k in -900 -540 -1 520 900; do
            direction "$k" v.gks w
            gk-landscape -d d --toward w --norm $norm --alpha 0:1:3 c | grep -v '^#' | cmp - <(grep -v '^#' l)
        done
    done
    for k in -900 -540 -1 520 900; do
        direction "$k" v.gks w
        gk-hvp -d d --vector w -o hw c
        direction "$k" hv want
        cmp hw want
        # in single precision as far as that goes
        run --separate-stderr gk-hvp -d d --dtype f32 --vector w -o h32 c
        if [ "$k" -gt 127 ]; then
            assert_equal "$status $stderr" '1 gk-hvp: c: frame 1: the product with this vector is too large'
        else
            assert_success
        fi
    done
}

# rounded DIGITS: a table with that many significant digits, and its integers whole.
rounded() {
    awk -F'\t' -v n="$1" 'BEGIN { OFS = "\t" } /^#/ { next }
        { for (i = 1; i <= NF; i++) if ($i ~ /^[-+]?[0-9.]+(e[-+][0-9]+)?$/ && $i != int($i)) $i = sprintf("%." n "g", $i) } 1'
}

@test "numbers: --digits rounds what a table prints, integers stay whole, and a model stays exact" {
    curve >x
    printf 'r\tt4\n20\t97044\n30\t5604\n50\t1523\n80\t1445\n90\t1447\n' >law
    printf 'm0_400,final_val_acc,grokked\n%s' "$(for i in {1..40}; do echo "$((i * 7 % 11 + i)).25,0.$i,$((i % 3 > 0))"; done)" >runs
    gk-data --p 5 -o d
    gk-train -q -d d --dim 8 --heads 2 --ff 8 --steps 20 --trajectory t.gks --every 10 --save c >/dev/null
    local n command
    for command in 'gk-hjorth -c b x' 'gk-fft -c b x' 'gk-fit-powerlaw --predict 25 --details law' 'gk-predict fit runs' \
        'gk-predict fit --print runs runs' 'gk-times --time t4 law' 'gk-spectra c' 'gk-fourier -d d c' 'gk-hvp -d d c' 'gk-eval -d d c' \
        'gk-twonn x' 'gk-pca --components 2 t.gks' 'gk-landscape -d d --toward random:1 --alpha 0:1:3 c' 'gk-phases --column a x'; do
        [ "$command" != 'gk-phases --column a x' ] || {
            printf 'step,train_acc,val_acc\n0.125,0.1,0.1\n1.0625,1,0.1\n12000.03125,1,1\n' >p
            command='gk-phases p'
        }
        $command -q >exact || fail "$command"
        for n in 4 9; do
            $command -q --digits "$n" >shown
            cmp <(grep -v '^#' shown) <(rounded "$n" <exact) || fail "$command --digits $n"
            grep -q "^# .* --digits $n\$" shown || grep -q "^# .* --digits $n " shown
        done
        ! grep -q -e --digits exact
        if [ "${command%% *}" = gk-fft ]; then cmp <(grep -v '^#' exact) <($command --digits 17 | grep -v '^#'); fi
    done
    gk-predict fit -q -m a runs >/dev/null
    gk-predict fit -q --digits 2 -m b runs >/dev/null
    cmp <(grep -v '^#' a) <(grep -v '^#' b)
    wrong_usage 'gk-fft: --digits: 0 is not in [1, 17]' gk-fft --digits 0 x
}

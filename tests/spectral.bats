# gk-fft and gk-hjorth: windows, columns, kinds of input, definitions, live pipes, refusals.
# shellcheck disable=SC2154 # run sets stderr
load helpers

# curve N FORMULA-OF-t [STEP]: a table of N rows, a step apart.
curve() {
    awk -v n="$1" -v gap="${3:-1}" 'BEGIN {
        pi = atan2(0, -1); print "step\ttrain_loss"
        for (t = 0; t < n; t++) printf "%.15g\t%.17g\n", t * gap, '"$2"' }'
}

@test "a sine has the reference values in time and frequency" {
    curve 400 'sin(2 * pi * t / 100)' | gk-hjorth >h.tsv
    close_to "$(column_of activity h.tsv)" 0.5
    close_to "$(column_of mobility h.tsv)" 0.0627425059 1e-9
    close_to "$(column_of complexity h.tsv)" 1.0050260132 1e-10
    close_to "$(column_of m0 h.tsv)" 200
    close_to "$(column_of m2 h.tsv)" 0.78956835 1e-8
    close_to "$(column_of m4 h.tsv)" 0.00311709 1e-5
    close_to "$(column_of spectral_mobility h.tsv)" 0.0628318531 1e-9
    close_to "$(column_of spectral_complexity h.tsv)" 0.0628318531 1e-9
}

@test "gk-fft's rows are the bins of the DFT, in NumPy's order" {
    curve 5 t | gk-fft >f.tsv
    assert_equal "$(column_of k f.tsv | paste -sd' ')" '0 1 2 3 4'
    close_to "$(column_of frequency f.tsv | sed -n 4p)" -0.4
    close_to "$(column_of omega f.tsv | sed -n 2p)" 1.2566370614359172
    close_to "$(column_of energy f.tsv | sed -n 1p)" 20 # (0+1+2+3+4)^2 / 5
    assert_equal "$(grep -v '^#' f.tsv | head -n 1)" $'k\tfrequency\tomega\tenergy'
}

@test "energies sum to the squares of what was transformed, moments are theirs (lengths of all kinds)" {
    for n in 1 2 3 97 400 1009 2048; do
        curve "$n" 'cos(t * t) + 3 * exp(-t / 40)' >x.tsv
        squares=$(column_of train_loss x.tsv | awk '{ s += $1 * $1 } END { printf "%.17g", s }')
        gk-fft x.tsv >f.tsv
        close_to "$(column_of energy f.tsv | awk '{ s += $1 } END { printf "%.17g", s }')" "$squares"
        close_to "$(gk-hjorth x.tsv | column_of m0)" "$squares"
        m2=$(awk -F'\t' '/^[0-9]/ { s += $3 * $3 * $4 } END { printf "%.17g", s }' f.tsv)
        close_to "$(gk-hjorth x.tsv | column_of m2)" "$m2" 1e-12 1e-25
    done
}

@test "a window holds A <= step < B, rows count where there is no step" {
    curve 100 't * t' >x.tsv
    assert_equal "$(gk-hjorth --window 10:20 x.tsv | column_of n)" 10
    assert_equal "$(gk-hjorth --window 90: x.tsv | column_of n)" 10
    assert_equal "$(gk-hjorth --window :7 x.tsv | column_of n)" 7
    curve 100 't * t' 10 >tens.tsv
    assert_equal "$(gk-hjorth --window 100:200 tens.tsv | column_of n)" 10
    cut -f 2 x.tsv >bare.tsv
    assert_equal "$(gk-fft --window 10:20 bare.tsv | grep -v '^#')" \
        "$(gk-fft --window 10:20 x.tsv | grep -v '^#')"
}

@test "a curve that covers a part of the window is said to" {
    for tool in gk-fft gk-hjorth; do
        # the first step, the gap and the last; the window, and what it has
        while read -r first gap last window has; do
            { echo step train_loss; seq -f '%g 1' "$first" "$gap" "$last"; } | tr ' ' '\t' >c
            run --separate-stderr -0 "$tool" --window "$window" c
            assert_equal "$stderr" "${has:+$tool: note: c: of the window $window it has steps $has only}"
        done <<'END'
0 1 250 0:400 0 to 250
0 1 398 0:400 0 to 398
1 1 399 0:400
10 10 390 0:400
20 10 390 0:400 20 to 390
0 10 380 0:400 0 to 380
0 1 0 0:400 0 to 0
0 1 500 0:400
150 1 200 100: 150 to 200
5 1 9 :
END
    done
}

@test "a window of one row or two is said to" {
    printf 'step\ttrain_loss\n0\t3\n300\t2\n600\t1\n900\t1\n' >c
    run --separate-stderr -0 gk-hjorth --window 0:300 c
    assert_equal "$stderr" 'gk-hjorth: note: c: the window 0:300 has 1 row'
    run --separate-stderr -0 gk-fft --window 0:600 c
    assert_equal "$stderr" 'gk-fft: note: c: the window 0:600 has 2 rows'
    run --separate-stderr -0 gk-hjorth --window 0:900 c
    assert_equal "$stderr" ''
}

@test "frequencies are in cycles per step, whatever the rows' spacing; omega is per sample" {
    curve 100 'sin(2 * pi * t / 20)' 10 >tens.tsv
    peak=$(gk-fft tens.tsv | grep -v '^#' | sort -gk 4 | tail -n 1)
    read -r k frequency omega energy <<<"$peak"
    [ "$k" = 5 ] || [ "$k" = 95 ]
    close_to "${frequency#-}" 0.005
    close_to "${omega#-}" 0.31415926535897931
    close_to "$energy" 25
}

@test "detrending removes what it says" {
    curve 200 '7 - 0.25 * t + sin(2 * pi * t / 10)' >x.tsv
    close_to "$(gk-fft --detrend mean x.tsv | column_of energy | head -n 1)" 0 0 1e-20
    # A line goes, the sine nearly stays; the low bins go exactly.
    close_to "$(gk-hjorth --detrend linear x.tsv | column_of activity)" 0.5 0.01
    gk-fft --detrend highpass=0.02 x.tsv >f.tsv
    awk -F'\t' '/^[0-9]/ { f = $2 < 0 ? -$2 : $2; if (f < 0.02) low += $4; if (f == 0.02) at += $4 }
        END { exit !(low < 1e-20 && at > 1e-3) }' f.tsv
    curve 50 3 | gk-hjorth --detrend highpass=0.1 | grep -qx $'50\t0\t0\t0\t0\t0\t0\t0\t0'
}

@test "tapers are periodic: a constant keeps the known share of its energy" {
    curve 64 1 >one.tsv
    close_to "$(gk-hjorth --taper hann one.tsv | column_of m0)" 24          # 64 * 3/8
    close_to "$(gk-hjorth --taper hamming one.tsv | column_of m0)" 25.4336  # 64 * (.54^2 + .46^2/2)
    close_to "$(gk-hjorth --taper blackman one.tsv | column_of m0)" 19.4944 # 64 * (.42^2 + .5^2/2 + .08^2/2)
    # and its line has leaked into the next bins alone
    curve 64 1 | gk-fft --taper hann | awk -F'\t' '/^[0-9]/ && $1 > 1 && $1 < 63 { s += $4 }
        END { exit !(s < 1e-25) }'
}

@test "signals that vary too little for a ratio get zeros" {
    curve 20 0.1 | gk-hjorth | grep -q $'^20\t0\t0\t0\t0.2'
    # a line, whatever its slope and place: its second differences are rounding
    for line in '0.1 * t' '0.1 + 0.1 * t' '1e6 - t / 3' '-7 + 1e-3 * t' '1e-9 * t' '1e15 + t / 7'; do
        assert_equal "$(curve 50 "$line" | gk-hjorth | column_of complexity)" 0
        assert_equal "$(curve 50 "$line" | gk-hjorth --detrend linear | cut -f 3,4,8,9 | tail -n 1)" $'0\t0\t0\t0'
    done
    assert_equal "$(seq 0.1 0.1 0.8 | gk-hjorth | cut -f 3,4 | tail -n 1)" $'0\t0'
    # a parabola has a second difference, and no third; a small wave on a large offset is no rounding
    close_to "$(curve 50 '0.1 * t * t' | gk-hjorth | column_of complexity)" 0
    close_to "$(curve 400 '1e6 + 1e-3 * sin(2 * pi * t / 100)' | gk-hjorth | column_of complexity)" 1.005 1e-2
    curve 1 5 | gk-hjorth | grep -qx $'1\t0\t0\t0\t25\t0\t0\t0\t0'
    assert_equal "$(curve 2 't' | gk-hjorth | grep -v '^#' | tail -n 1 | cut -f 1-4)" $'2\t0.25\t0\t0'
    assert_equal "$(curve 9 't' | gk-hjorth | column_of complexity)" 0
}

@test "the curve may be any column, comma-separated, or bare numbers" {
    printf 'epoch,val loss,step\n1,4,0\n1,2,1\n2,7,2\n' >x.csv
    assert_equal "$(gk-hjorth -c 'val loss' x.csv | column_of m0)" 69
    printf '4\n2\n7\n' | gk-hjorth >h.tsv
    assert_equal "$(column_of m0 h.tsv)" 69
}

# little_endian BYTES NUMBER
little_endian() {
    local i n=$2
    for ((i = 0; i < $1; i++)); do
        printf '%b' "\\x$(printf %02x $((n & 255)))"
        n=$((n >> 8))
    done
}

@test "the spacing is that of all steps, not the first with its rounding" {
    # 17.1 - 17 is more than 0.1
    curve=$(awk 'BEGIN { print "step\ttrain_loss"
        for (t = 0; t < 32; t++) printf "%.17g\t%d\n", 17 + t / 10, t % 2 ? -1 : 1 }')
    close_to "$(gk-fft <<<"$curve" | column_of frequency | sed -n 17p)" -5
    close_to "$(gk-fft --detrend highpass=5 <<<"$curve" | column_of energy | sed -n 17p)" 32
    # the second step is late by less than what counts as uneven
    printf 'step\ttrain_loss\n0\t1\n1.0000004\t2\n2\t1\n3\t2\n4\t1\n' >late.tsv
    close_to "$(gk-fft late.tsv | column_of frequency | sed -n 2p)" 0.2 1e-15
}

@test "a high-pass keeps the bin at its cutoff, whatever the spacing of the steps" {
    for spacing in 1 3 7 10; do
        for bin in 21 29 30 35 42; do
            # amplitude 1: the sum of 100 squares is 50
            curve=$(awk -v d=$spacing -v k=$bin 'BEGIN { print "step\ttrain_loss"
                for (t = 0; t < 100; t++) printf "%d\t%.17g\n", d * t, sin(2 * 3.141592653589793 * k * t / 100) }')
            at=$(awk -v d=$spacing -v k=$bin 'BEGIN { printf "%.17g", k / (100 * d) }')
            above=$(awk -v f="$at" 'BEGIN { printf "%.17g", f * 1.001 }')
            close_to "$(gk-hjorth --detrend "highpass=$at" <<<"$curve" | column_of m0)" 50 1e-9
            close_to "$(gk-hjorth --detrend "highpass=$above" <<<"$curve" | column_of m0)" 0 0 1e-9
        done
    done
}

@test "a .npy array and a tensor are signals too" {
    header="{'descr': '<i4', 'fortran_order': False, 'shape': (3,), }"
    { printf '\x93NUMPY\x01\x00v\x00%-117s\n' "$header"
      for v in 4 2 7; do little_endian 4 $v; done; } >x.npy
    assert_equal "$(gk-hjorth x.npy | column_of m0)" 69
    assert_equal "$(gk-hjorth --window 1:3 - <x.npy | column_of m0)" 53
    header='{"a":{"dtype":"I32","shape":[3,1],"data_offsets":[0,12]},"b":{"dtype":"I32","shape":[2,3],"data_offsets":[12,36]},"__metadata__":{"gk.history":"some-tool 3"}}'
    { little_endian 8 ${#header}; printf %s "$header"
      for v in 4 2 7 1 1 1 1 1 1; do little_endian 4 $v; done; } >x.safetensors
    gk-hjorth -c a x.safetensors >h.tsv
    assert_equal "$(column_of m0 h.tsv)" 69
    assert_equal "$(head -n 1 h.tsv)" '# some-tool 3'
    breaks 'gk-hjorth: x.safetensors: [2, 3] is a matrix: a signal is one column' \
        gk-hjorth -c b x.safetensors
    refuses_like 1 "^gk-hjorth: x.safetensors: frame 1: no tensor 'c'" gk-hjorth -c c x.safetensors
    refuses_like 1 '^gk-fft: x.safetensors: frame 1: several matrices' gk-fft x.safetensors
    # what an array has not, an option cannot choose
    wrong_usage 'gk-fft: --column: x.npy: a .npy array has no columns' gk-fft -c a x.npy
    wrong_usage 'gk-hjorth: --step: x.npy: a .npy array has no column of steps' gk-hjorth --step a x.npy
    wrong_usage 'gk-hjorth: --step: x.safetensors: safetensors frames have no column of steps' \
        gk-hjorth -c a --step a x.safetensors
    for tool in gk-twonn gk-pca; do
        wrong_usage "$tool: --step: x.npy: a .npy array has no column of steps" "$tool" --step a x.npy
        wrong_usage "$tool: --step: x.safetensors: safetensors frames have no column of steps" "$tool" --step a x.safetensors
    done
}

@test "an array's non-finite element is named" {
    header="{'descr': '<f4', 'fortran_order': False, 'shape': (3,), }"
    { printf '\x93NUMPY\x01\x00v\x00%-117s\n' "$header"
      little_endian 4 0; little_endian 4 $((0x7fc00000)); little_endian 4 0; } >x.npy
    breaks 'gk-fft: x.npy: element 1: the value is nan' gk-fft x.npy
    assert_equal "$(gk-fft --window 2:3 x.npy | column_of energy)" 0
}

@test "the table says how it was made, from its first stage on" {
    { echo '# gk-train 1.0 --steps 3'; curve 3 t; } | gk-hjorth --window 0:3 --taper hann >h.tsv
    assert_equal "$(sed -n 1,2p h.tsv)" "# gk-train 1.0 --steps 3
# gk-hjorth $VERSION --column train_loss --window 0:3 --detrend none --taper hann"
}

@test "--follow prints the row of every prefix, and ends on what the whole curve gives" {
    curve 130 'exp(-t / 30) + cos(3 * t) / 10' >x.tsv
    for how in '--detrend none' '--detrend mean' '--detrend linear --taper hann' \
        '--detrend highpass=0.1'; do
        # shellcheck disable=SC2086 # words
        gk-hjorth --follow $how x.tsv >live.tsv
        assert_equal "$(column_of n live.tsv | paste -sd' ')" "$(seq -s' ' 130)"
        for n in 1 2 7 97 130; do
            # shellcheck disable=SC2086
            assert_equal "$(grep -P "^$n\t" live.tsv)" \
                "$(gk-hjorth $how --window 0:$n x.tsv | tail -n 1)"
        done
    done
}

@test "--follow answers each row before the next one comes" {
    mkfifo up down
    gk-hjorth --follow <up >down &
    exec 5>up 6<down
    printf 'step\ttrain_loss\n' >&5
    read -r -t 20 line <&6 && [[ $line == '# gk-hjorth'* ]]
    read -r -t 20 line <&6 && [[ $line == n$'\t'* ]]
    for t in 0 1 2; do
        printf '%d\t%d\n' $t $((t * t)) >&5
        read -r -t 20 n rest <&6
        assert_equal "$n" $((t + 1))
    done
    exec 5>&-
    wait $!
    exec 6<&-
}

@test "a reader that goes away ends --follow quietly" {
    set -o pipefail
    curve 3000 't % 7' >x.tsv
    gk-hjorth --follow x.tsv 2>err | head -n 4 >/dev/null
    assert_equal "$(cat err)" ''
}

@test "past the window's end nothing more is read: the producer is told to stop" {
    endless() {
        printf 'step\ttrain_loss\n'
        trap '' PIPE
        for ((t = 0; ; t++)); do printf '%d\t%d\n' $t $((t % 5)) || return 7; done 2>/dev/null
    }
    run bash -c "$(declare -f endless); endless | gk-hjorth --window 0:400; echo \${PIPESTATUS[@]}"
    assert_line --partial $'400\t2\t'
    assert_line '7 0'
}

@test "wrong data is refused with its place" {
    curve 9 t >x.tsv
    sed 's/^6\t.*/6\tnan/' x.tsv >nan.tsv
    breaks 'gk-fft: nan.tsv: line 9: step 7, where 6 is due: a spectrum needs evenly spaced steps (the window :6 or 7: is without the gap)' gk-fft nan.tsv
    sed 's/^[0-9]*\t.*/0\tnan/; 3,$d' x.tsv >none.tsv
    breaks 'gk-hjorth: none.tsv: no row has a value in column train_loss' gk-hjorth none.tsv
    assert_equal "$(gk-hjorth --window 0:6 nan.tsv | column_of n)" 6
    assert_equal "$(gk-hjorth --window 7:9 nan.tsv | column_of n)" 2
    assert_equal "$(gk-hjorth --window :6 nan.tsv | column_of n) $(gk-hjorth --window 7: nan.tsv | column_of n)" '6 2'
    sed 's/^6\t.*/6\tinf/' x.tsv >inf.tsv
    breaks 'gk-fft: inf.tsv: line 8: column train_loss: the value is inf' gk-fft inf.tsv
    sed 's/^6\t.*/6\tsix/' x.tsv >text.tsv
    refuses_like 1 "^gk-fft: text.tsv: line 8: column train_loss: 'six'" gk-fft text.tsv
    sed 's/^6\t/nan\t/' x.tsv >step.tsv
    breaks 'gk-fft: step.tsv: line 8: the step is nan' gk-fft step.tsv
    sed 's/^6\t/4\t/' x.tsv >back.tsv
    breaks 'gk-fft: back.tsv: line 8: step 4 does not rise above step 5 (gk-curve merges the rows of a resumed run)' gk-fft back.tsv
    sed '/^6\t/d' x.tsv >hole.tsv
    breaks 'gk-fft: hole.tsv: line 8: step 7, where 6 is due: a spectrum needs evenly spaced steps (the window :6 or 7: is without the gap)' \
        gk-fft hole.tsv
    printf 'step\ttrain_loss\n0\t1\n10\t2\n20\t1\n25\t2\n' >last.tsv # a run's last step
    breaks 'gk-fft: last.tsv: line 5: step 25, where 30 is due: a spectrum needs evenly spaced steps (the window :25 or 25: is without the gap)' \
        gk-fft last.tsv
    assert_equal "$(gk-fft --window :25 last.tsv | grep -c '^[0-9]')" 3
    printf 'train_loss\n1e200\n0\n' >big.tsv
    breaks 'gk-hjorth: the squares of this signal are too large for a double' gk-hjorth big.tsv
    breaks 'gk-fft: the squares of this signal are too large for a double' gk-fft big.tsv
}

@test "a window without rows, a missing column and an empty input are refused" {
    curve 9 t >x.tsv
    breaks 'gk-hjorth: x.tsv: no row with a step in the window 20:30; the last one read is at 8' \
        gk-hjorth --window 20:30 x.tsv
    refuses_like 1 'window 3.2:3.7; the last one read is at 4' gk-fft --window 3.2:3.7 x.tsv
    breaks "gk-fft: x.tsv: no column 'val_loss'; there are: step, train_loss; gk-curve finds columns of other names" gk-fft -c val_loss x.tsv
    printf '1 2\n3 4\n' >bare.txt
    refuses_like 1 "no column 'train_loss': the table has no header" gk-fft bare.txt
    refuses_like 1 'empty input' gk-fft </dev/null
    refuses_like 1 '^gk-fft: nowhere.tsv: No such file' gk-fft nowhere.tsv
    printf 'step\ttrain_loss\n' >none.tsv
    refuses_like 1 '^gk-hjorth: none.tsv: ' gk-hjorth none.tsv
    run --separate-stderr gk-hjorth --follow --window 20:30 x.tsv
    assert_equal "$status" 1
    assert_equal "${#lines[@]}" 2 # the header of a table that stayed empty
}

@test "wrong options are usage errors" {
    curve 9 t >x.tsv
    wrong_usage "gk-fft: --detrend: 'flat' is none of: none mean linear highpass=F" \
        gk-fft --detrend flat x.tsv
    for f in '' 0 -0.1 nan inf 0.1x; do
        wrong_usage "gk-fft: --detrend: '$f' is no frequency above 0, in cycles per step" \
            gk-fft --detrend "highpass=$f" x.tsv
    done
    refuses_like 2 '^gk-hjorth: --taper:' gk-hjorth --taper box x.tsv
    refuses_like 2 '^gk-hjorth: --window: ' gk-hjorth --window 5:5 x.tsv
    breaks 'gk-hjorth: --detrend: nothing is left above 0.6 cycles per step: a sample every 1 steps holds up to 0.5' \
        gk-hjorth --detrend highpass=0.6 x.tsv
}

@test "a full disk is an error, -o is whole or not there" {
    curve 9 t >x.tsv
    refuses_like 1 '^gk-fft: .*No space left' bash -c 'gk-fft x.tsv >/dev/full'
    refuses_like 1 '^gk-hjorth: .*No space left' bash -c 'gk-hjorth --follow x.tsv >/dev/full'
    echo old >out.tsv
    refuses_like 1 'the window' gk-fft --window 50:60 -o out.tsv x.tsv
    assert_equal "$(cat out.tsv)" old
    gk-fft -o out.tsv x.tsv
    assert_equal "$(cat out.tsv)" "$(gk-fft x.tsv)"
}

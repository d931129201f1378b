# gk-testfn: optimisers on functions whose minimum is known.
# shellcheck disable=SC2154 # run sets status, output and stderr

load helpers

# ends_at OPTION...: the error of the last step.
ends_at() {
    gk-testfn "$@" | column_of error | tail -n 1
}

# below A B: A < B
below() {
    awk -v a="$1" -v b="$2" 'BEGIN { exit !(a < b) }' || fail "not $1 < $2"
}

@test "one step of each optimiser by hand" {
    # at (0, 0) Rosenbrock's gradient is (-2, 0)
    x() { gk-testfn --start 0,0 --lr 0.01 --steps 1 "$@" | column_of x | tail -n 1; }
    close_to "$(x --optimizer sgd)" 0.02
    close_to "$(x --optimizer momentum)" 0.02
    close_to "$(x --optimizer adam)" 0.01 1e-8
    close_to "$(x --optimizer adamw)" 0.01 1e-8
    close_to "$(x --optimizer adamax)" 0.01 1e-8
    close_to "$(x --optimizer rmsprop --beta2 0.75)" 0.02 1e-8
    close_to "$(x --optimizer rprop)" 0.01
    close_to "$(x --optimizer sgd --clip 1)" 0.01
    close_to "$(x --optimizer sgd --warmup 5)" 0 0 0
    # f = 1 there: the gradient of log(1 + f) is half
    close_to "$(x --optimizer sgd --log)" 0.01
    # decay: at (2, 4) the gradient is (2, 0)
    close_to "$(x --optimizer sgd --weight-decay 3 --start 2,4)" 1.92
    close_to "$(x --optimizer adamw --weight-decay 3 --start 2,4)" 1.93 1e-8
}

@test "one step of each intervention by hand" {
    # at (0, 0) the gradient is (-2, 0), at (2, 4) it is (2, 0)
    at() { gk-testfn --optimizer sgd --lr 0.01 --steps 1 "${@:2}" | column_of "$1" | tail -n 1; }
    close_to "$(at x --start 0,0 --optimizer lion)" 0.01
    close_to "$(at x --start 2,4 --optimizer lion --weight-decay 3)" 1.93
    close_to "$(at x --start 0,0 --grokfast ema:0.5,1)" 0.04
    close_to "$(at x --start 0,0 --grokfast ma:1,2)" 0.06
    close_to "$(at x --start 0,0 --grokfast ma:2,2)" 0.02
    close_to "$(at x --start 0,0 --grokfast ma:1,2 --clip 3)" 0.03
    # without its part along (2, 4): (1.6, -0.8), and as long as before
    close_to "$(at x --start 2,4 --orthogonal-gradient)" "$(awk 'BEGIN { printf "%.17g", 2 - 0.02 * 2 / sqrt(5) }')"
    close_to "$(at y --start 2,4 --orthogonal-gradient)" "$(awk 'BEGIN { printf "%.17g", 4 + 0.02 / sqrt(5) }')"
    # (1.98, 4) on the circle of half the radius
    close_to "$(at y --start 2,4 --hold-norm 0.5)" "$(awk 'BEGIN { printf "%.17g", 2 * sqrt(20) / sqrt(1.98 ^ 2 + 16) }')"
    gk-testfn --start 3,4 --hold-norm 1 --steps 50 |
        awk -F'\t' '/^[0-9]/ { r = sqrt($2 ^ 2 + $3 ^ 2) - 5; if (r * r > 1e-24) exit 1; n++ } END { exit n != 51 }'
}

@test "columns: x and y, or x1 to xn; error is the distance to the minimum" {
    gk-testfn --steps 3 --start 4,5 > out
    assert_equal "$(grep -v '^#' out | head -1)" $'step\tx\ty\tvalue\terror\tgrad_norm'
    assert_equal "$(column_of step out | tr '\n' ' ')" '0 1 2 3 '
    close_to "$(column_of error out | head -1)" 5
    close_to "$(column_of value out | head -1)" 12109
    gk-testfn --function rastrigin -n 3 --start 1,2,2 --steps 0 > out
    assert_equal "$(grep -v '^#' out | head -1)" $'step\tx1\tx2\tx3\tvalue\terror\tgrad_norm'
    close_to "$(column_of error out)" 3
    close_to "$(column_of value out)" 9
    gk-testfn --function rosenbrock-chain -n 3 --start 2 --steps 0 > out # 2 (1 + 100 4)
    close_to "$(column_of value out)" 802
    gk-testfn -n 4 -a 1 --start 2 --steps 0 > out # 2 (1 + 4)
    close_to "$(column_of value out)" 10
    gk-testfn -n 4 -a 1 --start 2 --steps 0 --log > out
    close_to "$(column_of value out)" "$(awk 'BEGIN { printf "%.17g", log(11) }')"
}

@test "--every thins the path; the last step is always there" {
    gk-testfn --steps 25 --every 10 > thin
    assert_equal "$(column_of step thin | tr '\n' ' ')" '0 10 20 25 '
    gk-testfn --steps 25 > full
    diff <(column_of x thin) <(column_of x full | sed -n '1p;11p;21p;26p')
}

@test "the paper's outcomes on Rosenbrock: who arrives, who comes close, who does not" {
    for o in rmsprop rprop adam adamax; do
        below "$(ends_at --optimizer $o --lr 1e-3)" 2e-3
    done
    momentum=$(ends_at --optimizer momentum --lr 1e-4)
    below 0.01 "$momentum"
    below "$momentum" 0.02
    below 1 "$(ends_at --optimizer sgd --lr 1e-4)"
}

@test "the paper's outcomes on Rastrigin: nobody arrives" {
    for o in sgd momentum rmsprop rprop adam adamax; do
        for lr in 1e-3 1e-2; do
            below 1 "$(ends_at --function rastrigin --optimizer $o --lr $lr --steps 4000)"
        done
        below 1 "$(ends_at --function rastrigin --optimizer $o --log --steps 4000)"
    done
}

@test "--grid: the surface and its gradient, in blocks" {
    gk-testfn --grid -1:1:3 > out
    assert_equal "$(grep -v '^#' out | head -1)" $'x\ty\tvalue\tgrad_x\tgrad_y'
    assert_equal "$(grep -c '^$' out)" 3
    assert_equal "$(awk -F'\t' '$1 == -1 && $2 == 0 { print $3, $4, $5 }' out)" '104 -404 -200'
    assert_equal "$(awk -F'\t' '$1 == 1 && $2 == 1 { print $3, $4, $5 }' out)" '0 0 0'
    assert_equal "$(column_of x out | tr '\n' ' ')" '-1 -1 -1 0 0 0 1 1 1 '
    # a gradient is the slope of the surface
    gk-testfn --function rastrigin --log --grid -1e-4:1e-4:3 -a 2 > out
    awk -F'\t' '$1 == 0 && $2 == 0 { f = $3 } $1 > 0 && $2 == 0 { g = $4; v = $3 }
        END { exit !((v - f) / 1e-4 < g && g < 2.1 * (v - f) / 1e-4) }' out
}

@test "a path that diverges is an error that names the step" {
    run --separate-stderr gk-testfn --optimizer sgd --lr 1
    assert_equal "$status" 1
    assert_equal "$stderr" 'gk-testfn: --lr: too large: at step 4 the path has left all bounds'
    echo old > f
    run gk-testfn --optimizer sgd --lr 1 -o f
    assert_equal "$status $(< f)" '1 old'
}

@test "wrong usage, and options that change nothing" {
    wrong_usage 'gk-testfn: --dimension: rosenbrock takes pairs: an even n, not 3' gk-testfn -n 3
    wrong_usage 'gk-testfn: --dimension: rosenbrock-chain takes at least 2' \
        gk-testfn --function rosenbrock-chain -n 1
    wrong_usage 'gk-testfn: --start: 3 numbers for 2 variables' gk-testfn --start 1,2,3
    wrong_usage "gk-testfn: --start: 'x' is not a number" gk-testfn --start 1,x
    wrong_usage 'gk-testfn: --grid: a surface has -n 2' gk-testfn --grid 0:1:2 -n 4
    wrong_usage "gk-testfn: --function: 'parabola' is none of: rosenbrock rosenbrock-chain rastrigin" \
        gk-testfn --function parabola
    wrong_usage 'gk-testfn: --lr: -1 is not in [0, inf)' gk-testfn --lr -1
    run --separate-stderr gk-testfn --optimizer sgd --beta1 0.5 --steps 1
    assert_equal "$stderr" 'gk-testfn: note: --beta1 changes nothing here'
    run --separate-stderr gk-testfn --grid 0:1:2 --lr 0.5
    assert_equal "$stderr" 'gk-testfn: note: --lr changes nothing here'
    gk-testfn --optimizer sgd --steps 1 > out
    refute grep -q beta out
    gk-testfn --optimizer rprop --steps 50 > plain
    gk-testfn --optimizer rprop --weight-decay 0.1 --clip 0.1 --steps 50 2> said | cmp plain
    assert_equal "$(<said)" "$(printf 'gk-testfn: note: --%s changes nothing here\n' weight-decay clip)"
    wrong_usage "gk-testfn: --optimizer: 'muon' is none of: adamw adam adamax rmsprop rprop momentum sgd lion" \
        gk-testfn --optimizer muon
    wrong_usage "gk-testfn: --grokfast: 'ema' is none of: none ema:A,L ma:W,L" gk-testfn --grokfast ema
    run --separate-stderr gk-testfn --grid 0:1:2 --grokfast ema:0.9,2 --orthogonal-gradient --hold-norm 1
    assert_equal "$stderr" "$(printf 'gk-testfn: note: --%s changes nothing here\n' grokfast orthogonal-gradient hold-norm)"
    gk-testfn --steps 1 > out
    refute grep -qE 'grokfast|orthogonal|hold' out
    # the default start is as long as need be
    assert_equal "$(gk-testfn --function rosenbrock-chain -n 3 --steps 0 | column_of x3)" -1.2
    wrong_usage 'gk-testfn: --start: 2 numbers for 3 variables' \
        gk-testfn --function rosenbrock-chain -n 3 --start 1,2
}

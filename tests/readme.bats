# README.md says what is there, and its commands work.
load helpers

@test "the README lists every tool, and with CONTRIBUTING.md every package" {
    for t in "$GK_BUILD"/bin/gk-*; do
        grep -q "^| \`$(basename "$t")\` |" "$ROOT/README.md" || fail "README.md has no $t"
    done
    sed 's/#.*//' "$ROOT/.ci/packages" | while read -r package _; do
        [ -z "$package" ] || grep -qw -- "$package" "$ROOT/README.md" "$ROOT/CONTRIBUTING.md" ||
            fail "neither README.md nor CONTRIBUTING.md has $package"
    done
}

@test "the README's pipes run (on smaller data, for fewer steps)" {
    printf 'step,loss\n%s\n' "$(seq 0 20 | awk '{ print $1 "," exp(-$1 / 5) }')" >log.csv
    mkdir -p runs/exp1
    cp "$ROOT/tests/logs/torch.tfevents" runs/exp1/events.out.tfevents.1
    sed -n 's/^    \(gk-[a-z-]* [^#]*\).*/\1/p' "$ROOT/README.md" >session
    [ "$(wc -l <session)" -ge 7 ]
    sed -i 's/--steps [0-9]*/--steps 12/; s/--p 97/--p 11/; s/^gk-data |/gk-data --p 11 |/
        s/--window 0:[0-9]*/--window 0:9/
        /gk-predict score/s/--steps 12/--steps 810/' session
    bash -euo pipefail session >out
    assert_equal "$(column_of step run.tsv)" "$(seq 0 12)"
    assert_equal "$(column_of pc1 path.tsv | wc -l)" 3
}

@test "the README's first pipe groks, and prints what it says" {
    sed -n '/^    gk-data .*| gk-phases$/{s/^ *//p;q}' "$ROOT/README.md" >pipe
    run -0 --separate-stderr bash -euo pipefail pipe
    assert_equal "$(column_of phase <<<"$output")" grokking
    [ "$(column_of t4 <<<"$output")" -gt "$(column_of t2 <<<"$output")" ]
    said=$(grep -A 2 -F "$(<pipe)" "$ROOT/README.md" | sed -n 's/^    t1 /t1 /p' | tr -s ' ' '\t')
    assert_equal "$(grep '^t1' <<<"$output")" "$said"
    # Its row, too; t4 depends a little on the instruction set.
    said=$(grep -A 3 -F "$(<pipe)" "$ROOT/README.md" | tail -n 1)
    read -r _ t2 _ t4 _ <<<"$said"
    assert_equal "$(column_of t2 <<<"$output")" "$t2"
    awk -v got="$(column_of t4 <<<"$output")" -v said="$t4" 'BEGIN { exit !(got > 0.9 * said && got < 1.1 * said) }'
}

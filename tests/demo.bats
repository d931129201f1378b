# make demo on a small scale: the same rules, a few steps.
load helpers

# Only its rules, and the tools as they are.
demo() {
    printf '%s\n' 'SHELL := /bin/bash' '.SHELLFLAGS := -eu -o pipefail -c' '.DELETE_ON_ERROR:' \
        "BUILD := $GK_BUILD" "BIN := $GK_BUILD/bin" 'include pipelines/demo/demo.mk' |
        env -u MAKEFLAGS -u MFLAGS -u MAKELEVEL make -C "$ROOT" --no-print-directory -f - \
            DEMO="$PWD/${1-demo}" DEMO_P=11 DEMO_WINDOW=20 DEMO_STEPS=35 demo "${@:2}"
}

@test "make demo shows its commands, resumes the run and draws it" {
    command -v gnuplot >gnuplot || skip 'gnuplot is not installed'
    demo >log
    for t in gk-data gk-train gk-hjorth gk-phases gk-fft; do
        grep -q "^  \$ .*$t" log || fail "no command with $t"
    done
    grep -q '^After 20 steps it answers' log
    grep -q '^This is \(memorization\|comprehension\|confusion\)' log
    assert_equal "$(column_of step demo/run.tsv)" "$(seq 0 35)"
    assert_equal "$(column_of n demo/hjorth.tsv)" 20
    assert_equal "$(column_of k demo/spectrum.tsv | wc -l)" 20
    assert_equal "$(head -c 4 demo/demo.png | tail -c 3)" PNG
    grep -q '^</svg>' demo/demo.svg
    # A run of all 35 steps at once is the same curve.
    gk-train -d demo/add.data --lr 2e-3 --eval-every 10 --steps 35 >whole.tsv
    assert_equal "$(awk -F'\t' '$1 % 10 == 0' whole.tsv)" "$(awk -F'\t' '$1 % 10 == 0' demo/run.tsv)"
    # one step after another, in the order of the story, although it builds with all cores
    assert_equal "$(sed -nE 's/^  \$ (gk-[a-z]+).*/\1/p' log | paste -sd' ')" 'gk-data gk-train gk-train gk-phases gk-fft'
    # Nothing is made again, and the findings are printed again.
    demo >again
    assert_equal "$(sed 1d again)" "$(sed -n '/^After/,$p' log)"
    # The same where a half is 0,5.
    mkdir locales
    localedef -i de_DE -f UTF-8 locales/de_DE.UTF-8
    LOCPATH=$PWD/locales LC_ALL=de_DE.UTF-8 demo german >log.german
    diff -r demo german
    cmp log <(sed "s|$PWD/german|$PWD/demo|g" log.german)
}

@test "make demo builds with all cores, or with as many as -j says" {
    command -v gnuplot >gnuplot || skip 'gnuplot is not installed'
    # shellcheck disable=SC2016 # for make to expand
    printf 'flags:\n\t@echo "flags: $(MAKEFLAGS)"\n' >flags.mk
    flags() { demo demo -f "$PWD/flags.mk" flags "$@" | sed -n 's/^flags: //p'; }
    [[ " $(flags) " == *" -j$(nproc) "* ]] || fail "$(flags)"
    [[ " $(flags -j3) " == *" -j3 "* ]] || fail "$(flags -j3)"
}

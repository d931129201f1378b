# Every script in locales that write 0,5 for a half (German) and that have other letters between a and
# z (Turkish): the same bytes as in C.
# shellcheck disable=SC2154 # run sets status, output and stderr
load helpers

setup_file() {
    # made here, as a machine need not have them
    export LOCPATH=$BATS_FILE_TMPDIR/locales
    mkdir "$LOCPATH"
    local name
    for name in de_DE tr_TR; do
        localedef -i $name -f UTF-8 "$LOCPATH/$name.UTF-8" || return
    done
}

# same COMMAND...: its output, messages and status are the same in all three; they are left in C/out.
same() {
    local locale status
    for locale in C de_DE.UTF-8 tr_TR.UTF-8; do
        rm -rf "$locale" && mkdir "$locale"
        status=0
        (cd "$locale" && LC_ALL=$locale LANG=$locale "$@" >out 2>err) || status=$?
        echo "$status" >"$locale/status"
        diff -r C "$locale" || fail "$locale: $*"
    done
}
# fine COMMAND...: likewise, and it ends well
fine() {
    same "$@"
    assert_equal "$(cat C/status)" 0
    assert_equal "$(cat C/err)" ''
}

@test "locales: they are what they should be" {
    run -0 env LC_ALL=de_DE.UTF-8 bash -c 'printf %.1f 0,5'
    assert_output 0,5
    run -1 env LC_ALL=tr_TR.UTF-8 bash -c '[[ dim =~ ^[a-z]+$ ]]'
}

@test "locales: sweeps, with a rule and a model, and their tables" {
    printf '%s\n' '--op add' '--p 5' '--layers 1' '--dim 4' '--heads 2' '--ff 4' '--lr 5e-3 1e-3' '--weight-decay 0.25' \
        '--steps 120' '--eval-every 4' >g.grid
    printf 'feature\tfrom\tto\tlog\tfloor\tcentre\tscale\tweight\n(intercept)\tnan\tnan\t0\t-inf\t0\t1\t0.125\n' >m
    printf 'm0_10\t0\t10\t1\t1e-9\t0\t1.5\t0\nlr\tnan\tnan\t0\t-inf\t2.5e-3\t1e-3\t1.5\n' >>m
    sweeps() {
        "$ROOT/pipelines/sweep/gk-sweep" --bin "$GK_BUILD/bin" --quiet --rule t4:1000.5,1.5,-964.5 --give-up 0.25 --model ../m ../g.grid runs
        "$ROOT/pipelines/sweep/gk-sweep" --bin "$GK_BUILD/bin" --collect runs
        "$ROOT/pipelines/sweep/settled" runs/table.tsv
    }
    fine sweeps
    assert_equal "$(column_of reason C/runs/table.tsv)" "$(printf '%s\n' 'not generalised by step 40' 'given up at step 12')"
    same "$ROOT/pipelines/sweep/gk-sweep" --rule t4:1,5,2,3 g o
    assert_equal "$(cat C/err)" "gk-sweep: --rule: 't4:1,5,2,3' is not t4:A,GAMMA,B"
    same "$ROOT/pipelines/sweep/gk-sweep" --bin "$GK_BUILD/bin" ../m out
    assert_equal "$(cat C/err)" "gk-sweep: ../m: line 1: 'feature' is not an option"
    # the options whose names have an i, and letters that are none in C
    printf -- '--steps 3\n--d\xc4\xb1m 8\n' >g
    same "$ROOT/pipelines/sweep/gk-sweep" --bin "$GK_BUILD/bin" ../g out
    assert_equal "$(cat C/err)" "gk-sweep: ../g: line 2: '--d??m' is not an option"
}

@test "locales: predictors, the demo's findings, tables joined and told in numbers, a page" {
    {
        echo '# gk-sweep 1.0'
        echo lr frac id status steps grokked final_val_acc m0_{100,200,400} train_loss_400 grad_norm_400 \
            val_loss_400 activity_400 mobility_400 complexity_400 | tr ' ' '\t'
        awk -v OFS='\t' 'BEGIN { for (i = 0; i < 24; i++) { y = i % 3 == 0; noise = 1.5 + i * 7 % 11
            print 1e-3 * (1 + i % 4), 0.5 + i % 2 / 10, "run" i, "done", y ? 900 : 1000, y, y ? 1 : 0.1 + noise / 100, \
                1.25, noise, (y ? 5e4 : 50) + noise, 1, noise, 1, noise, noise, noise } }'
    } >t
    GK_BIN=$GK_BUILD/bin fine "$ROOT/pipelines/sweep/gk-predictors" ../t frac
    # of 12 runs 5 end at step 400 of 1000: of 11,600 steps 3,000
    assert_equal "$(awk -F'\t' '$1 == 0.5 && $2 == "m0_400" { print $11, $13 }' C/out)" '5 0.259'

    gk-data --p 5 | gk-train --layers 1 --dim 4 --heads 2 --ff 4 --steps 20 --quiet -o run.tsv
    gk-hjorth run.tsv >hjorth.tsv
    gk-phases run.tsv >phases.tsv
    fine "$ROOT/pipelines/demo/report" .. 10
    grep -q 'activity *0\.' C/out
    fine "$ROOT/pipelines/figures/stack" r 0.5 ../run.tsv 0.25 ../run.tsv
    cp C/out fig1.tsv

    {
        echo 'r run step train_loss val_loss train_acc alpha beta grad_norm cos_prev cos_init condition lambda_max component cumulative' \
            'seed layer split method id m0_400 final_val_acc grokked operation t2 t4 frac parameter estimate lower upper optimizer' \
            'error x y value grad_x grad_y slingshots' | tr ' ' '\t'
        for i in 1 2 3 4; do
            echo 0.$i a $i 1.$i 2.$i 1 0.$i 0.2$i 3.$i 0.9$i 0.8$i -0.$i 5.$i 2 0.9$i 0 block1 val "$( ((i % 2)) && echo twonn || echo mle)" \
                1.5$i 10.$i 0.$i $((i % 2)) add 1$i 2$i 0.$i gamma 7.$i 6.$i 8.$i adam 0.0$i 1.$i 2.$i 3.$i 0.$i 0.$i 0 | tr ' ' '\t'
        done
    } >all
    local kind
    for kind in 'phases run' gradient cosines 'minima r' variance dimension signature 'optimizers rosenbrock' grid; do
        # shellcheck disable=SC2086 # words
        fine "$ROOT/pipelines/figures/numbers" $kind ../all
        grep -q '[0-9]\.[0-9]' C/out || [ "$kind" = 'phases run' ] || fail "$kind: no fractions"
    done
    for kind in ends beside powerlaw; do
        fine "$ROOT/pipelines/figures/numbers" $kind ../all ../all
    done

    printf '1\tA title\tIt says\n' >figures.tsv
    touch fig1.svg
    "$ROOT/pipelines/figures/numbers" gradient all >fig1.numbers.tsv
    fine "$ROOT/pipelines/figures/report" $'gr\xc3\xbcn' ..
}

@test "locales: pictures" {
    command -v gnuplot >/dev/null || skip 'no gnuplot'
    {
        echo run r step train_loss val_loss train_acc val_acc m0_400 final_val_acc lr weight-decay t2 t4 | tr ' ' '\t'
        for i in 1 2 3 4; do echo a 0.5 $((10 * i)) 0.$i 1.$i 0.2$i 0.1$i 1$i.5 0.$i ${i}e-3 0.$i 11.5 nan | tr ' ' '\t'; done
    } >t
    for plot in curves heat scatter sizes; do
        fine "$ROOT/pipelines/plots/plot" $plot png $'A\xc3\xa9 title' ../t ../t
        assert_equal "$(head -c 4 C/out | tail -c 3)" PNG
        fine "$ROOT/pipelines/plots/plot" $plot svg $'A\xc3\xa9 title' ../t ../t
    done
}

@test "locales: set-up, make, the tests' own runner, the package" {
    printf 'p1 # build: command gk-nothing\np2 # test: bats bats-nothing\n' >packages
    cp "$ROOT/.ci/setup" .
    same env -u NO_SETUP ../setup --check
    grep -q 'apt-get install p1 p2' C/err
    fine env -u MAKEFLAGS -u MAKELEVEL make -s -C "$ROOT" --no-print-directory NO_SETUP=1 help
    grep -q '^  check-tsan ' C/out
    fine env -u MAKEFLAGS -u MAKELEVEL make -s -C "$ROOT" --no-print-directory NO_SETUP=1 list-figures

    mkdir -p tests/unit build/tests
    cp "$ROOT/tests/run" "$ROOT/tests/helpers.bash" tests/
    printf '@test "i" {\n    [ 0.5 = "$(printf %%.1f 0.5)" ] && [[ i =~ [a-z] ]]\n}\n' >tests/x.bats
    rest() { env -u GK_BUILD JOBS=1 ../tests/run tests/x.bats; }
    fine rest
    assert_equal "$(tail -n 1 C/out)" '1 passed, 0 failed'

    mkdir -p gk-1.0/packaging/debian gk-1.0/.ci commands
    cp "$ROOT/packaging/debian/control" gk-1.0/packaging/debian/
    cp "$ROOT/.ci/packages" gk-1.0/.ci/
    tar czf gk.tar.gz gk-1.0
    printf '#!/bin/sh\ntouch ../gk_1.0_any.deb\n' >commands/dpkg-buildpackage
    printf '#!/bin/sh\necho any\n' >commands/dpkg
    printf '#!/bin/sh\n' >commands/lintian
    printf '#!/bin/sh\necho date\n' >commands/git
    chmod +x commands/*
    package() {
        DEBFULLNAME=I DEBEMAIL=i@i PATH=$PWD/../commands:$PATH "$ROOT/packaging/deb" ../gk.tar.gz 1.0 . >out
        rm out
        cp deb/gk-1.0/debian/c* .
        rm -r deb
    }
    fine package
    grep -q libfftw3-dev C/control
}

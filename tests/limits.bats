#!/usr/bin/env bats
# shellcheck disable=SC2030,SC2031,SC2154 # run sets status, output and stderr
# What the system refuses: memory, memory for code, stack, threads, files. `make check-limits` runs
# each tool under all limits of tests/faults/limits, here it is one in many.
load helpers

setup() {
    begin
    [ -z "${GK_SANITIZED-}" ] || skip 'a sanitizer needs more of everything'
    cd "$BATS_TEST_TMPDIR" || return
}

tiny=(--layers 1 --dim 4 --heads 2 --ff 4 --quiet)

inputs() {
    gk-data --p 5 -o d
    gk-train "${tiny[@]}" -d d --threads 1 --steps 4 --save c --trajectory t.gks --every 2 >curve
}

limit() {
    "$GK_BUILD/faults/limit" "$@"
}

# network_tools RUNNER...: the outputs of every tool that has a network, each run by RUNNER.
network_tools() {
    local f
    for f in f32 f64; do
        "$@" gk-train -d d "${tiny[@]}" --dtype $f --threads 2 --steps 3 --save c.$f --trajectory t.$f --every 1 >curve.$f
        "$@" gk-train -d d --model mlp --quiet --dtype $f --batch 4 --steps 3 >mlp.$f
    done
    "$@" gk-train -d d --resume c.f32 --steps 5 --threads 1 --save more >more.curve
    "$@" gk-eval -d d t.f32 >eval
    "$@" gk-eval -d d --activations block0 c.f32 -o act
    "$@" gk-hvp -d d c.f32 >hvp
    "$@" gk-landscape -d d --toward random:1 --alpha -1:1:3 c.f32 >land
}

# in_folder NAME COMMAND...
in_folder() {
    mkdir "$1"
    cp d "$1"
    (cd "$1" && "${@:2}")
}

# least FROM TO TEST...: the least number between them with which TEST succeeds; it fails with FROM.
least() {
    local no=$1 yes=$2 middle
    while [ $((yes - no)) -gt 1 ]; do
        middle=$(((no + yes) / 2))
        if "${@:3}" $middle >/dev/null 2>&1; then yes=$middle; else no=$middle; fi
    done
    echo "$yes"
}

some_limits() {
    run env GK_DRIVER="$ROOT/tests/faults/limits" "$ROOT/tests/faults/run" "$1"
    assert_success
    assert_equal "$(grep -c 'runs, 0 wrong$' <<<"$output")" "${#lines[@]}"
    [[ ${lines[-1]} =~ ^faults:\ ([0-9]+)\ cases,\ ([0-9]+)\ places,\ ([0-9]+)\ runs,\ 0\ wrong$ ]]
    [ "${BASH_REMATCH[1]}" -ge 28 ] && [ "${BASH_REMATCH[3]}" -ge $((28 * 80 / $1)) ]
}

@test "limits: a message or the same bytes, no signal, no hang: one limit in 20 for each tool" {
    some_limits 20
}

@test "limits: all limits for each tool" {
    [ -n "${GK_FULL-}" ] || skip 'make check-full, or make check-limits'
    some_limits 1
}

@test "limits: the driver sees a hang, a signal, silence, other bytes and a torn file" {
    mkdir bin
    # In C: a shell needs files, too.
    cat >bad.c <<'END'
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

static int result(const char *text, FILE *out)
{
    return fputs(text, out) == EOF || fclose(out) == EOF;
}

int main(int argc, char **argv)
{
    struct rlimit files;
    getrlimit(RLIMIT_NOFILE, &files);
    const char *fault = argc > 1 && files.rlim_cur == 9 ? argv[1] : "";
    if (!strcmp(fault, "crash"))
        raise(SIGSEGV);
    if (!strcmp(fault, "hang"))
        raise(SIGALRM);
    if (!strcmp(fault, "silent"))
        return 1;
    if (!strcmp(fault, "deaf"))
        return result("other\n", stdout);
    FILE *out = fopen("out", "w");
    if (!out) {
        fprintf(stderr, "bad: no file\n");
        return 1;
    }
    if (!strcmp(fault, "torn")) {
        fprintf(stderr, "bad: no\n");
        return !result("part\n", out);
    }
    if (result("whole\n", out) || result("whole\n", stdout)) {
        fprintf(stderr, "bad: cannot write\n");
        return 1;
    }
    return 0;
}
END
    gcc -o bin/bad bad.c
    PATH=$PWD/bin:$PATH
    sees() {
        mkdir "$1"
        run "$ROOT/tests/faults/limits" "$1" 1 bad "$1"
        assert_failure 1
        assert_output --partial "bad: n 9: $2"
    }
    sees crash 'status 139'
    sees hang 'it hangs'
    sees silent 'no message'
    sees deaf 'status 0, but other bytes'
    sees torn 'a result is torn'
}

# ---- code ----

@test "limits: networks work without memory that is both written and executed" {
    gk-data --p 11 -o d
    in_folder free network_tools
    in_folder v3 network_tools env GK_CPU=v3
    for kind in mdwe wx; do
        if ! limit $kind 0 true; then continue; fi # a kernel without it
        in_folder $kind network_tools limit $kind 0
        diff -r $kind free || diff -r $kind v3
        # whatever the number of threads
        for n in 1 3; do
            limit $kind 0 gk-train -d d "${tiny[@]}" --threads $n --steps 3 --save c.$n --trajectory t.$n --every 1 >curve.$n
            cmp c.$n $kind/c.f32
            cmp t.$n $kind/t.f32
            cmp curve.$n $kind/curve.f32
        done
    done
}

@test "limits: code is made in memory alone, also where SELinux is about" {
    inputs
    mkdir tmp
    touch -d @0 tmp
    for se in 0 1; do
        LIBXSMM_SE=$se TMPDIR=$PWD/tmp JITDUMPDIR=$PWD/tmp HOME=$PWD/tmp gk-train -d d "${tiny[@]}" --threads 1 --steps 4 >again
        cmp again curve
    done
    assert_equal "$(stat -c %Y tmp)" 0
}

@test "limits: memory that runs out just before the end gives an error, not other sums" {
    inputs
    gk-eval -d d --threads 2 t.gks >want
    eval_in() {
        limit "$1" "$2" gk-eval -d d --threads 2 t.gks
    }
    for kind in v d; do
        enough=$(least 150000 1000000 eval_in $kind)
        for less in {10..400..10}; do # run has an i of its own
            run --separate-stderr eval_in $kind $((enough - less))
            if [ "$status" -eq 0 ]; then
                cmp want <(echo "$output") # addresses are drawn by lot, so a little less may do
            else
                assert_equal "$status" 1
                [[ $stderr =~ ^gk-eval:\ .*(memory|start\ thread) ]]
            fi
        done
    done
}

# ---- BLAS ----

@test "limits: too little memory for BLAS gives a message" {
    inputs
    gk-data --p 5 --frac 1 -o points
    seq 60 | awk '{ print cos($1) "\t" sin($1) "\t" cos(7 * $1) }' >points
    awk 'BEGIN { print "r\tt4"; for (r = 30; r <= 90; r += 5) print r "\t" 9e5 * r ^ -1.8 }' >law
    # An OpenBLAS with threads may allocate before main.
    for kind in v d; do
        for kib in 75000 100000 130000; do
            for line in "gk-train -d d ${tiny[*]} --threads 1 --steps 1" 'gk-eval -d d --threads 1 c' 'gk-hvp -d d --threads 1 c' \
                'gk-pca --threads 1 t.gks' 'gk-landscape -d d --threads 1 --toward random:1 --alpha 0:1:2 c' \
                'gk-twonn --threads 1 points' 'gk-fit-powerlaw -x r -y t4 law'; do
                read -ra words <<<"$line"
                run --separate-stderr -1 limit $kind $kib "${words[@]}"
                [[ $stderr == "${words[0]}: no memory to set up BLAS" ||
                    $stderr =~ ^"${words[0]}: "(law: )?'no memory for BLAS: it takes 128 MiB'$ ]] || fail "$line: $stderr"
            done
        done
        breaks 'gk-train: no memory for BLAS: it takes 128 MiB for each of 2 threads' \
            limit $kind 250000 gk-train -d d "${tiny[@]}" --threads 2 --steps 1
        breaks 'gk-landscape: no memory for BLAS: it takes 128 MiB for each of 3 threads' \
            limit $kind 350000 gk-landscape -d d --threads 3 --toward random:1 --alpha 0:1:2 c
    done
    # Before main: Fortran's library
    starts_in() {
        limit v "$1" gk-pca --version
        [ $? -ne 127 ]
    }
    breaks 'gk-pca: no memory to set up BLAS' limit v "$(least 1000 200000 starts_in)" gk-pca --version
}

@test "limits: tools without BLAS do not ask for its memory" {
    inputs
    for tool in data fft hjorth phases ckpt-dump predict; do
        run -0 ldd "$GK_BUILD/bin/gk-$tool"
        refute_output --partial openblas
    done
    gk-phases curve >want
    for kind in v d; do
        limit $kind 40000 gk-phases curve | cmp - want
        limit $kind 40000 gk-data --p 5 | cmp - d
    done
}

@test "limits: if no thread can start, one thread works, and more are refused" {
    inputs
    one() {
        for line in "train -d d ${tiny[*]} --steps 3" 'eval -d d t.gks' 'hvp -d d c' 'pca t.gks' \
            'landscape -d d --toward pca:1 --alpha 0:1:2 t.gks'; do
            read -ra words <<<"$line"
            "$@" "gk-${words[0]}" "${words[@]:1}" --threads 1 || return
        done
    }
    one env >want
    one limit threads 0 >got
    cmp got want
    # nor do these start any for a small network, on any number of cores
    for line in "train -d d ${tiny[*]} --steps 3" 'eval -d d t.gks' 'hvp -d d c' \
        'landscape -d d --toward pca:1 --alpha 0:1:2 t.gks'; do
        read -ra words <<<"${line/ --threads 1/}"
        "gk-${words[0]}" "${words[@]:1}" --threads 1 >want
        limit threads 0 "gk-${words[0]}" "${words[@]:1}" >got
        cmp got want
        "gk-${words[0]}" --help | tr -s '\n ' ' ' | grep -q 'default: as many as help'
    done
    for line in 'gk-train' 'gk-eval c' 'gk-hvp c'; do
        read -ra words <<<"$line"
        breaks "${words[0]}: cannot start thread 2 of 3: Resource temporarily unavailable" \
            limit threads 0 "${words[0]}" -d d --threads 3 "${words[@]:1}"
    done
    breaks 'gk-train: cannot start thread 2 of 128: Resource temporarily unavailable' \
        limit threads 0 gk-train -d d --threads 900
}

@test "limits: OpenBLAS starts no threads, in any variant" {
    cat >ask.c <<'END'
#include <stdio.h>
int openblas_num_threads_env(void);
int openblas_omp_num_threads_env(void);
int omp_get_max_threads(void);
__attribute__((constructor)) static void ask(void)
{
    fprintf(stderr, "%d %d %d\n", openblas_num_threads_env(), openblas_omp_num_threads_env(), omp_get_max_threads());
}
END
    gcc -shared -fPIC -o ask.so ask.c
    export OMP_NUM_THREADS=7 OPENBLAS_NUM_THREADS=8
    for tool in train eval hvp landscape pca twonn fit-powerlaw; do
        run --separate-stderr env LD_PRELOAD="$PWD/ask.so" "gk-$tool" --version
        assert_success
        assert_equal "$stderr" '1 1 1'
    done
}

# ---- stacks ----

@test "limits: a small stack is refused, a soft limit raised, and threads have their own" {
    inputs
    for kib in 64 128 220 512 1023; do
        for tool in 'train -d d' 'eval -d d c' 'data --p 5' 'pca t.gks' 'ckpt-dump c' 'testfn'; do
            read -ra words <<<"$tool"
            breaks "gk-${words[0]}: a stack of $kib KiB is too small: 1024 KiB is needed (ulimit -s)" \
                limit s $kib "gk-${words[0]}" "${words[@]:1}"
        done
    done
    limit s 64 gk-data --version
    train() {
        gk-train -d d "${tiny[@]}" --steps 4 --threads "$1"
    }
    for kib in 64 200 1024; do
        (ulimit -S -s $kib && train 1 && train 2 && train 3) >got
        cat curve curve curve | cmp - got
    done
    export -f train
    for kib in 1024 8192; do
        limit s $kib gk-train -d d "${tiny[@]}" --steps 4 --threads 3 | cmp - curve
    done
}

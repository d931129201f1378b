#!/usr/bin/env bats
# shellcheck disable=SC2030,SC2031,SC2154 # run sets status, output and stderr
# Failures from outside: memory, disks, signals, upstreams, clocks; and the inputs that fuzzing keeps.
# `make check-faults` fails every call of each tool; this is one in many.
load helpers

tiny=(--layers 1 --dim 4 --heads 2 --ff 4 --threads 1)

no_sanitizer() {
    [ -z "${GK_SANITIZED-}" ] || skip 'the injector replaces malloc, as a sanitizer does'
}

@test "fuzz: the corpora" {
    for dir in "$ROOT"/tests/fuzz/corpus/*; do
        run --separate-stderr "$GK_BUILD/fuzz/replay-${dir##*/}" "$dir"
        assert_success
        assert_equal "$(wc -l <<<"$stderr")" "$(find "$dir" -type f | wc -l)"
    done
}

@test "faults: a message, no crash and no torn file, at one place in 40 of each tool" {
    no_sanitizer
    run "$ROOT/tests/faults/run" 40
    assert_success
    assert_equal "$(grep -c 'places, .* 0 wrong$' <<<"$output")" "${#lines[@]}"
    [[ ${lines[-1]} =~ ^faults:\ ([0-9]+)\ cases,\ ([0-9]+)\ places,\ ([0-9]+)\ runs,\ 0\ wrong$ ]]
    [ "${BASH_REMATCH[1]}" -ge 28 ] && [ "${BASH_REMATCH[3]}" -gt 150 ]
}

@test "faults: the driver sees a torn file, a leftover and silence" {
    no_sanitizer
    mkdir -p bin case
    cat >bad.c <<'END'
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
int main(int argc, char **argv)
{
    (void)argc;
    FILE *fp = fopen("out", "w");
    if (!strcmp(argv[1], "deaf")) /* takes no notice */
        setvbuf(fp, NULL, _IONBF, 0);
    char *p = malloc(100000);
    fputs("new\n", fp);
    if (!p && !strcmp(argv[1], "silent"))
        return 1;
    if (!p && !strcmp(argv[1], "crash"))
        abort();
    if (!p && !strcmp(argv[1], "left") && fopen("out.tmp", "w"))
        return fprintf(stderr, "bad: no memory\n"), 1;
    return 0;
}
END
    gcc -O1 -o bin/bad bad.c
    PATH=$PWD/bin:$PATH
    drive() {
        run "$GK_BUILD/faults/drive" "$GK_BUILD/faults/inject.so" "$PWD/case" 1 bad "$1" out
        assert_failure 1
    }
    drive silent && assert_output --partial 'it failed without a message'
    drive crash && assert_output --partial 'it was ended by a signal'
    drive left && assert_output --partial './out.tmp is left over'
    drive deaf && assert_output --partial 'neither the old nor the new'
}

@test "faults: a full file system leaves the old files" {
    gk-data --p 11 -o d
    cat >script <<'END'
set -e
mkdir disk
mount -t tmpfs -o size=64k none disk || exit 77
cp d disk/d
for f in save gks tsv; do echo old >disk/$f; done
free() { df --output=avail disk | tail -n 1; }
before=$(free)
fails() {
    status=0
    "$@" 2>err || status=$?
    [ "$status" = 1 ] && grep -q 'No space left on device' err || { echo "$*: $status"; cat err; exit 1; }
    [ "$(cat disk/save disk/gks disk/tsv | xargs)" = 'old old old' ] || { echo "$*: files"; exit 1; }
    [ "$(find disk -name '*.tmp' | wc -l)" = 0 ] && [ "$(free)" = "$before" ] || { echo "$*: left"; exit 1; }
}
fails gk-train -d disk/d --steps 1 --save disk/save -o /dev/null
fails gk-train -d disk/d --steps 1 --trajectory disk/gks --every 1 -o /dev/null
fails gk-train -d d --layers 1 --dim 4 --heads 2 --ff 4 --steps 3000 --eval-every 3000 -o disk/tsv
fails gk-data --p 97 -o disk/save
TMPDIR=$PWD/disk
export TMPDIR
gk-train -d d --steps 4 --trajectory - --every 1 -o /dev/null >big
fails sh -c 'gk-pca --axes disk/gks -o disk/tsv <big'
END
    # In a name space of its own, so that nothing stays mounted.
    local how=(unshare --mount)
    [ "$(id -u)" -eq 0 ] || how+=(--map-root-user)
    run "${how[@]}" bash script
    if [ "$status" -eq 77 ] || [[ $output == unshare:* ]]; then
        skip 'no tmpfs can be mounted here'
    fi
    assert_success
}

@test "faults: a file that cannot be replaced is reported before the work begins" {
    gk-data --p 5 -o d
    gk-train "${tiny[@]}" -d d --steps 2 --save c --trajectory t.gks --every 1 -o curve
    printf 'm0,grokked\n1,0\n2,0\n3,1\n4,1\n' >early
    cat >script <<'END'
set -e
# refused WHY COMMAND...: no row, no new file, the old one unchanged
refused() {
    status=0
    "${@:2}" >out 2>err || status=$?
    [ "$status" = 1 ] && [ "$(cat err)" = "$2: $f: cannot be replaced: $1" ] && [ ! -s out ] || { echo "$*: $status"; cat err; exit 1; }
    [ "$(cat "$f")" = old ] && [ -z "$(find . -name '*.tmp')" ] || { echo "$*: files"; exit 1; }
}
all_refused() {
    refused "$1" gk-train -d d --layers 1 --dim 4 --heads 2 --ff 4 --steps 100000000 --save "$f"
    refused "$1" gk-train -d d --layers 1 --dim 4 --heads 2 --ff 4 --steps 100000000 --trajectory "$f"
    refused "$1" gk-train -d d --layers 1 --dim 4 --heads 2 --ff 4 --steps 100000000 -o "$f"
    refused "$1" gk-pca --axes "$f" t.gks
    refused "$1" gk-hvp -d d --vectors "$f" c
    refused "$1" gk-predict fit --model "$f" early
    refused "$1" gk-fft -o "$f" not-there
}
f=shared/other
[ ! -e shared ] || all_refused 'Operation not permitted'
[ "$1" = mounted ] || exit 0
f=point
echo old >old
echo old >point
mount --bind old point || exit 77
all_refused 'Device or resource busy'
END
    if [ "$(id -u)" -eq 0 ]; then # another user's file in a folder with the sticky bit
        mkdir shared
        chmod 1777 shared .
        echo old >shared/other
        chmod 666 shared/other
        chown 1234:1234 shared/other
        local other=(setpriv --reuid 1000 --regid 1000 --clear-groups)
        if ! "${other[@]}" test -x "$GK_BUILD/bin/gk-train"; then # in a folder of root's
            mkdir bin
            cp "$GK_BUILD"/bin/gk-* bin/
            other+=(env PATH="bin:$PATH") # it may reach this folder, but not those above
        fi
        run "${other[@]}" bash script
        assert_success
        rm -r shared
    fi
    local how=(unshare --mount)
    [ "$(id -u)" -eq 0 ] || how+=(--map-root-user)
    run "${how[@]}" bash script mounted
    if [ "$status" -eq 77 ] || [[ $output == unshare:* ]]; then
        skip 'nothing can be mounted here'
    fi
    assert_success
}

@test "faults: an upstream that breaks off anywhere is an error" {
    gk-data --p 5 -o d
    gk-train "${tiny[@]}" -d d --steps 4 --save c --trajectory t.gks --every 2 >curve
    # broken N FILE TOOL...: the tool reads the first N bytes, but never all of them.
    broken() {
        local n=$1 file=$2 most=$(($(wc -c <"$2") - 1))
        shift 2
        refuses_like 1 "^$1: standard input: " bash -c 'head -c "$1" "$2" | "${@:3}"' - $((n < most ? n : most)) "$file" "$@"
    }
    for n in 1 7 8 9 200 840 900 2000 9999; do
        broken $n t.gks gk-pca -o t
        broken $n t.gks gk-ckpt-dump -o t
        broken $n c gk-eval -d d -o t
        broken $n d gk-train "${tiny[@]}" --steps 1 -o t
    done
    [ ! -e t ]
    # A row cut inside a number cannot be told from a shorter number; one with too few cells can.
    refuses_like 1 '^gk-hjorth: standard input: line 5: 3 cells where the header has 10' \
        bash -c "cut -f 1-3 curve | sed -n 5p | cat <(sed -n 1,4p curve) - | gk-hjorth"
}

@test "faults: a clock that jumps changes only the progress line" {
    no_sanitizer
    gk-data --p 5 -o d
    gk-train "${tiny[@]}" -d d --steps 300 --save a -o ta
    export LD_PRELOAD=$GK_BUILD/faults/inject.so GK_CLOCK=leaps
    gk-train "${tiny[@]}" -d d --steps 300 --save b >tb
    cmp a b
    cmp ta tb
    # on a terminal, where there is a progress line
    run script -qec "gk-train ${tiny[*]} -d d --steps 300 --save c -o tc" /dev/null
    assert_success
    assert_output --partial 'step '
    refute_output --regexp 'nan|inf|[ ,]-'
    cmp a c
    cmp ta tc
}

@test "soak: killed and resumed, the same bytes" {
    [ -n "${GK_FULL-}" ] || skip 'make check-full, or make soak'
    run "$ROOT/tests/faults/soak" 10 50
    assert_success
    assert_output --partial 'the same bytes'
}

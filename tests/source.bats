#!/usr/bin/env bats
# The shape of the source: headers that stand alone, arrows that point one way, libraries behind one
# file each, scripts that shellcheck passes.
load helpers

setup() {
    cd "$ROOT" || return
}

@test "source: each public header compiles alone, and twice" {
    for h in include/gk/*.h; do
        printf '#include "%s"\n#include "%s"\n' "${h#include/}" "${h#include/}" |
            gcc -std=c11 -Wall -Wextra -Werror -Iinclude -fsyntax-only -x c - || fail "$h"
    done
}

@test "source: public headers name no third-party header" {
    run grep -nE '^# *include *<(cblas|lapack|fftw|gsl/|arpack|jansson|libxsmm)' include/gk/*.h
    assert_output ''
}

@test "source: each library is included by one file" {
    for lib in 'cblas\.h' 'lapacke\.h' 'fftw3\.h' 'gsl/' 'arpack' 'jansson\.h' 'libxsmm\.h'; do
        run grep -lrE "^# *include *[<\"]$lib" lib cmd include tests --include='*.[ch]'
        [ "${#lines[@]}" -le 1 ] || fail "$lib: ${lines[*]}"
    done
    # and BLAS is not called around that file
    run grep -lrE '\b(cblas|LAPACKE)_[a-z]' lib cmd --include='*.[ch]'
    for f in "${lines[@]}"; do
        grep -qE '^# *include *<(cblas|lapacke)\.h>' "$f" || fail "$f"
    done
}

@test "source: tools and tests of tools see public headers only" {
    run grep -nE '^# *include *"' cmd/*.c
    for l in "${lines[@]}"; do
        [[ $l =~ \"gk/[a-z0-9_]+\.h\"$ ]] || fail "$l"
    done
    run grep -nrE '^# *include *"(\.\./|lib/)' lib cmd --include='*.[ch]'
    assert_output ''
}

# The library's objects, without those left over from sources that are gone.
objects() {
    local o src
    while read -r o; do
        src=${o#"$GK_BUILD"/}
        src=${src%.o}
        [ ! -f "${src%.f[36][24].v?}.c" ] || echo "$o"
    done < <(find "$GK_BUILD/lib" -name '*.o' | sort)
}

# What calls what, from the objects: "FROM TO SYMBOL OBJECT" for each symbol of ours used.
calls() {
    objects | xargs nm -A | awk -v top="$GK_BUILD/lib/" '
        { colon = index($0, ".o:"); object = substr($0, length(top) + 1, colon + 1 - length(top))
          dir = object; sub(/\/.*/, "", dir); symbol = $NF; kind = $(NF - 1) }
        kind ~ /^[TDBRW]$/ { home[symbol] = dir }
        kind == "U" { used[++n] = dir " " symbol " " object }
        END { for (i = 1; i <= n; i++) { split(used[i], u, " ")
              if (u[2] in home && home[u[2]] != u[1]) print u[1], home[u[2]], u[2], u[3] } }'
}

@test "source: calls go down: analysis, nn, cli, io, base" {
    run -0 calls
    [ "${#lines[@]}" -gt 20 ] || fail 'nothing was looked at'
    for l in "${lines[@]}"; do
        read -r from to symbol object <<<"$l"
        case "$from $to" in
        'analysis nn' | 'analysis io' | 'analysis base' | 'nn io' | 'nn base' | 'io base' | 'cli io' | 'cli base') ;;
        *) fail "$object calls $symbol of lib/$to" ;;
        esac
    done
}

@test "source: the library does not print or exit outside lib/cli" {
    symbols() { objects | grep -v "^$GK_BUILD/lib/cli/" | xargs nm -A; }
    run -0 symbols
    [ "${#lines[@]}" -gt 100 ] || fail 'nothing was looked at'
    for l in "${lines[@]}"; do
        case ${l##* } in
        exit | _exit | abort | printf | puts | putchar | perror | __printf_chk) fail "$l" ;;
        esac
    done
}

@test "README names the packages of .ci/packages" {
    for part in build test demo slurm; do
        for package in $(sed -n "s/^\([^# ]*\) *# $part?\{0,1\}:.*/\1/p" .ci/packages); do
            grep -qE "(^|[ \`])$package([ \`]|\$)" README.md || fail "README.md does not name $package"
        done
    done
}

@test "source: scripts pass shellcheck" {
    grep -rlE '^#!/bin/(ba)?sh' .ci tests pipelines packaging --exclude='*.bats' | xargs shellcheck
    shellcheck -S warning -e SC2238 -s bash tests/helpers.bash tests/*.bats
}

@test "source: every script says first that it runs in the locale C, and where cd goes" {
    grep -qx 'export LC_ALL := C' Makefile
    grep -qx 'export LC_ALL = C' packaging/debian/rules
    local script first want
    while IFS= read -r script; do
        first=$(grep -vE '^(#|$)' "$script" | head -n 1) want='export LC_ALL=C'
        ! grep -qF 'cd "$(dirname' "$script" || want+=' CDPATH='
        case $(head -n 1 "$script") in
        '#!/bin/bash') assert_equal "$script: $first" "$script: $want" ;;
        '#!/usr/bin/env -S LC_ALL=C awk -f' | '#!/usr/bin/make -f') ;;
        *) fail "$script: a script of another kind" ;;
        esac
    done < <(grep -rlE '^#!' .ci tests pipelines packaging --exclude='*.bats')
}

@test "source: no variable is part of a program for awk, sed or gnuplot" {
    mapfile -t scripts < <(grep -rlE '^#!/bin/bash' .ci tests pipelines packaging --exclude='*.bats')
    mapfile -t -O "${#scripts[@]}" scripts < <(find pipelines -name '*.bash' -o -name '*.mk' | sort)
    scripts+=(tests/helpers.bash Makefile tests/*/*.mk packaging/*.mk)
    # neither as an option of awk, which looks for escapes in it, nor in the text: it goes by the environment
    run -1 grep -nE 'awk .*-v *[A-Za-z_]+="?\$' "${scripts[@]}"
    run -1 grep -nE '(awk|sed)( -[A-Za-z][^ "]*)* +"[^"]*[$][A-Za-z0-9_{]' "${scripts[@]}"
    # gnuplot asks others for text in one place
    for plot in pipelines/plots/*.gp; do
        [ "$plot" = pipelines/plots/tables.gp ] || run -1 grep -nE '^[^#]*(system|["`<] *(awk|sed|cat|pipelines)|`|eval)' "$plot"
    done
}

@test "source: .ci/packages names a sign for each package, once" {
    run -0 awk '!/^#/ && NF { if (!/^[a-z0-9.+-]+ +# ((build|test|demo|slurm|fuzz|lint|package)[?]?,?)+: (command|file|header|library|bats) [^ ]+$/) print "form: " $0
                              if (seen[$1]++) print "twice: " $1 }' .ci/packages
    assert_output ''
}

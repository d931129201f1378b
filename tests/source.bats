#!/usr/bin/env bats
# The shape of the source: headers that stand alone, arrows that point one way, libraries behind one
# file each.
load helpers

setup() {
    begin
    cd "$ROOT" || return
}

@test "source: each public header compiles alone, and twice" {
    for h in include/gk/*.h; do
        printf '#include "%s"\n#include "%s"\n' "${h#include/}" "${h#include/}" |
            gcc -std=c11 -Wall -Wextra -Werror -Iinclude -fsyntax-only -x c - || fail "$h"
    done
}

@test "source: public headers name no third-party header" {
    run grep -nE '^# *include *<(cblas|lapack|fftw|gsl/|arpack|jansson|libxsmm|zip\.h)' include/gk/*.h
    assert_output ''
}

@test "source: each library is included by one file" {
    for lib in 'cblas\.h' 'lapacke\.h' 'fftw3\.h' 'gsl/' 'arpack' 'jansson\.h' 'libxsmm\.h' 'zip\.h'; do
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

# What calls what, from the objects: "FROM TO SYMBOL" for each symbol that a file uses of another, by their names
# below lib/, without endings.
calls() {
    objects | xargs nm -A | awk -v top="$GK_BUILD/lib/" '
        { colon = index($0, ".o:"); file = substr($0, length(top) + 1, colon - 1 - length(top))
          sub(/\.f(32|64)\.v[0-9]$/, "", file); symbol = $NF; kind = $(NF - 1) }
        kind ~ /^[TDBRW]$/ { home[symbol] = file }
        kind == "U" { used[++n] = file " " symbol }
        END { for (i = 1; i <= n; i++) { split(used[i], u, " ")
              if (u[2] in home && home[u[2]] != u[1]) print u[1], home[u[2]], u[2] } }'
}

# Of those from one folder into another, the first.
arrows() {
    calls | awk '{ from = $1; to = $2; sub(/\/[^\/]*$/, "", from); sub(/\/[^\/]*$/, "", to) } !seen[from, to]++'
}

@test "source: calls go down: analysis, nn, cli, io, base" {
    run -0 arrows
    [ "${#lines[@]}" -gt 20 ] || fail 'nothing was looked at'
    for l in "${lines[@]}"; do
        read -r from to symbol <<<"$l"
        [ "${from%%/*}" != "${to%%/*}" ] || continue
        case "${from%%/*} ${to%%/*}" in
        'analysis nn' | 'analysis io' | 'analysis base' | 'nn io' | 'nn base' | 'io base' | 'cli io' | 'cli base') ;;
        *) fail "lib/$from calls $symbol of lib/$to" ;;
        esac
    done
}

# The rooms of a layer, each with those that it may call. A new room gets a row, and its place in docs/architecture.md.
ROOMS='
analysis/curvature: analysis/network
analysis/network: analysis/points analysis/signal analysis/stats
analysis/points: analysis/stats
analysis/powerlaw: analysis/runs analysis/stats
analysis/worth: analysis/runs analysis/stats
analysis/runs: analysis/signal analysis/stats
analysis/signal:
analysis/stats:
analysis/testfn:
nn/training: nn/engine nn/core/kernels nn/model
nn/engine: nn/core nn/core/kernels nn/plan nn/model nn/data
nn/core: nn/core/kernels nn/plan nn/model
nn/core/kernels:
nn/plan: nn/model nn/data
nn/model: nn/data
nn/data:
io/dump: io/tables io/frames io/stream
io/rename: io/tables io/frames io/stream
io/torch: io/frames io/stream
io/logs: io/tables io/frames io/json io/stream
io/tables: io/frames io/json io/stream
io/frames: io/json io/stream
io/json: io/stream
io/stream:
base/compute: base
base:
'

@test "source: a room calls the rooms that stand below it" {
    run -0 arrows
    for l in "${lines[@]}"; do
        read -r from to symbol <<<"$l"
        local a=${from%/*} b=${to%/*}
        [ "$a" != "$b" ] && [ "${a%%/*}" = "${b%%/*}" ] || continue
        grep -qE "^$a:(.* )?$b( |\$)" <<<"$ROOMS" || fail "lib/$from calls $symbol of lib/$to"
    done
}

@test "source: every room has its row, and 12 sources at most" {
    local dir sources
    for dir in $(find lib -name '*.c' -printf '%h\n' | sort -u); do
        [ "$dir" = lib/cli ] || grep -q "^${dir#lib/}:" <<<"$ROOMS" || fail "$dir is no room that this test knows"
        sources=("$dir"/*.c)
        [ "${#sources[@]}" -le 12 ] || fail "$dir has ${#sources[@]} sources"
    done
}

@test "source: a file stays below 400 lines, a function below 60" {
    local files
    mapfile -t files < <(find lib cmd include -name '*.[ch]')
    [ "${#files[@]}" -gt 200 ] || fail 'nothing was looked at'
    # the lines of a function are those of its name to its brace
    run -0 awk 'FNR == 1 { from = 0 }
        /^[A-Za-z_].*\(/ && !/[;,]$/ || /^[A-Za-z_][^;=]*,$/ { from = FNR }
        /^{/ { if (!from) print FILENAME ": line " FNR ": a function without a name"; inside = from; functions++ }
        /^}/ && inside { if (FNR - inside >= 59) print FILENAME ": line " inside ": a function of " FNR - inside + 1 " lines"; from = inside = 0 }
        FNR == 400 { print FILENAME ": 400 lines or more" }
        END { if (functions < 1000) print "nothing was looked at" }' "${files[@]}"
    assert_output ''
}

@test "source: no circle of calls between files of the library" {
    pairs() { calls | cut -d ' ' -f 1,2 | sort -u; }
    run -0 pairs
    [ "${#lines[@]}" -gt 100 ] || fail 'nothing was looked at'
    circles() { tsort <<<"$output" 2>&1 >/dev/null; }
    run -0 circles
    assert_output ''
}

@test "source: every file begins with a comment that says what it is for" {
    for f in $(find lib cmd -name '*.[ch]') include/gk/*.h; do
        read -r first <"$f" && [[ $first == '/*'* ]] || fail "$f"
    done
}

@test "source: the library does not print or exit outside lib/cli" {
    local symbols=$BATS_TEST_TMPDIR/symbols
    objects | grep -v "^$GK_BUILD/lib/cli/" | xargs nm -A >"$symbols"
    [ "$(wc -l <"$symbols")" -gt 100 ] || fail 'nothing was looked at'
    run -1 grep -E ' (exit|_exit|abort|printf|puts|putchar|perror|__printf_chk)$' "$symbols"
    assert_output ''
}

@test "source: the library says which setting is wrong, the tool which option that is" {
    # lib/io/stream/input.c has commands of other programs, to be shown
    options() {
        find lib -name '*.[ch]' ! -path 'lib/cli/*' ! -path lib/io/stream/input.c -exec \
            grep -nE '"([^"\\]|\\.)*--[a-z%]|"-[a-zA-Z]: |"([^"\\]|\\.)* -[a-z] FILE' {} +
    }
    run options
    assert_output ''
}

@test "source: every file that a page names is there" {
    names() {
        grep -ohE '`(cmd|docs|include|lib|packaging|pipelines|tests)/[A-Za-z0-9_./-]*`' *.md docs/*.md tests/*.md tests/golden/*.md |
            tr -d '`' | sort -u
    }
    run -0 names
    [ "${#lines[@]}" -gt 30 ] || fail 'nothing was looked at'
    for f in "${lines[@]}"; do
        [ -e "$f" ] || fail "$f"
    done
}

@test "source: every structure, constant and function that the map names is in the source" {
    names() {
        grep -ohE '`(struct gk_[a-z_]+|GK_[A-Z_]+|[a-z_]+\(\))`' docs/architecture.md CONTRIBUTING.md | tr -d '`)' | sort -u
    }
    run -0 names
    [ "${#lines[@]}" -gt 10 ] || fail 'nothing was looked at'
    for name in "${lines[@]}"; do
        # a structure is defined somewhere, not only used
        [[ $name != 'struct '* ]] || name+=' {'
        grep -rqF -e "$name" lib cmd include || fail "$name"
    done
}

@test "README names the packages of .ci/packages" {
    for part in build test demo slurm; do
        for package in $(sed -n "s/^\([^# ]*\) *# $part?\{0,1\}:.*/\1/p" .ci/packages); do
            grep -qE "(^|[ \`])$package([ \`]|\$)" README.md || fail "README.md does not name $package"
        done
    done
}

# In a list, set -e looks at the last command alone: if the first one fails, the test goes on.
@test "source: tests make no list of comparisons" {
    run -1 grep -nE '^ *(cmp|diff) [^|]*&& *(cmp|diff) [^|]*$' tests/*.bats tests/helpers.bash
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
        # it only calls a tool, with the user's locale
        '#!/bin/sh') assert_equal "$script" packaging/tool.sh ;;
        *) fail "$script: a script of another kind" ;;
        esac
    done < <(grep -rlE '^#!' .ci tests pipelines packaging --exclude='*.bats')
}

# It closes its pipe at the first match. The program before it then fails at its next line, and with pipefail so does
# the whole test, now and then.
@test "source: no pipe ends in grep -q" {
    run -1 grep -rnE '[^|][|] *grep -[A-Za-z]*q' .ci tests pipelines packaging Makefile --include='*' --exclude='*.bats'
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

@test "source: pages link to files that are there" {
    local page link links=0
    for page in "$ROOT"/*.md "$ROOT"/docs/*.md "$ROOT"/docs/*/*.md "$ROOT"/tests/*.md "$ROOT"/tests/golden/*.md; do
        while IFS= read -r link; do
            links=$((links + 1))
            [ -e "${page%/*}/$link" ] || fail "${page#"$ROOT"/} links to $link"
        done < <(grep -oE '\]\([^)# ]+' "$page" | cut -c 3- | sed '/:/d; /[./]/!d')
    done
    [ "$links" -gt 50 ] || fail 'nothing was looked at'
}

# Without names it holds for all files. Another one with names would take that away, and make would remove objects.
@test "source: .SECONDARY has no names" {
    run grep -rnE '^\.(SECONDARY|INTERMEDIATE)\b' Makefile pipelines tests packaging --include=Makefile --include='*.mk'
    assert_output 'Makefile:5:.SECONDARY:'
}

@test "source: no line of a makefile is longer than 120 columns" {
    local files
    mapfile -t files < <(find Makefile pipelines tests packaging -name Makefile -o -name '*.mk' -o -name '*.conf')
    [ "${#files[@]}" -gt 20 ] || fail 'nothing was looked at'
    run awk 'length > 120 { print FILENAME ": line " FNR }' "${files[@]}"
    assert_output ''
}

@test "source: each fuzz target has its dictionary and its corpus" {
    for f in tests/fuzz/*.c; do
        name=$(basename "$f" .c)
        [ "$name" = replay ] || { [ -s "tests/fuzz/$name.dict" ] && [ -d "tests/fuzz/corpus/$name" ]; } || fail "$name"
    done
}

@test "source: nothing lies in the top folder that does not belong there" {
    git rev-parse --git-dir >/dev/null 2>&1 || skip 'no repository'
    top() { git ls-files | cut -d / -f 1 | sort -u | grep -v '^\.\|\.md$'; }
    run -0 top
    assert_output "$(printf '%s\n' CITATION.cff LICENSE Makefile cmd docs include lib models packaging pipelines tests)"
}

@test "source: .ci/packages names a sign for each package, once" {
    run -0 awk '!/^#/ && NF { if (!/^[a-z0-9.+-]+ +# ((build|test|demo|slurm|fuzz|lint|package|arm64)[?]?,?)+: (command|file|header|library|bats) [^ ]+$/) print "form: " $0
                              if (seen[$1]++) print "twice: " $1 }' .ci/packages
    assert_output ''
}

@test "source: the tests that check-deb runs find there what they read of a build" {
    local not_there part
    not_there=$(sed -n '/case \$t in/,/;;/p' packaging/check-deb | grep -o 'tests/[a-z]*[.]bats')
    for part in $(printf '%s\n' tests/*.bats | grep -vxF "$not_there" | xargs grep -oh 'GK_BUILD/[a-z]*' | sort -u); do
        grep -E "\"\\\$build\"?/${part#*/}" packaging/check-deb >/dev/null || fail "check-deb lacks ${part#*/}"
    done
}

@test "source: a test begins when its watchdog can be stopped" {
    # without a limit bash itself catches the signal in the watchdog's place, and there is no watchdog to wait for
    [ "${BATS_TEST_TIMEOUT-}" ] || skip 'tests have no limit of time here'
    # what bats starts for each test, here late
    cd "$BATS_TEST_TMPDIR"
    (
        sleep 0.3
        sleep 60 &
        echo $! >sleeps
        trap 'kill $(<sleeps); exit 0' ABRT
        wait
    ) 3>&- &
    watchdog=$!
    BATS_killer_pid=$watchdog watched_over
    kill -ABRT "$watchdog"
    wait "$watchdog"
    for _ in {1..100}; do
        kill -0 "$(<sleeps)" 2>/dev/null || return 0
        sleep 0.02
    done
    fail 'its sleep stays'
}

@test "source: a test that fails or takes too long says where" {
    cd "$BATS_TEST_TMPDIR"
    # bats takes each line that begins so for a test, here, too
    sed s/^test/@test/ >some.bats <<EOF
load '$ROOT/tests/helpers.bash'
short() {
    [ "\$1" -gt 5 ]
}
test "here" {
    true
    false
}
test "in a function" {
    short 6
    short 5
}
test "in another shell" {
    (cd / && short 4)
}
test "long" {
    true
    sleep 30
}
EOF
    run env -i PATH="${PATH//"$BATS_LIBEXEC:"/}" BATS_LIB_PATH="$BATS_LIB_PATH" BATS_TEST_TIMEOUT=2 bats --tap some.bats
    assert_failure
    assert_line '# (in test file some.bats, line 7)'
    assert_line "# (from function \`short' in file some.bats, line 3,"
    assert_line '#  in test file some.bats, line 11)'
    assert_line "#   \`(cd / && short 4)' failed"
    assert_line 'not ok 4 long # timeout after 2s'
    assert_line '# ended in: sleep 30'
}

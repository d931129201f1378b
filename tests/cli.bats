#!/usr/bin/env bats
# shellcheck disable=SC2030,SC2031,SC2154 # run sets status, output and stderr
# The command line: what every tool has, and the option table with a tool that prints what it
# received.
load helpers

try() {
    "$GK_BUILD/tests/cli" "$@"
}

# The provenance line of: try ARGS
line() {
    try -q "$@" | head -n 1
}

defaults='--steps 10 --any-integer -3 --rate 0.001 --any-real 0.1 --choice two --grid -1:1:5 --window 0:400 --seed 0'

@test "cli: the line resolves every default and omits what has no value or is silent" {
    run line
    assert_output "gk-try $VERSION $defaults"
    run line --file x --threads 3 -o y --quiet
    assert_output "gk-try $VERSION $defaults"
}

@test "cli: every way to write an option" {
    run line -f -n 4 --rate=0.5 --cou 2 --choice three
    assert_output "gk-try $VERSION --flag --steps 4 --count 2 --any-integer -3 --rate 0.5 --any-real 0.1 --choice three --grid -1:1:5 --window 0:400 --seed 0"
    run line -fn4
    assert_output --partial '--flag --steps 4 '
    run line -fqn 4
    assert_output --partial '--flag --steps 4 '
}

@test "cli: the last of several wins" {
    run line -n 1 --steps 2 --steps=3
    assert_output --partial ' --steps 3 '
}

@test "cli: values may begin with -" {
    run line --grid -2:-1:3 --any-integer -7 --any-real=-1e-3 --note --flag --window -5:-1
    assert_output --partial ' --any-integer -7 --rate 0.001 --any-real -0.001 --note --flag --choice two --grid -2:-1:3 --window -5:-1 '
    refute_output --partial ' --flag --steps'
}

@test "cli: windows may omit an end" {
    run line --window :7 --whole 3:
    assert_output --partial '--window :7 --whole 3: '
    run line --window :
    refute_output --partial '--window'
}

@test "cli: reals come back as they went in, in the fewest digits" {
    run line --any-real 0.1 --rate 0.30000000000000004 --unset 1e-300 --grid 0.7:1e22:2
    assert_output --partial '--rate 0.30000000000000004 --any-real 0.1 --unset 1e-300 '
    assert_output --partial '--grid 0.7:1e+22:2'
}

@test "cli: the line quotes text so that a shell reads it back" {
    # shellcheck disable=SC2016 # must not expand
    for text in 'a b' "it's" '$HOME' 'tab	end' 'plain+text,1:2' $'two\nlines' 'a\b' $'\\ and \x01' '*'; do
        run line --note "$text"
        assert_equal "${#lines[@]}" 1
        eval "set -- $output"
        while [ "$1" != --note ]; do shift; done
        assert_equal "$2" "$text"
    done
}

@test "cli: operands and options mix, -- ends options, - is an operand" {
    run -0 --separate-stderr try -q a --steps 3 -
    assert_line 'operand a'
    assert_line 'operand -'
    run -0 --separate-stderr try -q -- --steps -f
    assert_line 'operand --steps'
    assert_line 'operand -f'
    assert_line --partial ' --steps 10 '
}

@test "cli: notes go to standard error unless --quiet" {
    run --separate-stderr try x

    assert_equal "$stderr" 'gk-try: note: 1 operands'
    run --separate-stderr try --quiet x
    assert_equal "$stderr" ''
}

@test "cli: the number of threads is that of the available cores" {
    run taskset -c 0 "$GK_BUILD/tests/cli" -q
    assert_line 'output -, file -, threads 1'
    run try -q --threads 7 --file x --output y
    assert_line 'output y, file x, threads 7'
}

@test "cli: wrong numbers" {
    wrong_usage "gk-try: --steps: 'abc' is not an integer" try --steps abc
    wrong_usage "gk-try: --steps: '12x' is not an integer" try --steps 12x
    wrong_usage "gk-try: --steps: '1.5' is not an integer" try -n 1.5
    wrong_usage "gk-try: --steps: '1.5e0' is not an integer" try -n 1.5e0
    wrong_usage "gk-try: --any-integer: 1e30 is too large" try --any-integer 1e30
    wrong_usage "gk-try: --rows: 1e30 is not in [1, 9]" try --rows 1e30
    wrong_usage "gk-try: --steps: '' is not an integer" try --steps=
    wrong_usage "gk-try: --steps: ' 3' is not an integer" try --steps ' 3'
    wrong_usage "gk-try: --steps: '--flag' is not an integer" try --steps --flag
    wrong_usage 'gk-try: --steps: -1 is not in [0, 9007199254740992]' try --steps -1
    wrong_usage 'gk-try: --steps: 9007199254740993 is not in [0, 9007199254740992]' \
        try --steps 9007199254740993
    wrong_usage 'gk-try: --steps: 99999999999999999999 is not in [0, 9007199254740992]' \
        try --steps 99999999999999999999
    for n in 99999999999999999999 -9223372036854775809; do
        wrong_usage "gk-try: --any-integer: $n is too large" try --any-integer "$n"
    done
    wrong_usage 'gk-try: --count: 6 is not in [1, 5]' try --count 6
    wrong_usage "gk-try: --rate: 'fast' is not a number" try --rate fast
    wrong_usage "gk-try: --rate: '1e-3 ' is not a number" try --rate '1e-3 '
    wrong_usage 'gk-try: --rate: 0 is not in (0, inf)' try --rate 0
    wrong_usage 'gk-try: --rate: inf is not finite' try --rate inf
    wrong_usage 'gk-try: --rate: nan is not finite' try --rate nan
    wrong_usage 'gk-try: --rate: 1e999 is not finite' try --rate 1e999
    wrong_usage "gk-try: --rows: 'few' is neither all nor an integer" try --rows few
    wrong_usage 'gk-try: --rows: 0 is not in [1, 9]' try --rows 0
    wrong_usage 'gk-try: --unset: 1.5 is not in [0, 1]' try --unset 1.5
    wrong_usage 'gk-try: --threads: 0 is not in [1, 1024]' try --threads 0
    wrong_usage 'gk-try: --seed: -1 is not in [0, 9007199254740992]' try --seed -1
}

@test "cli: a number can be written in many ways, and the line has one" {
    for n in 7 +7 007 +0007 7e0 7.0e0 0.7e1 +0.07E+2; do
        run line --any-integer "$n" --rows "$n"
        assert_output --partial '--any-integer 7 --rows 7 '
    done
    for x in 0.5 .5 +.5 5e-1 5.E-1 +00.500e+00; do
        run line --any-real "$x" --rate "$x" --grid "$x:1:2" --window "-0.5:$x"
        assert_output --partial '--rate 0.5 --any-real 0.5 --choice two --grid 0.5:1:2 --window -0.5:0.5 '
        run line --grid "0:$x:2"
        assert_output --partial '--grid 0:0.5:2 '
    done
    run line --rows all
    assert_output --partial '--rows all '
}

@test "cli: texts that only look like numbers" {
    for n in ' 7' '7 ' $'\t7' $'7\n' 0x7 7. 1.5e0 7e-0 1e3.0 .5e1 1e 7,0 '' + - '+ 7' --7 ７ nan; do
        wrong_usage "gk-try: --rows: '${n//[$'\t\n']/?}' is neither all nor an integer" try --rows="$n"
        wrong_usage "gk-try: --any-integer: '${n//[$'\t\n']/?}' is not an integer" try --any-integer="$n"
    done
    for x in ' 0.5' '0.5 ' $'\v.5' $'.5\n' 0x1p-1 0X.8 0,5 '' . + - 5e e5 '5e ' 5e1. 1e1e1 '1 2' ٥ in nanx 'nan(1)'; do
        shown=${x//[$'\v\n']/?}
        wrong_usage "gk-try: --any-real: '$shown' is not a number" try --any-real="$x"
        wrong_usage "gk-try: --grid: '$shown' is not a number" try --grid "$x:1:2"
        wrong_usage "gk-try: --grid: '$shown' is not a number" try --grid "0:$x:2"
        [ -z "$x" ] || wrong_usage "gk-try: --window: '$shown' is not a number" try --window ":$x"
    done
}

@test "cli: a nonzero number neither becomes 0 nor loses digits" {
    for x in 1e-400 -1e-400 1e-310 4.9e-324 0.$(printf '%0400d' 1); do
        wrong_usage "gk-try: --any-real: $x is nearer to 0 than the smallest number, 2.225e-308" try --any-real "$x"
        wrong_usage "gk-try: --rate: $x is nearer to 0 than the smallest number, 2.225e-308" try --rate "$x"
        wrong_usage "gk-try: --grid: $x is nearer to 0 than the smallest number, 2.225e-308" try --grid "$x:1:2"
        wrong_usage "gk-try: --window: $x is nearer to 0 than the smallest number, 2.225e-308" try --window "$x:1"
    done
    for x in INF -Infinity NaN +nan 1e309 -1e309; do
        wrong_usage "gk-try: --any-real: $x is not finite" try --any-real "$x"
    done
    run line --any-real 0e-400 --unset 2.2250738585072014e-308
    assert_output --partial '--any-real 0 --unset 2.2250738585072014e-308 '
}

@test "cli: wrong choices, texts, grids and windows" {
    wrong_usage "gk-try: --choice: 'tow' is none of: one two three; did you mean two?" try --choice tow
    wrong_usage "gk-try: --choice: 'Three' is none of: one two three; did you mean three?" try --choice Three
    wrong_usage "gk-try: --choice: 'thre' is none of: one two three; did you mean three?" try --choice thre
    wrong_usage "gk-try: --choice: 'four' is none of: one two three" try --choice four
    wrong_usage "gk-try: --choice: '' is none of: one two three" try --choice ''
    wrong_usage 'gk-try: --note: the value is empty' try --note ''
    wrong_usage "gk-try: --grid: '0:1:1' has one point for two ends" try --grid 0:1:1
    wrong_usage "gk-try: --grid: '1:1.0:2' has 2 times the same point" try --grid 1:1.0:2
    run line --grid 1:1.0:1
    assert_output --partial '--grid 1:1:1 '
    wrong_usage "gk-try: --grid: '0:1' is not of the form A:B:N" try --grid 0:1
    wrong_usage "gk-try: --grid: '0:1:2:3' is not of the form A:B:N" try --grid 0:1:2:3
    wrong_usage "gk-try: --grid: 'x' is not a number" try --grid x:1:2
    wrong_usage "gk-try: --grid: '2.5' is not an integer" try --grid 0:1:2.5
    wrong_usage 'gk-try: --grid: 0 points are not in [1, 1000000000]' try --grid 0:1:0
    wrong_usage 'gk-try: --grid: inf is not finite' try --grid 0:inf:3
    wrong_usage "gk-try: --window: '5' is not of the form A:B" try --window 5
    wrong_usage "gk-try: --window: 'a' is not a number" try --window a:5
    wrong_usage 'gk-try: --window: 5:5 is empty: it holds A <= step < B' try --window 5:5
    wrong_usage 'gk-try: --window: nan is not finite' try --window nan:
}

@test "cli: wrong options and operands" {
    wrong_usage 'gk-try: unknown option --step-size; did you mean --steps?' try --step-size 3
    wrong_usage 'gk-try: unknown option --windwo; did you mean --window?' try --windwo 1:2
    wrong_usage 'gk-try: unknown option --zzzzzz; gk-try --help lists them' try --zzzzzz
    wrong_usage 'gk-try: unknown option -z; gk-try --help lists them' try -z
    wrong_usage 'gk-try: unknown option -5; gk-try --help lists them' try -5
    wrong_usage 'gk-try: --any may be --any-integer or --any-real' try --any 3
    wrong_usage 'gk-try: --steps needs a value (N)' try --steps
    wrong_usage 'gk-try: -n needs a value (N)' try -fn
    wrong_usage 'gk-try: --choice needs a value (one|two|three)' try --choice
    wrong_usage 'gk-try: --grid needs a value (A:B:N)' try --grid
    wrong_usage 'gk-try: --flag takes no value' try --flag=1
    wrong_usage "gk-try: unexpected operand 'c'" try a b c
    wrong_usage "gk-try: --completion needs a value (bash|zsh)" try --completion fish
    wrong_usage "gk-try: --completion needs a value (bash|zsh)" try --completion
}

@test "cli: --help shows type, range and default of each option, the common ones, and an example" {
    run -0 --separate-stderr try --help
    assert_equal "$stderr" ''
    assert_line --index 0 'Usage: gk-try [options] [FILE [FILE]]'
    assert_line --index 1 'Print what the command line says.'
    assert_line '  -f, --flag              a flag'
    assert_line --partial '--count N           no default (integer in [1, 5])'
    assert_line --partial '--any-integer N     no limits (integer; default -3)'
    assert_line --partial '--rate R            above 0 (real in (0, inf); default 1e-3)'
    assert_line --partial '--choice one|two|three'
    assert_line --partial 'one of three (default two)'
    assert_line --partial '--grid A:B:N        points (default -1:1:5)'
    assert_line --partial '-o, --output FILE'
    assert_line --partial '-q, --quiet'
    assert_line --partial '-h, --help'
    assert_line --partial '-V, --version'
    assert_line '  gk-try --steps 3 | cat'
    for l in "${lines[@]}"; do
        [ ${#l} -le 80 ] || fail "a long line: $l"
    done
}

@test "cli: --help and --version need nothing else; a full disk and a closed output are errors" {
    run -0 try --version --nonsense
    assert_output "gk-try $VERSION"
    run -0 try -V
    assert_output "gk-try $VERSION"
    for o in --help --version '--completion bash'; do
        # shellcheck disable=SC2086
        run bash -c "'$GK_BUILD/tests/cli' $o > /dev/full"
        assert_failure 1
        assert_output 'gk-try: standard output: No space left on device'
        run bash -c "'$GK_BUILD/tests/cli' $o >&-"
        assert_failure 1
        assert_output 'gk-try: standard output: Bad file descriptor'
    done
}

@test "cli: a closed pipe ends --help quietly with status 0" {
    run bash -o pipefail -c "for i in 1 2 3; do '$GK_BUILD/tests/cli' --help; done | true"
    assert_success
    assert_output ''
}

@test "cli: the bash completion offers options, choices and files" {
    try --completion bash >c.sh
    run bash -c '. ./c.sh
        complete -p gk-try
        touch here.data
        ask() { COMP_WORDS=(gk-try "$@") COMP_CWORD=$#; _gk_try; echo "${COMPREPLY[*]}"; }
        ask --st; ask --choice t; ask --file her; ask her; ask --steps ""'
    assert_success
    assert_line --index 0 'complete -o filenames -F _gk_try gk-try'
    assert_line --index 1 '--steps'
    assert_line --index 2 'two three'
    assert_line --index 3 'here.data'
    assert_line --index 4 'here.data'
}

@test "cli: completion offers the commands of a tool until one is given" {
    gk-predict --completion bash >c.sh
    run bash -c '. ./c.sh
        touch here.data fit.data
        ask() { COMP_WORDS=(gk-predict "$@") COMP_CWORD=$#; _gk_predict; echo "${COMPREPLY[*]}"; }
        ask ""; ask f; ask --seed 1 sc; ask fit her; ask score --window 0:4 f; ask fit --print gr; ask r'
    assert_success
    assert_output "$(printf '%s\n' 'fit score rank' fit score here.data fit.data groups rank)"
    gk-predict --completion zsh >c.zsh
    run cat c.zsh
    assert_line --partial "'1:command:(fit score rank)'"
    run gk-fft --completion zsh
    refute_output --partial 'command'
}

@test "cli: the zsh completion has every option and closed quotes" {
    try --completion zsh >c.zsh
    run cat c.zsh
    assert_line --index 0 '#compdef gk-try'
    assert_line --partial "'--choice[one of three]:choice:(one two three)'"
    assert_line --partial "'--file[silent]:FILE:_files'"
    # Plain shell words: they parse in bash too.
    run bash -n c.zsh
    assert_success
}

# on_terminal COMMAND: what a terminal shows of it.
on_terminal() {
    script -qec "$1" /dev/null </dev/null
}

@test "cli: progress with rate and time left, on a terminal only, erased at the end" {
    on_terminal "'$GK_BUILD/tests/cli' --ticks 12 >out" >shown
    run cat -v shown
    assert_output --regexp '\^\[\[Ktick [0-9]+ of 12, [0-9.]+/s, 0:00 left.*\^\[\[Kgk-try: note: 0 operands'
    run --separate-stderr try --ticks 12
    assert_equal "$stderr" 'gk-try: note: 0 operands'
}

@test "cli: a tool that waits for a terminal says what it waits for" {
    gk-data --p 5 -o d
    run script -qec 'gk-train --steps 0' /dev/null < <(sleep 0.2)
    assert_output --partial 'gk-train: note: waiting for a dataset from the terminal; more usual is: gk-data --frac 0.5 | gk-train --steps 400 '
    run script -qec 'gk-hjorth' /dev/null < <(sleep 0.2)
    assert_output --partial 'gk-hjorth: note: waiting for input from the terminal; more usual is: gk-data | gk-train '
    # not with --quiet, nor if there is something to read
    run script -qec 'gk-hjorth -q' /dev/null < <(sleep 0.2)
    refute_output --partial 'waiting'
    run script -qec 'gk-train --steps 0 -d d; gk-data --p 5 | gk-train --steps 0; gk-data --p 5 >e' /dev/null < <(sleep 0.2)
    refute_output --partial 'waiting'
}

@test "cli: no progress with --quiet, nor between results on the same terminal" {
    run on_terminal "'$GK_BUILD/tests/cli' -q --ticks 12 >out"
    assert_output ''
    run on_terminal "'$GK_BUILD/tests/cli' --ticks 12"
    refute_output --partial 'of 12'
    run on_terminal "'$GK_BUILD/tests/cli' --ticks 12 -o out"
    assert_output --partial 'of 12'
}

# ---- every tool ----

# The options that scripts rely on (docs: the table of names), tool by tool.
promised() {
    case $1 in
    gk-data) echo op p q pairs frac train split-seed layout table list-ops ;;
    gk-train) echo data model layers dim heads ff hidden steps optimizer lr weight-decay beta1 \
        beta2 eps momentum warmup clip batch seed dtype threads eval-every save save-every \
        weights-only trajectory every resume until-grokked muon-lr grokfast orthogonal-gradient \
        hold-norm clip-rows init-rows trajectory-state ;;
    gk-eval) echo data activations position split ;;
    gk-ckpt-dump) echo list meta tensor flat format steps split-to ;;
    gk-curve) echo map percent step join list ;;
    gk-fft) echo column window detrend taper ;;
    gk-hjorth) echo column window detrend taper follow ;;
    gk-phases) echo high low hold ;;
    gk-landscape) echo data toward toward2 norm alpha beta split ;;
    gk-hvp) echo data split params top trace density vector tol dtype ggn precondition ;;
    gk-pca) echo components line center params variance axes ;;
    gk-twonn) echo method discard tensor ;;
    gk-spectra) echo tensor ;;
    gk-fourier) echo data keys view dtype ;;
    gk-fit-powerlaw) echo units censor predict ;;
    gk-times) echo time censor group compare ;;
    gk-predict) ;;
    gk-testfn) echo function log optimizer lr start steps grid ;;
    esac
    echo output quiet help version
}

# Runs CHECK TOOL for each tool in the build.
each_tool() {
    local found=
    for tool in "$GK_BUILD"/bin/gk-*; do
        found=1
        "$1" "$(basename "$tool")" || fail "$(basename "$tool"): $1"
    done
    [ "$found" ] || fail 'no tools'
}

help_is_whole() {
    local o help
    help=$("$1" --help 2>err) && [ ! -s err ] || return
    for o in $(promised "$1"); do
        grep -qE "^  (-., |    )--$o( |$)" <<<"$help" || { echo "$1 --help: no --$o"; return 1; }
    done
    grep -q '^Usage: '"$1" <<<"$help" && grep -q '^Example:' <<<"$help" || return
    sed '1,/^Example:/d' <<<"$help" | grep -q '|' || { echo "$1 --help: no pipe in the example"; return 1; }
    awk '/^Example:/ { exit bad } length > 80 { print "long: " $0; bad = 1 } END { exit bad }' <<<"$help"
}
@test "every tool: --help names the options that scripts rely on" {
    each_tool help_is_whole
}

says_version() {
    [ "$("$1" --version)" = "$1 $VERSION" ]
}
@test "every tool: --version" {
    each_tool says_version
}

unknown_is_usage() {
    run --separate-stderr "$1" --no-such-option
    [ "$status" -eq 2 ] && [ -z "$output" ] && [[ $stderr == "$1: unknown option --no-such-option; "* ]]
}
@test "every tool: an unknown option is wrong usage" {
    each_tool unknown_is_usage
}

full_disk_is_an_error() {
    run bash -c "$1 --help >/dev/full"
    [ "$status" -eq 1 ] && [ "$output" = "$1: standard output: No space left on device" ]
}
@test "every tool: --help to a full disk" {
    each_tool full_disk_is_an_error
}

page_is_whole() {
    local page=$ROOT/docs/man/$1.1 lint o
    [ -f "$page" ] || { echo "$1 has no man page"; return 1; }
    # A page refers to others that need not be installed here.
    lint=$(mandoc -T lint -W style "$page" 2>&1 | grep -vE 'referenced manual not found|outdated mandoc.db') &&
        { echo "$lint"; return 1; }
    mandoc -T ascii -O width=200 "$page" | sed 's/.\x08//g' >text
    for o in $("$1" --help | sed -nE 's/^  (-., |    )(--[a-z0-9-]+).*/\2/p'); do
        grep -qE -- "$o([^a-z0-9-]|\$)" text || { echo "$1.1 does not name $o"; return 1; }
    done
    for s in NAME SYNOPSIS DESCRIPTION EXAMPLES 'EXIT STATUS' 'SEE ALSO'; do
        grep -q "^$s" text || { echo "$1.1 has no $s"; return 1; }
    done
}
@test "every tool: a clean man page that names every option" {
    each_tool page_is_whole
}

completion_parses() {
    "$1" --completion bash >c.bash && bash -n c.bash &&
        [ "$(bash -c ". ./c.bash; complete -p $1")" = "complete -o filenames -F _${1//-/_} $1" ]
}
@test "every tool: bash completion" {
    each_tool completion_parses
}

# no_steering TEXT: TEXT has no control character except newlines, C1 included, and no direction
# mark.
no_steering() {
    ! LC_ALL=C grep -qP '[\x00-\x08\x0b-\x1f\x7f]|\xc2[\x80-\x9f\xad]|\xe2\x80[\x8b-\x8f\xa8-\xae]|\xe2\x81[\xa0-\xaf]|\xef\xbb\xbf|\xff' <<<"$1"
}
steers_nothing() {
    local bad=$'\x1b[2J\xc2\x9b2J\xc2\x9d0;t\x07\xe2\x80\xae\xe2\x80\x8f\xe2\x81\xa6\xe2\x80\xa8\xff\xef\xbb\xbfz' words
    for words in "$bad" "--$bad" "-$bad" "--output $bad/x" "--output=/dev/fd/9$bad" "--threads $bad" "--data $bad"; do
        # shellcheck disable=SC2086
        run --separate-stderr "$1" $words </dev/null
        no_steering "$stderr" || { cat -v <<<"$stderr"; return 1; }
        [ "$status" -gt 0 ] && [[ $stderr == "$1: "* ]] || return
    done
}
@test "every tool: no name controls the terminal through a message" {
    no_steering 'a ü € 😀' && ! no_steering $'\xc2\x9b' && ! no_steering $'\xe2\x80\xae'
    each_tool steers_nothing
}

@test "cli: no name controls the terminal through a note or a result's history" {
    bad=$'\x1b[2J\xc2\x9b2J\xe2\x80\xae\xff.csv'
    printf 'm0,grokked\n1,0\n2,0\nnan,1\n3,1\n4,1\n' >"$bad"
    run --separate-stderr gk-predict fit --skip-nan --bootstrap 0 "$bad"
    assert_success
    assert_equal "${stderr_lines[0]}" 'gk-predict: note: ?[2J??2J????.csv: 1 run left out, for a nan (m0)'
    [[ ${stderr_lines[1]} == 'gk-predict: note: ?[2J??2J????.csv: 4 runs, 2 that grokked: '* ]] || fail "$stderr"
    assert_equal "${#stderr_lines[@]}" 2
    # an option's value is written so that a shell reads the same bytes back
    run line --note "é €$bad"
    assert_output --partial "--note $'é €\\033[2J\\302\\2332J\\342\\200\\256\\377.csv'"
    no_steering "$output"
    eval "set -- ${output#*--note }"
    assert_equal "$1" "é €$bad"
}

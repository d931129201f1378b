#!/usr/bin/env bats
# shellcheck disable=SC2030,SC2031,SC2154 # run sets status, output and stderr
# Results: where they go, complete or not at all, and what every tool says if it cannot write them. All
# tools in the build are tried.
load helpers

# Small inputs, made once: a dataset d, a checkpoint c, a group of as many elements, a curve, a
# matrix, runs for a power law and for a prediction.
setup_file() {
    cd "$BATS_FILE_TMPDIR" || return
    local golden=tests/golden/mlp.safetensors
    (cd "$ROOT" && "$GK_BUILD/tests/golden_files" "$golden" dataset) >d
    (cd "$ROOT" && "$GK_BUILD/tests/golden_files" "$golden" checkpoint) >c
    gk-data --p 11 >group
    awk 'BEGIN {
        print "step\ttrain_loss\ttrain_acc\tval_acc"
        for (i = 0; i < 40; i++)
            print i "\t" 1 / (i + 1) + 0.1 * sin(i) "\t" i / 39 "\t" (i > 20)
    }' >curve
    awk 'BEGIN { for (i = 0; i < 30; i++) print sin(i) "\t" cos(2 * i) "\t" sin(3 * i) }' >matrix
    printf 'r\tt4\n20\t5\n30\t4\n40\t3.5\n50\t3.2\n60\t3\n' >runs
    printf 'm0,grokked\n1,0\n2,0\n3,1\n4,1\n' >early
}

setup() {
    begin
    ln -s "$BATS_FILE_TMPDIR"/* "$BATS_TEST_TMPDIR"
    cd "$BATS_TEST_TMPDIR" || return
}

# recipe TOOL: a command (cmd) that ends well and writes its result to standard output; and the
# options that make that binary (binary), if it has any.
recipe() {
    binary=none
    case $1 in
    gk-data) cmd=("$1" --p 5) binary='' ;;
    gk-train) cmd=("$1" -d d --model mlp --layers 1 --dim 4 --hidden 4 --steps 3) ;;
    gk-eval) cmd=("$1" -d d c) binary='--activations layer0' ;;
    gk-ckpt-dump) cmd=("$1" c) binary='--format safetensors' ;;
    gk-curve | gk-fft | gk-hjorth | gk-phases) cmd=("$1" curve) ;;
    gk-landscape) cmd=("$1" -d d --toward random:1 --alpha -1:1:3 c) ;;
    gk-hvp) cmd=("$1" -d d c) binary='--vector c' ;;
    gk-pca) cmd=("$1" --components 2 matrix) ;;
    gk-fourier) cmd=("$1" -d group c) ;;
    gk-twonn | gk-spectra) cmd=("$1" matrix) ;;
    gk-fit-powerlaw | gk-times) cmd=("$1" runs) ;;
    gk-predict) cmd=("$1" fit early) ;;
    gk-testfn) cmd=("$1" --steps 20) ;;
    *) fail "no recipe for $1: tests/output.bats tries every tool" ;;
    esac
}

tools() {
    for tool in "$GK_BUILD"/bin/gk-*; do
        echo "${tool##*/}"
    done
}

# writers: "TOOL OPTION", every option that names a file to write beside -o.
writers() {
    cat <<'END'
gk-hvp vectors
gk-pca axes
gk-predict model
gk-train save
gk-train trajectory
END
}

# ends STATUS MESSAGE: so did the last `run --separate-stderr`, with MESSAGE after "TOOL: ", or without
# a message.
ends() {
    assert_equal "$tool $status: $stderr" "$tool $1: ${2:+$tool: $2}"
}

# nothing_left: no temporary file is in the folder.
nothing_left() {
    [ -z "$(find . -name '*.tmp')" ] || fail "$tool left $(find . -name '*.tmp')"
}

@test "output: the same command gives the same bytes, and nothing on standard error" {
    for tool in $(tools); do
        recipe "$tool"
        run --separate-stderr "${cmd[@]}" -q -o one
        ends 0
        [ -s one ] || fail "$tool wrote nothing"
        "${cmd[@]}" -q >two
        cmp one two || fail "$tool"
        if "$tool" --help | grep -q -e --threads; then
            "${cmd[@]}" -q --threads 1 >single
            "${cmd[@]}" -q --threads 3 >three
            cmp one single && cmp one three || fail "$tool depends on --threads"
        fi
    done
}

@test "output: a full disk is an error" {
    for tool in $(tools); do
        recipe "$tool"
        run --separate-stderr bash -c 'exec "$@" >/dev/full' - "${cmd[@]}" -q
        ends 1 'standard output: No space left on device'
        run --separate-stderr "${cmd[@]}" -q -o /dev/full
        ends 1 '/dev/full: No space left on device'
        [ -c /dev/full ] || fail "$tool replaced /dev/full"
    done
    # a frame larger than any buffer
    gk-data --p 23 -o large
    gk-train -d large --layers 1 --dim 32 --heads 2 --ff 4 --steps 0 --save wide -o /dev/null
    gk-train -d large --layers 1 --dim 32 --heads 2 --ff 4 --steps 2 --save other -o /dev/null
    while read -r cmd; do
        tool=${cmd%% *}
        run --separate-stderr bash -c "exec $cmd >/dev/full"
        [[ "$status $stderr" == "1 $tool: standard output: "*'No space left on device' ]] || fail "$cmd: $stderr"
    done <<'END'
gk-eval -d large --activations embed wide
gk-hvp -d large --vector wide wide
gk-hvp -d large --top 1 --max-products 2 -q --vectors - -o z wide
gk-ckpt-dump --format safetensors wide
gk-train -d large --dim 32 --steps 0 --save - -o z
gk-train -d large --dim 32 --steps 0 --trajectory - -o z
gk-pca --axes - -o z wide other
END
}

@test "output: a reader that went away is a quiet end" {
    for tool in $(tools); do
        recipe "$tool"
        # shellcheck disable=SC2016 # for the inner shell
        run --separate-stderr bash -c 'exec 3> >(exec true); wait $!; exec "$@" >&3' - "${cmd[@]}" -q
        ends 0
    done
}

@test "output: a missing standard output is an error" {
    for tool in $(tools); do
        recipe "$tool"
        run --separate-stderr bash -c 'exec "$@" >&-' - "${cmd[@]}" -q
        ends 1 'standard output: Bad file descriptor'
    done
}

@test "output: no file takes the place of a standard stream that is closed" {
    for tool in $(tools); do
        recipe "$tool"
        "${cmd[@]}" -q -o want
        bash -c 'exec "$@" >&- 2>&-' - "${cmd[@]}" -o got || fail "$tool"
        cmp want got || fail "$tool"
    done
    tool=gk-hjorth
    run --separate-stderr bash -c 'exec gk-hjorth <&-'
    ends 1 'standard input: Bad file descriptor'
}

@test "output: -o writes a complete file, and keeps the mode of the one it replaces" {
    umask 027
    for tool in $(tools); do
        recipe "$tool"
        rm -f f
        "${cmd[@]}" -q >want
        "${cmd[@]}" -q --output=f
        cmp want f || fail "$tool"
        assert_equal "$tool $(stat -c %a f)" "$tool 640"
        echo 'longer than any result?' >f
        chmod 604 f
        "${cmd[@]}" -q -o f
        cmp want f || fail "$tool"
        assert_equal "$tool $(stat -c %a f)" "$tool 604"
        nothing_left
    done
}

@test "output: -o - and /dev/stdout are standard output, a pipe is written through" {
    mkfifo p
    for tool in $(tools); do
        recipe "$tool"
        "${cmd[@]}" -q >want
        echo before >got
        for name in - /dev/stdout /dev/fd/1; do
            "${cmd[@]}" -q -o "$name" >>got
        done
        cat want want want | cmp - <(tail -n +2 got) || fail "$tool"
        cat p >got &
        "${cmd[@]}" -q -o p
        wait $!
        cmp want got || fail "$tool"
        [ -p p ] || fail "$tool replaced the pipe"
    done
}

@test "output: -o in a place where no file can be written" {
    mkdir folder
    ln -s none/f link
    for tool in $(tools); do
        recipe "$tool"
        run --separate-stderr "${cmd[@]}" -q -o none/f
        ends 1 'none/f: No such file or directory'
        run --separate-stderr "${cmd[@]}" -q -o folder
        ends 1 'folder: Is a directory'
        run --separate-stderr "${cmd[@]}" -q -o curve/f
        ends 1 'curve/f: Not a directory'
        run --separate-stderr "${cmd[@]}" -q -o link
        ends 1 'link: No such file or directory'
        nothing_left
    done
}

@test "output: a run that fails leaves the old file" {
    for tool in $(tools); do
        recipe "$tool"
        echo old >f
        # A limit on the size of files; what is said goes through a pipe.
        said=$( (ulimit -f 0 && exec "${cmd[@]}" -q -o f) 2>&1) && fail "$tool did not fail"
        assert_equal "$said" "$tool: f: File too large"
        assert_equal "$(<f)" old
        nothing_left
    done
}

@test "output: an input that is cut off leaves the old file" {
    for tool in $(tools); do
        recipe "$tool"
        cut=${cmd[-1]}
        [ -f "$cut" ] || continue
        head -c "$(($(stat -Lc %s "$cut") * 2 / 3))" "$cut" | sed '$s/$/\x00/' >broken
        cmd[-1]=broken
        echo old >f
        run --separate-stderr "${cmd[@]}" -q -o f
        assert_equal "$tool $status" "$tool 1"
        [[ $stderr == "$tool: broken: "* ]] || fail "$tool says $stderr"
        assert_equal "$(<f)" old
        nothing_left
    done
}

@test "output: a table begins with what made it" {
    for tool in $(tools); do
        recipe "$tool"
        [ -n "$binary" ] || continue
        "${cmd[@]}" -q >f
        last=$(grep '^#' f | tail -n 1)
        [[ "$last " == "# $("$tool" --version) "* ]] || fail "$tool: $last"
        head -n "$(grep -c '^#' f)" f | grep -qv '^#' && fail "$tool: comments behind the header"
        sed '/^#/d' f | awk -F'\t' 'NR == 1 { n = NF } NF != n { exit 1 }' || fail "$tool"
    done
}

@test "output: nothing binary goes to a terminal" {
    command -v script >/dev/null || skip 'no script(1) to make a terminal'
    for tool in $(tools); do
        recipe "$tool"
        [ "$binary" != none ] || continue
        # shellcheck disable=SC2086 # words
        run script -qec "${cmd[*]} -q $binary" /dev/null
        assert_equal "$status ${output%$'\r'}" \
            "1 $tool: standard output is a terminal: binary data goes to a pipe or into a file"
    done
    while read -r tool option; do
        recipe "$tool"
        cmd[-1]=not-there # the work does not begin
        [ "$option" != model ] || continue
        [ "$tool" != gk-train ] || cmd=(gk-train -d not-there)
        run script -qec "${cmd[*]} --$option /dev/tty" /dev/null </dev/null
        assert_equal "$status ${output%$'\r'}" "1 $tool: /dev/tty is a terminal: binary data goes to a pipe or into a file"
        run script -qec "${cmd[*]} --$option - -o x" /dev/null </dev/null
        assert_equal "$status ${output%$'\r'}" \
            "1 $tool: standard output is a terminal: binary data goes to a pipe or into a file"
    done < <(writers)
}

@test "output: every option that writes a file is known to these tests" {
    for tool in $(tools); do
        "$tool" --help | sed 's/^  \(-., \|    \)--/\n--/' | tr -s '\n ' ' ' | sed 's/ --/\n--/g' |
            sed -n "s/^--\([a-z-]*\) FILE .*\<writes\{0,1\}\>.*/$tool \1/p" | grep -v ' output$' || true
    done >found
    diff <(writers) found
}

# writing OPTION FILE...: tool's recipe (cmd) with these options, each of which writes.
writing() {
    run --separate-stderr "${cmd[@]}" -q "$@"
}

@test "output: two outputs do not go to one place, however its name is spelled" {
    mkdir sub
    ln -s x link
    ln -s . same
    for exists in '' yes; do
        [ -z "$exists" ] || echo old >x
        [ -z "$exists" ] || ln x hard
        while read -r tool option; do
            recipe "$tool"
            for name in x ./x sub/../x "$PWD/x" link same/x ${exists:+hard}; do
                writing -o "$name" "--$option" x
                ends 2 "--$option: -o goes to $name already"
                [ "$option" = save ] || continue
                writing --save "$name" --trajectory x -o z
                ends 2 "--trajectory: --save goes to $name already"
            done
            if [ "$exists" ]; then
                assert_equal "$(<x)" old
            else
                [ ! -e x ]
            fi
        done < <(writers)
    done
    nothing_left
}

@test "output: two outputs go neither to one descriptor nor to the file of standard output" {
    ln -s /dev/stdout link
    ln -s /dev/fd/3 link3
    # to_x COMMAND...: with x as its standard output and, opened once more, as descriptor 3
    to_x() {
        echo old >x
        status=0
        stderr=$("$@" 2>&1 >>x 3>>x) || status=$?
        assert_equal "$(<x)" old
    }
    while read -r tool option; do
        recipe "$tool"
        for name in - /dev/stdout /dev/fd/1 /proc/self/fd/1 link x ./x /dev/fd/3 link3; do
            to_x "${cmd[@]}" -q "--$option" "$name"
            ends 2 "--$option: -o goes to standard output already"
            to_x "${cmd[@]}" -q "--$option" x -o "$name"
            [ "$name" != - ] || name='standard output'
            ends 2 "--$option: -o goes to $name already"
        done
        # a pipe is one place, too
        run bash -c '"$@" 2>&1 | cat' - "${cmd[@]}" -q "--$option" /dev/fd/1
        assert_output "$tool: --$option: -o goes to standard output already"
        # but /dev/null is none
        "${cmd[@]}" -q -o /dev/null "--$option" /dev/null
    done < <(writers)
}

@test "output: a descriptor that was not inherited is refused, and so are the tool's own" {
    for tool in $(tools); do
        recipe "$tool"
        for fd in 3 4 5 6 7 99; do
            run --separate-stderr bash -c 'exec "$@" 3>&- 4>&- 5>&- 6>&- 7>&-' - "${cmd[@]}" -q -o /dev/fd/$fd
            ends 1 "/dev/fd/$fd: Bad file descriptor"
        done
    done
    run --separate-stderr bash -c 'exec "$@" 3>&-' - gk-pca -q --axes x -o /dev/fd/3 matrix
    tool=gk-pca
    ends 1 '/dev/fd/3: Bad file descriptor'
    [ ! -e x ]
}

@test "output: the file of standard output is refused as input" {
    for tool in $(tools); do
        recipe "$tool"
        input=${cmd[-1]}
        [ -f "$input" ] || continue
        cp "$input" x
        cmd[-1]=x
        for how in '>>x' '1<>x' '3>>x -o /dev/fd/3'; do
            run --separate-stderr bash -c "exec \"\$@\" -q $how" - "${cmd[@]}"
            ends 2 'x is both input and output'
            cmp x "$input"
        done
        # What takes its place when it has been read is another file.
        "${cmd[@]}" -q >want
        "${cmd[@]}" -q -o x
        cmp want x || fail "$tool"
    done
    tool=gk-hjorth
    cp curve x
    run --separate-stderr bash -c 'exec gk-hjorth <x >>x'
    ends 2 'standard input is both input and output'
}

@test "output: an output that cannot be written is reported before the work begins" {
    mkdir full
    chmod 555 full
    while read -r tool option; do
        recipe "$tool"
        cmd[-1]=not-there # which is not looked at
        [ "$tool" != gk-train ] || cmd=(gk-train -d not-there)
        writing "--$option" none/f
        ends 1 'none/f: No such file or directory'
        writing "--$option" full
        ends 1 'full: Is a directory'
        writing -o none/f "--$option" f
        ends 1 'none/f: No such file or directory'
        if [ "$(id -u)" -ne 0 ]; then
            writing "--$option" full/f
            ends 1 'full/f: Permission denied'
        fi
        nothing_left
    done < <(writers)
}

@test "output: a link to a file that is not there yet makes that file" {
    mkdir sub
    for tool in $(tools); do
        recipe "$tool"
        rm -f sub/f link again
        ln -s sub/f link
        ln -s link again
        "${cmd[@]}" -q >want
        "${cmd[@]}" -q -o again
        cmp want sub/f || fail "$tool"
        [ -L again ] && [ -L link ] && [ ! -L sub/f ] || fail "$tool replaced a link"
    done
}

@test "output: replacing a set-user-ID file clears that bit" {
    for tool in $(tools); do
        recipe "$tool"
        echo old >f
        [ "$(id -u)" -ne 0 ] || chown 1234:2345 f
        owner=$(stat -c %u:%g f)
        chmod 6755 f
        "${cmd[@]}" -q -o f
        assert_equal "$tool $(stat -c '%a %u:%g' f)" "$tool 755 $owner"
    done
}

@test "output: a file too large is an error wherever it goes" {
    for tool in $(tools); do
        recipe "$tool"
        for how in '>f' '-o /dev/fd/3 3>f' '-o f'; do
            echo old >f
            name=${how##-o }
            name=${name%% *}
            said=$(bash -c "ulimit -f 0; exec \"\$@\" -q $how" - "${cmd[@]}" 2>&1) && fail "$tool $how did not fail"
            assert_equal "$said" "$tool: ${name/>f/standard output}: File too large"
        done
    done
    while read -r tool option; do
        recipe "$tool"
        said=$(bash -c "ulimit -f 0; exec \"\$@\" -q -o /dev/null --$option new" - "${cmd[@]}" 2>&1) && fail "$tool did not fail"
        [[ $said == "$tool: new: "*'File too large' ]] || fail "$said"
        [ ! -e new ]
    done < <(writers)
    said=$(bash -c 'ulimit -f 0; cat c c c | gk-pca' 2>&1) || status=$?
    assert_equal "$status $said" '1 gk-pca: the temporary file (TMPDIR says where): File too large'
    said=$(bash -c 'ulimit -f 0; exec gk-fft --help >f' 2>&1) || status=$?
    assert_equal "$status $said" '1 gk-fft: standard output: File too large'
}

@test "output: a full non-blocking pipe is waited for" {
    # without_waiting COMMAND...: dd makes its standard output, and so the command's, non-blocking
    without_waiting() {
        dd count=0 oflag=nonblock status=none </dev/null
        "$@"
    }
    for cmd in 'gk-testfn --steps 3000' 'gk-data --p 97' 'gk-fft long' 'gk-ckpt-dump --flat c'; do
        gk-testfn --steps 3000 | awk '!/^#/ { print $1 "\t" $4 }' | sed 's/value/train_loss/' >long
        $cmd >want
        [ "$(wc -c <want)" -gt 70000 ] || [ "$cmd" = 'gk-ckpt-dump --flat c' ]
        # shellcheck disable=SC2086
        without_waiting $cmd 2>said | (sleep 0.1 && cat >got)
        cmp want got
        [ ! -s said ]
    done
    # Messages, too: the pipe is full, so this one comes when there is room for it.
    status=0
    mkfifo p
    {
        without_waiting head -c 100000 /dev/zero || true
        gk-fft not-there 2>&1 || echo $? >status
    } 2>/dev/null | (sleep 0.1 && cat) | tr -d '\0' >got
    assert_equal "$(<got) $(<status)" 'gk-fft: not-there: No such file or directory 1'
}

# endless_works: commands that would take days, or for ever.
endless_works() {
    awk 'BEGIN { print "m0,grokked"; for (i = 0; i < 2000; i++) print i * 7 % 100 "," i % 2 }' >many
    cat <<'END'
gk-landscape -q -d d --toward random:1 --alpha -1:1:1000000000 c
gk-landscape -q -d d --toward random:1 --toward2 random:2 --alpha -1:1:1000000 c
gk-hvp -d d --density --probes 1 --grid 0:1:1000000000 c
gk-testfn --steps 1000000000000
gk-testfn --grid -1:1:1000000
gk-train -d d --model mlp --dim 4 --hidden 4 --steps 1000000000
forever c | gk-eval -d d
forever c | gk-eval -d d --activations layer0
forever c | gk-hvp -d d
forever c | gk-spectra
forever c | gk-fourier -d group
forever c | gk-ckpt-dump
forever c | gk-ckpt-dump --flat
forever c | gk-ckpt-dump --format safetensors
END
}
# These write nothing for as long.
silent_works() {
    cat <<'END'
gk-hvp -d d --density --probes 1000000 --depth 64 c
gk-hvp -d d --trace --probes 1000000 c
gk-testfn --steps 1000000000000 --every 1000000000000
gk-predict fit -q --bootstrap 1000000 many
forever matrix | gk-twonn
forever c | gk-pca
forever c | gk-ckpt-dump --flat --format npy
{ tail -f -n +1 curve || true; } | gk-hjorth --follow
END
}

# work COMMAND: runs it in a shell that knows `forever FILE`; the message is in stderr.
work() {
    run --separate-stderr timeout 60 bash -o pipefail -c "
        forever() { while cat \"\$@\" 2>/dev/null; do :; done; }
        $1"
}

@test "output: a reader that goes away ends the work, even while there is nothing to write" {
    while read -r command; do
        tool=$command
        work "$command | head -n 5 >/dev/null"
        ends 0
    done < <(endless_works)
    while read -r command; do
        tool=$command
        work "$command | true"
        ends 0
    done < <(endless_works && silent_works)
}

@test "output: a disk that is full ends the work" {
    while read -r command; do
        tool=gk-${command#*gk-}
        tool=${tool%% *}
        work "$command >/dev/full"
        [[ "$status $stderr" == "1 $tool: standard output: "*'No space left on device' ]] ||
            fail "$command: $status $stderr"
        work "ulimit -f 20; $command >file"
        [[ "$status $stderr" == "1 $tool: standard output: "*'File too large' ]] ||
            fail "$command: $status $stderr"
    done < <(endless_works)
}

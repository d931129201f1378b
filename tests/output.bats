#!/usr/bin/env bats
# shellcheck disable=SC2030,SC2031,SC2154 # run sets status, output and stderr
# Results: where they go, whole or not at all, and what every tool says when they cannot. All tools
# in the build are tried.
load helpers

# Small inputs, made once: a dataset d, a checkpoint c, a curve, a matrix, runs for a power law
# and for a prediction.
setup_file() {
    cd "$BATS_FILE_TMPDIR" || return
    local golden=tests/golden/mlp.safetensors
    (cd "$ROOT" && "$GK_BUILD/tests/golden_files" "$golden" dataset) >d
    (cd "$ROOT" && "$GK_BUILD/tests/golden_files" "$golden" checkpoint) >c
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
    gk-fft | gk-hjorth | gk-phases) cmd=("$1" curve) ;;
    gk-landscape) cmd=("$1" -d d --toward random:1 --alpha -1:1:3 c) ;;
    gk-hvp) cmd=("$1" -d d c) binary='--vector c' ;;
    gk-pca) cmd=("$1" --components 2 matrix) ;;
    gk-twonn) cmd=("$1" matrix) ;;
    gk-fit-powerlaw) cmd=("$1" runs) ;;
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

# ends STATUS MESSAGE: so did the last `run --separate-stderr`, with MESSAGE behind "TOOL: ", or
# with nothing said.
ends() {
    assert_equal "$tool $status: $stderr" "$tool $1: ${2:+$tool: $2}"
}

# nothing_left: no temporary file stands in the folder.
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
}

@test "output: a reader that went away is a quiet end" {
    for tool in $(tools); do
        recipe "$tool"
        # shellcheck disable=SC2016 # for the inner shell
        run --separate-stderr bash -c 'exec 3> >(exec true); wait $!; exec "$@" >&3' - "${cmd[@]}" -q
        ends 0
    done
}

@test "output: a standard output that is not there is an error" {
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

@test "output: -o writes the file whole, and keeps the mode of the one it replaces" {
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

@test "output: -o where no file can be" {
    mkdir folder
    ln -s nowhere link
    for tool in $(tools); do
        recipe "$tool"
        run --separate-stderr "${cmd[@]}" -q -o none/f
        ends 1 'none/f: No such file or directory'
        run --separate-stderr "${cmd[@]}" -q -o folder
        ends 1 'folder: Is a directory'
        run --separate-stderr "${cmd[@]}" -q -o curve/f
        ends 1 'curve/f: Not a directory'
        run --separate-stderr "${cmd[@]}" -q -o link
        ends 1 'link: a symbolic link to nowhere'
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
            "1 $tool: standard output is a terminal: binary data goes to a pipe or to -o FILE"
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
    said=$(bash -c 'ulimit -f 0; cat c c c | gk-pca' 2>&1) || status=$?
    assert_equal "$status $said" '1 gk-pca: the temporary file (TMPDIR says where): File too large'
    said=$(bash -c 'ulimit -f 0; exec gk-fft --help >f' 2>&1) || status=$?
    assert_equal "$status $said" '1 gk-fft: standard output: File too large'
}

@test "output: a full pipe that does not wait is waited for" {
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

@test "output: no file that runs as its owner comes of one that did" {
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

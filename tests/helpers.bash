# Common set-up of the tests: `load helpers` at the top of a .bats file.
# shellcheck shell=bash disable=SC2154,SC2030,SC2031 # run sets status, output and stderr
# Every test runs in an empty folder of its own, with the tools under test first on PATH.
#   GK_BUILD    the build folder (default: build beside tests/)
#   $ROOT       the top of the source tree, $GOLDEN its golden values, $VERSION its version
bats_require_minimum_version 1.5.0
export BATS_LIB_PATH=${BATS_LIB_PATH:-/usr/lib/bats}
# Every test reads this file anew, so it starts no process. The load.bash of a library starts one for each of its files;
# bats_load_library looks in several folders.
for library in bats-support bats-assert; do
    if [ -d "$BATS_LIB_PATH/$library/src" ]; then
        for file in "$BATS_LIB_PATH/$library"/src/*.bash; do
            # shellcheck source=/dev/null
            source "$file"
        done
    else
        bats_load_library "$library"
    fi
done
unset library file

back=$PWD
cd "${BASH_SOURCE[0]%/*}/.." && ROOT=$PWD && cd "$back" || exit
unset back
# Bats reads a file of tests once before it runs them, and the tests inherit what was found then.
if [ "${GK_BUILD-}" != "${GK_FOUND:-none}" ]; then
    GK_BUILD=$(cd "$ROOT" && realpath -m "${GK_BUILD:-build}")
    export GK_FOUND=$GK_BUILD
fi
GOLDEN=$ROOT/tests/golden
VERSION=$(<"$ROOT/include/gk/version.h")
VERSION=${VERSION#*GK_VERSION \"} VERSION=${VERSION%\"*}
export ROOT GK_BUILD GOLDEN LC_ALL=C
export PATH=$GK_BUILD/bin:$PATH

setup() {
    begin
    cd "$BATS_TEST_TMPDIR" || return
}

# begin: a setup() of a file's own calls it first, too.
begin() {
    watched_over
    # To name the command that fails, bats notes the place of each before it runs, and takes as long for that as for the
    # start of a program. Here the place is noted when a command has failed. A test that takes too long has no place, but
    # its command is known.
    if declare -F bats_capture_stack_trace bats_error_trap bats_timeout_trap >/dev/null; then
        trap - DEBUG
        # shellcheck disable=SC2034 # bats uses them
        BATS_DEBUG_LAST_STACK_TRACE=() BATS_DEBUG_LASTLAST_STACK_TRACE=()
        trap 'bats_error_trap; failed_here' ERR
        trap 'echo "ended in: $BASH_COMMAND"; bats_timeout_trap' ABRT
    fi
}
# bats_capture_stack_trace leaves out the function that calls it.
failed_here() { bats_capture_stack_trace; }

# Waits until the process that bats starts to end a test that takes too long has its sleep and its trap. If a test ends
# before, the sleep stays, and bats waits for it: for five minutes.
watched_over() {
    local pid=${BATS_killer_pid-} n sleeps='' state=''
    for ((n = 0; n < 20000; n++)); do
        [ "$pid" ] && [ -r "/proc/$pid/task/$pid/children" ] || return 0
        { read -r sleeps <"/proc/$pid/task/$pid/children"; read -r -d '' state <"/proc/$pid/status"; } 2>/dev/null || :
        # it catches SIGABRT, which is 6
        if [ "$sleeps" ] && [[ $state =~ SigCgt:[[:space:]]*([0-9a-f]+) ]] && ((0x${BASH_REMATCH[1]} >> 5 & 1)); then
            return 0
        fi
    done
}

# apart COMMAND...: sets status, output and stderr as `run --separate-stderr` does, which starts a program for the name
# of a file: most tests of messages would spend more time on that than on the command.
apart() {
    local flags=$-
    set +eET
    output=$("$@" 2>"$BATS_TEST_TMPDIR.stderr") && status=0 || status=$?
    read -d '' -r stderr <"$BATS_TEST_TMPDIR.stderr"
    set "-$flags"
}

# refuses STATUS MESSAGE COMMAND...: it ends with STATUS, writes nothing to standard output, and its
# standard error is exactly MESSAGE.
refuses() {
    apart "${@:3}"
    assert_equal "$status" "$1"
    assert_equal "$output" ''
    assert_equal "$stderr" "$2"
}

# refuses_like STATUS PATTERN COMMAND...: likewise, the message matches the extended regular
# expression PATTERN.
refuses_like() {
    apart "${@:3}"
    assert_equal "$status" "$1"
    assert_equal "$output" ''
    [[ $stderr =~ $2 ]] || fail "'$stderr' does not match '$2'"
}

# wrong_usage MESSAGE COMMAND..., breaks MESSAGE COMMAND...: refuses with status 2 and 1.
wrong_usage() {
    refuses 2 "$@"
}
breaks() {
    refuses 1 "$@"
}

# close_to A B [RELATIVE [ABSOLUTE]]: two numbers agree; tolerances default to 1e-12 and 0.
close_to() {
    a=$1 b=$2 r=${3:-1e-12} t=${4:-0} awk 'BEGIN {
        a = ENVIRON["a"]; b = ENVIRON["b"]; r = ENVIRON["r"]; t = ENVIRON["t"]
        d = a - b; if (d < 0) d = -d
        m = b < 0 ? -b : b
        if ((a "") !~ /^[-+0-9.]/ || (b "") !~ /^[-+0-9.]/) exit 1
        exit !(d <= r * m + t)
    }' || fail "$1 is not close to $2 (relative ${3:-1e-12}, absolute ${4:-0})"
}

# column_of NAME [FILE]: the values of a table's column, one per line.
column_of() {
    if [ "${2:--}" != - ]; then # awk would take a name with = for an assignment
        column_of "$1" <"$2"
        return
    fi
    name=$1 awk -F'\t' '
        BEGIN { name = ENVIRON["name"] }
        /^#/ || /^$/ { next }
        !col { for (i = 1; i <= NF; i++) if ($i == name) col = i
               if (!col) { print "no column " name > "/dev/stderr"; exit 1 } next }
        { print $col }'
}

# same_with_threads OPTION...: gk-train on the dataset d writes the same bytes with 1, 2 and 3 threads.
same_with_threads() {
    local n
    for n in 1 2 3; do
        gk-train "$@" --threads "$n" --save "$n.ckpt" --trajectory "$n.gks" --every 5 d >"$n.tsv"
        cmp 1.tsv "$n.tsv"
        cmp 1.ckpt "$n.ckpt"
        cmp 1.gks "$n.gks"
    done
}

# Python is started as python3 -IS where its own modules are enough: it then looks for no others, and starts in two
# thirds of the time.

# with_metadata FILE KEY VALUE...: the frame in FILE with these metadata; the VALUE - removes the
# key.
with_metadata() {
    python3 -IS -c '
import json, struct, sys
data = open(sys.argv[1], "rb").read()
n, = struct.unpack("<Q", data[:8])
header = json.loads(data[8:8 + n])
meta = header.setdefault("__metadata__", {})
for key, value in zip(sys.argv[2::2], sys.argv[3::2]):
    meta.pop(key, None)
    if value != "-":
        meta[key] = value
text = json.dumps(header).encode()
text += b" " * (-len(text) % 8)
sys.stdout.buffer.write(struct.pack("<Q", len(text)) + text + data[8 + n:])' "$@"
}

# with_nan FILE, with_zeros FILE: a frame of F32 tensors whose last number is nan, or with only
# zeros.
with_nan() {
    head -c -4 "$1"
    printf '\0\0\300\177'
}
with_zeros() {
    local head=$(($(od -An -tu8 -N8 "$1") + 8))
    head -c "$head" "$1"
    head -c $(($(stat -c %s "$1") - head)) /dev/zero
}

# needs_progress: skips a test if progress_of cannot run.
needs_progress() {
    command -v script >/dev/null || skip 'no script(1) to make a terminal'
    [ -z "${GK_SANITIZED-}" ] || skip 'the injector replaces malloc, as a sanitizer does'
    [ -e "$GK_BUILD/faults/inject.so" ]
}

# progress_of UNIT COMMAND: what its progress lines say, one a line. Its clock goes on by a
# millisecond each time it is asked.
progress_of() {
    script -qec "LD_PRELOAD=$GK_BUILD/faults/inject.so; export LD_PRELOAD; $2 >out" /dev/null </dev/null |
        tr '\r' '\n' | sed 's/^\x1b\[K//' | grep "^$1 " || true
}

# blob HEADER [DATA]: a frame; DATA as for printf.
blob() {
    local n=${#1}
    # shellcheck disable=SC2059 # the format is made here
    printf "\\x$(printf %02x $((n & 255)))\\x$(printf %02x $((n >> 8)))\0\0\0\0\0\0"
    printf '%s' "$1"
    # shellcheck disable=SC2059 # so that DATA may hold escapes
    printf "${2-}"
}

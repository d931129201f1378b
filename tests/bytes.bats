#!/usr/bin/env bats
# A fixed set of commands, over every tool, gives the same bytes everywhere and at any time.
load helpers

@test "bytes: the folder, the day, the cores, the user's environment change nothing" {
    "$ROOT/tests/bytes/run" "$GK_BUILD/bin" one
    mkdir -p 'another folder'
    sleep 1 # a time in a file would differ
    TZ=Asia/Tokyo HOME=/nonexistent USER=nobody COLUMNS=40 TERM=dumb \
        taskset -c "$(taskset -pc $$ | sed 's/.*[ ,-]//')" \
        "$ROOT/tests/bytes/run" "$GK_BUILD/bin" 'another folder/two'
    diff -r one 'another folder/two'
}

@test "bytes: every tool is among the commands" {
    for tool in "$GK_BUILD"/bin/gk-*; do
        grep -q ": ${tool##*/} " "$ROOT/tests/bytes/commands" || fail "${tool##*/} is not"
    done
}

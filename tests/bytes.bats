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

# 2,376 rows are eight lanes of up to seven tiles, which threads share (lib/nn/plan/share.h).
@test "bytes: 1, 2, 4, 8, 16 and 32 threads give the same" {
    local n
    gk-data --op add --p 97 --frac 0.5 -o d
    gk-train -q -d d --dim 16 --heads 2 --ff 32 --steps 2 --save c >/dev/null
    for n in 1 2 4 8 16 32; do
        mkdir $n
        gk-train -q -d d --dim 16 --heads 2 --ff 32 --steps 4 --eval-every 1 --threads $n --save $n/ckpt >$n/train
        gk-eval -q -d d --threads $n c >$n/eval
        gk-hvp -q -d d --threads $n --max-products 8 c >$n/hvp
        diff -r 1 $n
    done
}

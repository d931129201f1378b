# Sweeps by a real scheduler: make check-slurm runs these with tests/slurm/cluster.
# shellcheck disable=SC2154 # run sets status, output and stderr
load ../helpers

sweep() {
    "$ROOT/pipelines/sweep/gk-sweep" --bin "$GK_BUILD/bin" "$@"
}

grid() {
    printf '%s\n' '--op add' '--p 5' '--dim 8' '--heads 2' '--ff 16' '--eval-every 7' "$@" >g.grid
}

# A folder of tools, bin, whose gk-train stops at the first checkpoint of the run with seed 0, the first time: a run
# that something must come upon has not ended before, however fast the machine. Slurm continues what it ends.
held_bin() {
    mkdir bin
    ln -s "$GK_BUILD"/bin/* bin
    rm bin/gk-train
    cat >bin/gk-train <<-HELD
	#!/bin/bash
	[[ \$* == *runs/seed=0/* ]] && mkdir "$PWD/held" 2>/dev/null && {
	    until [ -s "$PWD/slurm/runs/seed=0/run.ckpt" ]; do sleep 0.01; done
	    kill -STOP \$\$
	    echo \$\$ >"$PWD/held/pid"
	} 9>&- &
	exec "$GK_BUILD/bin/gk-train" "\$@"
	HELD
    chmod +x bin/gk-train
}

# Waits until a command succeeds, a minute at most.
until_true() {
    local i
    for ((i = 0; i < 600; i++)); do
        ! "$@" || return 0
        sleep 0.1
    done
    fail "never: $*"
}

@test "slurm: the table is that of this machine without it; arrays keep to MaxArraySize" {
    grid '--lr 1e-2 1e-3 1e30' '--seed 0 1 2' '--steps 40'
    run --separate-stderr -1 sweep --quiet g.grid local
    named=$stderr
    run --separate-stderr -1 sweep --quiet --runner slurm g.grid slurm
    assert_equal "$stderr" "${named//local/slurm}"
    assert_equal "$(grep -c '^gk-sweep: failed: slurm/runs/lr=1e30,seed=[0-2]: gk-train: step 2: ' <<<"$stderr")" 3
    cmp local/table.tsv slurm/table.tsv
    for r in local/runs/*; do
        cmp "$r/run.tsv" "slurm/runs/${r##*/}/run.tsv"
    done
    # nothing is left behind, and a second call has nothing to submit
    assert_equal "$(ls slurm)" "$(printf '%s\n' index runs slurm.log table.tsv)"
    before=$(squeue --noheader --states all | wc -l)
    run -1 sweep --quiet --runner slurm g.grid slurm
    assert_equal "$(squeue --noheader --states all | wc -l)" "$before"
}

@test "slurm: a folder in whose name Slurm, the shell and sed see signs of their own" {
    grid '--lr 1e-2' '--seed 0 1' '--steps 40'
    sweep --quiet g.grid local
    for dir in 'a 100%j' "it's 100%j\\ & \$(touch executed);*" '`touch executed`'; do
        sweep --quiet --runner slurm g.grid "$dir"
        cmp local/table.tsv "$dir/table.tsv"
        [ -e "$dir/slurm.log" ]
        [ ! -e executed ]
    done
}

@test "slurm: a task that is queued again goes on from its checkpoint" {
    grid '--lr 1e-2' '--seed 0 1' '--steps 20000'
    held_bin
    sweep --bin bin --quiet --runner slurm --save-every 500 g.grid slurm &
    until_true test -s held/pid
    task=$(head -n 1 slurm/slurm.jobs)_0
    scontrol requeue "$task"
    wait $!
    grep -q 'from step [1-9]' slurm/runs/seed=0/log
    assert_equal "$(grep -c 'from step' slurm/runs/seed=1/log)" 1
    sweep --quiet g.grid local
    cmp local/table.tsv slurm/table.tsv
    cmp local/runs/seed=0/run.tsv slurm/runs/seed=0/run.tsv
}

@test "slurm: tasks that a job of a higher partition preempts are queued again, and end with the same bytes" {
    grid '--lr 1e-2' '--seed 0 1' '--steps 20000'
    held_bin
    sweep --bin bin --quiet --runner slurm --save-every 500 g.grid slurm &
    until_true test -s held/pid
    sbatch --quiet --partition urgent --exclusive --wait --output /dev/null --wrap \
        "squeue --noheader --partition gk --states running >during"
    [ -e during ] && [ ! -s during ] # it had the machine alone
    wait $!
    grep -q 'from step [1-9]' slurm/runs/seed=0/log
    sweep --quiet g.grid local
    cmp local/table.tsv slurm/table.tsv
    for r in local/runs/*; do
        cmp "$r/run.tsv" "slurm/runs/${r##*/}/run.tsv"
    done
}

@test "slurm: a sweep killed while its jobs go on is not submitted twice" {
    grid '--lr 1e-2' '--seed 0 1' '--steps 10000'
    held_bin
    setsid "$ROOT/pipelines/sweep/gk-sweep" --bin bin --quiet --runner slurm --jobs 1 --save-every 500 g.grid slurm &
    until_true test -s held/pid
    kill -9 -- -$!
    wait $! || true
    jobs=$(cat slurm/slurm.jobs)
    sweep --runner slurm g.grid slurm 2>said &
    until_true grep -qxF "gk-sweep: Slurm's jobs $jobs are of an earlier call" said
    kill -CONT "$(<held/pid)"
    wait $!
    for r in slurm/runs/*; do
        assert_equal "$(grep 'from step' "$r/log")" 'gk-sweep: from step 0 to 10000'
    done
    sweep --quiet g.grid local
    cmp local/table.tsv slurm/table.tsv
}

@test "slurm: a signal cancels the jobs, saved; the next call goes on" {
    grid '--lr 1e-2' '--seed 0 1' '--steps 20000'
    held_bin
    setsid "$ROOT/pipelines/sweep/gk-sweep" --bin bin --runner slurm --jobs 1 --save-every 500 g.grid slurm 2>said &
    until_true test -s held/pid
    kill -TERM $!
    wait $! && status=0 || status=$?
    assert_equal $status 143
    grep -q '^gk-sweep: stopped' said
    assert_equal "$(squeue --noheader)" ''
    [ -s slurm/runs/seed=0/run.ckpt ]
    sweep --quiet --runner slurm g.grid slurm
    grep -q 'from step [1-9]' slurm/runs/seed=0/log
    sweep --quiet g.grid local
    cmp local/table.tsv slurm/table.tsv
}

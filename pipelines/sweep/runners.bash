# How gk-sweep has its runs done: here, by GNU parallel, by Slurm.
# shellcheck shell=bash disable=SC2154 # the variables are gk-sweep's

duration() { # SECONDS
    if [ "$1" -lt 90 ]; then
        echo "$1 s"
    elif [ "$1" -lt 5400 ]; then
        echo "$(($1 / 60)) min"
    else
        echo "$(($1 / 3600)).$(($1 % 3600 / 360)) h"
    fi
}

# Progress with time left, for a terminal: runs over since the beginning, and how fast.
progress() {
    local start=$SECONDS before=$((${#grid_id[@]} - ${#pending[@]})) over failed took left
    while sleep 2; do
        # a run that is made anew has no status for a moment
        over=$(cat "$dir"/runs/*/status 2>/dev/null | grep -c -e '^done' -e '^failed')
        failed=$(cat "$dir"/runs/*/status 2>/dev/null | grep -c '^failed')
        took=$((SECONDS - start)) left='?'
        [ "$over" -le "$before" ] ||
            left=$(duration $((took * (${#grid_id[@]} - over) / (over - before))))
        printf '\rgk-sweep: %d of %d runs, %d failed, %d s, %s left \033[K' \
            "$over" "${#grid_id[@]}" "$failed" "$took" "$left" >&2
    done
}

run_pending() {
    local cmd=("$lib/run" "$bin" "$save_every" "${keep:-0}" "$dir") monitor='' rc=0
    if [ -z "$quiet" ] && [ -t 2 ]; then
        progress &
        monitor=$!
    fi
    stopped=''
    for s in INT TERM HUP; do
        # shellcheck disable=SC2064 # the signal's name, now
        trap "stopped=$s; stop_$runner" $s
    done
    "run_$runner" || rc=$?
    if [ "$monitor" ]; then
        kill "$monitor" 2>/dev/null # the terminal's SIGINT may have ended it
        wait "$monitor" 2>/dev/null
        printf '\r\033[K' >&2
    fi
    trap - INT TERM HUP
    if [ "$stopped" ]; then
        say 'stopped; the same command goes on from here'
        kill "-$stopped" $$
    fi
    return "$rc"
}

# Jobs of this shell that do the work. As background jobs they ignore the terminal's SIGINT. The sweep gets it
# and sends them a TERM.
declare -A alive=()

# Until one has ended or a signal comes.
reap() {
    local pid='' rc=0
    wait -n -p pid "${!alive[@]}" 2>/dev/null || rc=$?
    if [ "${pid:-}" ]; then # it is unset where none has ended
        unset "alive[$pid]"
    elif [ "$rc" -eq 127 ]; then
        alive=() # they ended while a trap waited for something else, and bash has forgotten them
    fi
}

stop_local() {
    [ ${#alive[@]} -eq 0 ] || kill -TERM "${!alive[@]}" 2>/dev/null
}

run_local() {
    local id most=${jobs:-$(nproc)}
    for id in "${pending[@]}"; do
        while [ ${#alive[@]} -ge "$most" ]; do
            reap
        done
        [ -z "$stopped" ] || break
        "${cmd[@]}" "$id" </dev/null &
        alive[$!]=1
        [ -z "$stopped" ] || stop_local
    done
    while [ ${#alive[@]} -gt 0 ]; do
        reap
    done
}

# Some versions of GNU parallel need a second TERM to end the jobs, some ignore TERM before the first job.
stop_parallel() {
    while [ ${#alive[@]} -gt 0 ] && kill -TERM "${!alive[@]}" 2>/dev/null; do
        sleep 0.3
    done
}

# GNU parallel ends a run by INT to all its processes. The trainer, a background job, ignores INT, and run
# sends it one signal.
run_parallel() {
    [ -z "$stopped" ] || return 0
    parallel --will-cite --quote --workdir "$PWD" --termseq INT,20000,KILL,25 ${jobs:+--jobs "$jobs"} \
        "${sshlogin[@]}" "${cmd[@]}" '{}' < <(printf '%s\n' "${pending[@]}") &
    alive[$!]=1
    [ -z "$stopped" ] || stop_parallel
    while [ ${#alive[@]} -gt 0 ]; do
        reap
    done
}

# Slurm's arrays of this sweep, submitted by this call or by one before that was killed.
slurm_jobs() {
    [ ! -e "$dir/slurm.jobs" ] || paste -s -d , "$dir/slurm.jobs"
}

stop_slurm() {
    local id
    for id in $(slurm_jobs | tr , ' '); do
        scancel "$id"
    done
}

# Until none of its jobs is waiting or running; asks ever less often.
wait_for_slurm() {
    local asked=0 said
    while said=$(squeue --noheader --states all --format %T --jobs "$(slurm_jobs)" 2>&1) ||
        [[ $said != *'Invalid job id'* ]]; do
        ! grep -qvE '^(COMPLETED|FAILED|CANCELLED|TIMEOUT|NODE_FAIL|PREEMPTED|BOOT_FAIL|DEADLINE|OUT_OF_MEMORY|)$' \
            <<<"$said" && break
        asked=$((asked + 1))
        sleep $((asked < 60 ? 1 + asked / 4 : 15)) &
        wait $!
    done
    rm -f "$dir/slurm.jobs"
}

# The name of a file for Slurm's --output. In a name without a backslash, % needs another %. In a name with a
# backslash, % is literal and each backslash needs another.
slurm_file() { # FILE
    if [[ $1 == *\\* ]]; then
        printf '%s' "${1//\\/\\\\}"
    else
        printf '%s' "${1//%/%%}"
    fi
}

# An array of the runs $2... as a file of their names, at most $1 at a time.
submit() {
    local list script most=$1
    shift
    list=$(mktemp "$dir/slurm.XXXXXX") || return
    printf '%s\n' "$@" >"$list"
    # shellcheck disable=SC2016 # for the job to expand
    script=$(printf '#!/bin/bash\nid=$(sed -n "$((SLURM_ARRAY_TASK_ID + 1))p" %q)\n' "$list" &&
        printf 'exec %s "$id"\n' "$(printf '%q ' "${cmd[@]}")")
    sbatch --parsable --job-name gk-sweep --array "0-$(($# - 1))${most:+%$most}" --cpus-per-task 1 \
        --requeue --open-mode append --output "$(slurm_file "$dir/slurm.log")" --chdir "$PWD" \
        "${sbatch_args[@]}" <<<"$script" >>"$dir/slurm.jobs"
}

run_slurm() {
    local id size left=()
    if [ -e "$dir/slurm.jobs" ]; then
        say "Slurm's jobs $(slurm_jobs) are of an earlier call"
        wait_for_slurm
    fi
    for id in "${pending[@]}"; do
        grep -q -e '^done' -e '^failed' "$dir/runs/$id/status" || left+=("$id")
    done
    size=$(scontrol show config | sed -n 's/^MaxArraySize *= *//p')
    rm -f "$dir"/slurm.??????
    while [ ${#left[@]} -gt 0 ] && [ -z "$stopped" ]; do
        submit "$jobs" "${left[@]:0:${size:-1000}}" || { stop_slurm && break; }
        left=("${left[@]:${size:-1000}}")
    done
    [ ! -s "$dir/slurm.jobs" ] || wait_for_slurm
    rm -f "$dir"/slurm.??????
    [ ${#left[@]} -eq 0 ]
}

# What counts as having grokked in a sweep, as options of gk-phases.
# shellcheck shell=bash disable=SC2154 # bin, phases and the grid are gk-sweep's

# The tool itself checks the value.
check_phases() {
    local option message
    for option in high hold; do
        [ "${phases[$option]+1}" ] || continue
        message=$("$bin/gk-phases" "--$option=${phases[$option]}" --version 2>&1) || die 2 "${message#*: }"
    done
}

# Without --hold a run has grokked when gk-train would have stopped it; where the grid has several K, the least one
# is reached by all runs.
phases_of_grid() {
    local k value least='' said=()
    for k in "${!grid_name[@]}"; do
        [ "${grid_name[k]}" = until-grokked ] || continue
        for value in ${grid_values[k]:-2}; do
            [ "$least" ] && (($(integer "$least") <= $(integer "$value"))) || least=$value
        done
        phases[hold]=${phases[hold]-$least}
        (($(integer "${phases[hold]}") <= $(integer "$least"))) ||
            die 2 "--hold: runs end $least evaluations after they grok (--until-grokked), and ${phases[hold]} are asked for"
    done
    for k in high hold; do
        [ -z "${phases[$k]-}" ] || said+=("--$k" "${phases[$k]}")
    done
    echo "${said[*]}"
}
integer() { # a number that the tools take, such as 1e1
    printf '%.0f' "$1"
}

# What phases_of_grid wants of the grid of a sweep in DIR.
grid_of_index() { # DIR
    local words i
    read -ra words <"$1/index"
    for ((i = 3; i < ${#words[@]}; i++)); do
        [ "${words[i]}" = --until-grokked ] || continue
        grid_name=(until-grokked) grid_values=('')
        [[ ${words[i + 1]---} == --* ]] || grid_values=("${words[i + 1]//,/ }")
    done
}

keep_phases() { # DIR OPTIONS
    [ "$(phases_of "$1")" = "$2" ] || put "$1/phases" "$2"
}

# Grids of options, for gk-sweep: reading, checking, the cross product.
# shellcheck shell=bash disable=SC2154 # bin and version are gk-sweep's
#   grid_name[k] grid_tool[k] grid_values[k]   the options, in the order of the file
#   grid_id[i] grid_point[i]                   the runs: a name, and an index of a value per option

# What the sweep itself says to gk-train, or would drown in.
grid_own=' data save save-every weights-only trajectory every trajectory-state resume threads output quiet help version list-ops '

# The options of a tool as it tells them, "NAME ARGUMENT" a line: X a value, [X] a value or none.
grid_options_of() {
    "$bin/$1" --help | sed -nE 's/^  (-.,|   ) --([a-z0-9-]+)( (\[[^]]+\]|[^ ]+))?( .*)?$/\2 \4/p'
}

grid_fail() {
    printf 'gk-sweep: %s: line %d: %s\n' "$grid_file" "$grid_line" "$1" >&2
    return 1
}

# The first two values that are one number, as "A and B".
grid_twins() { # VALUE ...
    [ $# -gt 1 ] || return 0
    printf '%s\n' "$@" | awk '!/^[-+]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][-+]?[0-9]+)?$/ { next }
        { k = sprintf("%.17g", $0 + 0) }
        k in seen { print seen[k] " and " $0; exit }
        { seen[k] = $0 }'
}

# One line of the file: an option, its tool, its values.
grid_add() {
    local name=${1#--} tool arg value message k
    [[ $1 =~ ^--[a-z0-9-]+$ ]] || grid_fail "'${1//[^ -~]/?}' is not an option" || return
    shift
    case $grid_own in *" $name "*) grid_fail "--$name is the sweep's own" || return ;; esac
    for k in "${grid_name[@]}"; do
        [ "$k" != "$name" ] || grid_fail "--$name is there twice" || return
    done
    tool=${grid_tool_of[$name]-} arg=${grid_arg_of[$name]-}
    [ "$tool" ] || grid_fail "neither gk-data nor gk-train has an option --$name" || return
    case $#,$arg in
    0,?*) [[ $arg == \[* ]] || grid_fail "--$name has no value" || return ;;
    0,) ;;
    *,) grid_fail "--$name takes no value" || return ;;
    esac
    for value; do
        # The tool itself says whether it takes the value.
        message=$("$bin/$tool" "--$name=$value" --version 2>&1) ||
            grid_fail "${message#*: }" || return
    done
    [ $# -lt 2 ] || [ -z "$(printf '%s\n' "${@//[!A-Za-z0-9.+_-]/_}" | sort | uniq -d)" ] ||
        grid_fail "--$name has a value twice" || return
    message=$(grid_twins "$@")
    [ -z "$message" ] || grid_fail "--$name: $message are one value" || return
    [ "$name,$#" = steps,1 ] || [ "$name" != steps ] ||
        grid_fail '--steps has one value: where each run ended is a column of the table' || return
    grid_name+=("$name")
    grid_tool+=("$tool")
    grid_values+=("$*")
}

grid_read() {
    local line words tool name arg before
    declare -gA grid_tool_of=() grid_arg_of=()
    grid_file=$1 grid_line=0
    grid_name=() grid_tool=() grid_values=()
    if [ ! -f "$1" ] || [ ! -r "$1" ]; then
        echo "gk-sweep: $1: cannot be read" >&2
        return 1
    fi
    if IFS= read -r -d '' before <"$1"; then # a NUL ends it, which bash would leave out
        before=${before//[!$'\n']/}
        grid_line=$((${#before} + 1))
        grid_fail 'a NUL byte: this is no text' || return
    fi
    for tool in gk-data gk-train; do
        while read -r name arg; do
            grid_tool_of[$name]=$tool grid_arg_of[$name]=$arg
        done < <(grid_options_of $tool)
    done
    while IFS= read -r line || [ "$line" ]; do
        grid_line=$((grid_line + 1))
        line=${line%$'\r'}
        [ "$grid_line" -gt 1 ] || line=${line#$'\xef\xbb\xbf'} # a byte order mark
        # U+0080 to U+009F are control characters, too.
        [[ ${line//$'\t'/} != *@([[:cntrl:]]|$'\xc2'[$'\x80'-$'\x9f'])* ]] || grid_fail 'a control character' || return
        read -ra words <<<"${line%%#*}"
        [ ${#words[@]} -gt 0 ] || continue
        grid_add "${words[@]}" || return
    done <"$1"
    [[ " ${grid_name[*]} " == *' steps '* ]] ||
        { echo "gk-sweep: $1: no --steps: where does a run end?" >&2 && return 1; }
}

# The values of an option, or what they are without it.
grid_values_of() { # NAME [DEFAULT]
    local k
    for k in "${!grid_name[@]}"; do
        [ "${grid_name[k]}" != "$1" ] || { echo "${grid_values[k]}" && return; }
    done
    echo "${2-}"
}

# The name of a point: the values of the options that vary.
grid_add_point() { # INDEX ...
    local k id='' at=("$@") values
    for k in "${grid_varied[@]}"; do
        read -ra values <<<"${grid_values[k]}"
        id+=,${grid_name[k]}=${values[at[k]]//[!A-Za-z0-9.+_-]/_}
    done
    id=${id:-,run}
    grid_id+=("${id#,}")
    grid_point+=("${at[*]}")
}

# How many values each option has, at least 1, and which options vary.
grid_measure() {
    local k values
    grid_id=() grid_point=() grid_varied=() grid_size=()
    for k in "${!grid_name[@]}"; do
        read -ra values <<<"${grid_values[k]}"
        [ ${#values[@]} -lt 2 ] || grid_varied+=("$k")
        grid_size+=($((${#values[@]} > 0 ? ${#values[@]} : 1)))
    done
}

# All points, the last option the fastest.
grid_cross() {
    local k at=()
    grid_measure
    for k in "${!grid_name[@]}"; do
        at+=(0)
    done
    while :; do
        grid_add_point "${at[@]}"
        for ((k = ${#at[@]} - 1; k >= 0; k--)); do
            at[k]=$((at[k] + 1))
            [ "${at[k]}" -ge "${grid_size[k]}" ] || break
            at[k]=0
        done
        [ "$k" -ge 0 ] || break
    done
}

# The first N points of a random order of all: more of them begin with the same ones. The generator is that
# of Park and Miller (1988), whose numbers every awk holds exactly.
grid_sample() { # N SEED
    local k i total=1 at
    grid_measure
    for k in "${grid_size[@]}"; do
        total=$((total * k))
        [ "$total" -lt 2147483647 ] || { echo "gk-sweep: $grid_file: too many points for --sample" >&2 && return 1; }
    done
    [ "$1" -le "$total" ] || { echo "gk-sweep: $grid_file: --sample $1: the grid has $total points" >&2 && return 1; }
    while read -r i; do
        at=()
        for ((k = ${#grid_size[@]} - 1; k >= 0; k--)); do
            at=($((i % grid_size[k])) "${at[@]}")
            i=$((i / grid_size[k]))
        done
        grid_add_point "${at[@]}"
    done < <(n=$1 seed=${2:-0} total=$total awk 'BEGIN {
        n = ENVIRON["n"]; total = ENVIRON["total"]; x = ENVIRON["seed"] + 1
        for (i = 0; i < 10; i++) x = x * 16807 % 2147483647
        for (i = 0; i < n; i++) {
            x = x * 16807 % 2147483647
            j = i + x % (total - i)
            at_i = i in moved ? moved[i] : i
            printf "%.0f\n", j in moved ? moved[j] : j
            moved[j] = at_i
        } }')
}

# The options of run $1, a line a tool.
grid_args() {
    local k at values data='' train=''
    read -ra at <<<"${grid_point[$1]}"
    for k in "${!grid_name[@]}"; do
        read -ra values <<<"${grid_values[k]}"
        case ${grid_tool[k]} in
        gk-data) data+=" --${grid_name[k]} ${values[at[k]]-}" ;;
        *) train+=" --${grid_name[k]} ${values[at[k]]-}" ;;
        esac
    done
    printf 'data\t%s\ntrain\t%s\n' "${data# }" "${train# }"
}

# The history line, then a table of the varied options and the run's name.
grid_index() { # RULE GIVE-UP SAMPLE
    local i k at values
    printf '# gk-sweep %s' "$version"
    for k in "${!grid_name[@]}"; do
        printf ' --%s%s' "${grid_name[k]}" "${grid_values[k]:+ ${grid_values[k]// /,}}"
    done
    printf '%s%s%s\n' "${3:+ --sample $3}" "${1:+ --rule $1}" "${2:+ --give-up $2}"
    for k in "${grid_varied[@]}"; do
        printf '%s\t' "${grid_name[k]}"
    done
    echo id
    for i in "${!grid_id[@]}"; do
        read -ra at <<<"${grid_point[i]}"
        for k in "${grid_varied[@]}"; do
            read -ra values <<<"${grid_values[k]}"
            printf '%s\t' "${values[at[k]]}"
        done
        printf '%s\n' "${grid_id[i]}"
    done
}

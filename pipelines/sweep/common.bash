# What gk-sweep, gk-predictors and run share.
# shellcheck shell=bash disable=SC2154 # bin is theirs

# The half-written files of a tool that was killed (by SIGKILL, a crash, the power). The holder of the run's
# lock knows that no tool is writing.
has_temporaries() { # RUN
    local file
    for file in "$1"/.run.{data,ckpt}.*.tmp; do
        [ ! -e "$file" ] || return 0
    done
    return 1
}
clear_temporaries() { # RUN
    rm -f "$1"/.run.{data,ckpt}.*.tmp
}

# The options of gk-phases by which the runs of a sweep in DIR have grokked or not.
phases_of() { # DIR
    [ ! -e "$1/phases" ] || printf '%s' "$(<"$1/phases")"
}

# The step at which the rule t4:A,G,B ends a run with this FRACTION of training rows.
rule_limit() { # RULE FRACTION
    local a g b
    IFS=, read -r a g b <<<"${1#t4:}"
    a=$a g=$g b=$b r=$2 awk 'BEGIN {
        printf "%.6f", ENVIRON["a"] * (100 * ENVIRON["r"]) ^ -ENVIRON["g"] + ENVIRON["b"] + 1000 }'
}

# The fraction of the rows of a dataset that train.
fraction_of() { # DATASET
    "$bin/gk-ckpt-dump" --meta "$1" | awk -F'\t' '$1 == "frac" { print $2 }'
}

# The folder of the tools that belong to a script in DIR: installed beside it, built in the same sources,
# or those on PATH.
tools_of() { # DIR
    local folder tool
    for folder in "$1" "$1/../../build/bin"; do
        [ ! -x "$folder/gk-train" ] || { (cd -- "$folder" && pwd) && return; }
    done
    tool=$(command -v gk-train) && dirname "$tool"
}
# The version of the tools in BIN, which is also that of the scripts.
version_of() { # BIN
    local said
    said=$("$1/gk-train" --version) && printf '%s\n' "${said##* }"
}

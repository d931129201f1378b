# The sets of features and baselines of docs/evidence.md, as columns of docs/results/corpus.tsv.
# shellcheck shell=bash disable=SC2034,SC2154 # the scripts beside it use them, and give choices and networks
steps='100 200 400 800'
sets='signature spectral detrended high-pass state signature+state signature+settings state+settings'
sets+=' signature+choices+network state+choices+network'
baselines='decay lr lr+decay lr+decay+r norm val-loss choices choices+network'
# Beside the validation loss, those that the shipped features are compared with on groups other than the operation.
few_baselines='lr+decay+r choices+network'
# Those of which decisions, calibration and times are told.
judged='signature state signature+state state+settings state+choices+network lr+decay+r val-loss choices+network'
# The model that gk ships.
# Held out by operation, this set beats each baseline that was fixed beforehand by more than the interval, and
# gk-train's curve has all of it.
shipped=state shipped_step=800
# Below which probability it ends a run; the first is the one that is advised.
thresholds='0.03 0.05 0.02'
# No table below so many runs is judged, nor one with fewer that grok after step 400, or that do not.
least_runs=60 least_ends=10

# A table is named by its file: corpus (the small runs) or full (networks of full size).
name_of() { # TABLE
    local name=${1##*/}
    echo "${name%.tsv}"
}

# What is held out in turn, beside the operation.
held_of() { # TABLE
    case $(name_of "$1") in
    full) echo arch ;;
    *) echo arch frac seed ;;
    esac
}

# Runs, those that grok after step 400, those that do not; false where a table has too few of them.
enough() { # TABLE
    runs=$least_runs ends=$least_ends awk -F'\t' '
        BEGIN { runs = ENVIRON["runs"] + 0; ends = ENVIRON["ends"] + 0 }
        /^#/ { next }
        !head++ { for (i = 1; i <= NF; i++) at[$i] = i; next }
        { n++; late += $at["grokked"] && $at["t4"] > 400; never += !$at["grokked"] }
        END { print n + 0, late + 0, never + 0; exit n < runs || late < ends || never < ends }' "$1"
}

# The runs that the question at STEP is about, also for what was known beforehand.
at_risk() { # STEP <TABLE
    step=$1 awk -F'\t' '/^#/ { print; next }
        !head++ { for (i = 1; i <= NF; i++) if ($i == "t4") t4 = i; print; next }
        $t4 == "nan" || $t4 > ENVIRON["step"] + 0'
}

# How many runs of a table have each value of COLUMN, and how many of these grokked.
by() { # COLUMN TABLE
    by=$1 awk -F'\t' '/^#/ { next }
        !head++ { for (i = 1; i <= NF; i++) at[$i] = i; c = at[ENVIRON["by"]]; g = at["grokked"]; next }
        { n[$c]++; yes[$c] += $g }
        END { for (v in n) print v " " n[v] ", " yes[v] + 0 }' "$2" | sort | paste -s -d ';' | sed 's/;/; /g'
}

# The rows of a table, without its history and its header.
rows() { # TABLE
    awk '/^#/ { next } !head++ { next } { print }' "$1"
}

# Why a table is not judged.
too_few() { # TABLE
    local runs late never
    read -r runs late never < <(enough "$1")
    printf 'These are too few to judge by: %s of at least %s runs, ' "$runs" "$least_runs"
    printf '%s of %s that grok after step 400, %s of %s that do not.\n' "$late" "$least_ends" "$never" "$least_ends"
}

# The table with a column COLUMN=VALUE, 0 or 1, for each value of the learning rate, the decay and the network: a model
# then has a weight for each value, and not one slope for all.
with_choices() { # TABLE
    awk -F'\t' -v OFS='\t' '
        NR == FNR && /^#/ { next }
        NR == FNR && !head++ { for (i = 1; i <= NF; i++) if ($i ~ /^(lr|weight-decay|arch)$/) name[i] = $i; next }
        NR == FNR { for (i in name) if (!seen[i, $i]++) { of[++n] = i; value[n] = $i }; next }
        /^#/ { print; next }
        { row = $0
          for (k = 1; k <= n; k++) row = row OFS (!body ? name[of[k]] "=" value[k] : ($of[k] == value[k]) + 0)
          body = 1; print row }' "$1" "$1"
}

# Its columns of those names: choices_of TABLE-WITH-CHOICES NAME ...
choices_of() {
    names=${*:2} awk -F'\t' '/^#/ { next }
        { n = split(ENVIRON["names"], name, " ")
          for (j = 1; j <= n; j++) for (i = 1; i <= NF; i++) if (index($i, name[j] "=") == 1) { printf "%s%s", s, $i; s = "," }
          exit }' "$1"
}

# The sets with choices need the columns: choices=$(choices_of TABLE lr weight-decay), networks=$(choices_of TABLE arch).
features_of() { # SET STEP
    local state='' name at
    for at in $(($2 / 2)) "$2"; do
        for name in train_loss val_loss val_acc grad_norm param_norm cos_init; do
            state+=,${name}_$at
        done
    done
    case $1 in
    signature) echo "m0_$2,activity_$2,mobility_$2,complexity_$2" ;;
    spectral) echo "m0_$2,spectral_mobility_$2,spectral_complexity_$2" ;;
    detrended) echo "linear_activity_$2,linear_mobility_$2,linear_complexity_$2" ;;
    high-pass) echo "highpass_activity_$2,highpass_mobility_$2,highpass_complexity_$2" ;;
    state) echo "${state#,}" ;;
    signature+state) echo "m0_$2,activity_$2,mobility_$2,complexity_$2$state" ;;
    signature+settings) echo "m0_$2,activity_$2,mobility_$2,complexity_$2,lr,weight-decay,frac" ;;
    state+settings) echo "${state#,},lr,weight-decay,frac" ;;
    choices) echo "$choices,frac" ;;
    choices+network) echo "$choices,frac,$networks" ;;
    signature+choices+network) echo "m0_$2,activity_$2,mobility_$2,complexity_$2,$choices,frac,$networks" ;;
    state+choices+network) echo "${state#,},$choices,frac,$networks" ;;
    # the small runs have it at one step, in a table of its own
    curvature) echo "lambda_max_$2,scaled_max_$2" ;;
    state+curvature) echo "${state#,},lambda_max_$2,scaled_max_$2" ;;
    decay) echo weight-decay ;;
    lr) echo lr ;;
    lr+decay) echo lr,weight-decay ;;
    lr+decay+r) echo lr,weight-decay,frac ;;
    norm) echo "param_norm_$2" ;;
    val-loss) echo "val_loss_$2" ;;
    *) echo "no set $1" >&2 && return 1 ;;
    esac
}

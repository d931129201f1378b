# Models of a corpus and their comparison: it wants bin and corpus, and sets.bash.
# shellcheck shell=bash disable=SC2154 # judge and the others that use it have them

# OPTION ... : a model of the corpus. Its notes are known: runs that have grokked or ended have nan. The intervals
# of all sets are of one kind: by default only models that are quick to fit again would have the wider ones.
fit() {
    "$bin/gk-predict" fit --quiet --skip-nan --refits 0 "$@" "$corpus"
}

# One line a comparison: the set, then what it is compared with.
compare() { # HELD-OUT STEP SET BASELINE
    fit --group "$1" --within --print models --features "$(features_of "$3" "$2")" --against "$(features_of "$4" "$2")" |
        given="$1 $2 $3 $4" awk -F'\t' -v OFS='\t' '
            BEGIN { gsub(" ", "\t", ENVIRON["given"]); given = ENVIRON["given"] }
            $1 == "model" && $2 != "n" { model = $2 OFS $3 OFS $4 OFS $5 OFS $9 }
            $1 == "against" { against = $3 OFS $4 OFS $5 OFS $9 }
            $1 == "difference" { print given, model, against, $3, $4, $5 }'
}
export -f compare fit features_of
export bin corpus

# The names of what compare prints, below the history of the corpus.
compare_header() {
    sed -n '/^#/p' "$corpus"
    printf '%s\n' held_out step set baseline n auc auc_lower auc_upper brier baseline_auc baseline_lower baseline_upper \
        baseline_brier difference difference_lower difference_upper | paste -s
}

# Lines HELD-OUT STEP SET BASELINE of standard input, compared.
compare_all() {
    xargs -P "${JOBS:-2}" -L 1 bash -c 'set -eu -o pipefail; compare "$@"' - | sort -t $'\t' -k 1,1 -k 2,2n -k 3,4
}

# What the scripts beside this one read of a sweep.
# shellcheck shell=bash

# The points of the grids of runs, as columns of a sweep's table.
# shellcheck disable=SC2034 # the scripts that read this file use it
given=op,frac,split-seed,arch,seed,lr,weight-decay

# The runs of a sweep that are done, a line each: ID, then COLUMNS. A setting that all runs share is no column of the
# sweep's table, but of its history: # gk-sweep VERSION --op s4 ...
runs() { # DIR COLUMNS
    want=$2 awk -F'\t' -v OFS='\t' '
        BEGIN { n = split(ENVIRON["want"], name, ",") }
        /^# gk-sweep / { m = split($0, word, " "); for (i = 4; i < m; i++) if (sub(/^--/, "", word[i])) shared[word[i]] = word[i + 1] }
        /^#/ { next }
        !head++ { for (i = 1; i <= NF; i++) at[$i] = i; next }
        $at["status"] == "done" { row = $at["id"]
            for (i = 1; i <= n; i++) row = row OFS (name[i] in at ? $at[name[i]] : name[i] in shared ? shared[name[i]] : "-")
            print row }' <"$1/table.tsv"
}

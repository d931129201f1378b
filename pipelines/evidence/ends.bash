# What judged runs come to: the scripts beside this one read it after sets.bash.
# shellcheck shell=bash disable=SC2034 # they use endings
# A judged run is a line GROUP, OUTCOME, T4, STEPS, PROBABILITY of a run that is at risk.

# Columns of a table, without its history and its header.
columns() { # NAME,NAME <TABLE
    want=$1 awk -F'\t' '/^#/ { next }
        !head++ { for (i = 1; i <= NF; i++) at[$i] = i; n = split(ENVIRON["want"], name, ","); next }
        { for (i = 1; i <= n; i++) printf "%s%s", $at[name[i]], i < n ? "\t" : "\n" }'
}

# n, grokked, auc, auc_lower, auc_upper of judged runs: of pairs of one group, with the interval of DeLong et al. 1988, whose
# variance is that of the shares of runs of the other outcome that each run is ranked rightly against.
auc() {
    awk -F'\t' -v OFS='\t' '
        NF != 5 || $5 == "" || $5 == "nan" { print "a run has no probability" >"/dev/stderr"; exit failed = 1 }
        { p[$1, $2, n[$1, $2]++] = $5; groups[$1] }
        function spread(s, s2, m) { return m > 1 ? (s2 - s * s / m) / (m - 1) * m : 0 }
        END {
            if (failed) exit 1
            for (o in groups) {
                n1 = n[o, 1] + 0; n0 = n[o, 0] + 0; all += n1 + n0; yes += n1; pairs += n1 * n0
                split("", of0); s = s2 = 0
                for (i = 0; i < n1; i++) {
                    right = 0
                    for (j = 0; j < n0; j++) {
                        x = p[o, 1, i]; y = p[o, 0, j]
                        w = x > y ? 1 : x == y ? 0.5 : 0
                        right += w; of0[j] += w }
                    s += right; s2 += right * right; sum += right }
                var += spread(s, s2, n1)
                s = s2 = 0
                for (j = 0; j < n0; j++) { s += of0[j]; s2 += of0[j] * of0[j] }
                var += spread(s, s2, n0)
            }
            if (!pairs) { print all, yes, "nan", "nan", "nan"; exit }
            a = sum / pairs; d = 1.96 * sqrt(var) / pairs
            low = a - d; high = a + d
            if (low < 0) low = 0
            if (high > 1) high = 1
            printf "%d\t%d\t%.6g\t%.6g\t%.6g\n", all, yes, a, low, high }'
}

# The share of K in N, and the ends of its interval (Wilson 1927).
share() { # K N
    k=$1 n=$2 awk 'BEGIN {
        k = ENVIRON["k"] + 0; n = ENVIRON["n"] + 0; z = 1.96; q = k / n
        mid = (q + z * z / (2 * n)) / (1 + z * z / n)
        half = z / (1 + z * z / n) * sqrt(q * (1 - q) / n + z * z / (4 * n * n))
        printf "%.6g\t%.6g\t%.6g", q, k ? mid - half : 0, k < n ? mid + half : 1 }'
}

# What follows if judged runs below THRESHOLD are ended at STEP. TABLE has all runs: wrong is the share of all that grok, with
# its interval, and saved the share of all steps.
endings=n,grokked,grokked_late,ended,wrong,wrong_share,wrong_lower,wrong_upper,saved
ending() { # TABLE STEP THRESHOLD
    local n yes steps late ended wrong saved
    read -r n yes steps < <(columns grokked,steps <"$1" | awk -F'\t' '{ n++; yes += $1; steps += $2 } END { print n, yes, steps }')
    read -r late ended wrong saved < <(steps=$steps step=$2 threshold=$3 awk -F'\t' '
        BEGIN { step = ENVIRON["step"] + 0; threshold = ENVIRON["threshold"] + 0 }
        { late += $2 }
        $5 < threshold { ended++; wrong += $2; saved += $4 - step }
        END { printf "%d %d %d %.6g\n", late, ended, wrong, saved / ENVIRON["steps"] }')
    printf '%s\t%s\t%s\t%s\t%s\t%s\t%s\n' "$n" "$yes" "$late" "$ended" "$wrong" "$(share "$wrong" "$yes")" "$saved"
}

# The scripts of make evidence and make published, on a few small runs.
# shellcheck disable=SC1091,SC2034,SC2154 # the sets are of sets.bash
load helpers

@test "evidence: features of a run are those of gk-hjorth and of its rows, and nan where nothing is left to foretell" {
    EVIDENCE=$ROOT/pipelines/evidence
    gk-data --p 5 | gk-train --model mlp --layers 1 --dim 4 --hidden 4 --steps 250 --eval-every 10 >c
    "$EVIDENCE/features" "$GK_BUILD/bin" c nan >out
    close_to "$(column_of mobility_200 out)" "$(gk-hjorth --window 0:200 c | column_of mobility -)" 1e-5
    close_to "$(column_of linear_activity_100 out)" "$(gk-hjorth --window 0:100 --detrend linear c | column_of activity -)" 1e-5
    close_to "$(column_of val_loss_200 out)" "$(awk '$1 == 200 { print $5 }' c)" 1e-5
    assert_equal "$(column_of m0_400 out) $(column_of val_loss_400 out)" 'nan nan'
    # a run that had grokked by then
    "$EVIDENCE/features" "$GK_BUILD/bin" c 150 >out
    assert_equal "$(column_of m0_200 out) $(column_of param_norm_200 out)" 'nan nan'
    refute [ "$(column_of m0_100 out)" = nan ]
    # a value that was not computed, also with an awk that takes the word nan for 0
    gk-data --p 5 | gk-train --model mlp --layers 1 --dim 4 --hidden 4 --steps 110 --eval-every 60 >c
    "$EVIDENCE/features" "$GK_BUILD/bin" c nan >out
    assert_equal "$(column_of val_loss_50 out) $(column_of val_acc_100 out)" 'nan nan'
}

@test "evidence: every set of features is columns of the corpus" {
    . "$ROOT/pipelines/evidence/sets.bash"
    with_choices "$ROOT/docs/results/corpus.tsv" >table
    choices=$(choices_of table lr weight-decay) networks=$(choices_of table arch)
    for set in $sets $baselines; do
        for step in $steps; do
            features_of "$set" "$step" | tr , '\n'
        done
    done | sort -u >columns
    awk -F'\t' '
        NR == FNR { want[$0]; next }
        /^#/ { next }
        !head++ { for (i = 1; i <= NF; i++) if ($i in want) name[i] = $i; next }
        { for (i in name) { if (first[i] == "") first[i] = $i; varies[name[i]] += $i != first[i] } }
        END { for (c in want) if (!varies[c]) print c }' columns table >lacking
    assert_equal "$(cat lacking)" ''
}

@test "evidence: each value of what is chosen beforehand has a column" {
    . "$ROOT/pipelines/evidence/sets.bash"
    printf '%s\n' '# x' 'arch lr weight-decay frac' 'liu 2e-3 1 0.6' 'nanda 4e-3 1 0.6' 'liu 4e-3 0.1 0.7' | tr ' ' '\t' >t
    with_choices t >out
    assert_equal "$(choices_of out arch | tr , '\n' | sort | paste -s -d ' ')" 'arch=liu arch=nanda'
    assert_equal "$(choices_of out lr weight-decay | tr , '\n' | sort | paste -s -d ' ')" 'lr=2e-3 lr=4e-3 weight-decay=0.1 weight-decay=1'
    assert_equal "$(column_of arch=liu out | paste -s -d ' ') $(column_of weight-decay=0.1 out | paste -s -d ' ')" '1 0 1 0 0 1'
    cut -f 1-4 out | diff t -
}

@test "evidence: the page has each baseline, and each set of features, of operations held out" {
    . "$ROOT/pipelines/evidence/sets.bash"
    sed -n '/^### AUC, held out by operation/,/^### Better/p' "$ROOT/docs/evidence.md" >page
    for name in $sets; do grep -F "| ${name//+/ and } | 0." page; done
    for name in $baselines; do grep -F "| *baseline: ${name//+/ and }* | 0." page; done
}

@test "evidence: full size is judged apart, and only when enough runs have ended" {
    cp -r "$ROOT/pipelines/evidence" .
    sed -i "s/^steps=.*/steps=100/; s/^sets=.*/sets=signature/; /^sets+=/d; s/^baselines=.*/baselines='decay val-loss'/
        s/^judged=.*/judged=signature/; s/^least_runs=60/least_runs=120/; s/^shipped=.*/shipped=signature shipped_step=100/" evidence/sets.bash
    printf '%s\n' above '<!-- corpus: x -->' kept '<!-- end of corpus -->' '<!-- full: x -->' old '<!-- end of full -->' below >page
    evidence/report full.tsv out page
    assert_equal "$(sed '/^$/d' page | paste -s -d ' ')" \
        'above <!-- corpus: x --> kept <!-- end of corpus --> <!-- full: x --> No run has ended yet. <!-- end of full --> below'
    # too few: the page says how many of what, and nothing that was judged before is left
    head -n 121 "$ROOT/docs/results/corpus.tsv" >full.tsv
    mkdir -p out && touch out/auc.tsv
    run -3 evidence/judge "$GK_BUILD/bin" full.tsv out
    evidence/report full.tsv out page
    grep -F 'The numbers stand on 118 runs of 1500; ' page
    grep -F 'These are too few to judge by: 118 of at least 120 runs, ' page
    refute grep '###' page
    # enough
    head -n 123 "$ROOT/docs/results/corpus.tsv" >full.tsv
    evidence/judge "$GK_BUILD/bin" full.tsv out
    assert_equal "$(column_of held_out out/auc.tsv | sort | uniq -c | xargs)" '3 arch 2 op'
    refute [ -e out/grok.model ]
    # models of small runs, here of other rows of the same table
    mkdir -p figures && cp "$ROOT/pipelines/figures/stack" figures/
    { grep '^#' "$ROOT/docs/results/corpus.tsv"; sed -n '3p;300,600p' "$ROOT/docs/results/corpus.tsv"; } >small.tsv
    evidence/transfer "$GK_BUILD/bin" small.tsv full.tsv >out/transfer.tsv
    assert_equal "$(column_of group out/transfer.tsv | sort | paste -s -d ' ')" 'full small'
    evidence/report full.tsv out page
    grep -F '### AUC, held out by network, full size' page
    assert_equal "$(sed -n '/^### AUC of models of the small/,/^### Dec/p' page | grep -c '^| signature | 0\.[0-9]* (.*) |$')" 1
    grep -F '| signature | 0.' page
    assert_equal "$(sed -n 2,4p page | paste -s -d ' ')" '<!-- corpus: x --> kept <!-- end of corpus -->'
}

@test "evidence: later runs are judged by models of the first corpus, and ended where the model that ships says so" {
    cp -r "$ROOT/pipelines/evidence" .
    sed -i "s/^steps=.*/steps=800/; s/^judged=.*/judged='state state+choices+network'/" evidence/sets.bash
    mkdir -p figures && cp "$ROOT/pipelines/figures/stack" figures/
    # rows of the corpus with a probability that is right but for one run that groks and one that does not
    { sed -n '1,303p' "$ROOT/docs/results/corpus.tsv"; } | awk -F'\t' -v OFS='\t' '/^#/ { print; next }
        !head++ { for (i = 1; i <= NF; i++) at[$i] = i; print $0, "p", "probability"; next }
        { late = $at["t4"] == "nan" || $at["t4"] > 800; yes = $at["grokked"]
          print $0, 23, !late ? "nan" : yes ? (!a++ ? 0.01 : 0.9) : (!b++ ? 0.95 : 0.03) }' >later.tsv
    { grep '^#' "$ROOT/docs/results/corpus.tsv"; sed -n '3p;304,900p' "$ROOT/docs/results/corpus.tsv"; } >first.tsv
    ends=(shipped 0.05 shipped 0.02 state+choices+network 0.05)
    evidence/later "$GK_BUILD/bin" first.tsv later.tsv out op "${ends[@]}"
    awk -F'\t' '/^#/ { next } !head++ { for (i = 1; i <= NF; i++) at[$i] = i; next }
        { n++; yes += $at["grokked"]; all += $at["steps"] }
        $at["t4"] == "nan" || $at["t4"] > 800 { late += $at["grokked"]
            if ($at["probability"] < 0.05) { ended++; saved += $at["steps"] - 800; w = $at["grokked"]; wrong += w
                if ($at["probability"] < 0.02) { few++; few_saved += $at["steps"] - 800 } } }
        END { printf "800 shipped 0.05 %d %d %d %d 1 %.6g %.6g\n", n, yes, late, ended, 1 / yes, saved / all
              printf "800 shipped 0.02 %d %d %d 1 1 %.6g %.6g\n", n, yes, late, 1 / yes, few_saved / all }' later.tsv >expected
    grep shipped out/decisions.tsv | cut -f 1-9,12 | tr '\t' ' ' | diff expected -
    # by hand: of the pairs of an operation all are right but those of the two runs
    awk -F'\t' '/^#/ { next } !head++ { for (i = 1; i <= NF; i++) at[$i] = i; next }
        $at["t4"] != "nan" && $at["t4"] <= 800 { next }
        { o = $at["op"]; ops[o]; n[o, $at["grokked"]]++; if ($at["probability"] == 0.01) bad1 = o; if ($at["probability"] == 0.95) bad0 = o }
        END { for (o in ops) pairs += n[o, 0] * n[o, 1]
            wrong = n[bad1, 0] + n[bad0, 1] - (bad1 == bad0); printf "%.6g\n", 1 - wrong / pairs }' later.tsv >expected
    assert_equal "$(awk -F'\t' '$2 == "shipped" { print $5 }' out/auc.tsv)" "$(cat expected)"
    assert_equal "$(awk -F'\t' '!/^#/ { print $2 }' out/times.tsv | sort -u | paste -s -d ' ')" 'set state state+choices+network'
    printf '%s\n' '<!-- later: x -->' '<!-- end of later -->' >page
    evidence/later-page later.tsv out page
    assert_equal "$(grep -c '^| the model tested | 0.0[25] | [0-9]* | 1 of the ' page)" 2
    grep -F "| the model tested | 0.$(awk '{ printf "%02.0f", 100 * $1 }' expected)" page
    # fewer sets and steps, beside the others
    JUDGED=state STEPS=800 evidence/later "$GK_BUILD/bin" first.tsv later.tsv other op state 0.05
    assert_equal "$(for t in auc times decisions; do column_of set "other/$t.tsv"; done | paste -s -d ' ')" 'state state state'
    evidence/later-page later.tsv out page other
    assert_equal "$(grep -c '^| state, first corpus | ' page)" 3
    # too few
    mkdir few && head -n 40 later.tsv >few/later.tsv
    run -3 evidence/later "$GK_BUILD/bin" first.tsv few/later.tsv out op "${ends[@]}"
    evidence/later-page few/later.tsv out page
    grep -F 'These are too few to judge by: 37 of at least 60 runs, ' page
    # but each is there, with what the model says of it, or "ended before"
    assert_equal "$(grep -c '^| [a-z0-9+]* | 0[.0-9]* | [a-z0-9]* | ' page)" 37
    assert_equal "$(grep -c ' | ended before |$' page)" "$(column_of probability few/later.tsv | grep -c nan)"
}

@test "evidence: corpora are one table, in which each run has its modulus" {
    printf '%s\n' '# gk-sweep 1 --op add,x2+y2 --p 23 --frac 0.6' '# gk-sweep 1 --op s4 --frac 0.6' 'op t4' 'add 5' 's4 6' 'x2+y2 nan' | tr ' ' '\t' |
        sed '/^#/s/\t/ /g' >one.tsv
    printf '%s\n' '# gk-sweep 1 --op add --p 19,29' 'op p t4' 'add 29 7' 's5 - 8' | tr ' ' '\t' | sed '/^#/s/\t/ /g' >two.tsv
    "$ROOT/pipelines/evidence/corpora" one.tsv two.tsv >out
    printf '%s\n' 'corpus modulus op t4' 'one 23 add 5' 'one s4 s4 6' 'one 23 x2+y2 nan' 'two 29 add 7' 'two s5 s5 8' | tr ' ' '\t' | diff - <(sed '/^#/d' out)
    assert_equal "$(grep -c '^# gk-sweep' out)" 3
}

@test "evidence: the model that ships is that of both corpora, and the first that of the first" {
    EVIDENCE=$ROOT/pipelines/evidence RESULTS=$ROOT/docs/results
    "$EVIDENCE/corpora" "$RESULTS/corpus.tsv" "$RESULTS/later.tsv" >both
    # Refits take most of the time, and only the interval of the AUC needs them. That of the first model is for GK_FULL.
    local option=(--refits 0)
    [ -z "${GK_FULL-}" ] || option=()
    head_of() { # MODEL
        grep '^#' "$1" | if [ "${option[*]}" ] && [[ $1 == *first* ]]; then
            sed -E '/^# gk-predict /d; s/ \([^)]*\) at step/ at step/'
        else
            cat
        fi
    }
    "$EVIDENCE/ship" "$GK_BUILD/bin" both modulus >model
    "$EVIDENCE/corpora" "$RESULTS/corpus.tsv" >one
    "$EVIDENCE/ship" "$GK_BUILD/bin" one op "${option[@]}" >first
    for pair in "model $ROOT/models/grok.model" "first $RESULTS/first.model"; do
        read -r made kept <<<"$pair"
        diff <(head_of "$made") <(head_of "$kept")
        paste <(column_of feature "$made") <(column_of weight "$made") <(column_of feature "$kept") <(column_of weight "$kept") |
            awk -F'\t' '{ d = $2 - $4; n++ } $1 != $3 || d > 1e-6 || d < -1e-6 { print; bad = 1 } END { exit bad || n != 13 }'
    done
    grep -q '^# model: .* on operations mod 19, 23 and 29 and S4, ' model
    grep -q '^# model: .* on operations mod 23 and S4, ' first
}

@test "evidence: a group held out is not fitted to, nor are runs that share its operation or its modulus" {
    cp -r "$ROOT/pipelines/evidence" .
    sed -i 's/^steps=.*/steps=800/' evidence/sets.bash
    mkdir -p figures && cp "$ROOT/pipelines/figures/stack" figures/
    evidence/corpora "$ROOT/docs/results/corpus.tsv" "$ROOT/docs/results/later.tsv" |
        awk -F'\t' '/^#/ || !head++ || ($3 ~ /^(add|mul|sub)$/ && n++ % 2)' >table
    evidence/held "$GK_BUILD/bin" table out
    # by modulus it is what gk-predict holds out
    . evidence/sets.bash
    at_risk 800 <table | gk-predict fit -q --refits 0 --bootstrap 0 --group modulus --features "$(features_of state 800)" --print times |
        awk -F'\t' '/^[0-9]/ { print $1, $2, $3, $6 }' | sort >want
    assert_equal "$(wc -l <want)" 3
    awk -F'\t' '$1 == "modulus" && $3 != "all" { print $3, $4, $5, $8 }' out/times.tsv | sort | diff want -
    # each run at risk is judged once
    all=$(at_risk 800 <table | rows /dev/stdin | wc -l)
    assert_equal "$(column_of n out/auc.tsv | sort -u)" "$all"
    assert_equal "$(awk -F'\t' '$3 == "all" { print $4 }' out/times.tsv | sort -u)" "$(column_of grokked out/auc.tsv | sort -u)"
    # other times of add mod 19 change models of runs that share one of the two, but for those of add mod 29
    awk -F'\t' -v OFS='\t' '/^#/ { print; next } !head++ { for (i = 1; i <= NF; i++) at[$i] = i }
        $at["op"] == "add" && $at["modulus"] == 19 && $at["t4"] + 0 > 800 { $at["t4"] = 801 + n++ } { print }' table >changed
    evidence/held "$GK_BUILD/bin" changed new
    row() { awk -F'\t' -v h="$2" -v g="$3" '$1 == h && $3 == g' "$1/times.tsv"; }
    assert_equal "$(row new both 'add 29')" "$(row out both 'add 29')"
    assert_equal "$(row new both 'mul 19')" "$(row out both 'mul 19')"
    refute [ "$(row new both 'mul 29')" = "$(row out both 'mul 29')" ]
    refute [ "$(row new modulus 29)" = "$(row out modulus 29)" ]
    printf '%s\n' '<!-- both: x -->' '<!-- end of both -->' >page
    evidence/both-page table out page
    assert_equal "$(grep -c '^| operation and modulus | 0.0[235] | ' page) $(grep -c '^| modulus | 800 | ' page)" '3 1'
    awk -F'\t' '$1 == "modulus" && $3 == 0.03 { printf "| modulus | 0.03 | %d | %d of the %d that", $7, $8, $6 }' out/decisions.tsv >want
    grep -qF "$(cat want)" page
}

@test "evidence: what the page says of later runs and of both corpora is in its tables" {
    EVIDENCE=$ROOT/pipelines/evidence RESULTS=$ROOT/docs/results
    cp "$ROOT/docs/evidence.md" page
    for of in later both newer newer-first; do
        mkdir "$of"
        for table in "$RESULTS/evidence-$of"-{auc,decisions,times}.tsv; do
            [ ! -e "$table" ] || cp "$table" "$of/${table##*-}"
        done
    done
    "$EVIDENCE/corpora" "$RESULTS/corpus.tsv" "$RESULTS/later.tsv" >table
    "$EVIDENCE/later-page" "$RESULTS/later.tsv" later page
    "$EVIDENCE/later-page" "$RESULTS/later-s5.tsv" later-s5 page
    "$EVIDENCE/both-page" table both page
    "$EVIDENCE/later-page" "$RESULTS/newer.tsv" newer page newer-first
    diff "$ROOT/docs/evidence.md" page
    # the README says what the table does
    wrong=$(awk -F'\t' '$1 == "modulus" && $3 == 0.03 { printf "%.1f %% of these (%.1f to %.1f)", 100 * $9, 100 * $10, 100 * $11 }' both/decisions.tsv)
    grep -F "$wrong" "$ROOT/README.md"
    grep -F -- '--give-up 0.03' "$ROOT/README.md"
    made=$(awk -F'\t' '$2 == "shipped" && $3 == 0.03 { printf "%d of %d runs made after the model grok; it ends %d of these.", $5, $4, $8 }' newer/decisions.tsv)
    grep -F "$made" "$ROOT/README.md"
}

@test "evidence: a table has the settings that all runs share, and what a model says of a run, nan where it ended before" {
    EVIDENCE=$ROOT/pipelines/evidence
    printf '%s\n' '--op sub' '--p 5' '--frac 0.5' '--dim 4' '--heads 2' '--ff 4' '--layers 1' '--seed 3' '--eval-every 10' >both
    for steps in 8 30; do
        { cat both && echo "--steps $steps"; } >g.grid
        "$ROOT/pipelines/sweep/gk-sweep" --bin "$GK_BUILD/bin" g.grid "sweeps/$steps"
    done
    printf '%s\n' 'feature from to log floor centre scale weight' '(intercept) nan nan 0 -inf 0 1 0' 'm0_20 0 20 1 1e-9 3 1 2' |
        tr ' ' '\t' >model
    ALSO=p SCORE=model "$EVIDENCE/table" sweeps "$GK_BUILD/bin" 8 30 >out
    assert_equal "$(column_of op out | paste -s -d ' ') $(column_of p out | paste -s -d ' ') $(column_of steps out | paste -s -d ' ')" \
        'sub sub 5 5 8 30'
    assert_equal "$(column_of probability out | head -n 1)" nan
    said=$(gk-predict score -q -m model sweeps/30/runs/*/run.tsv | tail -n 1 | cut -f 2)
    assert_equal "$(column_of probability out | tail -n 1)" "$said"
    # without a model no such column
    "$EVIDENCE/table" sweeps "$GK_BUILD/bin" 8 30 >out
    refute column_of probability out
}

@test "evidence: a table is enough by its runs, those that grok after step 400, and those that do not" {
    . "$ROOT/pipelines/evidence/sets.bash"
    least_runs=3 least_ends=1
    rows() { printf '%s\n' '# x' "grokked t4" "$@" | tr ' ' '\t'; }
    rows '1 410' '0 nan' '0 nan' >t
    assert_equal "$(enough t)" '3 1 2'
    # one that grokked by then, none that does not, too few
    rows '1 400' '0 nan' '0 nan' >t && run ! enough t
    rows '1 410' '1 500' '1 900' >t && run ! enough t
    rows '1 410' '0 nan' >t && run ! enough t
}

@test "evidence: a page has what is between its marks written anew, or is left alone" {
    printf '%s\n' above '<!-- some: x -->' old '<!-- end of some -->' below >page
    echo new | "$ROOT/pipelines/evidence/insert" some page
    printf '%s\n' above '<!-- some: x -->' '' new '' '<!-- end of some -->' below | diff - page
    cp page was
    echo new >new
    breaks 'insert: page has no marks of other' "$ROOT/pipelines/evidence/insert" other page <new
    sed -i '/end of/d' page was
    breaks 'insert: page has no marks of some' "$ROOT/pipelines/evidence/insert" some page <new
    cmp page was
}

@test "evidence: curvature is that of the run of a row at the step" {
    table=$ROOT/docs/results/corpus.tsv
    # one that goes on, and one that had grokked by then
    { sed -n '1,3p' "$table"; awk -F'\t' '$4 == "onehot" && $1 == "div" && $10 == "nan" && !n++' "$table"
      awk -F'\t' '$10 != "nan" && $10 + 0 > 0 && $10 <= 400 && !n++' "$table"; } >two
    "$ROOT/pipelines/evidence/curvature" "$GK_BUILD/bin" two kept 400 1 >out
    assert_equal "$(grep -vc '^#' out)" 2
    IFS=$'\t' read -r op frac split arch seed lr decay max min scaled edge < <(tail -n 1 out)
    gk-data --op "$op" --p 23 --pairs all --frac "$frac" --split-seed "$split" -o d
    gk-train -d d --arch "$arch" --layers 1 --dim 32 --ff 64 --hidden 100 --seed "$seed" --lr "$lr" --weight-decay "$decay" \
        --steps 400 --eval-every 400 --save c -o /dev/null
    close_to "$max" "$(gk-hvp -d d c | column_of lambda_max -)" 1e-2
    close_to "$min" "$(gk-hvp -d d c | column_of lambda_min -)" 0.1
    close_to "$scaled" "$(gk-hvp --precondition -d d c | column_of lambda_max -)" 1e-2
    close_to "$edge" "$(gk-hvp --precondition -d d c | awk '/^[0-9]/ { print $2 / $NF }')" 1e-2
    # A run that has its row is not trained again.
    sed -i "s/\t$max\t/\t7\t/" kept/*,*
    "$ROOT/pipelines/evidence/curvature" "$GK_BUILD/bin" two kept 400 1 >out
    assert_equal "$(column_of lambda_max_400 out)" 7
}

@test "evidence: curvature is judged on the runs that have it, and beside the state" {
    table=$ROOT/docs/results/corpus.tsv
    # a column of the state by another name tells nothing more
    awk -F'\t' -v OFS='\t' '/^#/ { next }
        !head++ { for (i = 1; i <= NF; i++) if ($i == "val_loss_400") c = i; print $1, $2, $3, $4, $5, $6, $7, "lambda_max_400", "scaled_max_400"; next }
        $c != "nan" && n++ < 150 { print $1, $2, $3, $4, $5, $6, $7, $c, 1 + n % 2 }' "$table" >curvature
    "$ROOT/pipelines/evidence/judge-curvature" "$GK_BUILD/bin" "$table" curvature >out
    assert_equal "$(column_of n out | sort -u) $(column_of step out | sort -u) $(grep -vc '^#' out)" '150 400 17'
    printf '%s\n' '<!-- curvature: x -->' '<!-- end of curvature -->' >page
    "$ROOT/pipelines/evidence/curvature-page" out page
    assert_equal "$(grep -c '^| operation | state and curvature | 150 | .* | no |$' page)" "$(awk -F'\t' '$1 == "op" && $3 == "state+curvature" && $15 <= 0' out | wc -l)"
    grep -F '| network | curvature | 150 | ' page
}

@test "arithmetic: pairs of runs, their slingshots, and where they part" {
    printf -- '%s\n' '--op add' '--p 5' '--model mlp' '--dim 4' '--layers 1' '--hidden 4' '--seed 0 1' '--lr 0.05' \
        '--weight-decay 1' '--dtype f32 f64' '--steps 60' >g.grid
    "$ROOT/pipelines/sweep/gk-sweep" -q --bin "$GK_BUILD/bin" g.grid sweeps/arithmetic
    "$ROOT/pipelines/evidence/arithmetic" sweeps "$GK_BUILD/bin" >runs
    assert_equal "$(column_of dtype runs | paste -s -d ' ') $(column_of seed runs | paste -s -d ' ')" 'f32 f32 f64 f64 0 1 0 1'
    run=sweeps/arithmetic/runs/seed=1,dtype=f64
    assert_equal "$(column_of slingshots runs | tail -n 1) $(column_of t2 runs | tail -n 1)" \
        "$(gk-phases -q $run/run.tsv | column_of slingshots -) $(gk-phases -q $run/run.tsv | column_of t2 -)"
    assert_equal "$(column_of parted runs | sort -u)" nan
    # a third with a loss that rounds; here nothing is small enough to round
    sed 's/--dtype f32 f64/--loss ce-rounded/' g.grid >r.grid
    "$ROOT/pipelines/sweep/gk-sweep" -q --bin "$GK_BUILD/bin" r.grid sweeps/arithmetic-rounded
    "$ROOT/pipelines/evidence/arithmetic" sweeps "$GK_BUILD/bin" >three
    assert_equal "$(sed '/^#/d; /f32-rounded/d' three)" "$(sed '/^#/d' runs)"
    assert_equal "$(grep -P '\tf32-rounded\t' three | sed 's/f32-rounded/f32/')" "$(grep -P '\tf32\t' runs)"
    # a run without its other precision is no pair
    echo queued >$run/status
    "$ROOT/pipelines/evidence/arithmetic" sweeps "$GK_BUILD/bin" >runs
    assert_equal "$(column_of seed runs | paste -s -d ' ')" '0 0 0'
}

@test "arithmetic: means by Student's t, shares by Wilson, differences by seed" {
    {
        echo 'lr decay eps dtype seed t2 t4 slingshots spikes first least parted'
        for row in 'f32 0 5 9 3 3 40' 'f32 1 5 nan 0 1 nan' 'f64 0 5 nan 5 5 50' 'f64 1 5 nan 1 2 60'; do
            read -r dtype seed t2 t4 n all first <<<"$row"
            echo "0.1 0 1e-8 $dtype $seed $t2 $t4 $n $all $first 0.5 30"
        done
    } | tr ' ' '\t' >runs
    "$ROOT/pipelines/evidence/arithmetic-summary" runs >summary
    # 1.5 +- 12.706 * 2.1213 / sqrt 2
    assert_equal "$(sed -n 2p summary | cut -f 4-18 | tr '\t' ' ')" 'f32 2 1 1 0.09453 0.90547 1.5 -17.56 20.56 2 -10.71 14.71 40 30 0.5'
    assert_equal "$(sed -n 3p summary | cut -f 7-9,16 | tr '\t' ' ')" '2 0.34238 1.00000 55'
    assert_equal "$(sed -n 4p summary | cut -f 4,10-12 | tr '\t' ' ')" 'f64-f32 1.5 -4.853 7.853'
    # a third arithmetic is compared with f32, too, of the seeds that it has
    sed -n 's/f64\t1/f32-rounded\t1/p' runs >>runs
    "$ROOT/pipelines/evidence/arithmetic-summary" runs >three
    assert_equal "$(head -n 4 three)" "$(cat summary)"
    assert_equal "$(sed -n 5p three | cut -f 4,5,10 | tr '\t' ' ')" 'f32-rounded 1 1'
    assert_equal "$(sed -n 6p three | cut -f 4,5,10 | tr '\t' ' ')" 'f32-rounded-f32 1 1'
}

@test "arithmetic: what the page says is in its tables" {
    cp "$ROOT/docs/reproduction.md" page
    "$ROOT/pipelines/evidence/arithmetic-summary" "$ROOT/docs/results/arithmetic-runs.tsv" | diff "$ROOT/docs/results/arithmetic.tsv" -
    "$ROOT/pipelines/evidence/arithmetic-page" "$ROOT/docs/results/arithmetic.tsv" page
    diff "$ROOT/docs/reproduction.md" page
    # equal counts have no interval, and no count is below none
    sed -n '/^<!-- arithmetic/,/^<!-- end/p' page >part
    refute grep -E '\(0\.0 to 0\.0\)|\| f(32|64) \|.*\(-' part
    grep -F '| 0.008 | 0 | 1e-08 | f64 | 5 | 0 (0 to 43 %) | each 0.0 | ' part
}

@test "delay: norms at t2 and t4, of the runs that have both" {
    # c = a mod 2 is learned at once, on every processor
    awk 'BEGIN { print "a\tb\tc"; for (a = 0; a < 6; a++) for (b = 0; b < 6; b++) print a "\t" b "\t" a % 2 }' >parity.tsv
    printf -- '%s\n' "--table $PWD/parity.tsv" '--frac 0.7' '--arch gromov' '--hidden 40' '--seed 0 1' '--lr 5e-3 0' '--weight-decay 1' \
        '--steps 100' >g.grid
    "$ROOT/pipelines/sweep/gk-sweep" -q --bin "$GK_BUILD/bin" g.grid sweeps/corpus
    "$ROOT/pipelines/evidence/norms" sweeps corpus >norms
    assert_equal "$(column_of seed norms | paste -s -d ' ')" '0 1'
    run=$(echo sweeps/corpus/runs/*seed=0*lr=5e-3*/run.tsv)
    for t in t2 t4; do
        step=$(gk-phases -q "$run" | column_of $t -)
        assert_equal "$(column_of $t norms | head -n 1) $(column_of param_norm_$t norms | head -n 1)" \
            "$step $(awk -F'\t' -v s="$step" '$1 == s { print $8 }' "$run")"
    done
}

@test "delay: runs that keep the law have its constants and no error" {
    awk -v OFS='\t' 'BEGIN {
        print "sweep", "op", "frac", "split-seed", "arch", "seed", "lr", "weight-decay", "t2", "t4", "param_norm_0", "param_norm_t2", "param_norm_t4", "param_norm_largest"
        # V falls by exp(-2 kappa lr decay) a step to V* = 4, with kappa 0.25
        for (i = 0; i < 6; i++) { lr = i < 4 ? 0.002 : 0.004; delay = 200 + 100 * i
            print "corpus", "add", 0.5, 0, "kept", i, lr, 1, 50, 50 + delay, 3, 2 * exp(0.25 * lr * delay), 2, 9 }
        for (i = 0; i < 3; i++) print "corpus", "add", 0.5, 0, "rises", i, 0.002, i, 50, 500, 3, 4, 5, 9
        print "corpus", "add", 0.5, 0, "early", 0, 0.002, 1, 50, 149, 3, 5, 4, 9 }' >norms
    "$ROOT/pipelines/evidence/delay" "$GK_BUILD/bin" norms >law
    assert_equal "$(column_of arch law | paste -s -d ' ')" 'kept rises'
    assert_equal "$(column_of runs law | paste -s -d ' ') $(column_of falls law | paste -s -d ' ')" '6 2 6 0'
    assert_equal "$(column_of kappa_q25 law | head -n 1) $(column_of kappa_q75 law | head -n 1)" '0.25 0.25'
    assert_equal "$(column_of calibrated law | head -n 1) $(column_of foretold law | head -n 1) $(column_of spread law | head -n 1)" '4 2 0.000'
    column_of law_q75 law | head -n 1 | awk '{ exit $1 > 1e-4 }'
    # the mean delay of 200 to 500 against 600 and 700
    column_of guess_median law | head -n 1 | awk '{ g = exp((log(200) + log(300) + log(400) + log(500)) / 4); e = 1 - (g / 600 + g / 700) / 2; exit $1 < e - 1e-3 || $1 > e + 1e-3 }'
}

@test "delay: what the page says is in its tables" {
    cp "$ROOT/docs/reproduction.md" page
    "$ROOT/pipelines/evidence/delay" "$GK_BUILD/bin" "$ROOT/docs/results/delay.tsv" | diff "$ROOT/docs/results/delay-law.tsv" -
    "$ROOT/pipelines/evidence/delay-page" "$ROOT/docs/results/delay-law.tsv" page
    diff "$ROOT/docs/reproduction.md" page
}

@test "law: the runs that are done, and what the page says of them" {
    printf '%s\n' '# x' $'frac\tid\tstatus\tsteps\tt2\tt4' $'0.9\ta\tdone\t60\t5\t50' $'0.9\tb\tqueued\tnan\tnan\tnan' \
        $'0.9\tc\tdone\t50\t7\t40' $'0.5\td\tdone\t100\t9\tnan' >table
    "$ROOT/pipelines/evidence/ended" table >runs
    assert_equal "$(column_of id runs | paste -s -d ' ')" 'a c d'
    printf 'parameter\testimate\tstderr\tlower\tupper\na\t4\t1\t3\t5\ngamma\t7.2\t1\t6.12\t8\nb\t15\t1\t0\t20\n' >fit
    printf '%s\n' '<!-- law: x -->' '<!-- end of law -->' >page
    "$ROOT/pipelines/evidence/law-page" runs fit page
    grep -Fx '| 0.9 | 2 | 2 | 5 to 7 | 40 to 50 |' page
    grep -Fx '| 0.5 | 1 | 0 | 9 | not by 100 |' page
    grep -F 'gamma 7.20 (6.12 to 8.00), a 4 (3 to 5), b 15 (0 to 20).' page
    sed -i 's/6.12/-inf/; s/8$/inf/' fit
    "$ROOT/pipelines/evidence/law-page" runs fit page
    grep -F 'gamma 7.20 (no end to no end), a 4 ' page
    grep -F 'The runs that have ended do not fix the exponent' page
    sed -i 's/-inf/-1/; s/inf/9/' fit
    "$ROOT/pipelines/evidence/law-page" runs fit page
    grep -F 'The runs that have ended do not fix the exponent: its interval contains 0.' page
    # the page of the tree is that of its tables
    cp "$ROOT/docs/reproduction.md" page
    "$ROOT/pipelines/evidence/law-page" "$ROOT/docs/results/law.tsv" "$ROOT/docs/results/law-fit.tsv" page
    diff "$ROOT/docs/reproduction.md" page
}

@test "published: a median that is later than the last step is no number" {
    printf 'time\tname\tn\tevents\tmedian\tlower\tupper\nt2\tx\t3\t3\t7\t5\tinf\nt4\tx\t3\t1\tinf\t9\tinf\nt4_stable\tx\t3\t0\tinf\tinf\tinf\n' >times
    printf '%s\n' '<!-- medians: x -->' '<!-- end of medians -->' >page
    "$ROOT/pipelines/evidence/published-page" times page
    grep -Fx '| x | 7 (5 to ?), 3 of 3 | not half of them, 1 of 3 | not half of them, 0 of 3 |' page
    # the page of the tree is that of its table
    cp "$ROOT/docs/published.md" page
    "$ROOT/pipelines/evidence/published-page" "$ROOT/docs/results/published-times.tsv" page
    diff "$ROOT/docs/published.md" page
}

@test "published: the record has t2, t4 and t4_stable of each run" {
    mkdir -p sweeps
    printf -- '%s\n' '--op add' '--p 5' '--model mlp' '--dim 4' '--layers 1' '--hidden 4' '--seed 0 1' '--steps 20' >g.grid
    "$ROOT/pipelines/sweep/gk-sweep" -q --bin "$GK_BUILD/bin" g.grid sweeps/published-llc
    printf 'nanda\t7\t1\t1\t5\t6\t6\t20\n' >old
    "$ROOT/pipelines/evidence/record" sweeps "$GK_BUILD/bin" old >out
    assert_equal "$(column_of name out | tr '\n' ' ')" 'nanda llc llc '
    # what made rows of an older record stays above them
    assert_equal "$(grep -c '^# gk-sweep' out)" 1
    "$ROOT/pipelines/evidence/record" none "$GK_BUILD/bin" "$ROOT/docs/results/published.tsv" >kept
    diff kept "$ROOT/docs/results/published.tsv"
    assert_equal "$(column_of seed out | tr '\n' ' ')" '7 0 1 '
    assert_equal "$(column_of t4 out | tail -n 1)" \
        "$(gk-phases -q --high 0.99 sweeps/published-llc/runs/seed=1/run.tsv | column_of t4 -)"
    # rows of other seeds stay, unless the options were others
    sed -i 's/^done/queued/' sweeps/published-llc/runs/seed=0/status
    { grep '^# gk-sweep' out && printf 'llc\t0\t1\t1\t5\t6\t6\t20\nllc\t1\t1\t1\t5\t6\t6\t20\n'; } >old
    "$ROOT/pipelines/evidence/record" sweeps "$GK_BUILD/bin" old >merged
    diff <(grep '^llc' merged) <(sed -n 2p old && grep $'^llc\t1' out)
    sed -i 's/--steps 20/--steps 30/' old
    "$ROOT/pipelines/evidence/record" sweeps "$GK_BUILD/bin" old >merged
    diff <(grep '^llc' merged) <(grep $'^llc\t1' out)
    "$ROOT/pipelines/evidence/times" "$GK_BUILD/bin" out >times
    assert_equal "$(column_of time times | sort -u | tr '\n' ' ')" 't2 t4 t4_stable '
}

@test "published: a name stands for its grid, or for all that begin with it; Grokfast's table is made" {
    mkdir -p pipelines
    cp -r "$ROOT/pipelines/evidence" "$ROOT/pipelines/sweep" pipelines/
    rm pipelines/evidence/grids/published-*
    small=(--dim 4 --heads 1 --ff 4 --layers 1 --steps 1)
    for seed in 0 1; do
        printf '%s\n' '--table mul97.tsv' '--pairs all' '--frac 0.01' "${small[*]/#--/$'\n'--}" "--seed $seed" >"pipelines/evidence/grids/published-some-$seed.grid"
    done
    cp pipelines/evidence/grids/published-some-0.grid pipelines/evidence/grids/published-some.grid
    pipelines/evidence/published out "$GK_BUILD/bin" 1 some-1 2>said
    assert_equal "$(cd out && echo *)" 'mul97.tsv published-some-1'
    assert_equal "$(awk 'NR > 1 && $3 == $1 * $2 % 97 && $2 > 0' out/mul97.tsv | sort -u | wc -l)" 9312
    rm pipelines/evidence/grids/published-some.grid
    pipelines/evidence/published out "$GK_BUILD/bin" 1 some 2>said
    assert_equal "$(cd out && echo *)" 'mul97.tsv published-some-0 published-some-1'
    breaks 'published: there is no published-other.grid' pipelines/evidence/published out "$GK_BUILD/bin" 1 other
}

@test "published: every grid has its accuracies, and the page and the record name it" {
    for grid in "$ROOT"/pipelines/evidence/grids/published-*.grid; do
        name=${grid##*/published-} && name=${name%.grid}
        grep -q "^$name " "$ROOT/pipelines/evidence/published.conf" || fail "published.conf has no $name"
        grep -qw -- "$name" "$ROOT/docs/published.md" || fail "docs/published.md has no $name"
    done
    assert_equal "$(sed '/^#/d' "$ROOT/pipelines/evidence/published.conf" | wc -l)" \
        "$(ls "$ROOT"/pipelines/evidence/grids/published-*.grid | wc -l)"
}

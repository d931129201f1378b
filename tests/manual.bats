# The examples of the pages and of docs/bring-your-own.md, as a reader types them.
load helpers

# blocks INFO FILE: what stands between ```INFO and ```, in order.
blocks() {
    awk -v open="\`\`\`$1" '$0 == open { on = 1; next } /^```$/ { on = 0 } on' "$ROOT/docs/$2"
}

@test "bring your own: every command and every program of the standard library runs" {
    blocks 'python frames.py' bring-your-own.md >frames.py
    blocks 'python turn.py' bring-your-own.md >turn.py
    # In order: each run of Python blocks is one program, so that `frame` is there where it is used.
    awk '/^```sh$/ { on = "sh"; next } /^```python$/ { on = "py"; next } /^```$/ { on = ""; next }
         on == "sh" { print >> "commands.sh" } on == "py" { print >> "programs.py" }' "$ROOT/docs/bring-your-own.md"
    # what the loggers wrote
    logs=$ROOT/tests/logs
    mkdir -p runs/exp1 runs/exp2 runs/resumed lightning_logs/version_0 output/checkpoint-12
    cp "$logs/torch.tfevents" runs/exp1/events.out.tfevents.1
    cp "$logs/tensors.tfevents" runs/exp2/events.out.tfevents.1
    cp "$logs/resumed.1.tfevents" runs/resumed/events.out.tfevents.1
    cp "$logs/resumed.2.tfevents" runs/resumed/events.out.tfevents.2
    cp "$logs/lightning.csv" lightning_logs/version_0/metrics.csv
    cp "$logs/trainer_state.json" output/checkpoint-12
    cp "$logs/wandb.csv" wandb_export.csv
    sed 's/"step":/"_step":/' "$logs/polars.jsonl" >history.jsonl
    run -0 python3 programs.py
    run -0 bash -eu -o pipefail commands.sh
    # TensorBoard's, the resumed one's and W&B's are one curve
    gk-phases -q "$logs/want.csv" | tail -n 1 >want
    gk-phases -q exp1.tsv | tail -n 1 | cmp - want
    [ "$(grep -cxFf want <<<"$output")" -ge 3 ] || fail "$output"
    # a read-out of zeros says ln 7
    gk-data --p 7 | gk-eval -d - own.ckpt >eval.tsv
    close_to "$(column_of train_loss eval.tsv)" 1.9459101490553132 1e-6
    # the torus has two dimensions
    gk-twonn --method mle -k 20 points.safetensors >id.tsv
    close_to "$(column_of id id.tsv)" 2 0.15
    # the stage in Python says what it did, and begins at itself
    run cat turn.tsv
    assert_line --index 0 --regexp '^# gk-data 1'
    assert_line --index 1 --regexp '^# gk-train 1'
    assert_line --index 2 '# turn 1.0'
    close_to "$(column_of cos turn.tsv | head -n 1)" 1 1e-9
    assert_equal "$(column_of step turn.tsv)" "$(seq 0 5 60)"
    # and the one in awk is a difference of columns
    paste <(./gap run.tsv | column_of gap) <(column_of val_loss run.tsv) <(column_of train_loss run.tsv) |
        awk '{ d = $1 - ($2 - $3); if (d * d > 1e-10) exit 1 }'
    run -1 ./gap log.csv
    assert_output 'gap: no column val_loss'
}

@test "bring your own: files of PyTorch and networks of others" {
    cp "$ROOT/tests/torch/nested.pt" net.pt
    cp "$ROOT"/tests/rename/{nanda,gpt2,lee}.pt .
    cp "$ROOT/tests/rename/lens_none.pt" lens.pt
    cp "$ROOT/tests/rename/lens4_none.pt" lens4.pt
    cp "$ROOT/tests/rename/encoder_post.pt" encoder.pt
    python3 - <<'END'
import json, struct
header, data = {}, b""
for name, shape in {"embedding": [7, 3], "dense_0.kernel": [3, 5], "dense_0.bias": [5], "logits.kernel": [5, 7], "logits.bias": [7]}.items():
    n = shape[0] * (shape + [1])[1]
    header[name] = {"dtype": "F32", "shape": shape, "data_offsets": [len(data), len(data) + 4 * n]}
    data += struct.pack(f"<{n}f", *(((7 * i) % 11 - 5) / 9 for i in range(n)))
text = json.dumps(header).encode()
open("keras.safetensors", "wb").write(struct.pack("<Q", len(text)) + text + data)
END
    blocks 'sh networks' bring-your-own.md >commands.sh
    [ "$(grep -c '^gk-' commands.sh)" -ge 13 ]
    run -0 bash -eu -o pipefail commands.sh
    # what PyTorch says of them
    for name in nanda:nanda lens:lens_none lens4:lens4_none; do
        want=$(name=${name#*:} awk -F'\t' '$1 == ENVIRON["name"] { print $6 }' "$ROOT/tests/rename/losses.tsv")
        close_to "$(gk-eval -d nanda.data "${name%:*}.ckpt" | column_of train_loss)" "$want" 1e-5
    done
}

# The commands under EXAMPLES of PAGE as they are displayed; what is Python is left out.
examples() {
    awk '
        /^\.Sh/ { on = $2 == "EXAMPLES" }
        !on { next }
        /^\.Dl / { sub(/^\.Dl /, ""); print; next }
        /^\.Bd/ { block = 1; skip = 0; first = 1; next }
        /^\.Ed/ { block = 0; next }
        block { if (first) skip = /^(import|x =|from)/
                first = 0; if (!skip) print }' "$ROOT/docs/man/$1" |
        sed 's/\\(dq/"/g; s/\\-/-/g; s/\\e/\\/g'
}

# What the examples find in their folder. All is small: 11 elements, 8 wide.
small() {
    sed 's/\(gk-data[^|]*\)--p 97/\1--p 11/; s/gk-data |/gk-data --p 11 |/; s/gk-data --frac/gk-data --p 11 --frac/
         s/gk-train/& --dim 8 --heads 2 --ff 8/; /--steps/! s/gk-train/& --steps 900/'
}
setup_file() {
    cd "$BATS_FILE_TMPDIR" || return
    export PATH=$ROOT/pipelines/sweep:$PATH
    # of two remainders both outcomes are common
    printf '%s\n' '--p 7' '--q 2' '--train 24' '--dim 8' '--heads 2' '--ff 8' '--lr 1e-3 1e-2' '--weight-decay 0 1' \
        '--seed 0 1 2 3' '--steps 450' '--eval-every 10' >first.grid
    sed 's/^--seed.*/--seed 4/' first.grid >second.grid
    gk-sweep --quiet first.grid first
    gk-data --p 11 -o add.data
    small <<<'gk-train -d add.data --steps 2000 --lr 5e-3 --trajectory run.gks --every 400 --save end.ckpt' | bash >run.tsv
    cp end.ckpt final.safetensors
    cp end.ckpt last.safetensors
    cp "$ROOT/tests/torch/nested.pt" net.pt
    cp "$ROOT/tests/rename/gpt2.pt" gpt2.pt
    sed 's/\ttrain_loss/\tloss/' run.tsv >log.csv
    mkdir runs
    for i in $(seq 12); do
        awk -v i="$i" 'BEGIN { print "step\tlr\ttrain_loss\ttrain_acc\tval_loss\tval_acc"
            for (t = 0; t <= 400; t++) print t "\t0.001\t" exp(-t / 90) + 0.01 * i * sin(t / 3) "\t1\t1\t" (i > 6 || i == 3) }' >"runs/$i.tsv"
    done
    printf 'frac\tt4\tsteps\n0.2\tnan\t5000\n0.3\t2604\t5000\n0.4\t1700\t5000\n0.5\t1223\t5000\n0.6\t1010\t5000\n0.8\t745\t5000\n' >runs.tsv
    echo 'm0_400,mobility_400,grokked' >early.csv
    for i in $(seq 12); do
        gk-hjorth --window 0:400 "runs/$i.tsv" | awk -F'\t' -v g="$((i > 6 || i == 3))" '/^[0-9]/ { print $5 "," $3 "," g }'
    done >>early.csv
    gk-predict fit -q --model grok.model early.csv >fit.tsv
    mkdir runs/exp1
    cp "$ROOT/tests/logs/torch.tfevents" runs/exp1/events.out.tfevents.1
    awk 'BEGIN { for (i = 0; i < 60; i++) printf "{\"step\":%d,\"objective\":%g,\"score\":%d}\n", i, 1 / (i + 1), i }' >log.jsonl
    awk 'BEGIN { print "step,norms/embed"; for (i = 0; i < 60; i++) print i "," 5 + i % 7 }' >norms.csv
}

@test "pages: every example of a tool runs (on smaller data and a smaller network)" {
    local said=()
    if ! command -v gnuplot >/dev/null; then # one draws what it made
        mkdir bin
        ln -s /bin/true bin/gnuplot
        PATH+=:$PWD/bin
    fi
    for page in "$ROOT"/docs/man/*.1 "$ROOT/docs/man/gk.7"; do
        p=$(basename "$page")
        examples "$p" | small >"$p.sh"
        [ "$(grep -c "${p%.[17]}" "$p.sh")" -ge 1 ] || said+=("$p: no example")
        mkdir "$p.d"
        cp -r "$BATS_FILE_TMPDIR"/* "$p.d"
        (cd "$p.d" && bash -euo pipefail "../$p.sh" >../out 2>../err) || said+=("$p: $(cat err)")
        [ -s out ] || [ "$p" = gk-data.1 ] || said+=("$p: its examples say nothing")
    done
    [ "${#said[@]}" -eq 0 ] || fail "$(printf '%s\n' "${said[@]}")"
}

# groff takes such a word for a macro where a reference calls it, and mandoc does not.
@test "pages: no word of a title is the name of a macro" {
    run grep -nE '^\.%[TBJ] (.* )?[A-Z][a-z]( |$)' "$ROOT"/docs/man/*.[1-9]
    assert_output ''
}

@test "pages: gk(7) leads to every other page" {
    for page in "$ROOT"/docs/man/*.[1-9]; do
        p=${page##*/}
        [ "$p" = gk.7 ] || grep -q "^\.\(It \)\?Xr ${p%.*} ${p##*.}" "$ROOT/docs/man/gk.7" || fail "$p"
    done
}

# The options of a tool with the default that --help gives, where that is one word: NAME, a tab, DEFAULT.
defaults() { # PROGRAM
    "$1" --help | awk '
        function told() { if (match(text, /[(; ]default:? [^ ;)]+[;)]/)) {
            word = substr(text, RSTART, RLENGTH - 1); sub(/.* /, "", word); print name "\t" word } text = "" }
        /^Options:/ { on = 1; next }
        /^$/ { on = 0 }
        !on { next }
        /^  (-.,|   ) --/ { told(); name = $1 ~ /^--/ ? $1 : $2 }
        { text = text " " $0 }
        END { told() }'
}

@test "pages: each default that --help gives stands beside its option in the page" {
    local said=() program name option word counted=0
    for program in "$GK_BUILD"/bin/gk-* "$ROOT"/pipelines/sweep/gk-{sweep,predictors}; do
        name=$(basename "$program")
        mandoc -T ascii -O width=200 "$ROOT/docs/man/$name.1" | sed 's/.\x08//g' >page
        while IFS=$'\t' read -r option word; do
            counted=$((counted + 1))
            option=$option word=$word awk '
                BEGIN { option = ENVIRON["option"]; word = ENVIRON["word"] }
                function same(x) { return x "" == word "" || (word ~ /^[0-9.e-]+$/ && x ~ /^[0-9.e-]+$/ && x + 0 == word + 0) }
                /^     --?[A-Za-z]/ { on = index($0 ",", " " option ",") || index($0, " " option " ") }
                /^( {3})?[A-Z]/ { on = 0 }
                on { for (i = 1; i <= NF; i++) { x = $i; gsub(/^\(|[.,:;)]+$/, "", x); if (same(x)) found = 1 } }
                END { exit !found }' page || said+=("$name $option: $word")
        done < <(defaults "$program")
    done
    [ "$counted" -ge 80 ] || fail "$counted defaults"
    [ "${#said[@]}" -eq 0 ] || fail "$(printf '%s\n' "${said[@]}")"
}

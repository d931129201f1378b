# The tutorial's commands, as a newcomer types them, one after another in an empty folder.
load helpers

# The blocks between ```sh and ```, in order.
commands() {
    awk '/^```sh$/ { on = 1; next } /^```$/ { on = 0 } on' "$ROOT/docs/$1"
}

@test "tutorial: every command runs, and the run it trains groks" {
    commands tutorial.md >tutorial.sh
    [ "$(grep -c '^gk-' tutorial.sh)" -ge 20 ]
    # a smaller network for the sweep and for the runs that its model judges, fewer steps, and fewer frames
    sed -i 's/^--arch gromov$/&\n--hidden 200/; s/--arch gromov --lr/--arch gromov --hidden 200 --lr/
        s/^--steps 3000/--steps 1600/; s/^gk-sweep/& --quiet/
        s/--steps 200:300 spike.gks/--steps 200:204 spike.gks/' tutorial.sh
    mkdir bin && ln -s "$ROOT/pipelines/sweep/gk-sweep" bin
    PATH=$PWD/bin:$PATH run -0 --separate-stderr bash -eu -o pipefail tutorial.sh
    # the model tells the two new runs apart
    awk -F'\t' '/^400\t/ { p[++n] = $2 } END { exit !(p[n - 1] < p[n] && p[n] <= 1) }' <<<"$output"
    [ -s sweep/report.html ]
    assert_equal "$(column_of step edge.tsv)" $'200\n204'
    # t4 is a step, not nan, and the trajectory's last frame gets every row right
    run -0 gk-phases run.tsv
    read -r _ t2 _ t4 _ <<<"${lines[-1]}"
    [ "$t2" -lt "$t4" ]
    run -0 gk-eval -d add.data run.gks
    read -r _ _ train _ val <<<"${lines[-1]}"
    [ "$train $val" = '1 1' ]
}

# block KIND: the blocks between ```KIND and ```
block() {
    awk -v open="\`\`\`$1" '$0 == open { on = 1; next } /^```$/ { on = 0 } on' "$ROOT/docs/tutorial.md"
}

@test "tutorial: its recipes draw the tables that gk writes" {
    gk-data --p 11 --frac 0.8 | gk-train --dim 8 --heads 2 --ff 16 --steps 60 --eval-every 10 -o run.tsv
    printf '%s\n' '# gk-sweep 1.0' $'lr\tweight-decay\tid\tfinal_val_acc' $'1e-3\t0\ta\t0.1' $'1e-3\t1\tb\tnan' \
        $'1e-2\t0\tc\t0.5' $'1e-2\t1\td\t1' >table.tsv
    mkdir sweep && mv table.tsv sweep
    printf 'step\tlambda_max\tthreshold\n200\t2\t3\n204\t4\t3\n' >edge.tsv
    printf 'step\tlr\ttrain_loss\n200\t1\t0.1\n204\t1\t0.3\n' >spike.tsv
    if command -v gnuplot >/dev/null; then
        # each a program of its own
        block gnuplot | awk '/^set datafile/ { n++ } { print > ("recipe" n ".gp") }'
        for f in recipe1.gp recipe2.gp recipe3.gp; do
            sed -i 's/^n = 4/n = 2/' "$f"
            run -0 gnuplot "$f"
            assert_output ''
        done
        for f in run.png edge.png heatmap.png; do
            [ "$(head -c 4 "$f" | tail -c 3)" = PNG ] || fail "$f"
        done
    fi
    block python >recipe.py
    run -0 python3 -m py_compile recipe.py
    if python3 -c 'import pandas, matplotlib' 2>/dev/null; then
        run -0 env MPLBACKEND=agg python3 recipe.py
        [ -s run-python.png ] && [ -s heatmap-python.png ]
    fi
}

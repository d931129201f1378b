# Sweeps: grids, one folder per run, the same table for any runner; sweeps that are stopped, killed
# and resumed.
# shellcheck disable=SC2154 # run sets status, output and stderr
load helpers

sweep() {
    "$ROOT/pipelines/sweep/gk-sweep" --bin "${bin:-$GK_BUILD/bin}" "$@"
}

# grid LINE...: a tiny network, and these options
grid() {
    printf '%s\n' '# a test' '--op add   # sums' '--p 5' '' --dim\ 8 '--heads 2' '--ff 16' "$@"
}

small() {
    grid '--lr 1e-2 1e-3' '--weight-decay 0 1' '--steps 30' '--eval-every 4' >g.grid
}

# Each run by itself, from beginning to end: run OPTION... with the network of grid
alone() {
    gk-data --op add --p 5 | gk-train --dim 8 --heads 2 --ff 16 --eval-every 4 --quiet "$@"
}

# wrapped NAME: tools in $bin, of which NAME is a script, standard input, that has $real.
wrapped() {
    bin=$PWD/bin
    mkdir -p bin
    ln -sf "$GK_BUILD"/bin/gk-* bin/
    rm "bin/$1"
    { printf '#!/bin/bash\nreal=%q\ncd %q || exit\n' "$GK_BUILD/bin/$1" "$PWD" && cat; } >"bin/$1"
    chmod +x "bin/$1"
}

@test "sweep: a grid that is wrong is refused before anything runs, by file and line" {
    wrong() { # LINE MESSAGE GRID-LINE...
        printf '%s\n' "${@:3}" >g.grid
        run --separate-stderr -1 sweep g.grid out
        assert_equal "$stderr" "gk-sweep: g.grid: line $1: $2"
        [ ! -e out ]
    }
    wrong 2 'neither gk-data nor gk-train has an option --rate' '--steps 3' '--rate 1'
    wrong 3 '--lr is there twice' '--lr 1' '# again' '--lr 2'
    wrong 1 '--lr has no value' '--lr   # none' '--steps 3'
    wrong 1 "'lr' is not an option" 'lr 1'
    wrong 1 "--lr: 'fast' is not a number" '--lr 1e-3 fast'
    wrong 1 '--frac: 3 is not in [0, 1]' '--frac 3'
    wrong 1 '--seed has a value twice' '--seed 0 1 0'
    wrong 1 "--save is the sweep's own" '--save x'
    wrong 1 '--lr: 1e-2 and 0.01 are one value' '--lr 1e-3 1e-2 0.1 0.01 .01'
    wrong 1 '--seed: 10 and 1e1 are one value' '--seed 1 10 1e1'
    wrong 2 "--trajectory-state is the sweep's own" '--steps 3' --trajectory-state
    wrong 1 "--threads is the sweep's own" '--threads 1 2'
    wrong 1 "--lr: '--seed' is not a number" '--lr --seed 0'
    wrong 1 '--steps has one value: where each run ended is a column of the table' '--steps 30 40'
    # an editor's byte order mark is skipped
    printf '\xef\xbb\xbf--lr 1\n' >g.grid
    breaks 'gk-sweep: g.grid: no --steps: where does a run end?' sweep g.grid out
    breaks 'gk-sweep: none.grid: cannot be read' sweep none.grid out
    [ ! -e out ]
}

@test "sweep: wrong options" {
    small
    wrong_usage 'gk-sweep: two operands are wanted: GRID DIR' sweep g.grid
    wrong_usage "gk-sweep: --runner: 'cloud' is none of: local parallel slurm" sweep --runner cloud g.grid o
    wrong_usage "gk-sweep: --jobs: '0' is not an integer above 0" sweep --jobs 0 g.grid o
    wrong_usage "gk-sweep: --jobs: '99999999999999999999' is not below 1000000" sweep --jobs 99999999999999999999 g.grid o
    wrong_usage "gk-sweep: --save-every: '10000000000000000' is not below 1000000000000000" \
        sweep --save-every 10000000000000000 g.grid o
    for rule in t4:1,2 t4:1,2,x t4:1,2,3,4 t4:1e999,1,0 t4:1,-1e400,0 't4:1,1,\x31' 't4:1,1,$(date)' 't4:1,1, 2'; do
        wrong_usage "gk-sweep: --rule: '$rule' is not t4:A,GAMMA,B" sweep --rule "$rule" g.grid o
    done
    wrong_usage "gk-sweep: --give-up: '1e400' is not a number" sweep --give-up 1e400 --model g.grid g.grid o
    wrong_usage 'gk-sweep: --model needs --give-up' sweep --model g.grid g.grid o
    for p in 2 -0.1; do
        wrong_usage "gk-sweep: --give-up: $p is not in [0, 1]" sweep --give-up "$p" --model g.grid g.grid o
    done
    wrong_usage "gk-sweep: unknown option '--fast'" sweep --fast g.grid o
    wrong_usage 'gk-sweep: --jobs needs a value' sweep g.grid o --jobs
    # a variable without a value, in a script
    for option in --runner --jobs --sample --rule --give-up --model --high --hold --save-every --sshlogin --sbatch; do
        wrong_usage "gk-sweep: $option: the value is empty" sweep "$option" '' g.grid o
        wrong_usage "gk-sweep: $option: the value is empty" sweep "$option=" g.grid o
    done
    for option in --keep --retry --anew --quiet --collect --watch --report --help --version; do
        wrong_usage "gk-sweep: $option takes no value" sweep "$option=1" g.grid o
    done
    breaks 'gk-sweep: m: cannot be read' sweep --give-up 0.5 --model m g.grid o
    breaks 'gk-sweep: g.grid: not a model that says its windows' sweep --give-up 0.5 --model g.grid g.grid o
    breaks 'gk-sweep: g.grid: no sweep is there' sweep --collect g.grid
    [ ! -e o ]
}

@test "sweep: an option of another runner is named" {
    grid '--lr 1e-2' '--steps 3' >g.grid
    run -0 --separate-stderr sweep --sshlogin host --sbatch --time=1 g.grid o
    assert_equal "$stderr" "gk-sweep: --sshlogin changes nothing without --runner parallel
gk-sweep: --sbatch changes nothing without --runner slurm
gk-sweep: 1 run, 1 to do, in o"
    run -0 --separate-stderr sweep --quiet --sshlogin host g.grid o
    assert_equal "$stderr" ''
}

@test "sweep: of a run without validation nobody knows whether it grokked" {
    grid '--lr 1e-2' '--frac 0.5 1' '--steps 9' >g.grid
    run -0 --separate-stderr sweep g.grid o
    assert_equal "$stderr" 'gk-sweep: 2 runs, 2 to do, in o
gk-sweep: 1 run has no validation rows, such as o/runs/frac=1: nobody knows whether one grokked'
    assert_equal "$(column_of grokked o/table.tsv | paste -s -d ' ')" '0 nan'
    assert_equal "$(column_of final_val_acc o/table.tsv | tail -n 1)" nan
}

@test "sweep: a column that no run can have is named" {
    noted() { # STEPS EVERY NOTE
        grid '--lr 1e-2' "--steps $1" "--eval-every $2" | sed 's/--p 5/--p 2/' >g.grid
        rm -rf o
        run -0 --separate-stderr sweep g.grid o
        assert_equal "$(grep -v ' to do, in o' <<<"$stderr")" \
            "${3:+gk-sweep: val_loss_400 is nan with --eval-every $3: no validation is due at step 400}"
    }
    noted 401 '8 7 400 500' '7 500'
    assert_equal "$(column_of val_loss_400 o/table.tsv | grep -c nan)" 2
    noted 401 '1e1 1' ''
    refute grep -q nan <(column_of val_loss_400 o/table.tsv)
    # the last step is validated, too
    noted 4e2 7 ''
    refute grep -q nan <(column_of val_loss_400 o/table.tsv)
    noted 399 7 ''
}

@test "sweep: after -- a grid and a folder may begin with a dash" {
    grid '--lr 1e-2' '--steps 3' >-g
    sweep --quiet -- -g -o
    sweep --high 0.5 --collect -- -o
    sweep --quiet --report -- -o
    run -0 sweep --watch -- -o
    assert_equal "${lines[0]}" '-o: 1 run, 1 done, 0 going, 0 failed, 0 waiting'
    assert_equal "$(column_of status ./-o/table.tsv)" 'done'
    [ -s ./-o/report.html ]
}

@test "sweep: clean man pages that name every option" {
    local name page
    for name in gk-sweep gk-predictors; do
        page=$ROOT/docs/man/$name.1
        run bash -c 'mandoc -T lint -W style "$1" 2>&1 | grep -vE "referenced manual not found|outdated mandoc.db"' - "$page"
        assert_output ''
        mandoc -T ascii -O width=200 "$page" | sed 's/.\x08//g' >text
        for o in $("$ROOT/pipelines/sweep/$name" --help | sed -nE 's/^  (-., |    )(--[a-z0-9-]+).*/\2/p'); do
            grep -qE -- "$o([^a-z0-9-]|\$)" text || fail "$name.1 does not name $o"
        done
        assert_equal "$("$ROOT/pipelines/sweep/$name" --version)" "$name $VERSION"
    done
}

@test "sweep: the cross product in the order of the grid, each run as if it were alone" {
    small
    run --separate-stderr -0 sweep g.grid out
    assert_equal "$output" ''
    assert_equal "$stderr" 'gk-sweep: 4 runs, 4 to do, in out'
    ids='lr=1e-2,weight-decay=0 lr=1e-2,weight-decay=1 lr=1e-3,weight-decay=0 lr=1e-3,weight-decay=1'
    assert_equal "$(column_of id out/table.tsv | paste -sd' ')" "$ids"
    assert_equal "$(column_of lr out/table.tsv | paste -sd' ')" '1e-2 1e-2 1e-3 1e-3'
    assert_equal "$(column_of weight-decay out/table.tsv | paste -sd' ')" '0 1 0 1'
    assert_equal "$(column_of status out/table.tsv | sort -u)" 'done'
    assert_equal "$(head -n 1 out/table.tsv)" \
        "# gk-sweep $VERSION --op add --p 5 --dim 8 --heads 2 --ff 16 --lr 1e-2,1e-3 --weight-decay 0,1 --steps 30 --eval-every 4"
    assert_equal "$(ls out/runs | paste -sd' ')" "$ids"
    alone --lr 1e-3 --weight-decay 0 --steps 30 >want.tsv
    cmp out/runs/lr=1e-3,weight-decay=0/run.tsv want.tsv
    # no checkpoint stays behind
    assert_equal "$(find out -name '*.ckpt' -o -name '*.data')" ''
}

@test "sweep: a sample of a grid is drawn at random, and a larger one begins with it" {
    printf -- '%s\n' '--op add' '--p 5' '--dim 8' '--heads 2' '--ff 16' '--seed 0 1 2 3 4 5 6 7 8 9' \
        '--lr 1e-3 2e-3 3e-3 4e-3 5e-3 6e-3 7e-3 8e-3 9e-3 1e-2' '--steps 1' >g.grid
    sweep --quiet --sample 3 g.grid out
    column_of id out/table.tsv >three
    assert_equal "$(wc -l <three) $(sort -u three | wc -l)" '3 3'
    grep -q '^# gk-sweep .* --steps 1 --sample 3$' out/table.tsv
    run --separate-stderr -0 sweep --sample 5 g.grid out
    assert_equal "$stderr" 'gk-sweep: 5 runs, 2 to do, in out'
    assert_equal "$(column_of id out/table.tsv | head -n 3)" "$(cat three)"
    sweep --quiet --sample 3:1 g.grid other
    refute cmp -s <(column_of id other/table.tsv) three
    # every point is drawn once
    printf -- '%s\n' '--op add' '--p 5' '--model mlp' '--dim 4' '--layers 1' '--hidden 4' '--lr 1e-3 1e-2' '--seed 0 1 2' '--steps 1' >g.grid
    sweep --quiet --sample 6 g.grid whole
    assert_equal "$(column_of id whole/table.tsv | sort -u | wc -l)" 6
    breaks 'gk-sweep: g.grid: --sample 7: the grid has 6 points' sweep --sample 7 g.grid out
    wrong_usage "gk-sweep: --sample: '0' is not N or N:SEED" sweep --sample 0 g.grid out
}

@test "sweep: the table says what gk-phases and gk-hjorth say" {
    grid '--lr 2e-3' '--seed 3 4' '--steps 410' >g.grid
    sweep --quiet --keep g.grid out
    alone --lr 2e-3 --seed 4 --steps 410 --eval-every 1 >want.tsv
    row() { column_of "$1" out/table.tsv | sed -n 2p; }
    for c in t1 t2 t3 t4 delay phase slingshots t4_stable; do
        assert_equal "$(row $c)" "$(gk-phases want.tsv | column_of $c)"
    done
    for w in 100 200 400; do
        for c in m0 activity mobility complexity; do
            assert_equal "$(row ${c}_$w)" "$(gk-hjorth --window 0:$w want.tsv | column_of $c)"
        done
    done
    for c in train_loss val_loss grad_norm; do
        assert_equal "$(row ${c}_400)" "$(column_of $c want.tsv | sed -n 401p)"
    done
    assert_equal "$(row steps) $(row final_val_acc) $(row final_val_loss)" \
        "$(awk -F'\t' 'END { print $1, $6, $5 }' want.tsv)"
    [ -s out/runs/seed=4/run.ckpt ]
    # A window is seen through with its last step; a last row without validation leaves that of the row before.
    mkdir cut
    for last in 98 99; do
        last=$last awk -F'\t' -v OFS='\t' '$1 == ENVIRON["last"] { $5 = $6 = "nan"; print; exit } { print }' want.tsv >cut/run.tsv
        "$ROOT/pipelines/sweep/row" "$GK_BUILD/bin" cut 'done' >cut/row
        assert_equal "$(column_of steps cut/row) $(column_of m0_100 cut/row)" \
            "$last $([ "$last" = 98 ] && echo nan || gk-hjorth --window 0:100 cut/run.tsv | column_of m0)"
        assert_equal "$(column_of final_val_loss cut/row)" "$(column_of val_loss want.tsv | sed -n "${last}p")"
    done
    # A column that the curve lacks is no number.
    cut -f 1-5 want.tsv >cut/run.tsv
    "$ROOT/pipelines/sweep/row" "$GK_BUILD/bin" cut 'done' >cut/row
    assert_equal "$(column_of final_val_acc cut/row) $(column_of steps cut/row)" "nan $(column_of step want.tsv | tail -n 1)"
}

@test "sweep: one value each is one run; a window not seen through has no measures" {
    grid '--lr 1e-2' '--steps 150' '--until-grokked' >g.grid
    sweep --quiet g.grid out
    assert_equal "$(column_of id out/table.tsv)" run
    [ "$(column_of m0_100 out/table.tsv)" != nan ]
    assert_equal "$(column_of m0_200 out/table.tsv) $(column_of grad_norm_400 out/table.tsv)" 'nan nan'
    # a run that ends because it has grokked
    grid '--lr 1e-2' '--seed 2' '--steps 200' '--until-grokked 1' | sed 's/--p 5/--p 2/' >g.grid
    sweep --quiet g.grid two
    assert_equal "$(column_of grokked two/table.tsv)" 1
    assert_equal "$(column_of steps two/table.tsv)" "$(column_of t4 two/table.tsv)"
}

@test "sweep: the same table from GNU parallel, here and through a remote shell" {
    small
    sweep --quiet g.grid local
    sweep --quiet --runner parallel --jobs 2 g.grid parallel
    cmp local/table.tsv parallel/table.tsv
    # a remote shell without a network: what ssh would send, to a shell of this machine; as sshd does,
    # it says what shell that is
    printf '#!/bin/bash\nexport SHELL=/bin/bash\nwhile [[ $1 == -* ]]; do shift; done\necho "$1" >>%q\nshift\n[ "$1" != -- ] || shift\nexec bash -c "$*"\n' \
        "$PWD/hosts" >ssh
    chmod +x ssh
    PARALLEL_SSH=$PWD/ssh sweep --quiet --runner parallel --sshlogin 1/farm1 --sshlogin 1/farm2 g.grid remote
    cmp local/table.tsv remote/table.tsv
    assert_equal "$(sort -u hosts)" "$(printf '%s\n' farm1 farm2)"
}

@test "sweep: a repeated sweep does nothing; a missing run is made" {
    small
    sweep --quiet --jobs 1 g.grid out
    cp -r out before
    run --separate-stderr -0 sweep g.grid out
    assert_equal "$stderr" 'gk-sweep: 4 runs, 0 to do, in out'
    diff -r before out
    rm -r out/runs/lr=1e-2,weight-decay=1
    run --separate-stderr -0 sweep g.grid out
    assert_equal "$stderr" 'gk-sweep: 4 runs, 1 to do, in out'
    diff -r before out
}

@test "sweep: killed with a row cut in half, it goes on from the checkpoint, byte for byte" {
    small
    sweep --quiet g.grid whole
    # The second run's trainer takes the whole sweep with it at step 20.
    wrapped gk-train <<'END'
[[ $* == *--version* || $* == *--help* ]] && exec "$real" "$@"
if [[ $* == *'--lr 1e-2 --weight-decay 1'* ]] && [ ! -e killed ]; then
    touch killed
    args=("$@")
    for i in "${!args[@]}"; do
        [ "${args[i]}" != --steps ] || args[i + 1]=20
    done
    "$real" "${args[@]}"
    printf '21\t0.01\t1.2'
    kill -9 0
fi
exec "$real" "$@"
END
    run setsid "$ROOT/pipelines/sweep/gk-sweep" --bin "$bin" --quiet --jobs 1 g.grid out
    [ "$status" -ne 0 ]
    cut=out/runs/lr=1e-2,weight-decay=1
    assert_equal "$(cat $cut/status)" running
    assert_equal "$(tail -n 1 $cut/part.tsv | cut -f 1)" 21
    sweep --quiet g.grid out
    for r in whole/runs/*; do
        cmp "$r/run.tsv" "out/runs/${r##*/}/run.tsv"
    done
    cmp whole/table.tsv out/table.tsv
    # Nothing was done twice: the first run once, the second in two parts.
    assert_equal "$(grep -h from out/runs/lr=1e-2*/log)" 'gk-sweep: from step 0 to 30
gk-sweep: from step 0 to 30
gk-sweep: from step 20 to 30'
}

@test "sweep: killed repeatedly at any time, it gives the same table" {
    grid '--lr 1e-2 1e-3 1e-4' '--steps 3000' '--eval-every 7' >g.grid
    sweep --quiet g.grid whole
    for _ in 1 2 3; do
        setsid "$ROOT/pipelines/sweep/gk-sweep" --bin "$GK_BUILD/bin" --quiet --save-every 100 g.grid out &
        until [ -n "$(find out/runs -newer g.grid -name run.ckpt 2>/dev/null)" ] || ! kill -0 $! 2>/dev/null; do
            sleep 0.05
        done
        kill -9 -- -$! || true
        wait $! || true
        for r in out/runs/*; do # where each stands, and how often it has begun
            [ ! -e "$r/run.ckpt" ] || printf '%s\t%s\t%s\n' "$r" "$(grep -c from "$r/log")" \
                "$(gk-ckpt-dump --meta "$r/run.ckpt" | awk -F'\t' '$1 == "step" { print $2 }')" >>saved
        done
        touch g.grid
    done
    sweep --quiet g.grid out
    for r in whole/runs/*; do
        cmp "$r/run.tsv" "out/runs/${r##*/}/run.tsv"
    done
    cmp whole/table.tsv out/table.tsv
    # Each part began where the one before it was saved, if that was not the end.
    [ -s saved ]
    while IFS=$'\t' read -r r begun step; do
        [ "$step" -lt 3000 ] || continue
        sed -n 's/.*from step \([0-9]*\) .*/\1/p' "$r/log" >from
        assert_equal "$r $(sed -n "$((begun + 1))p" from)" "$r $step"
    done <saved
}

@test "sweep: a signal stops it cleanly with a message, and it resumes from there" {
    grid '--lr 1e-2' '--seed 1 2' '--steps 4000' '--eval-every 7' >g.grid
    sweep --quiet g.grid whole
    for signal in INT TERM; do
        # A job of an interactive shell, so that INT is not ignored
        bash -c 'set -m; "$@" & pid=$!; until grep -qs running out/runs/seed=1/status && [ -s out/runs/seed=1/part.tsv ]; do sleep 0.05; done
            kill -"$0" $pid; wait $pid' $signal "$ROOT/pipelines/sweep/gk-sweep" --bin "$GK_BUILD/bin" --jobs 1 g.grid out \
            2>said && status=0 || status=$?
        if [ $status -ne 0 ]; then
            assert_equal $status $((128 + $(kill -l $signal)))
            grep -q '^gk-sweep: stopped; the same command goes on from here' said
            assert_equal "$(cat out/runs/seed=1/status)" queued
            [ -s out/runs/seed=1/run.ckpt ]
        fi
    done
    sweep --quiet g.grid out
    cmp whole/table.tsv out/table.tsv
    cmp whole/runs/seed=1/run.tsv out/runs/seed=1/run.tsv
}

# on_terminal KEYS COMMAND...: what COMMAND says on a terminal where KEYS are typed when it first shows its progress
on_terminal() {
    python3 -IS - "$@" <<'END'
import os, pty, sys
pid, fd = pty.fork()
if pid == 0:
    os.execvp(sys.argv[2], sys.argv[2:])
said = b""
typed = False
while True:
    try:
        part = os.read(fd, 4096)
    except OSError:
        break
    said += part
    if not typed and b"failed, " in said:
        os.write(fd, sys.argv[1].encode())
        typed = True
    if not part:
        break
os.waitpid(pid, 0)
print(said.decode().replace("\r", "\n"), end="")
END
}

@test "sweep: on a terminal it shows its progress, and ^C leaves no message of the shell" {
    small
    # training that goes on until a signal, and takes no processor
    wrapped gk-train <<'END'
[[ $* == *--version* || $* == *--help* ]] && exec "$real" "$@"
exec sleep 100
END
    for runner in local parallel; do
        on_terminal $'\x03' "$ROOT/pipelines/sweep/gk-sweep" --bin "$bin" --runner $runner --jobs 2 g.grid out >said
        grep -q 'gk-sweep: 0 of 4 runs, 0 failed, [0-9]* s, ? left' said
        grep -q 'gk-sweep: stopped; the same command goes on from here' said
        run grep -vE '^(.\[K|\^C)*(gk-sweep: (4 runs, 4 to do, in out|0 of 4 runs, 0 failed, [0-9]+ s, \? left .\[K(\^C)?|stopped; the same command goes on from here))?$' said
        assert_output ''
    done
}

@test "sweep: a run that fails is named, the others go on; again only if asked" {
    grid '--lr 1e-3 1e30 1e-2' '--steps 30' '--eval-every 4' >g.grid
    failed='gk-sweep: failed: out/runs/lr=1e30: gk-train: step 2: the training loss is not finite (nan)'
    breaks "$failed" sweep --quiet g.grid out
    assert_equal "$(column_of status out/table.tsv | paste -sd' ')" 'done failed done'
    assert_equal "$(column_of reason out/table.tsv | sed -n 2p)" "${failed#*lr=1e30: }"
    assert_equal "$(column_of steps out/table.tsv | paste -sd' ')" '30 1 30'
    assert_equal "$(column_of grokked out/table.tsv | paste -sd' ')" '0 nan 0'
    cp out/table.tsv before
    breaks "$failed" sweep --quiet g.grid out
    assert_equal "$(grep -c from out/runs/lr=1e30/log)" 1
    breaks "$failed" sweep --quiet --retry g.grid out
    assert_equal "$(grep -c from out/runs/lr=1e30/log)" 2
    cmp before out/table.tsv
    # the same from the other runner
    run -1 sweep --quiet --runner parallel g.grid other
    cmp out/table.tsv other/table.tsv
}

@test "sweep: a run that something killed is tried again by the next call" {
    small
    sweep --quiet g.grid whole
    wrapped gk-train <<'END'
[[ $* == *--version* || $* == *--help* ]] && exec "$real" "$@"
mkdir killed 2>/dev/null && kill -9 $$
exec "$real" "$@"
END
    run --separate-stderr -1 sweep --quiet --jobs 1 g.grid out
    assert_equal "$stderr" 'gk-sweep: failed: out/runs/lr=1e-2,weight-decay=0: killed by signal 9'
    sweep --quiet g.grid out
    cmp whole/table.tsv out/table.tsv
}

@test "sweep: a directory of another grid is not mixed with this one" {
    small
    sweep --quiet g.grid out
    sed -i 's/--p 5/--p 7/' g.grid
    run --separate-stderr -1 sweep --quiet g.grid out
    assert_equal "${stderr_lines[0]}" \
        'gk-sweep: out/runs/lr=1e-2,weight-decay=0 was made with other options; --anew makes it again, or take another directory:'
    assert_equal "$(tail -n 1 <<<"$stderr")" '> data	--op add --p 7'
    sweep --quiet --anew g.grid out
    sweep --quiet g.grid other
    cmp out/table.tsv other/table.tsv
}

# A model that gives a run up by its learning rate, after 10 steps: p is 1/2 at m0 = 1, lr = 5e-3.
model() {
    printf '%s\n' feature,from,to,log,floor,centre,scale,weight '(intercept),nan,nan,0,-inf,0,1,0' \
        m0_10,0,10,1,1e-9,0,1,0 lr,nan,nan,0,-inf,5e-3,1e-3,1 | tr , '\t'
}

@test "sweep: a hopeless run is given up" {
    small
    model >m
    sweep --quiet --give-up 0.5 --model m g.grid out
    assert_equal "$(column_of reason out/table.tsv)" "$(printf '%s\n' - - 'given up at step 12' 'given up at step 12')"
    assert_equal "$(column_of steps out/table.tsv | paste -sd' ')" '30 30 12 12'
    sweep --quiet g.grid whole
    # What was seen of it is the beginning of the whole; what went on is whole.
    cmp out/runs/lr=1e-3,weight-decay=1/run.tsv <(head -n 16 whole/runs/lr=1e-3,weight-decay=1/run.tsv)
    cmp out/runs/lr=1e-2,weight-decay=1/run.tsv whole/runs/lr=1e-2,weight-decay=1/run.tsv
    assert_equal "$(cat out/runs/lr=1e-3,weight-decay=1/status)" 'done	given up at step 12'
    sweep --quiet --runner parallel --give-up 0.5 --model m g.grid other
    cmp out/table.tsv other/table.tsv
}

@test "sweep: without --model, the model of gk judges, and its range is noted once" {
    local own=$GK_BUILD/share/gk/models/grok.model
    grid '--lr 1e-3 1' '--steps 810' '--eval-every 10' >g.grid
    run -0 --separate-stderr sweep --give-up 1 g.grid out
    assert_equal "$(column_of reason out/table.tsv)" "$(printf '%s\n' 'given up at step 800' 'given up at step 800')"
    assert_equal "${stderr%%$'\n'*}" 'gk-sweep: by the model of gk; --model FILE takes another'
    assert_equal "$(grep -c '^gk-sweep: model: ' <<<"$stderr")" "$(grep -c '^# model: ' "$own")"
    for r in out/runs/*/run.tsv; do # the greater rate is beyond it
        gk-predict score --model "$own" "$r" 2>&1 >/dev/null | sed -nE 's/note: (.*) is [^ ]*, beyond/\1 is beyond/p'
    done | sort | uniq -c | sed -E 's/^ *([0-9]*) /gk-sweep: in \1 of 2 runs: /' >want
    [ -s want ]
    grep ' is beyond ' <<<"$stderr" | sort | diff - <(sort want)
    sweep --quiet --give-up 1 --model "$own" g.grid named
    cmp out/table.tsv named/table.tsv
}

@test "sweep: a note of the tools is said once, with the number of its runs" {
    grid '--lr 1e-3 1e-2' '--batch 3 1000' '--steps 2' >g.grid
    for due in 4 0; do # also when all is done
        run -0 --separate-stderr sweep g.grid out
        assert_equal "$stderr" "gk-sweep: 4 runs, $due to do, in out
gk-sweep: in 2 of 4 runs: gk-train: --batch changes nothing here"
    done
}

@test "sweep: a model that judges no run is refused, and a rule that ends none has a note" {
    model >m
    late() { # EVAL-EVERY STEPS
        grid '--lr 1e-2' "--steps $2" "--eval-every $1" >g.grid
        breaks "gk-sweep: m: no run goes on after the first validation from step 10 on, when the model judges it: --steps $2" \
            sweep --give-up 0.5 --model m g.grid o
    }
    late 1 10
    late 7 14
    late 50 30
    late '11 1e2' 1e1
    [ ! -e o ]
    grid '--lr 1e-3' '--steps 15' '--eval-every 7 15 5e1' >g.grid
    run -0 --separate-stderr sweep --give-up 0.5 --model m g.grid out
    assert_equal "$stderr" 'gk-sweep: --give-up changes nothing with --eval-every 15: a run ends at step 15, and would be judged at step 15
gk-sweep: --give-up changes nothing with --eval-every 5e1: a run ends at step 15, and would be judged at step 50
gk-sweep: 3 runs, 3 to do, in out'
    assert_equal "$(column_of reason out/table.tsv)" "$(printf '%s\n' 'given up at step 14' - -)"
    # 0.5 of the rows train: 50^-1 + B + 1000
    grid '--lr 1e-3' '--steps 15' '--eval-every 7' >g.grid
    for b in 1e6 -985 -985.5; do
        run -0 --separate-stderr sweep --rule "t4:1,1,$b" g.grid "rule$b"
        assert_equal "$stderr" "gk-sweep: --rule changes nothing: runs end at step 15, before it would stop one
gk-sweep: 1 run, 1 to do, in rule$b"
    done
    run -0 --separate-stderr sweep --rule t4:1,1,-986.5 g.grid rule
    assert_equal "$stderr" 'gk-sweep: 1 run, 1 to do, in rule'
}

@test "sweep: a model that reads validation where there is none is refused" {
    { model && printf '%s\n' val_loss_12,12,12,0,-inf,5,1,0 | tr , '\t'; } >m
    grid '--lr 1e-3' '--steps 15' '--eval-every 4 5' >g.grid
    breaks 'gk-sweep: m: the model reads validation at step 12, where none is due with --eval-every 5' \
        sweep --give-up 0.5 --model m g.grid out
    [ ! -e out ]
    grid '--lr 1e-3' '--steps 15' '--eval-every 4 12' >g.grid
    sweep --quiet --give-up 0.5 --model m g.grid out
    assert_equal "$(column_of reason out/table.tsv | sort -u)" 'given up at step 12'
    # a tool that fails after some rows gave no verdict
    wrapped gk-predict <<'END'
"$real" "$@"
[ "$1" != score ] || { echo 'gk-predict: out of luck' >&2 && exit 1; }
END
    run -1 sweep --quiet --give-up 0.5 --model m g.grid failing
    assert_equal "$(column_of reason failing/table.tsv | sort -u)" 'gk-predict: out of luck'
    # nor did one that was killed, and the next call asks again
    grid '--lr 1e-3' '--steps 15' '--eval-every 4' >g.grid
    for tool in gk-predict gk-phases; do
        rm -rf bin asked
        wrapped $tool <<'END'
[[ $* == *--version* || $* == *--help* || -e asked ]] && exec "$real" "$@"
touch asked
kill -KILL $$
END
        case $tool in
        gk-predict) judge=(--give-up 0.5 --model m) ;;
        gk-phases) judge=(--rule 't4:1,1,-992.5') ;;
        esac
        run -1 "$ROOT/pipelines/sweep/gk-sweep" --bin "$bin" --quiet "${judge[@]}" g.grid $tool
        assert_equal "$(cat $tool/runs/run/status)" $'failed\tkilled by signal 9'
        sweep --quiet "${judge[@]}" g.grid $tool
        assert_regex "$(cat $tool/runs/run/status)" $'^done\t(given up at step 12|not generalised by step 8)$'
    done
}

@test "sweep: by the rule a run that has not generalised ends at t4(r) + 1000" {
    # seed 2 has by step 7, seed 0 never; 40 = 10000/50^2 + (-964) + 1000, two of three rows training
    grid '--lr 1e-2' '--seed 0 2' '--frac 0.6' '--steps 200' '--eval-every 8' | sed 's/--p 5/--p 2/' >g.grid
    percent=$(gk-data --p 2 --frac 0.6 | gk-ckpt-dump --meta | awk -F'\t' '$1 == "frac" { print 100 * $2 }')
    a=$(awk -v r="$percent" 'BEGIN { printf "%.9g", 4 * r ^ 2 }')
    sweep --quiet --rule "t4:$a,2,-964.5" g.grid out
    assert_equal "$(column_of steps out/table.tsv | paste -sd' ')" '40 200'
    assert_equal "$(column_of reason out/table.tsv)" "$(printf '%s\n' 'not generalised by step 40' -)"
    assert_equal "$(column_of grokked out/table.tsv | paste -sd' ')" '0 1'
    sweep --quiet g.grid whole
    cmp out/runs/seed=2/run.tsv whole/runs/seed=2/run.tsv
    # A limit beyond the last step changes nothing but the history.
    sweep --quiet --rule t4:1,1,1e6 g.grid far
    cmp <(sed 1d far/table.tsv) <(sed 1d whole/table.tsv)
}

@test "sweep: a rule that leaves a run no step is refused before anything runs" {
    grid '--lr 1e-2' '--frac 0.2 0.5 0.8' '--split-seed 1 2' '--steps 9' >g.grid
    ends() { # RULE FRACTION
        wrong_usage "gk-sweep: --rule: '$1' ends a run before its first step where the fraction that trains is $2" sweep --rule "$1" g.grid none
        [ ! -e none ]
    }
    ends t4:1,1,-5000 0.2
    ends t4:0,1,-1000 0.2
    # 1000 / r is 50, 20 and 12.5 steps
    ends t4:1000,1,-1020 0.5
    ends t4:1000,1,-1013 0.8
    sweep --quiet --rule t4:1000,1,-1012 g.grid out
    assert_equal "$(column_of steps out/table.tsv | paste -sd' ')" '9 9 8 8 1 1'
    # without --frac by the one that gk-data takes
    grid '--lr 1e-2' '--steps 9' >g.grid
    ends t4:1000,1,-1020 0.5
}

@test "sweep: an integer may have an exponent here, too" {
    grid '--lr 1e-2' '--steps 1.2e1' '--eval-every 5e0' >g.grid
    sweep --quiet g.grid out
    grid '--lr 1e-2' '--steps 12' '--eval-every 5' >g.grid
    sweep --quiet g.grid want
    cmp <(sed 1d out/table.tsv) <(sed 1d want/table.tsv)
    assert_equal "$(column_of steps out/table.tsv)" 12
    cmp out/runs/run/run.tsv want/runs/run/run.tsv
}

@test "sweep: gk-predict fits the table" {
    grid '--lr 1e-2 3e-3' '--seed 0 1 2 3' '--frac 0.6' '--steps 410' | sed 's/--p 5/--p 2/' >g.grid
    sweep --quiet g.grid out
    assert_equal "$(column_of grokked out/table.tsv | sort -u | paste -sd' ')" '0 1'
    gk-predict fit --bootstrap 50 --model m out/table.tsv >fit
    [ "$(column_of auc fit | head -n 1)" != nan ]
    gk-predict fit --bootstrap 50 --features m0_400,train_loss_400 --model m out/table.tsv >fit
    assert_equal "$(column_of model fit | paste -sd' ')" 'model model_fitted m0_400 train_loss_400'
    # A column at a step is read off the curve; what a run is at its end is nothing to give up by.
    sweep --quiet --sample 2 --give-up 1 --model m g.grid column
    assert_equal "$(column_of reason column/table.tsv | sort -u)" 'given up at step 400'
    gk-predict fit --bootstrap 50 --features m0_400,final_val_loss --model m out/table.tsv >fit
    breaks 'gk-sweep: m: the model asks for final_val_loss, which is no option of the grid' \
        sweep --quiet --give-up 0.5 --model m g.grid again
    gk-predict fit --bootstrap 50 --features m0_100,mobility_100,lr --model m out/table.tsv >fit
    sweep --quiet --sample 2 --give-up 1 --model m g.grid again
    assert_equal "$(column_of reason again/table.tsv | sort -u)" 'given up at step 100'
    # What ended before its window did is left out if asked.
    sed 's/--steps 410/--steps 410\n--until-grokked 1/' g.grid >u.grid
    sweep --quiet --sample 4 u.grid short
    run -1 --separate-stderr gk-predict fit --bootstrap 50 short/table.tsv
    assert_regex "$stderr" 'column m0_[124]00: nan is not finite'
    # Here it grokked soon. The runs of the shorter sweep that did not are runs of the first.
    cat out/table.tsv <(sed '/^#/d; /^lr/d' short/table.tsv) >both
    run -0 --separate-stderr gk-predict fit --bootstrap 50 --skip-nan both
    assert_regex "$stderr" $'^gk-predict: note: both: [1-4] runs? left out, for a nan \\(m0_[124]00[^\n]*\\)\n(gk-predict: note: both: [1-3] rows? (is a copy|are copies) of an earlier run: [^\n]*\n)?(gk-predict: note: both: [0-9] of [0-9] runs that grokked had done so by step 400, [^\n]*\n)?gk-predict: note: both: [0-9]+ runs, [0-9] that grokked: chance alone [^\n]*$'
}

# 60 runs that ended after 1000 steps, or grokked at 900: early energy tells them apart, mobility cannot.
told_apart() { # RUNS
    echo '# gk-sweep 1.0'
    echo lr frac id status steps grokked final_val_acc m0_100 m0_200 m0_400 train_loss_400 grad_norm_400 val_loss_400 \
        activity_400 mobility_400 complexity_400 | tr ' ' '\t'
    runs=$1 awk -v OFS='\t' 'BEGIN { for (i = 0; i < ENVIRON["runs"]; i++) { y = i % 3 == 0; noise = 1 + i * 7 % 11
        print 1e-3 * (1 + i % 4), 0.5 + i % 2 / 10, "run" i, "done", y ? 900 : 1000, y, y ? 1 : 0.1 + noise / 100, \
            1, noise, (y ? 5e4 : 50) + noise, 1, noise, 1, noise, noise, noise } }'
}

# touched: a run that answered all at one evaluation, and lost it again
touched() {
    printf 'step\ttrain_loss\ttrain_acc\tval_loss\tval_acc\n'
    printf '%s\t%s\t1\t1\t%s\n' 0 1 0.1 10 0.5 0.95 20 0.1 1 30 0.1 0.873
}

@test "sweep: a run has grokked as gk-phases and gk-train --until-grokked define it" {
    grid '--lr 1e-2' '--seed 0 1' '--steps 30' '--eval-every 10' >g.grid
    sweep -q g.grid out
    told() { # of the first run: t4 t4_stable grokked, and the options in the history
        awk -F'\t' 'NR == 1 { sub(/.*--steps 30 --eval-every 10/, ""); options = $0; next }
            NR == 2 { for (i = 1; i <= NF; i++) at[$i] = i; next }
            NR == 3 { print $at["t4"], $at["t4_stable"], $at["grokked"] options }' out/table.tsv
    }
    run=out/runs/seed=0
    touched >"$run/run.tsv"
    rm "$run/row"
    "$ROOT/pipelines/sweep/row" "$GK_BUILD/bin" "$run" 'done' >"$run/row"
    sweep --collect out
    assert_equal "$(told)" '20 nan 1'
    # judged again, without training
    sweep --collect --hold 2 out
    assert_equal "$(told)" 'nan nan 0 --hold 2'
    sweep --collect --high 0.9 --hold 2 out
    assert_equal "$(told)" '10 nan 1 --high 0.9 --hold 2'
    sweep --collect --high 0.85 out
    assert_equal "$(told)" '10 10 1 --high 0.85'
    sweep --collect out
    assert_equal "$(told)" '10 10 1 --high 0.85'
    cp out/table.tsv want
    sweep -q --high 0.85 g.grid out
    cmp want out/table.tsv
    sweep -q g.grid out
    assert_equal "$(told)" '20 nan 1'
    # what stops the training of a run is what it has grokked by
    for until in '--until-grokked:--hold 2' '--until-grokked 3:--hold 3'; do
        grid '--lr 1e-2' '--steps 30' "${until%:*}" >u.grid
        rm -rf until
        sweep -q u.grid until
        [[ $(head -n 1 until/table.tsv) == *" ${until#*:}" ]] || fail "$(head -n 1 until/table.tsv)"
        assert_equal "$(column_of t4 until/table.tsv)" \
            "$(gk-phases ${until#*:} until/runs/run/run.tsv | column_of t4)"
    done
    sweep -q --hold 1 u.grid until
    [[ $(head -n 1 until/table.tsv) == *' --hold 1' ]]
    wrong_usage "gk-sweep: --high: 2 is not in (0, 1]" sweep --high 2 g.grid o
    wrong_usage "gk-sweep: --hold: 'x' is not an integer" sweep --hold x g.grid o
    wrong_usage 'gk-sweep: --hold: runs end 3 evaluations after they grok (--until-grokked), and 4 are asked for' \
        sweep --hold 4 u.grid o
    wrong_usage "gk-sweep: --hold: 'x' is not an integer" sweep --collect --hold x out
    [ ! -e o ]
}

@test "sweep: the K of --until-grokked holds whenever runs are judged" {
    options() { head -n 1 "$1/table.tsv" | sed 's/.*--until-grokked//'; }
    beyond() { # MOST K OPTION...
        wrong_usage "gk-sweep: --hold: runs end $1 evaluations after they grok (--until-grokked), and $2 are asked for" \
            sweep --hold "$2" "${@:3}"
    }
    grid '--lr 1e-2' '--steps 3' '--until-grokked 3' >g.grid
    sweep -q g.grid out
    sweep --collect --high 0.9 out
    assert_equal "$(options out)" ' 3 --high 0.9 --hold 3'
    sweep --collect --hold 1 out
    assert_equal "$(options out)" ' 3 --hold 1'
    cp out/table.tsv before
    beyond 3 4 --collect out
    beyond 3 4 --report out
    cmp out/table.tsv before
    # without a value it is 2, of several it is the least, and it may have an exponent
    grid '--lr 1e-2' '--steps 3' '--until-grokked' >g.grid
    sweep -q g.grid two
    sweep --collect --high 0.9 two
    assert_equal "$(options two)" ' --high 0.9 --hold 2'
    beyond 2 3 --collect two
    grid '--lr 1e-2' '--steps 3' '--until-grokked 1e1 4' >g.grid
    sweep -q --hold 1e0 g.grid several
    assert_equal "$(options several)" ' 1e1,4 --hold 1e0'
    sweep --collect --high 0.9 several
    assert_equal "$(options several)" ' 1e1,4 --high 0.9 --hold 4'
    beyond 4 1e1 g.grid several
    beyond 4 5 --collect several
}

@test "sweep: rows of an older version are made again, whatever the folder is called" {
    small
    sweep -q g.grid want
    local dir='back\tslash & more'
    sweep -q g.grid "$dir"
    cmp want/table.tsv "$dir/table.tsv"
    for run in "$dir"/runs/*; do
        sed -i 's/\tphase\t/\t/' "$run/row" # a header with a column less
    done
    sweep -q g.grid "$dir"
    cmp want/table.tsv "$dir/table.tsv"
    # nobody to make them: no row is better than one under wrong names
    sed -i 's/\tphase\t/\t/' "$dir/runs/lr=1e-2,weight-decay=0/row"
    "$ROOT/pipelines/sweep/collect" "$dir"
    assert_equal "$(column_of mobility_100 "$dir/table.tsv" | head -n 1)" nan
    assert_equal "$(awk -F'\t' '!/^#/ { print NF }' "$dir/table.tsv" | sort -u | wc -l)" 1
}

@test "predictors: what tells runs apart, and what giving up by it would save" {
    told_apart 60 >table
    export GK_BIN=$GK_BUILD/bin
    "$ROOT/pipelines/sweep/gk-predictors" table frac >t
    # It says how it was made, after what the table says of itself.
    assert_equal "$(grep '^#' t)" "$(grep '^#' table
        echo "# gk-predictors $VERSION frac")"
    row() {
        awk -F'\t' -v g="$1" -v p="$2" '$1 == g && $2 == p' t
    }
    # Of 30 runs 20 do not grok; all of them are ended at step 400 of 1000: 12,000 of 29,000 steps.
    assert_equal "$(row 0.5 m0_400 | cut -f 3-5,11-13)" "$(printf '%s\t%s\t%s\t%s\t%s\t%s' 30 10 1 20 0 0.414)"
    # What says nothing ends nobody; an option of the run is known before its first step.
    assert_equal "$(row 0.6 m0_200 | cut -f 11-13)" $'0\t0\t0.000'
    assert_equal "$(column_of predictor t | uniq | head -n 2 | paste -sd' ')" 'lr m0_100'
    # A model of several features is that of the other groups.
    assert_equal "$(row 0.6 lr+m0_400 | cut -f 3-5,11-13)" "$(printf '%s\t%s\t%s\t%s\t%s\t%s' 30 10 1 20 0 0.414)"
    # A run that ended before its window did is left out; runs that all ended alike have no AUC.
    told_apart 60 | awk -F'\t' -v OFS='\t' '$3 == "run0" { $10 = "nan" } { print }' >table
    "$ROOT/pipelines/sweep/gk-predictors" table frac,grokked >t
    assert_equal "$(row 0.5,1 m0_400 | cut -f 3-8)" "$(printf '%s\t%s\t%s\t%s\t%s\t%s' 9 9 nan nan nan nan)"
    # Without groups all runs are one.
    told_apart 18 >table
    mv table ./-table
    "$ROOT/pipelines/sweep/gk-predictors" -- -table >t
    assert_equal "$(grep '^# gk-predictors' t)" "# gk-predictors $VERSION"
    mv -- -table table
    assert_equal "$(row all m0_400 | cut -f 3-5,11-13)" "$(printf '%s\t%s\t%s\t%s\t%s\t%s' 18 6 1 12 0 0.414)"
    assert_equal "$(row all lr+m0_400 | cut -f 3-5)" "$(printf '%s\t%s\t%s' 18 6 1)"
    # where a model gave runs up, the outcome is what it believed
    awk -F'\t' -v OFS='\t' '/^#/ { print; next } { print $0, !n++ ? "reason" : n < 4 ? "given up at step 400" : "-" }' table >given
    run --separate-stderr -0 "$ROOT/pipelines/sweep/gk-predictors" given
    assert_equal "$stderr" "gk-predictors: given: 2 runs were given up: that they did not grok is a model's guess"
    run --separate-stderr -0 "$ROOT/pipelines/sweep/gk-predictors" table
    assert_equal "$stderr" ''
    run --separate-stderr -1 "$ROOT/pipelines/sweep/gk-predictors" table nothere
    assert_equal "$stderr" 'gk-predictors: no column nothere'
    printf 'lr\tx\n1\t2\n' >other
    run --separate-stderr -1 "$ROOT/pipelines/sweep/gk-predictors" other
    assert_equal "$stderr" 'gk-predictors: other: no column id: no table of a sweep'
}

@test "predictors: help, and wrong usage" {
    local predictors=$ROOT/pipelines/sweep/gk-predictors
    run -0 --separate-stderr "$predictors" --help
    assert_equal "${lines[0]}" 'Usage: gk-predictors TABLE [COLUMN[,COLUMN]]'
    wrong_usage "gk-predictors: unknown option '--fast'" "$predictors" --fast
    wrong_usage 'gk-predictors: one or two operands are wanted: TABLE [COLUMN[,COLUMN]]' "$predictors"
    wrong_usage 'gk-predictors: one or two operands are wanted: TABLE [COLUMN[,COLUMN]]' "$predictors" a b c
    breaks 'gk-predictors: none: cannot be read' "$predictors" none
    breaks 'gk-predictors: .: cannot be read' "$predictors" .
}

@test "make sweep: a grid, a runner, a folder" {
    small
    local tool old=()
    for tool in "$GK_BUILD"/bin/gk-*; do
        old+=(-o "$tool")
    done
    run_make() {
        env -u MAKEFLAGS -u MAKELEVEL make -s -C "$ROOT" --no-print-directory BUILD="$GK_BUILD" NO_SETUP=1 "${old[@]}" sweep "$@"
    }
    run_make GRID="$PWD/g.grid" SWEEP="$PWD/out" RUNNER=parallel JOBS=2 SWEEPFLAGS=--quiet
    sweep --quiet g.grid want
    cmp want/table.tsv out/table.tsv
    cp g.grid "it's a grid"
    run_make GRID="$PWD/it's a grid" SWEEP="$PWD/it's out" SWEEPFLAGS=--quiet
    cmp want/table.tsv "it's out/table.tsv"
    run --separate-stderr -2 run_make
    assert_equal "${stderr_lines[0]}" 'make sweep: GRID=FILE says what to train; see pipelines/grids'
}

@test "sweep: gk's own grids are valid" {
    for g in "$ROOT"/pipelines/grids/*.grid; do
        # shellcheck disable=SC2030,SC2031
        bin=$GK_BUILD/bin bash -c '. "$1"; grid_read "$2" && grid_cross && echo "${#grid_id[@]}"' - \
            "$ROOT/pipelines/sweep/grid.bash" "$g" >n
        [ "$(<n)" -ge 5 ]
    done
    # of the evidence: a published run has three seeds or more, the corpus is a sample
    for g in "$ROOT"/pipelines/evidence/grids/*.grid; do
        # shellcheck disable=SC2030,SC2031
        bin=$GK_BUILD/bin bash -c '. "$1"; grid_read "$2" && grid_sample 3 && echo "${#grid_id[@]}"' - \
            "$ROOT/pipelines/sweep/grid.bash" "$g" >n
        [ "$(<n)" -ge 3 ]
    done
}

# ends_by_term COMMAND...: by SIGTERM, within 20 seconds
ends_by_term() {
    run --separate-stderr -143 timeout --foreground -s KILL 20 "$@"
}

@test "sweep: GNU parallel ends as soon as it is asked to, even before it listens" {
    small
    mkdir fake
    export PATH=$PWD/fake:$PATH
    # it asks its parent, the sweep, to stop
    printf '#!/bin/bash\n[ -e dull ] && trap : TERM\nkill -TERM $PPID\n[ ! -e dull ] || sleep 0.7\nexec sleep 60\n' >fake/parallel
    chmod +x fake/parallel
    said=$(printf 'gk-sweep: %s\n' '4 runs, 4 to do, in out' 'stopped; the same command goes on from here')
    ends_by_term "$ROOT/pipelines/sweep/gk-sweep" --bin "$GK_BUILD/bin" --runner parallel g.grid out
    assert_equal "$stderr" "$said"
    touch dull
    ends_by_term "$ROOT/pipelines/sweep/gk-sweep" --bin "$GK_BUILD/bin" --runner parallel g.grid out
    assert_equal "$stderr" "$said"
}

# started COMMAND...: as $pid, in a group of its own in which no signal is ignored, once $run/part.tsv has rows
started() {
    env --default-signal=HUP,INT setsid "$@" 2>said &
    pid=$!
    until [ -s "$run/part.tsv" ]; do
        kill -0 $pid || fail "$(cat said)"
        sleep 0.05
    done
}

@test "sweep: a run is saved where it stands, whatever runs it and whoever has the signal" {
    grid '--lr 1e-2' '--steps 1000000' >g.grid
    stop_one() { # RUNNER SIGNAL: also to its processes, if SIGNAL is a TERM to all
        run=$1-$2/runs/run
        started "$ROOT/pipelines/sweep/gk-sweep" --bin "$GK_BUILD/bin" --quiet --runner "$1" --save-every 1000000 g.grid "$1-$2"
        if [ "$2" = all ]; then kill -TERM -- -$pid; else kill "-$2" $pid; fi
        wait $pid && fail "$1 $2: goes on" || [ $? -gt 128 ]
        assert_equal "$1 $2 $(cat "$run/status")" "$1 $2 queued"
        [ -s "$run/run.ckpt" ] || fail "$1 $2: not saved"
    }
    stop_one local HUP
    stop_one local all
    stop_one parallel TERM
}

@test "sweep: a signal between two tools is not lost" {
    grid '--lr 1e-2' '--steps 6000' '--eval-every 7' >g.grid
    sweep --quiet g.grid whole
    run=out/runs/run
    started "$ROOT/pipelines/sweep/gk-sweep" --bin "$GK_BUILD/bin" --quiet --save-every 100 g.grid out
    until [ -s $run/run.ckpt ]; do sleep 0.02; done
    kill -TERM $pid
    wait $pid && fail 'goes on' || true
    wrapped gk-ckpt-dump <<'END'
touch asked
until [ -e told ]; do sleep 0.05; done
sleep 0.5
exec "$real" "$@"
END
    "$ROOT/pipelines/sweep/gk-sweep" --bin "$bin" --quiet g.grid out &
    until [ -e asked ]; do sleep 0.02; done
    kill -TERM $!
    touch told
    wait $! && fail 'goes on' || assert_equal $? 143
    assert_equal "$(cat $run/status)" queued
    assert_equal "$(grep -c from $run/log)" 1
    [ -s $run/run.ckpt ]
    bin=$GK_BUILD/bin
    sweep --quiet g.grid out
    cmp whole/table.tsv out/table.tsv
    cmp whole/runs/run/run.tsv $run/run.tsv
}

@test "sweep: a tool that a signal ended is not taken for a verdict" {
    grid '--lr 1e-3' '--steps 30' '--eval-every 4' >g.grid
    model >m
    sweep --quiet --give-up 0.5 --model m g.grid whole
    local tool
    for tool in gk-predict gk-ckpt-dump gk-phases; do # the judge, the finder of the place, the table's row
        rm -rf bin out asked
        wrapped $tool <<'END'
[[ $* == *--version* || $* == *--help* ]] && exec "$real" "$@"
[ -e asked ] && exec "$real" "$@"
touch asked
kill -TERM 0
sleep 5
END
        setsid "$ROOT/pipelines/sweep/gk-sweep" --bin "$bin" --quiet --give-up 0.5 --model m g.grid out || assert_equal $? 143
        assert_equal "$tool $(cat out/runs/run/status)" "$tool queued"
        [ -s out/runs/run/run.ckpt ]
        sweep --quiet --give-up 0.5 --model m g.grid out
        cmp whole/table.tsv out/table.tsv
    done
}

@test "sweep: a tool that is killed while a row is made says nothing about the run" {
    grid '--lr 1e-3' '--steps 120' >g.grid
    sweep --quiet g.grid whole
    local tool
    for tool in gk-phases gk-hjorth; do
        rm -rf bin out asked
        wrapped $tool <<'END'
[[ $* == *--version* || -e asked ]] && exec "$real" "$@"
touch asked
kill -KILL $$
END
        run -1 --separate-stderr "$ROOT/pipelines/sweep/gk-sweep" --bin "$bin" --quiet g.grid out
        assert_equal "$stderr" 'gk-sweep: not finished: out/runs/run'
        grep -q "^gk-sweep: .*/out/runs/run/run.tsv: $tool ended with status 137\$" out/runs/run/log
        sweep --quiet g.grid out
        cmp whole/table.tsv out/table.tsv
        # judged again: the row of before stays
        cp out/runs/run/row before
        rm asked
        run --separate-stderr -1 "$ROOT/pipelines/sweep/gk-sweep" --bin "$bin" --collect --high 0.5 out
        assert_regex "$stderr" "^gk-sweep: .*/out/runs/run/run.tsv: $tool ended with status 137\$"
        cmp before out/runs/run/row
    done
}

@test "sweep: a run is made again only when nothing trains it any more" {
    grid '--lr 1e-2' '--steps 30' >one.grid
    grid '--lr 1e-3' '--steps 30' >two.grid
    sweep --quiet two.grid want
    wrapped gk-train <<'END'
[[ $* == *--version* || $* == *--help* ]] && exec "$real" "$@"
if [[ $* == *'--lr 1e-2'* ]]; then
    touch training
    until [ -e seen ]; do sleep 0.05; done
    "$real" "$@"
    touch ended
    exit
fi
[ -e ended ] || touch beside
exec "$real" "$@"
END
    "$ROOT/pipelines/sweep/gk-sweep" --bin "$bin" --quiet one.grid out &
    until [ -e training ]; do sleep 0.02; done
    kill -9 $!
    wait $! || true
    "$ROOT/pipelines/sweep/gk-sweep" --bin "$bin" --anew two.grid out 2>said &
    until [ -s said ] || ! kill -0 $!; do sleep 0.05; done
    touch seen
    wait $!
    assert_equal "$(head -n 1 said)" 'gk-sweep: waiting for out/runs/run, which another process has'
    [ ! -e beside ]
    cmp want/table.tsv out/table.tsv
    cmp want/runs/run/run.tsv out/runs/run/run.tsv
    run -1 grep -e '--lr 1e-2' -r out/runs
}

@test "sweep: two in one directory at once" {
    grid '--lr 1e-2' '--steps 30' '--eval-every 4' >g.grid
    sweep --quiet g.grid whole
    # a slow file system
    mkdir fake
    printf '#!/bin/bash\ncase ${!#} in */args | */status | */index | */table.tsv) sleep 0.3 ;; esac\nexec %q "$@"\n' \
        "$(command -v mv)" >fake/mv
    chmod +x fake/mv
    PATH=$PWD/fake:$PATH sweep --quiet g.grid out 2>one &
    PATH=$PWD/fake:$PATH sweep --quiet g.grid out 2>two || fail "$(cat two)"
    wait $! || fail "$(cat one)"
    assert_equal "$(cat one two)" ''
    cmp whole/table.tsv out/table.tsv
    assert_equal "$(grep -c from out/runs/run/log)" 1
    assert_equal "$(find out -name '*.new*')" ''
}

@test "sweep: a directory whose name a runner would not keep" {
    small
    wrong_usage "gk-sweep: '"$'a\nb'"': a name with a newline is not for a sweep" sweep g.grid $'a\nb'
    wrong_usage "gk-sweep: 'a{}b': GNU parallel would replace the braces in this name" sweep --runner parallel g.grid 'a{}b'
    [ ! -e $'a\nb' ]
    [ ! -e 'a{}b' ]
    mkdir 'c{.}d'
    cd 'c{.}d'
    wrong_usage "gk-sweep: '$PWD/out': GNU parallel would replace the braces in this name" sweep --runner parallel ../g.grid out
    [ ! -e out ]
    sweep --quiet ../g.grid out
    assert_equal "$(column_of status out/table.tsv | sort -u)" 'done'
}

# temporaries RUN...: such files in these folders
temporaries() {
    find "$@" -name '.*.tmp' | sort
}

@test "sweep: the next call removes half-written files of a killed one" {
    small
    sweep --quiet g.grid whole
    # the trainer dies while it saves, and the sweep with it, three times
    wrapped gk-train <<'END'
[[ $* == *--version* || $* == *--help* ]] && exec "$real" "$@"
echo >>kills
[ "$(wc -l <kills)" -le 3 ] || exec "$real" "$@"
for run in "$@"; do [[ $run != */run.ckpt ]] || break; done
head -c 1000 /dev/urandom >"${run%/*}/.run.ckpt.$$-0.tmp"
head -c 1000 /dev/urandom >"${run%/*}/.run.data.$$-1.tmp"
kill -9 0
END
    local i
    for i in 1 2 3; do
        run setsid "$ROOT/pipelines/sweep/gk-sweep" --bin "$bin" --quiet --jobs 1 g.grid out
        [ "$status" -ne 0 ]
        assert_equal "$(temporaries out | wc -l)" 2 # not those of the calls before
    done
    sweep --quiet g.grid out
    assert_equal "$(temporaries out)" ''
    cmp whole/table.tsv out/table.tsv
    # also in runs that are done, as sweeps before left them, and in failed ones; nothing else goes
    for i in out/runs/*; do
        touch "$i/.run.ckpt.77-0.tmp" "$i/.run.data.1-12.tmp" "$i/.mine" "$i/.mine.7-0.tmp"
    done
    run=out/runs/lr=1e-2,weight-decay=0
    printf 'failed\tfor a test\n' >$run/status
    run sweep --quiet g.grid out
    assert_equal "$(temporaries out)" "$(printf '%s/.mine.7-0.tmp\n' out/runs/*)"
    [ -e $run/.mine ]
}

@test "sweep: half-written files of a killed run are removed at once" {
    small
    wrapped gk-train <<'END'
[[ $* == *--version* || $* == *--help* ]] && exec "$real" "$@"
for run in "$@"; do [[ $run != */run.ckpt ]] || break; done
touch "${run%/*}/.run.ckpt.$$-0.tmp"
kill -9 $$
END
    run -1 sweep --quiet g.grid out
    assert_equal "$(column_of reason out/table.tsv | sort -u)" 'killed by signal 9'
    assert_equal "$(temporaries out)" ''
}

@test "sweep: the temporary of a trainer that outlived its sweep is left to it" {
    grid '--lr 1e-2' '--steps 30' >g.grid
    sweep --quiet g.grid whole
    wrapped gk-train <<'END'
[[ $* == *--version* || $* == *--help* ]] && exec "$real" "$@"
[ ! -e out/runs/run/.run.ckpt.5-0.tmp ] || touch both
touch out/runs/run/.run.ckpt.5-0.tmp training
until [ -e go ]; do sleep 0.05; done
[ -e out/runs/run/.run.ckpt.5-0.tmp ] || touch gone
exec "$real" "$@"
END
    sweep --quiet g.grid out &
    until [ -e training ]; do sleep 0.02; done
    kill -9 $!
    wait $! || true
    sweep g.grid out 2>said &
    until [ -s said ] || ! kill -0 $!; do sleep 0.02; done
    sleep 0.3 # in which it would clear, if it did
    touch go
    wait $!
    [ ! -e gone ]
    [ ! -e both ]
    assert_equal "$(temporaries out)" ''
    cmp whole/table.tsv out/table.tsv
}

@test "sweep: its scripts may change while it runs" {
    mkdir bin
    cp -r "$ROOT/pipelines/sweep" scripts
    ln -s "$GK_BUILD"/bin/* bin/
    rm bin/gk-train
    # the training itself, which has --save, writes over them
    cat >bin/gk-train <<END
#!/bin/bash
[[ " \$* " != *' --save '* ]] || for f in gk-sweep run; do yes '))' | head -n 4000 >'$PWD/scripts/'\$f; done
exec '$GK_BUILD/bin/gk-train' "\$@"
END
    chmod +x bin/gk-train
    grid '--lr 1e-2' '--steps 3' >g.grid
    run -0 --separate-stderr scripts/gk-sweep --bin bin g.grid out
    assert_equal "$stderr" 'gk-sweep: 1 run, 1 to do, in out'
    assert_equal "$(head -n 1 scripts/gk-sweep)" '))'
    assert_equal "$(tail -n 1 out/table.tsv | cut -f 1-3)" $'run\tdone\t3'
}

@test "sweep: --watch prints once where the sweep stands, if standard output is no terminal" {
    breaks 'gk-sweep: none: no sweep is there' sweep --watch none
    wrong_usage 'gk-sweep: --watch wants one operand: DIR' sweep --watch
    wrong_usage 'gk-sweep: --watch and --report exclude each other' sweep --watch --report out
    # one that begins has runs before it has an index
    mkdir -p $'b\033[2J/runs/'{one,two}
    touch $'b\033[2J/.going' $'b\033[2J/runs/one/status'
    breaks $'gk-sweep: b\033[2J: no sweep is there' sweep --watch $'b\033[2J'
    flock --shared $'b\033[2J/.going' "$ROOT/pipelines/sweep/gk-sweep" --watch $'b\033[2J' >said
    assert_equal "$(<said)" 'b?[2J begins; runs prepared so far: 1'
    grid '--lr 1e-2 1e30' '--steps 30' >g.grid
    run -1 sweep --quiet g.grid out
    run -0 --separate-stderr sweep --watch out
    assert_equal "$output" "out: 2 runs, 1 done, 0 going, 1 failed, 0 waiting
[########################################] 100 %
failed:
  lr=1e30: gk-train: step 2: the training loss is not finite (nan)
best so far:
  lr=1e-2  validation accuracy $(printf %.3f "$(column_of final_val_acc out/table.tsv | head -n 1)")"
    # a run that goes on, of a sweep that was killed, and one that waits; nothing is written
    printf 'running\n' >out/runs/lr=1e-2/status
    printf '9\t0\t0\t0.25\t1\t0.125\t0\t0\t0\t0\n10\t0\t0\t0.5\t1\tnan\t0\t0\t0\t0\n11\t0\t0\t0.75' >out/runs/lr=1e-2/part.tsv
    printf 'queued\n' >out/runs/lr=1e30/status
    find out | sort >before
    run -0 sweep --watch out
    assert_equal "$output" "out: 2 runs, 0 done, 1 stopped, 0 failed, 1 waiting; nobody works on it
[######..................................] 16 %
stopped, of 30 steps:     step  train    val
  lr=1e-2                   10  0.500  0.125
best so far:
  lr=1e-2  validation accuracy 0.125"
    find out | sort | cmp before -
    # with an earliest run that generalised; a message moves no cursor
    printf 'failed\ta\033[2Jb\302\233c\n' >out/runs/lr=1e30/status
    printf 't4\tfinal_val_acc\n20\t1\n' >out/runs/lr=1e30/row
    run -0 sweep --watch out
    assert_line '  lr=1e30: a?[2Jb?c'
    printf 'done\n' >out/runs/lr=1e30/status
    run -0 sweep --watch out
    assert_equal "${lines[-2]}" '  lr=1e30  generalised at step 20'
    touch -d '1 minute ago' out/index
    flock --shared out/.going "$ROOT/pipelines/sweep/gk-sweep" --watch out >said
    assert_regex "$(head -n 1 said)" '^out: 2 runs, 1 done, 1 going, 0 failed, 0 waiting, about [0-9.]+ (s|min|h) left$'
}

@test "sweep: --watch keeps what a run had done before it was stopped" {
    grid '--lr 1e-2' '--seed 1 2' '--steps 20' >g.grid
    sweep --quiet --keep g.grid out
    local run=out/runs/seed=1
    printf 'queued\n' >out/runs/seed=2/status
    rm out/runs/seed=2/run.*
    # stopped: it waits, with a checkpoint; the rows since its start are not yet in its curve
    printf 'queued\n' >$run/status
    mv $run/run.tsv whole.tsv
    rows() { awk -F'\t' -v from="$1" -v to="$2" '/^#/ || /^step/ || ($1 >= from && $1 <= to)' whole.tsv; }
    rows 0 10 >$run/run.tsv
    { rows 11 17 && printf '18\t0'; } >$run/part.tsv
    run -0 sweep --watch out
    assert_equal "${lines[0]}" 'out: 2 runs, 0 done, 1 stopped, 0 failed, 1 waiting; nobody works on it'
    assert_regex "${lines[1]}" ' 42 %$'
    assert_regex "${lines[3]}" '^  seed=1  +17  '
    going() { flock --shared out/.going "$ROOT/pipelines/sweep/gk-sweep" --watch out; }
    # the sweep goes on with the other run, then with this one, which has no new row yet
    run -0 going
    assert_regex "${lines[0]}" '^out: 2 runs, 0 done, 0 going, 0 failed, 2 waiting'
    assert_regex "${lines[1]}" ' 42 %$'
    printf 'running\n' >$run/status
    rows 1 0 >$run/part.tsv
    run -0 going
    assert_regex "${lines[0]}" '^out: 2 runs, 0 done, 1 going, 0 failed, 1 waiting'
    assert_regex "${lines[1]}" ' 25 %$'
    # what was done before says nothing about the time left
    touch -d '1 minute ago' out/index
    refute_regex "$(going)" ' left'
    # without a checkpoint a run begins anew
    printf 'queued\n' >$run/status
    rm $run/run.ckpt
    run -0 going
    assert_regex "${lines[1]}" ' 0 %$'
}

# On a terminal of ROWS and COLUMNS, without the sequences that move the cursor: LINES of the last picture.
watched() { # FILE
    tr -d '\r' <"$1" | sed 's/\x1b\[?1049l/\n&/' | sed '1,/^\x1b\[?1049l/{/^\x1b\[?1049l/!d}; /^Script done/d; /^$/d; s/\x1b\[[?0-9]*[a-zA-Z]//g'
}

@test "sweep: --watch redraws in one place on a terminal, until the sweep ends; a signal gives the cursor back" {
    grid '--lr 1e-2' '--steps 30' >g.grid
    sweep --quiet g.grid out
    printf 'running\n' >out/runs/run/status
    local watch locked
    flock --shared out/.going sleep 5 3>&- &
    locked=$!
    printf -v watch '%q --watch out' "$ROOT/pipelines/sweep/gk-sweep"
    mv out/index . # it begins
    (sleep 0.5 && mv index out && sleep 1 && printf 'done\n' >out/runs/run/status) 3>&- &
    TERM=xterm timeout 5 script -qefc "stty rows 24 cols 30; $watch" seen </dev/null >/dev/null
    run -0 cat seen
    assert_equal "$(grep -c $'\033\\[H' seen)" 3 # at once, after a second, and at the end
    assert_output --partial $'\033[?1049l\033[?25h'
    assert_output --partial 'out begins; runs prepared so'
    assert_output --partial 'going:     step  train    val'
    assert_equal "$(watched seen | head -n 4)" 'out: 1 run, 1 done, 0 going,
0 failed, 0 waiting
[#####################] 100 %
best so far:'
    # by a signal
    printf 'running\n' >out/runs/run/status
    TERM=xterm run -130 timeout 5 script -qefc "timeout --foreground -s INT 0.7 $watch; exit 130" seen </dev/null
    assert_output --partial $'\033[?1049l\033[?25h'
    # where no cursor can be moved
    TERM=dumb run -0 timeout 5 script -qefc "$watch" seen </dev/null
    refute_output --partial $'\033'
    wait "$locked"
}

@test "sweep: --watch fits the window: no line is wider, and long lists leave room for the best runs" {
    mkdir -p out/runs
    {
        printf '# gk-sweep 1.0 --steps 9000\nid\n'
        for i in {10..29}; do
            id=learning-rate=1e-3,weight-decay=0.3,train-fraction=0.5,seed=$i
            mkdir out/runs/$id
            printf '%s\n' "$id"
            case $i in
            1?) printf 'running\n' >out/runs/$id/status ;;
            2?) printf 'failed\tgk-train: step 2: the training loss is not finite (nan), \303\244\n' >out/runs/$id/status ;;
            esac
            [ "$i" = 11 ] || printf '123\t0\t0\t0.5\t1\t0.%d\t0\t0\t0\t0\n%s' "$i" "124" >out/runs/$id/part.tsv
        done
    } >out/index
    printf -v watch '%q --watch out' "$ROOT/pipelines/sweep/gk-sweep"
    for size in '24 60' '40 79' '12 30'; do
        TERM=xterm timeout 5 script -qefc "stty rows ${size% *} cols ${size#* }; $watch" seen </dev/null >/dev/null
        watched seen | awk -v most="${size#* }" 'length($0) >= most { print "too wide: " $0 }' >wide
        [ ! -s wide ] || fail "$size: $(<wide)"
        [ "$size" = '12 30' ] || [ "$(watched seen | wc -l)" -lt "${size% *}" ] || fail "$size"
        watched seen | grep -q '^best so far:' || fail "$size"
        watched seen | iconv -f UTF-8 -t UTF-8 >/dev/null
    done
    TERM=xterm timeout 5 script -qefc "stty rows 24 cols 60; $watch" seen </dev/null >/dev/null
    run -0 watched seen
    assert_line 'stopped, of 9000 steps:                  step  train    val'
    assert_line '  learning-ra...fraction=0.5,seed=10      123  0.500  0.100'
    assert_line '  learning-rate=1e....3,train-fraction=0.5,seed=11  begins'
    assert_line '  learn...,seed=20: gk-train: step 2: the training loss ...'
    assert_line '  and 5 more'
    assert_line '  learning-r...ction=0.5,seed=19  validation accuracy 0.190'
    # lines that find no room below are marked, and those that do are not
    TERM=xterm timeout 5 script -qefc "stty rows 8 cols 60; $watch" seen </dev/null >/dev/null
    assert_equal "$(tr -d '\r' <seen | sed -n 's/\x1b\[K$//p' | sed -n '$p;$=' | paste -s -d ' ')" '... 7'
    refute grep -qx '\.\.\.' <(watched seen)
}

@test "sweep: --report makes one page of heatmaps, curves and table, which asks for nothing else" {
    breaks 'gk-sweep: none: no sweep is there' sweep --report none
    small
    sweep --quiet g.grid out
    cp out/table.tsv want.tsv
    run --separate-stderr -0 sweep --report out
    assert_equal "$output" ''
    assert_equal "$stderr" 'gk-sweep: out/report.html'
    cmp want.tsv out/table.tsv
    [ ! -e out/report.html.new ]
    cp out/report.html first.html
    sweep --quiet --report out
    cmp first.html out/report.html
    python3 -IS "$ROOT/tests/page.py" out/report.html >parts
    assert_equal "$(grep -c '^svg' parts)" 6 # no run generalised: two heatmaps, two charts, two colours
    assert_equal "$(grep -c '^rect' parts)" 8
    assert_equal "$(grep -c '^tr' parts)" 5
    grep -qx 'text lr=1e-2,weight-decay=1' parts
    grep -q 'prefers-color-scheme: dark' out/report.html
    # each column has two buttons, and each row its place by each column that has a value: of lr, weight-decay, status ...
    assert_equal "$(grep -c '^input' parts)" 28
    assert_equal "$(grep -o '"--c1:[0-9];--c2:[0-9];--c3:[0-9]' out/report.html | tr -d '"' | paste -s -d ' ')" \
        '--c1:2;--c2:1;--c3:1 --c1:2;--c2:2;--c3:1 --c1:1;--c2:1;--c3:1 --c1:1;--c2:2;--c3:1'
    refute grep -q -- '--c8:' out/report.html # t4, which no run has
    grep -qF '#down2:checked ~ .wide tbody tr { order: calc(0 - var(--c2, -999999)); }' out/report.html
    for id in up1 down14; do
        grep -q "<input type=\"radio\" name=\"by\" id=\"$id\"" out/report.html
        grep -q "<label for=\"$id\">" out/report.html
    done
    # what there is of a sweep that has not ended
    printf 'running\n' >out/runs/lr=1e-3,weight-decay=0/status
    rm -r out/runs/lr=1e-3,weight-decay=1
    sweep --quiet --report out
    grep -q '^<p>4 runs: 2 done, 0 failed, 1 going, 1 waiting. 0 of the 2 that are done generalised.</p>$' out/report.html
    # runs that failed or were stopped are not passed over in silence
    printf 'failed\tthe loss is nan\n' >out/runs/lr=1e-3,weight-decay=0/status
    printf 'done\tgiven up at step 12\n' >out/runs/lr=1e-2,weight-decay=0/status
    sweep --quiet --report out
    grep -q '^<p>4 runs: 2 done, 1 failed, 0 going, 1 waiting. 0 of the 2 that are done generalised; a model or a rule stopped 1 of them.</p>$' out/report.html
    assert_equal "$(grep -o '<figcaption>[^<]*; left out, of 4 runs: 1 failed, 1 not ended; 1 counts as it was when a model or a rule stopped it<' out/report.html | cut -d ';' -f 1 | sort)" \
        '<figcaption>final validation accuracy
<figcaption>share of runs that generalised'
    # one option, none
    grid '--lr 1e-2 1e-3' '--steps 30' >g.grid
    sweep --quiet g.grid one
    sweep --quiet --report one
    python3 -IS "$ROOT/tests/page.py" one/report.html >parts
    assert_equal "$(grep -c '^rect' parts)" 4
    grid '--lr 1e-2' '--steps 30' >g.grid
    sweep --quiet g.grid none
    sweep --quiet --report none
    python3 -IS "$ROOT/tests/page.py" none/report.html >parts
    assert_equal "$(grep -c '^rect' parts)" 0
}

@test "sweep: the table of a page is sorted by number, words after numbers, a value that is none last" {
    mkdir -p out
    printf '%s\n' '# gk-sweep 1.0 --steps 9' $'lr\tid\tstatus\tt4\treason' $'1e-3\ta\tdone\t1000\t-' \
        $'1e-10\tb\tdone\tnan\tz' $'.5\tc\tdone\t200.123456\ta' $'auto\td\tdone\t1e3\tb' >out/table.tsv
    for part in table style; do
        PART=$part awk -F'\t' -f "$ROOT/pipelines/sweep/html.awk" -f "$ROOT/pipelines/sweep/rows.awk" <out/table.tsv >$part
    done
    assert_equal "$(sed -n 's/^<tr class="done" style="\([^"]*\)">.*/\1/p' table | grep -o -e '--c1:[^;]*' | paste -s -d ' ')" '--c1:2 --c1:1 --c1:3 --c1:4'
    # t4 is the sixth of the results that are shown, after lr
    assert_equal "$(sed -n 's/^<tr class="done" style="\([^"]*\)">.*/\1/p' table | grep -o -e '--c7:[^;]*' | paste -s -d ' ')" '--c7:2 --c7:1 --c7:2'
    grep -q '<td>200.1</td>' table # results are rounded, options are not
    grep -q '<td>1e-10</td>' table
    # awk takes a bare > of a print for the name of a file
    assert_equal "$(find "$ROOT/pipelines/sweep" -newer out/table.tsv -type f)" ''
}

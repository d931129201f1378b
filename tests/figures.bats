# The figures' rules at a size of seconds, on a copy of pipelines with a profile of its own: all pictures
# are made, nothing is made twice, and a change rebuilds exactly what depends on it.
load helpers

figures() {
    env -u MAKEFLAGS -u MFLAGS -u MAKELEVEL make --no-print-directory PROFILE=tiny "$@"
}

# A tree of only the rules, and the tools as they are.
plant() {
    mkdir bin
    cp "$GK_BUILD"/bin/gk-* bin/
    cp -r "$ROOT/pipelines" .
    printf '%s\n' 'SHELL := /bin/bash' '.SHELLFLAGS := -eu -o pipefail -c' '.DELETE_ON_ERROR:' '.SECONDARY:' \
        '.SUFFIXES:' 'BUILD := build' 'BIN := bin' 'Q := @' '.PHONY: FORCE' 'FORCE:' \
        'include pipelines/figures/figures.mk' >Makefile
    mkdir pipelines/figures/tiny
    # an operation that generalises at once: the law needs runs that do
    echo "a b c" | tr " " "\t" >pipelines/figures/tiny/first
    for a in {0..4}; do printf "$a %s $a\n" {0..4}; done | tr " " "\t" >>pipelines/figures/tiny/first
    cat >pipelines/figures/tiny/all.conf <<'END'
DATA_add := --op add --p 7
NAME_add := a + b mod 7
DATA_s5 := --op s3
NAME_s5 := products in S3
NET := --dim 8 --heads 2 --ff 16
STEPS := 60
TRAIN_add := --lr 5e-3 --steps $(STEPS) --every 20
TRAIN_s5 := --lr 5e-3 --steps $(STEPS) --every 20
NEVER := --weight-decay 0
CLIP := 0.1
FRACTIONS_add := 0.6 0.8
FRACTIONS_s5 := 0.6 0.8
LOW := 0.6
MIDDLE := 0.6
HIGH := 0.8
S5_LOW := 0.6
S5_HIGH := 0.8
LINES_EVERY := 20
LINE := -1:2:4
LINE_NEXT := -1:2:4
LINE_RANDOM := -1:1:3
LINE_FIRST := -1:1:3
LINE_FAR := -3:3:7
BEFORE := 40
SURFACE := -1:1:5
PLANE := -3:3:5
PLANE2 := -3:3:5
HVP_EVERY := 20
HVP_TOL := 1e-3
AXES := 2
DIMENSION_EVERY := 20
TASKS := 1
THREADS := 1
TESTFN_STEPS := 20
TESTFN_LR := 1e-2
TESTFN_GRID_rosenbrock := -2:2:21
TESTFN_GRID_rastrigin := -5:5:21
NAME_sweep := a + b mod 5
HEAT_FRACTIONS := 0.6 0.8
HEAT_MIDDLE := 0.6
HEAT_STEPS := 400
HEAT_LRS := 1e-3 8e-3
HEAT_DECAYS := 0 1
SWEEP_heat := '--op add' '--p 5' '--dim 4' '--heads 1' '--ff 4' '--layers 1' '--eval-every 10' '--steps $(HEAT_STEPS)'
NAME_t4_add := the first of two
NAME_t4_s5 := the first again
T4_FRACTIONS_add := 0.6 0.7 0.8 0.9
T4_FRACTIONS_s5 := 0.6 0.7 0.8 0.9
T4_SEEDS_add := 0
T4_SEEDS_s5 := 0
SWEEP_t4_add := '--table pipelines/figures/tiny/first' '--dim 8' '--heads 1' '--ff 16' '--lr 1e-2' '--steps 300' '--eval-every 10'
SWEEP_t4_s5 := '--table pipelines/figures/tiny/first' '--dim 8' '--heads 1' '--ff 16' '--lr 1e-2' '--steps 300' '--eval-every 10'
DATA_nanda := --p 7 --layout nanda --frac 0.6
NAME_nanda := a + b mod 7
TRAIN_nanda := --arch nanda --dim 8 --heads 2 --ff 16 --steps 60 --eval-every 10 --every 20
NANDA_KEYS := 2
NAME_race := the first of two
SWEEP_race := '--table pipelines/figures/tiny/first' '--frac 0.7' '--dim 8' '--heads 1' '--ff 16' '--steps 150' '--eval-every 10'
RACERS := adamw lion
RACE_SEEDS := 0 1
RACE_adamw := '--lr 1e-2'
RACE_lion := '--lr 1e-6'
NAME_edge = $(NAME_add), r = $(LOW)
EDGE_SLINGSHOT := 1
EDGE_BEFORE := 4
EDGE_AFTER := 2
EDGE_EVERY := 2
EDGE_TOL := 1e-2
END
}

# The stems of all figures' files.
FIGS="$(echo fig{1..29}) fig-progress fig-energy fig-race fig-edge"

setup_file() {
    command -v gnuplot >/dev/null || return 0
    cd "$BATS_FILE_TMPDIR" || return
    mkdir tree && cd tree && plant && figures -j2 report >../log 2>&1 || { cat ../log >&2 && return 1; }
}

setup() {
    begin
    command -v gnuplot >/dev/null || skip 'no gnuplot'
    cp -a "$BATS_FILE_TMPDIR/tree" "$BATS_TEST_TMPDIR/tree" && cd "$BATS_TEST_TMPDIR/tree" || return
    f=build/figures/tiny
}

# makes FILE...: `make report` makes exactly these below $f (patterns of the shell), then nothing.
makes() {
    touch mark
    run -0 figures report
    while read -r new; do
        for x; do
            # shellcheck disable=SC2053 # a pattern
            [[ $new == $f/$x ]] && continue 2
        done
        fail "made $new"
    done < <(find $f -type f -newer mark ! -path "*/.made/*" ! -name figures.tsv ! -name index.html)
    for x; do
        # shellcheck disable=SC2086,SC2116 # a pattern
        for old in $(echo $f/$x); do
            [ "$old" -nt mark ] || fail "did not make $old"
        done
    done
    touch mark
    run -0 figures report
    assert_equal "$(find build -type f -newer mark)" ''
}

@test "figures: the paper's 29 and those beyond, each a PNG, an SVG, a table and its numbers, once" {
    for fig in $FIGS; do
        [ "$(head -c 4 $f/$fig.png | tail -c 3)" = PNG ] || fail "$fig.png"
        grep -q '</svg>' $f/$fig.svg || fail "$fig.svg"
        [ "$(grep -c -v '^#' $f/$fig.tsv)" -gt 2 ] || fail "$fig.tsv"
        grep -q '^# gk-' $f/$fig.tsv || fail "$fig.tsv does not say how it was made"
        assert_equal "$(head -n 1 $f/$fig.numbers.tsv)" $'number\tvalue\tpaper'
        [ "$(wc -l <$f/$fig.numbers.tsv)" -gt 1 ] || fail "$fig.numbers.tsv"
    done
    ! grep -i 'warning\|error' "$BATS_FILE_TMPDIR/log" || fail 'gnuplot is not content'
    touch pipelines/figures/tiny/all.conf bin/gk-*
    makes
}

@test "figures: a value rebuilds what uses it" {
    sed -i 's/^SURFACE := .*/SURFACE := -1:1:7/' pipelines/figures/tiny/all.conf
    makes surface-random.tsv 'fig15.*'
    sed -i 's/^CLIP := .*/CLIP := 0.2/' pipelines/figures/tiny/all.conf
    makes 'runs/clipped.[tgep]*' 'fig13*'
    sed -i 's/^HEAT_DECAYS := .*/HEAT_DECAYS := 0 2/' pipelines/figures/tiny/all.conf
    cp -a $f/sweeps/heat-0.6/runs runs
    makes 'sweeps/heat-*.grid' 'sweeps/heat-*/table.tsv' 'sweeps/heat-*/index' 'sweeps/heat-*/runs/*weight-decay=2/*' 'fig[267].*'
    sed -i 's/^RACE_SEEDS := .*/RACE_SEEDS := 0 1 2/; s/^EDGE_AFTER := .*/EDGE_AFTER := 3/' pipelines/figures/tiny/all.conf
    makes 'sweeps/race-*.grid' 'sweeps/race-*/table.tsv' 'sweeps/race-*/index' 'sweeps/race-*/runs/*seed=2/*' 'fig-race*' \
        edge.window edge-run.tsv edge.gks edge-from.ckpt 'edge-[hp]*.tsv' fig-edge.tsv 'fig-edge.*'
    # and of a sweep only the runs that are new
    for r in "$f"/sweeps/heat-0.6/runs/*,weight-decay=0; do
        [ "$r/row" -ot mark ] && cmp "$r/run.tsv" "runs/${r##*/}/run.tsv" || fail "$r"
    done
}

@test "figures: a changed tool rebuilds what it makes" {
    printf 'changed\n' >>bin/gk-twonn
    makes 'dimension/*' 'fig21.*' 'fig22.[pns]*'
    printf 'changed\n' >>bin/gk-fourier
    makes 'fig-progress.*' 'fig-energy.*'
    printf 'changed\n' >>bin/gk-times
    makes fig-race.tsv 'fig-race-[tc]*.tsv' 'fig-race.*'
}

@test "figures: a script rebuilds what it makes" {
    echo '# changed' >>pipelines/plots/lines.gp
    makes 'fig[489].[ps][nv]g' 'fig10.[ps][nv]g'
    touch pipelines/figures/numbers
    makes 'fig*.numbers.tsv'
}

@test "figures: a failed step is run again, and leaves no file" {
    cp bin/gk-pca right
    printf '#!/bin/sh\necho half; echo "gk-pca: broken" >&2; exit 1\n' >bin/gk-pca
    run ! figures fig12
    assert_line --partial 'gk-pca: broken'
    [ ! -e $f/fig12.png ] || [ $f/fig12.png -ot bin/gk-pca ]
    cp right bin/gk-pca
    makes 'plane/*' 'surface-path.tsv' 'surface-ax*' 'surface-plane.tsv' 'fig12*' 'fig15.*'
}

@test "figures: a single figure makes only what it needs" {
    rm -rf build
    run -0 figures fig25
    assert_equal "$(cd $f && find . -type f ! -path './.made/*' | sort)" "$(printf './%s\n' \
        fig25.{numbers.tsv,png,svg,tsv} testfn/rosenbrock-{adam,adamax,momentum,rmsprop,rprop,sgd}.tsv)"
    run ! figures PROFILE=none fig25
    assert_line --partial 'no profile none: pipelines/figures/none has no .conf'
    for wanted in fig99 'figures FIGURES=99' 'report FIGURES="3 race x99"' figx99 fig-x99; do
        run -2 eval "figures $wanted"
        assert_line --regexp 'there is no figure x?99: they are 1 to 29 and progress energy race edge, and make list-figures says what they show'
    done
    # a figure has one name
    for wanted in figrace fig-3 'figures FIGURES=fig3'; do
        run -2 eval "figures $wanted"
        assert_line --regexp 'there is no figure (race|3|fig3): '
    done
}

@test "figures: those beyond the paper by their names, from a run and a sweep of their own" {
    rm -rf build
    run -0 figures -n figures FIGURES='25 race'
    for line in 'RUN fig25.png' 'RUN sweeps/race-adamw/table.tsv' 'RUN fig-race.png'; do
        assert_output --partial "${line#RUN }"
    done
    refute_output --partial 'RUN fig-edge.png'
    run -0 figures fig-edge
    # the run's frames have its state, up to the end of the window
    read -r from to <$f/edge.window
    assert_equal "$(column_of step $f/edge-hessian.tsv | paste -sd' ')" "$(seq -s ' ' $((from + 2)) 2 $to)"
    # as the run would have been without a break
    cmp <(sed -n "s/^$to\t//p" $f/edge-run.tsv) <(sed -n "s/^$to\t//p" $f/runs/add-0.6.tsv)
    assert_equal "$(column_of matrix $f/fig-edge.tsv | uniq | paste -sd' ')" 'preconditioned Hessian'
    # 38 / lr and 2 / lr
    assert_equal "$(column_of threshold $f/fig-edge.tsv | uniq | paste -sd' ')" '7600 400'
    assert_equal "$(ls $f/*.png)" $f/fig-edge.png
}

@test "figures: each profile lists 29 and four, with titles and costs" {
    for p in quick large paper; do
        run -0 figures PROFILE=$p list-figures
        assert_equal "$(printf '%s\n' "${lines[@]}" | cut -d ' ' -f 1 | paste -sd' ')" "$(echo {1..29}) progress energy race edge"
        for l in "${lines[@]}"; do
            [[ $l =~ ^[0-9a-z]+\ +[0-9.]+\ (s|min|h)\ +[A-Z].{20} ]] || fail "$l"
        done
    done
}

@test "report: every figure, with its numbers and commands; no link is external or broken" {
    page=$f/index.html
    for fig in $FIGS; do
        grep -q "<section id=\"$fig\">" $page || fail "no $fig"
        grep -q "<code>make $fig PROFILE=tiny</code>" $page || fail "no command for $fig"
        value=$(sed -n 2p $f/$fig.numbers.tsv | cut -f 1 | sed 's/&/\&amp;/g; s/</\&lt;/g; s/>/\&gt;/g')
        grep -qF "<td>$value</td>" $page || fail "no numbers for $fig"
    done
    grep -q "^<details>.*gk-data $VERSION --op add --p 7" $page
    for link in $(grep -oE '(href|src)="[^"]*"' $page | cut -d '"' -f 2); do
        case $link in
        '#'*) grep -q "id=\"${link#'#'}\"" $page || fail "$link" ;;
        *) [ -s "$f/$link" ] || fail "$link" ;;
        esac
    done
    ! grep -qE 'https?://|<script' $page || fail 'not self-contained'
    # tags are closed
    for tag in section table details nav pre; do
        assert_equal "$(grep -o "<${tag}[ >]" $page | wc -l)" "$(grep -o "</$tag>" $page | wc -l)"
    done
    # what was not made is omitted
    rm $f/fig3.svg
    run -0 pipelines/figures/report tiny $f
    refute_line --partial 'id="fig3"'
    assert_line --partial 'id="fig4"'
}

@test "figures: a killed step is run again" {
    cp $f/fig2.tsv want
    mv pipelines/figures/stack stack
    printf '#!/bin/bash\necho half\nsleep 60\n' >pipelines/figures/stack
    chmod +x pipelines/figures/stack
    setsid bash -c "$(declare -f figures); figures fig2" >/dev/null 2>&1 &
    for ((i = 0; i < 100; i++)); do
        [ "$(cat $f/fig2.tsv 2>/dev/null)" != half ] || break
        sleep 0.1
    done
    assert_equal "$(cat $f/fig2.tsv)" half
    kill -KILL -- -$!
    wait $! || true
    mv stack pipelines/figures/stack # older than what was left
    run -0 figures fig2
    cmp want $f/fig2.tsv
}

@test "figures: a name with signs of other languages is shown unchanged and is no part of a command" {
    local name="it's \$(touch executed) \`touch executed\` \"; system('touch executed'); & gk-train pipelines/x build/figures/tiny/y <b> # a_b^2 %s"
    # as make has it: $ is $$, and # begins a comment
    sed -i '/^NAME_t4_add/d' pipelines/figures/tiny/all.conf
    printf 'NAME_t4_add := %s\n' "${name//\$/\$\$}" | sed 's/#/\\#/' >>pipelines/figures/tiny/all.conf
    printf '%s := $(NAME_t4_add)\n' TITLE_5 SAYS_5 >>pipelines/figures/rules/sweeps.mk
    makes 'fig5.*' 'fig5-fit.tsv'
    assert_equal "$(column_of operation $f/fig5.tsv | head -n 1)" "$name"
    grep -qF "gamma, ${name}"$'\t' $f/fig5.numbers.tsv
    assert_equal "$(figures list-figures | sed -n '5s/^.\{20\}//p')" "$name"
    assert_equal "$(sed -n 's/^5\t//p' $f/figures.tsv)" "$name"$'\t'"$name"
    name=$(sed 's/&/\&amp;/g; s/</\&lt;/g' <<<"$name")
    grep -qF "<text>$name</text>" $f/fig5.svg
    grep -qF "<text>$name: γ" $f/fig5.svg
    name=$(sed 's/>/\&gt;/g; s/"/\&quot;/g' <<<"$name")
    grep -qF "<p>$name</p>" $f/index.html
    [ ! -e executed ]
}

@test "figures: grids with their own seeds, and runs that diverge" {
    sed -i 's/^T4_SEEDS_add := 0/T4_SEEDS_add := 0 1/; s/^HEAT_LRS := .*/HEAT_LRS := 1e-3 1e38/' pipelines/figures/tiny/all.conf
    run -0 figures fig5 fig2
    assert_equal "$(column_of operation $f/fig5.tsv | sort | uniq -c | awk '{ print $1 }' | paste -sd' ')" '4 8'
    assert_equal "$(column_of status $f/sweeps/heat-0.6/table.tsv | sort | uniq -c | awk '{ print $1, $2 }' | paste -sd' ')" '2 done 2 failed'
    run -0 figures fig2
    refute_output --partial RUN
    # no run ended well: there is nothing to draw
    sed -i 's/^HEAT_LRS := .*/HEAT_LRS := 1e38 2e38/' pipelines/figures/tiny/all.conf
    run ! figures fig2
}

@test "figures: a label of an axis stands at its tick, without a blank before it" {
    local fig
    for fig in $FIGS; do
        run -1 grep -nE '<text>(<tspan[^>]*>)? ' $f/$fig.svg
    done
}

# draws SERVED TARGET ARG...: a target of plots.mk, with the given file names in order
draws() {
    printf '%s\n' 'SHELL := /bin/bash' '.SHELLFLAGS := -eu -o pipefail -c' 'BUILD := build' 'include pipelines/plots/plots.mk' >Makefile
    run --separate-stderr env -u MAKEFLAGS -u MFLAGS -u MAKELEVEL make -s --no-print-directory "${@:2}"
    assert_equal "$output" "$1.png"$'\n'"$1.svg"
    [ "$(head -c 4 "$1.png" | tail -c 3)" = PNG ] || fail "$1.png"
    python3 -IS -c 'import sys, xml.etree.ElementTree as t
for e in t.parse(sys.argv[1]).iter():
    if e.tag.endswith("}text"): print("".join(e.itertext()).strip())' "$1.svg" >texts
}

@test "heatmap and curves: a user's own sweep and runs" {
    local dir="it's a sweep \$(touch executed)" y
    mkdir "$dir"
    {
        echo '# gk-sweep 1.0'
        printf 'optimizer\tlr\tweight-decay\tseed\tid\tfinal_val_acc\tt4\n'
        for lr in 1e-2 1e-3; do for w in 0 1; do for s in 0 1; do
            printf '"; touch executed\t%s\t%s\t%s\tx\t0.%s\t%s\n' $lr $w $s $((4 + 2 * s)) "$( ((w)) && echo 100 || echo nan)"
        done; done; done
    } >"$dir/table.tsv"
    # the last two that vary and are not seeds; the mean over the two seeds
    draws "$dir/heatmap" heatmap SWEEP="$dir"
    for y in "$dir" 'mean over optimizer, seed' weight-decay lr 1e-2 1e-3 final_val_acc; do
        grep -qxF -- "$y" texts || fail "$y: $(cat texts)"
    done
    assert_equal "$(grep -cx '0.50' texts)" 4
    draws "$dir/heatmap" heatmap SWEEP="$dir" ACROSS=seed UP=optimizer VALUE=t4
    for y in 'mean over lr, weight-decay' '"; touch executed' seed optimizer t4; do
        grep -qxF -- "$y" texts || fail "$y: $(cat texts)"
    done
    # Numbers rise, whatever the order of the rows.
    table1=$dir/table.tsv run -0 pipelines/plots/cells
    assert_equal "$(cut -f 5,6 <<<"${lines[1]}")" $'1e-3\t0'
    # a run that failed counts in no mean, and has a cell
    printf '# gk-sweep 1.0\nlr\tid\tstatus\tfinal_val_acc\n%s%s%s%s' $'1\ta\tdone\t0.25\n' $'1\tb\tfailed\t1\n' \
        $'2\tc\tfailed\t1\n' $'2\td\tfailed\tnan\n' >failed.tsv
    table1=failed.tsv run -0 pipelines/plots/cells
    assert_equal "$(cut -f 2,8 <<<"$output")" $'x\tz\n1\t0.25\n2\tnan'
    # what the means leave out, and what counts as it was when it was stopped, is said
    mkdir partial
    {
        printf '# gk-sweep 1.0\nlr\tseed\tid\tstatus\tt4\tgrokked\tfinal_val_acc\tm0_400\treason\n'
        printf '%s\t%s\tx\t%s\t%s\t%s\t%s\t%s\t%s\n' 1 0 'done' 100 1 1 5 - 1 1 'done' nan 0 0.5 5 - \
            1 2 'done' nan 0 0.5 5 'given up at step 400' 2 0 'done' nan 0 0.5 5 'not generalised by step 800' \
            2 1 failed nan nan 0.5 nan 'the loss is nan' 2 2 running nan nan nan nan -
    } >partial/table.tsv
    noted() { # VALUE NOTE
        draws partial/heatmap heatmap SWEEP=partial ACROSS=lr VALUE="$1"
        assert_equal "${stderr-}" "${2:+heatmap: partial/table.tsv: $2}"
        [ -z "$2" ] || grep -qF -- "${2/; /}" <(tr -d '\n' <texts) || fail "$(<texts)"
    }
    noted t4 'left out, of 6 runs: 1 failed, 1 not ended, 3 without t4'
    noted grokked 'left out, of 6 runs: 1 failed, 1 not ended; 2 count as they were when a model or a rule stopped them'
    noted m0_400 'left out, of 6 runs: 1 failed, 1 not ended'
    sed -i '/failed\|running\|not generalised/d' partial/table.tsv
    noted final_val_acc '1 counts as it was when a model or a rule stopped it'
    sed -i '/given up/d' partial/table.tsv
    noted final_val_acc ''
    ACROSS=lr UP=lr breaks 'heatmap: partial/table.tsv: ACROSS and UP are both lr' pipelines/plots/draw heatmap partial
    ACROSS=lr VALUE=lr breaks 'heatmap: partial/table.tsv: ACROSS and VALUE are both lr' pipelines/plots/draw heatmap partial
    VALUE=seed breaks 'heatmap: partial/table.tsv: UP and VALUE are both seed' pipelines/plots/draw heatmap partial
    printf 'lr\tid\n1\t1\n' >alone.tsv
    UP=lr breaks 'heatmap: alone.tsv: no option but lr varies: ACROSS says over what else' env table1=alone.tsv pipelines/plots/cells
    # runs are named by their files or, in a sweep, by their folders
    mkdir -p 's/lr=1' 's/lr=2'
    cp $f/runs/never.tsv 's/lr=1/run.tsv'
    cp $f/runs/add-0.6.tsv 's/lr=2/run.tsv'
    draws build/curves curves FILES="s/lr=1/run.tsv s/lr=2/run.tsv '$f/runs/never.tsv'"
    for y in lr=1 lr=2 never accuracy loss; do
        grep -qxF -- "$y" texts || fail "$y: $(cat texts)"
    done
    # a log of losses alone, or of a single column
    printf 'step\ttrain_loss\tval_loss\n1\t3\tnan\n2\t2\t4\n3\t1\t3\n' >losses.tsv
    cut -f 1,2 losses.tsv | sed 's/train_loss/train_acc/; s/3$/0.5/' >one.tsv
    for y in losses one; do
        draws build/curves curves FILES=$y.tsv
        assert_equal "${stderr-}" ''
        grep -qx "$y" texts || fail "$y: $(cat texts)"
        grep -qx 'not in the files' texts
    done
    printf 'epoch,loss\n1,2\n' >log.csv
    breaks 'curves: a step, and a loss or an accuracy is wanted; gk-curve finds them in a log' \
        pipelines/plots/draw curves build/curves log.csv
    # shares from nearly 0 to 1: the colours are those of 0 to 1, and the numbers are white on dark cells
    mkdir shares
    printf '# gk-sweep 1.0\nlr\tid\tfinal_val_acc\n1\ta\t0.004\n2\tb\t1\n' >shares/table.tsv
    draws shares/heatmap heatmap SWEEP=shares
    grep -qx 0.6 texts # a tic of the colours
    grep -A 1 -F 'rgb(255,255,255)' shares/heatmap.svg | grep -q '0\.00'
    # a measure from 0 to 1 is no share: its own values have the colours
    printf '# gk-sweep 1.0\nlr\tid\tactivity_400\n1\ta\t0.0001\n2\tb\t0.0003\n' >shares/table.tsv
    draws shares/heatmap heatmap SWEEP=shares VALUE=activity_400
    for y in 1.0e-04 3.0e-04; do grep -qx -- "$y" texts || fail "$y: $(cat texts)"; done
    [ "$(grep -o 'rgb([ 0-9,]*)' shares/heatmap.svg | sort -u | wc -l)" -ge 3 ]
    [ ! -e executed ]
    breaks 'heatmap: none/table.tsv: cannot be read' pipelines/plots/draw heatmap none
    wrong_usage 'heatmap: SWEEP=DIR says of what' pipelines/plots/draw heatmap ''
    wrong_usage 'curves: FILES="FILE ..." says of what' pipelines/plots/draw curves build/curves
    breaks 'curves: none: cannot be read' pipelines/plots/draw curves build/curves none
    ACROSS=x breaks "heatmap: $dir/table.tsv: no column x" pipelines/plots/draw heatmap "$dir"
    breaks "heatmap: $f/runs/table.tsv: no column id: no table of a sweep" eval "cp $f/runs/never.tsv $f/runs/table.tsv && pipelines/plots/draw heatmap $f/runs"
}

@test "stack: rows after the columns that name them, histories once" {
    # an empty table has no rows, and the values of the others stay theirs
    printf 'x\n5\n' >five && : >empty
    run -0 pipelines/figures/stack r 1 five 2 empty 3 five
    assert_output $'r\tx\n1\t5\n3\t5'
    printf '# gk-data x\n# gk-train a\nstep\tloss\n0\t1\n\n1\t2\n' >a
    printf '# gk-data x\n# gk-train b\nstep\tloss\n0\t3\n' >b
    run -0 pipelines/figures/stack r 0.3 a '0.8 clipped' b
    assert_output $'# gk-data x\n# gk-train a\n# gk-train b\nr\tstep\tloss\n0.3\t0\t1\n0.3\t1\t2\n0.8 clipped\t0\t3'
    run -0 pipelines/figures/stack seed:split 0:train a 1:val b
    assert_line $'seed\tsplit\tstep\tloss'
    assert_line $'1\tval\t0\t3'
    # columns are matched by their names
    printf 'b\tc\ta\n2\t3\t1\n' >other
    printf 'a\tb\n8\t9\n' >small
    run -0 pipelines/figures/stack r 1 small 2 other
    assert_output $'r\ta\tb\n1\t8\t9\n2\t1\t2'
    breaks 'stack: small: no column c' pipelines/figures/stack r 2 other 1 small
    run -0 pipelines/figures/stack -c r 2 other 1 small
    assert_output $'r\tb\ta\n2\t2\t1\n1\t9\t8'
}

@test "window: the steps around a slingshot, or the last" {
    printf '# gk-train\nstep\ttrain_loss\n0\t1\n100\t2\n' >r
    printf '# gk-phases\nstart\tpeak\n5\t6\n50\t51\n' >s
    run -0 pipelines/figures/window 1 10 20 r s
    assert_output '0 25'
    for nth in 2 3; do
        run -0 pipelines/figures/window $nth 10 20 r s
        assert_output '40 70'
    done
    printf 'start\tpeak\n' >s
    run -0 pipelines/figures/window 2 10 20 r s
    assert_output '70 100'
}

@test "numbers: rank correlation, AUC, medians, missing columns" {
    {
        printf 'r\tm0_400\tfinal_val_acc\tgrokked\n'
        printf '0.5\t%s\n' $'1\t0\t0' $'2\t0.1\t0' $'3\t1\t1' $'40\t1\t1' $'nan\t0\t0'
    } >t
    run -0 pipelines/figures/numbers signature t
    assert_line --partial $'r = 0.5 (4 runs)\t0.9487\t' # ranks 1 2 3 4 and 1 2 3.5 3.5
    assert_line $'AUC of m0 for grokking, r = 0.5\t1\t'
    printf 'r\tstep\tgrad_norm\n0.5\t0\t1\n0.5\t1\t3\n0.5\t2\t2\n' >g
    run -0 pipelines/figures/numbers gradient g
    assert_line $'|gradient|^2: largest over median, r = 0.5\t2.25\t'
    printf 'r\tstep\tgrad_norm\n0.5\t0\t1\n0.5\t1\t3\n' >g # squares 1 and 9: the median is 5
    run -0 pipelines/figures/numbers gradient g
    assert_line $'|gradient|^2: largest over median, r = 0.5\t1.8\t'
    printf 'seed\tlayer\tsplit\tstep\tmethod\tid\n' >d
    for s in 1 2 3; do printf '0\tblock1\tval\t%s\t%s\t%s\n' $s twonn $s $s mle $((2 * s + 1)); done >>d
    run -0 pipelines/figures/numbers dimension d
    assert_line $'correlation of MLE and TwoNN (3 points)\t1.0000\t0.996'
    run -1 pipelines/figures/numbers cosines g
    assert_line 'g: no column cos_prev'
}

@test "numbers: of the figures beyond the paper" {
    {
        printf 'step\tkeys\tkey_share\trestricted_val\texcluded_train\n'
        printf '%s\t1+5\t0.%s\t0.5\t%s\n' 0 1 4 10 2 0.5 20 3 0.9 30 4 1 40 5 3 50 6 0.1
    } >m
    printf 'step\tval_loss\n0\t4\n5\tnan\n10\t9\n20\t8\n30\t5\n40\t4.5\n50\t0.1\n' >r
    run -0 pipelines/figures/numbers progress m r
    assert_line $'excluded loss: least, before the validation loss falls\t0.5 at step 10\t'
    assert_line $'excluded loss: twice its least\tstep 30\tbefore the validation loss falls'
    assert_line $'validation loss: half of its peak\tstep 40\tafter the excluded loss rises'
    assert_line $'key frequencies at the end\t1, 5\t'
    assert_line $'validation loss of the keys alone, and of the network, at the end\t0.5 and 0.1\t'
    run -0 pipelines/figures/numbers energy <(printf 'step\tk\tshare\n'; printf '%s\t%s\t%s\n' 0 1 0.1 0 2 0.1 0 3 0.1 5 1 0.2 5 2 0.1 5 3 0.3 9 1 0.1 9 2 0.005 9 3 0.4)
    assert_line $'frequencies with 1 % of the energy or more at the end, with their shares\t3 (0.4), 1 (0.1)\tfive (Nanda et al.)'
    assert_line $'step at which these hold half of the energy\t5\t'
    assert_line $'energy in all frequencies at the end\t0.505\t'
    printf 'start\tend\n3\t3\n10\t12\n99\t100\n' >s
    {
        printf 'matrix\tstep\tlambda_max\tthreshold\n'
        for step in {5..13}; do printf 'preconditioned\t%s\t%s\t10\n' $step $((step == 9 ? 40 : step == 8 ? 12 : 4)); done
    } >h
    run -0 pipelines/figures/numbers edge s h
    assert_line $'slingshot at step 10: lambda_max over its threshold before it, preconditioned\t4\t1 (Cohen et al.)'
    assert_line $'slingshot at step 10: above it since step, preconditioned\t8\t'
    refute_output --partial 'step 99'
    printf 'start\tend\n' >s
    run -0 pipelines/figures/numbers edge s h
    assert_line $'slingshots\tnone in these steps\t'
}

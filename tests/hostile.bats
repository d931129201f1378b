# Texts made of the signs of the shell, sed, awk, gnuplot, HTML and make, wherever a script takes a
# text: nothing of them is run, and each is refused or shown as it is.
# shellcheck disable=SC2154,SC2016 # run sets status, output and stderr; the texts are for nobody to expand
load helpers

# What each text would run if anything took it for a program, an argument or a file name at most.
setup() {
    begin
    cd "$BATS_TEST_TMPDIR" || return
    mkdir commands work
    printf '#!/bin/sh\necho executed >>%q\n' "$PWD/executed" >commands/executed
    chmod +x commands/executed
    export PATH=$PWD/commands:$PATH
    cd work || return
}

# nothing_ran: no text has been run, nor taken for the name of a file to write.
nothing_ran() {
    [ ! -e ../executed ] || fail 'executed'
    [ -z "$(find .. -name 'executed*' ! -path '../commands/*')" ] || fail 'written'
}

# The texts are written once: Bats traps every command of a test, which makes loops slow.
setup_file() {
    local fragment
    local fragments=(
        # the shell
        '$(executed)' '`executed`' ';executed;' '|executed' '&executed&' '&&executed' '||executed' '<(executed)' '>executed'
        '<executed' '${IFS}executed' "';executed;'" '";executed;"' "'\$(executed)'" '\' '\\' '!executed' '*' '?' '[a-z]' '{a,b}'
        '{}' '{= system("executed") =}' '~' '-' '--' '-n' '-e' '--help' '--version' '%s%n%d' '%' '$$' '$0' '$@' 'a[$(executed)]'
        'x=$(executed)' '!(x)' '=' $'\xc3\xbc \xce\xbb\xe2\x82\x82'
        # sed and awk
        '//;e executed' 's/a/b/e' '&' '\1' ';w executed' '|e executed' '"; system("executed"); "' '"}{system("executed")}"'
        'system("executed")' '\x41\101\n\t' 'a=b' 'FS=,' '-f' '-v' '/^/{system("executed")}'
        # gnuplot
        "'; system('executed'); '" '"; system "executed"; "' '@executed' '<executed |' '|executed ' '{/=30 x}' 'a_b^c' '~a{.5b}' '&{x}'
        '$DATA' '+' '++' '%g %%' 'a\nb'
        # HTML
        '<script>executed()</script>' '"><img src=x onerror=executed()>' "' onload='executed()" '&lt;&#60;' 'javascript:executed()' '<!--' ']]>'
        # make
        '$(shell executed)' '${shell executed}' '$(eval x:;executed)' '%.o' 'a:b' 'a: ;executed' '# x' '\#' ',' ')(' '$(' '@x' '+executed' 'endef'
    )
    for fragment in "${fragments[@]}"; do
        printf '%s\n' "$fragment" "'$fragment" "\"$fragment" "x $fragment y"
    done >"$BATS_FILE_TMPDIR/texts"
    grep -v / "$BATS_FILE_TMPDIR/texts" >"$BATS_FILE_TMPDIR/name"
}

# hostile [name]: more than 200 such texts, one a line, four forms of each fragment; for names of files only those
# without a slash.
hostile() {
    cat "$BATS_FILE_TMPDIR/${1-texts}"
}

@test "hostile: there are more than 200 texts, all different" {
    hostile >texts
    [ "$(wc -l <texts)" -ge 300 ]
    assert_equal "$(sort texts | uniq -d)" ''
    [ "$(hostile name | wc -l)" -ge 200 ]
}

@test "hostile: the first word of a grid's line, and every value" {
    printf -- '--steps 3\n--a//;e>x7;s/ 1\n' >g
    breaks "gk-sweep: g: line 2: '--a//;e>x7;s/' is not an option" "$ROOT/pipelines/sweep/gk-sweep" --bin "$GK_BUILD/bin" g out
    [ ! -e x7 ]
    [ ! -e out ]
    # A shell of its own, as Bats looks at every command here.
    cat >each <<'END'
. "$ROOT/pipelines/sweep/grid.bash"
bin=$GK_BUILD/bin
fail() {
    printf '%s\n' "$*" >&2
    exit 1
}
# Only the options of these lines, as each grid reads them again.
of_data=$(grid_options_of gk-data | grep -E '^(p|table) ') of_train=$(grid_options_of gk-train | grep '^steps ')
grid_options_of() { if [ "$1" = gk-data ]; then echo "$of_data"; else echo "$of_train"; fi; }
refused() { # LINE MESSAGE
    printf '# a grid\n%s\n' "$1" >g
    ! grid_read g 2>said || fail "taken: $1"
    [ "$(<said)" = "gk-sweep: g: line 2: $2" ] || fail "$1: $(<said)"
}
n=0
while IFS= read -r text; do
    read -ra words <<<"--${text%%#*}"
    if [[ ! ${words[0]} =~ ^--[a-z0-9-]+$ ]]; then
        want="'${words[0]//[^ -~]/?}' is not an option"
    elif [[ $grid_own == *" ${words[0]#--} "* ]]; then
        want="${words[0]} is the sweep's own"
    else
        want="neither gk-data nor gk-train has an option ${words[0]}"
    fi
    refused "--$text" "$want"
    [ $((n++ % 3)) -eq 0 ] || continue # each fragment once
    read -ra words <<<"x${text%%#*}"
    refused "x$text 1" "'${words[0]//[^ -~]/?}' is not an option"
    refused "--p x$text" "--p: '${words[0]}' is not an integer"
    # gk-data checks the name of a file later
    printf -- '--steps 3\n--table %s\n' "${words[0]}" >g
    grid_read g && [ "${grid_values[1]}" = "${words[0]}" ] || fail "not taken: $text"
done
END
    hostile | awk 'NR % 4' | bash -eu each # the fourth form would be the option --x
    nothing_ran
}

@test "hostile: a grid with bytes that are not text" {
    local bytes
    for bytes in '\0' '\1' '\33[31m' '\177' '\302\233' 'a\rb'; do
        printf -- "--lr 1\n--steps $bytes 3\n" >g
        run --separate-stderr -1 "$ROOT/pipelines/sweep/gk-sweep" --bin "$GK_BUILD/bin" g out
        assert_regex "$stderr" '^gk-sweep: g: line 2: a (NUL byte: this is no text|control character)$'
    done
    printf -- '--steps 3\n\0' >g
    breaks 'gk-sweep: g: line 2: a NUL byte: this is no text' "$ROOT/pipelines/sweep/gk-sweep" --bin "$GK_BUILD/bin" g out
    [ ! -e out ]
}

@test "hostile: cells, columns and file names go through stack as they are" {
    mkdir files && cd files
    local text args=()
    hostile name | grep -v '^#' >../names
    cat >../make <<'END'
n=0
while IFS= read -r text; do
    printf 'n\n%d\n' $((++n)) >"./$text"
done
END
    bash -eu ../make <../names
    mapfile -t names <../names
    for text in "${names[@]}"; do args+=("$text" "$text"); done
    "$ROOT/pipelines/figures/stack" "$text" "${args[@]}" >../got
    cmp ../got <(printf '%s\tn\n' "$text" && seq "${#names[@]}" | paste ../names -)
    # a table of such columns and such cells
    hostile | paste -s >../wide
    hostile | tac | paste -s >>../wide
    "$ROOT/pipelines/figures/stack" r 1 ../wide 2 ../wide >../got
    cmp ../got <(sed '1s/^/r\t/; 2s/^/1\t/' ../wide && sed -n 's/^/2\t/; 2p' ../wide)
    for text in '# x' $'a\tb' $'a\nexecuted'; do
        breaks "stack: '$text' has a tab or a newline or begins with #" "$ROOT/pipelines/figures/stack" r "$text" ../wide
        breaks "stack: '$text' has a tab or a newline or begins with #" "$ROOT/pipelines/figures/stack" "$text" r ../wide
    done
    cd ..
    nothing_ran
}

@test "hostile: numbers takes columns, cells and file names as they are" {
    cat >each <<'END'
while IFS= read -r text; do
    printf '%s\ttrain_loss\tval_loss\n%s\t1\t2\n' "$text" "$text" >"./$text"
    "$ROOT/pipelines/figures/numbers" minima "$text" "$text" >said
    printf '%s\n' "training loss, from least to largest, $text"$'\t1 to 1\t' "where it is least, $text"$'\t0\t' \
        "where validation loss is least, $text"$'\t2 at 0\t' | cmp - <(sed 1d said) || { echo "$text" >&2 && exit 1; }
done
END
    mkdir files && cd files
    hostile name | grep -v '^#' | bash -eu ../each
    cd ..
    { printf 'r\tt2\tt4\tslingshots\n' && hostile | sed 's/$/\t1\t2\t0/' | grep -v '^#'; } >t
    "$ROOT/pipelines/figures/numbers" phases r t | sed -n 's/^t2, \(.*\)\t1\t$/\1/p' >got
    cmp got <(hostile | grep -v '^#' | tr - ' ')
    nothing_ran
}

@test "hostile: the page of a sweep shows names, options, messages and its folder as they are" {
    local dir='"><img src=x onerror=executed()>&amp;$(executed)'
    mkdir -p "$dir/runs"
    { hostile && printf '%s\n' '</title><script>executed()</script>' '<svg onload=executed()>' "<a href='//x'>" '&#0;' $'\xff\xfe\xc0\xaf'; } >texts
    {
        printf '# gk-sweep 1.0 --steps 9 </pre><script>executed()</script>\n'
        printf '%s\t' '<b onclick=executed()>' a && echo id status steps t1 t2 t3 t4 delay phase slingshots grokked final_val_acc final_val_loss reason | tr ' ' '\t'
        while IFS= read -r text; do
            printf '%s\t1\t%s\tdone\t9\t1\t2\t3\t4\t5\t%s\t0\t1\t1\t0.5\t%s\n' "$text" run "$text" "$text"
        done < <(grep -v '^#' texts)
    } >"$dir/table.tsv"
    "$ROOT/pipelines/sweep/page" "$dir"
    python3 -IS "$ROOT/tests/page.py" "$dir/report.html" >parts
    assert_equal "$(grep -c '^rect' parts)" "$((3 * $(grep -vc '^#' texts)))"
    grep -qxF "text Sweep $dir" parts
    # each text is there, blanks at its ends aside
    sed -n 's/^text //p' parts | sort -u >got
    iconv -c -f UTF-8 -t UTF-8 <texts | sed 's/^ *//; s/ *$//; /^$/d; /^#/d' | sort -u | comm -13 got - >absent
    [ ! -s absent ] || fail "$(<absent)"
    # An iconv that fails where it left bytes out, and one that fails because the disk is full.
    mv "$dir/report.html" whole
    mkdir bin
    printf '#!/bin/bash\n%s "$@" || true; exit 1\n' "$(command -v iconv)" >bin/iconv
    chmod +x bin/iconv
    PATH=$PWD/bin:$PATH "$ROOT/pipelines/sweep/page" "$dir"
    cmp whole "$dir/report.html"
    printf '#!/bin/bash\nhead -c 9; cat >/dev/null; exit 1\n' >bin/iconv
    PATH=$PWD/bin:$PATH run -1 "$ROOT/pipelines/sweep/page" "$dir"
    assert_output "gk-sweep: $PWD/$dir/report.html is not whole"
    cmp whole "$dir/report.html"
    nothing_ran
}

@test "hostile: groups of predictors, the column and the table" {
    local groups=('$(executed) `executed`' "';executed;' \\x41 & a=b" ' "; system("executed"); " '  'group' 0.5 0.50) by='"]; system("executed"); x["'
    {
        echo '# gk-sweep 1.0'
        printf '%s\t' "$by" && echo id status steps grokked final_val_acc m0_{100,200,400} train_loss_400 grad_norm_400 \
            val_loss_400 activity_400 mobility_400 complexity_400 | tr ' ' '\t'
        for i in {0..47}; do
            y=$((i / 6 % 2))
            printf '%s\t' "${groups[i % 6]}" "run$i" 'done' 1000 $y 0.$((1 + i % 7)) $((i * 7 % 11 + 20 * y)) $((i * 5 % 7 + 9 * y)) \
                $((50 * y + i)) 1 $((i % 5 + y)) $((i % 3)) $((i * 7 % 5)) $((i * 3 % 7)) $((i * 3 % 5))
            echo
        done | sed 's/\t$//'
    } >'a=b;$(executed)'
    GK_BIN=$GK_BUILD/bin "$ROOT/pipelines/sweep/gk-predictors" 'a=b;$(executed)' "$by" >t
    assert_equal "$(column_of group t | uniq | head -n 6)" "$(printf '%s\n' "${groups[@]}" | sed 's/^ *//; s/ *$//')"
    # 8 runs each, 4 of which grokked, whatever the group is called
    assert_equal "$(awk -F'\t' '!/^#/ && $1 != "group" || $2 == "m0_100" { print $3, $4 }' t | sort -u)" '8 4'
    printf 'id\tg\n1\t#x\n' >t
    GK_BIN=$GK_BUILD/bin breaks 'gk-predictors: a group "#x" would be a comment in the table' "$ROOT/pipelines/sweep/gk-predictors" t g
    nothing_ran
}

@test "hostile: a page shows titles, tables, the profile and file names as they are" {
    mkdir 'fi"g&<b>'
    cd 'fi"g&<b>'
    local n=0 text
    # one text a figure, then all that are left for the last
    hostile | awk -v n=40 'NR % 8 == 1 { print; next } { printf "%s ", $0 > "rest" }' | head -n 39 >titles
    { cat titles rest && echo; } | sed 's/\\/\\/g' | awk '{ print NR "\t" $0 "\t" $0 }' >figures.tsv
    printf '%s\t%s\t%s\n' '1/../x' 'no number' 'no number' >>figures.tsv
    while IFS=$'\t' read -r n text _; do
        [[ $n != */* ]] || continue
        touch "fig$n.svg" "fig$n.png"
        printf '# gk-x 1.0 %s\nx\n' "$text" >"fig$n.tsv"
        printf 'number\tvalue\tpaper\n%s\t%s\t%s\n' "$text" "$text" "$text" >"fig$n.numbers.tsv"
    done <figures.tsv
    while IFS= read -r text; do
        touch "./fig1-$text.tsv"
    done < <(hostile name | awk 'NR % 4 == 0' && echo 'x%41?#')
    cd ..
    "$ROOT/pipelines/figures/report" '"><script>executed()</script> $(executed)' 'fi"g&<b>' >page
    python3 -IS - page 'fi"g&<b>' <<'END'
import html.parser, os, sys, urllib.parse
folder = sys.argv[2]
class Page(html.parser.HTMLParser):
    void = {"meta", "img", "br"}
    def __init__(self):
        super().__init__()
        self.open, self.texts, self.tags, self.links, self.text = [], [], set(), [], ""
    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)
        for name, value in attrs:
            assert name in {"lang", "charset", "name", "content", "id", "href", "src", "alt"}, name
            if name in {"href", "src"} and not value.startswith("#"):
                self.links.append(urllib.parse.unquote(value))
            if name == "alt":
                self.texts.append(value)
        if tag not in self.void:
            self.open.append(tag)
        self.text = ""
    def handle_endtag(self, tag):
        assert self.open.pop() == tag, tag
        self.texts.append(self.text)
        self.text = ""
    def handle_data(self, data):
        self.text += data
page = Page()
page.feed(open(sys.argv[1]).read())
assert not page.open and "script" not in page.tags, page.tags
for link in page.links:
    assert os.path.exists(os.path.join(folder, link)), link
rows = [line.split("\t") for line in open(folder + "/figures.tsv").read().split("\n") if line]
texts = set(page.texts)
for n, title, says in rows:
    if "/" in n:
        assert not any("no number" in t for t in texts)
        continue
    for want in (title, "Figure %s. %s" % (n, title), "gk-x 1.0 " + title):
        assert want in texts or want.rstrip() in texts, want
for f in os.listdir(folder):
    if f.startswith("fig1-"):
        assert f in page.links and f in texts, f
assert '"><script>executed()</script> $(executed)' in texts
END
    nothing_ran
}

# a small grid over datasets in files with such names
datasets() {
    printf '%s\n' a$'\t'b$'\t'c 0$'\t'0$'\t'0 0$'\t'1$'\t'1 1$'\t'0$'\t'1 1$'\t'1$'\t'0 >table
    local name
    tables=('$(executed)`executed`' "';executed;'1" '"&executed&"2' '{executed}%s' '\x41' 'a=b;executed' '*<executed' '$IFS|executed')
    for name in "${tables[@]}"; do cp table "./$name"; done
    printf '%s\n' "--table ${tables[*]}" '--layers 1' '--dim 4' '--heads 2' '--ff 4' '--steps 2' >g
}

@test "hostile: values of a grid are trained as they are, and named in the table" {
    datasets
    "$ROOT/pipelines/sweep/gk-sweep" --bin "$GK_BUILD/bin" --quiet g 'out=1'
    "$ROOT/pipelines/sweep/gk-sweep" --bin "$GK_BUILD/bin" --quiet --runner parallel g other
    cmp out=1/table.tsv other/table.tsv
    assert_equal "$(column_of table out=1/table.tsv)" "$(printf '%s\n' "${tables[@]}")"
    assert_equal "$(column_of status out=1/table.tsv | sort -u)" 'done'
    grep -qxF -- "data	--table ${tables[1]}" out=1/runs/*/args
    # the other scripts on a folder that awk would take for an assignment
    cp out=1/table.tsv want
    "$ROOT/pipelines/sweep/gk-sweep" --collect out=1
    cmp want out=1/table.tsv
    "$ROOT/pipelines/sweep/settled" out=1/table.tsv
    run=$(find out=1/runs -mindepth 1 | head -n 1)
    "$ROOT/pipelines/sweep/row" "$GK_BUILD/bin" "$run" 'done' | cmp - "$run/row"
    cp want t=1
    "$ROOT/pipelines/sweep/settled" t=1
    nothing_ran
}

@test "hostile: folders of a sweep, its tools, its model, whatever runs it" {
    printf '%s\n' '--op add' '--p 2' '--layers 1' '--dim 4' '--heads 2' '--ff 4' '--lr 1e-3' '--steps 4' >g
    printf 'feature\tfrom\tto\tlog\tfloor\tcentre\tscale\tweight\n(intercept)\tnan\tnan\t0\t-inf\t0\t1\t9\nm0_3\t0\t3\t1\t1e-9\t0\t1\t0\n' >model
    "$ROOT/pipelines/sweep/gk-sweep" --bin "$GK_BUILD/bin" --quiet --give-up 0.5 --model model g want
    local dir i=0
    for dir in '$(executed) `executed`' "';executed;' \\" '"&executed&" %s' ' a=b ' '*' '<executed' '#x'; do
        mkdir "./$dir"
        ln -s "$GK_BUILD/bin" "./$dir/bin"
        cp model "./$dir/-m=1"
        (
            cd "./$dir"
            "$ROOT/pipelines/sweep/gk-sweep" --bin ./bin --quiet --runner "$( ((i % 2)) && echo parallel || echo local)" \
                --give-up 0.5 --model=-m=1 ../g "out $dir"
        )
        cmp want/table.tsv "./$dir/out $dir/table.tsv"
        i=$((i + 1))
    done
    # cd would go to another folder of this name
    mkdir -p elsewhere/out
    CDPATH=$PWD/elsewhere "$ROOT/pipelines/sweep/gk-sweep" --bin "$GK_BUILD/bin" --quiet g out
    [ -e out/table.tsv ]
    [ -z "$(ls elsewhere/out)" ]
    nothing_ran
}

@test "hostile: the report of the demo" {
    gk-data --p 5 | gk-train --layers 1 --dim 4 --heads 2 --ff 4 --steps 5 --quiet -o run.tsv
    gk-hjorth run.tsv >hjorth.tsv
    cat >each <<'END'
while IFS= read -r text; do
    printf 't1\tt2\tt3\tt4\tdelay\tphase\tslingshots\n1\tnan\tnan\tnan\tnan\t%s\t0\n' "$text" >phases.tsv
    { printf '# gk-x %s\n' "$text" && cat run.tsv; } >"./$text/run.tsv"
    cp phases.tsv hjorth.tsv "./$text/"
    "$ROOT/pipelines/demo/report" "$text" 3 >said
    grep -qxF -- "This is $text." said && grep -qxF -- "  gk-x $text" said && grep -qF -- "The picture: $text/demo.png" said ||
        { echo "$text" && cat said && exit 1; } >&2
done
END
    hostile name | awk 'NR % 4 == 1' | paste -d ' ' - - - >names # three fragments in a name
    tr '\n' '\0' <names | xargs -0 mkdir --
    bash -eu each <names
    nothing_ran
}

# drawn PLOT FILE TEXT...: a table with all columns that any plot looks at, the TEXTs in those that
# name panels, is drawn into FILE; its title is all in the file title.
drawn() {
    local plot=$1 file=$2
    shift 2
    printf '%s\n' "$@" | awk -v OFS='\t' '
        BEGIN { print "r", "run", "operation", "optimizer", "seed", "layer", "plane", "split", "method", "parameter", "component", "step", \
            "alpha", "beta", "train_loss", "val_loss", "train_acc", "val_acc", "grad_norm", "cos_prev", "cos_init", "condition", \
            "lambda_max", "lambda_min", "frac", "t2", "t4", "steps", "id", "estimate", "cumulative", "m0_400", "final_val_acc", "lr", \
            "weight-decay", "pc1", "pc2", "x", "y", "value", "grad_x", "grad_y", "error", "frequency", "energy", \
             "across", "up", "over", "left_out", "cut_short", "x_at", "y_at", "z", \
             "excluded_train", "restricted_val", "sum_share", "key_share", "embed_gini", "embed_ipr", "param_norm", \
             "setting", "dtype", "group", "matrix", "threshold", "start", "k", "share", "censored", "grokked", "n", "median", "lower", "upper"
            split("random main other", plane, " "); split("a gamma b other", parameter, " ")
            split("preconditioned Hessian preconditioned", matrix, " "); split("f32 f64 f32", dtype, " ") }
        NR == 1 { layer = $0 }
        { for (i = 1; i <= 4; i++) { if (NR > 1 || i > 1) print ""
              for (j = 1; j <= 4; j++) { v = (NR + i * j) / 100
                  print $0, $0, $0, $0, $0, layer, plane[NR], (i + j) % 2 ? "train" : "val", "mle", parameter[j], 2, 10 * i, \
                      j, i, v, v, v, v, v, 1 - v, v, -v, v, -v, 0.1 * i, 10 + i, 20 + i, 50, v, v, v, v, v, i / 1000, \
                       j, i + v, j - v, i, j, v, v, v, v, i / 10, v, $0, $0, $0, $0, $0, i, j, v, v, v, v, v, v, v, v, \
                       $0, dtype[j % 2 + 1], $0, matrix[NR], v, 10 * i, j, v, 0, 1, 2, 10, 5, 20 } } }' >table
    "$ROOT/pipelines/plots/plot" "$plot" "${file##*.}" "$(<title)" table table table >"$file" || fail "$plot"
}

# shows NAME...: each picture NAME.svg shows each line of NAME.want as a text of its own.
shows() {
    python3 -IS -c 'if True:
        import sys, xml.etree.ElementTree as tree
        for name in sys.argv[1:]:
            texts = {"".join(e.itertext()) for e in tree.parse(name + ".svg").iter() if e.tag.endswith("}text")}
            for line in open(name + ".want").read().split("\n")[:-1]:
                assert line in texts, (name, line)' "$@"
}

@test "hostile: titles and panels of every plot are drawn as they are" {
    command -v gnuplot >/dev/null || skip 'no gnuplot'
    hostile | paste -sd' ' >title
    mapfile -t texts < <(hostile)
    local script plot name n i=0 pictures=()
    for script in "$ROOT"/pipelines/plots/*.gp; do
        name=${script##*/} name=${name%.gp}
        case $name in
        common | tables) continue ;;
        demo) set -- demo/20 ;;
        multiples) set -- multiples/gradient multiples/cosines multiples/condition ;;
        *) set -- "$name" ;;
        esac
        for plot; do
            n=3
            [ "$name" != testfn-surface ] || n=1 # it wants one grid
            drawn "$plot" "${plot//\//-}.svg" "${texts[@]:i:n}"
            pictures+=("${plot//\//-}")
            {
                cat title
                case $name in
                heatmap) printf '%s\n' "${texts[i]}" "mean over ${texts[i]}" ;;
                arithmetic | curves | line | overlay) printf '%s\n' "${texts[@]:i:3}" ;;
                testfn-errors | testfn-paths) printf '%s\n' "${texts[@]:i:3}" ;;
                ends | lines-by-fraction | multiples | scatter | sizes) printf 'r = %s\n' "${texts[@]:i:3}" ;;
                race) printf '%s: 1 of 2, median 10 (5 to 20)\n' "${texts[@]:i:3}" ;;
                powerlaw) printf '%s: γ = 0.03\n' "${texts[i]}" ;;
                plane) printf 'r = %s: 2.0 %% of the variance\n' "${texts[i]}" ;;
                heat) printf 'r = %s: final validation accuracy\n' "${texts[@]:i:3}" ;;
                esac
            } | if [ "$name" = plane ]; then sed '1s/$/ (colour: step)/'; else cat; fi >"${plot//\//-}.want"
            i=$(((i + 3) % 290))
        done
    done
    [ ${#pictures[@]} -ge 25 ]
    shows "${pictures[@]}"
    # also in a picture of points
    drawn curves o.png "${texts[@]:0:3}"
    assert_equal "$(head -c 4 o.png | tail -c 3)" PNG
    nothing_ran
}

@test "hostile: plots read a table by the place of a value" {
    printf 'r\tn\n' >'a=b "\'
    hostile | awk '{ print $0 "\t" NR }' | grep -v '^#' >>'a=b "\'
    export table1=$PWD/'a=b "\'
    rows() { "$ROOT/pipelines/plots/rows" "$@"; }
    n=$(hostile | grep -vc '^#')
    assert_equal "$(rows count table1 r)" "$n"
    cat >each <<'END'
for ((i = 1; i <= n; i++)); do
    "$ROOT/pipelines/plots/rows" value table1 r "$i"
done >values
END
    n=$n bash -eu each
    cmp values <(hostile | grep -v '^#')
    # of the row itself gnuplot sees no quote and no #
    rows all table1 >got
    cmp got <(sed 's/["#]/_/g' "$table1")
    for i in 1 7 90 "$n"; do
        rows all table1 "r@table1:$i" | sed 1d >got
        cmp got <(sed -n "$((i + 1))p" "$table1" | sed 's/["#]/_/g')
        close_to "$(rows number table1 n "r@table1:$i")" "$(sed -n "$((i + 1))p" "$table1" | cut -f 2)"
    done
    # an error is reported, and no picture is made
    breaks "$table1: column r: '\$(executed)' is not a number" rows sorted table1 r %g
    breaks "$table1: column r: '\$(executed)' is not a number" rows number table1 r n=1
    breaks "$table1: no column x" rows count table1 x
    if command -v gnuplot >/dev/null; then
        ! "$ROOT/pipelines/plots/plot" sizes png t "$table1" >o.png 2>said || fail 'drawn without its columns'
        ! "$ROOT/pipelines/plots/plot" heat png t "$table1" >o.png 2>said || fail 'drawn without its columns'
        grep -qxF "plot: $table1: no column lr" said || fail "$(cat said)"
    fi
    # a cell that once ended a quote of the shell, and one that awk once ran as a number
    if command -v gnuplot >/dev/null; then
        printf 'r\tm0_400\tfinal_val_acc\tlr\n%s\t1\t0.5\t1e-3\n%s\t2\t0.25\t2e-3\n' "x';executed;'" other >t
        "$ROOT/pipelines/plots/plot" scatter svg t t | grep -qF "<text>r = x';executed;'</text>"
        printf 'run\tstep\ttrain_acc\tval_acc\ttrain_loss\tval_loss\tt2\tt4\na\t10\t0\t0\t1\t1\tsystem("executed")\tnan\n' >t
        ! "$ROOT/pipelines/plots/plot" curves png t t t >o.png 2>said || fail 'drawn with no number'
        grep -qxF "plot: $PWD/t: column t2: 'system(\"executed\")' is not a number" said || fail "$(cat said)"
    fi
    wrong_usage "plot: '.x' is no plot" "$ROOT/pipelines/plots/plot" '.x' png t "$table1"
    wrong_usage "plot: 'a; executed' is no plot" "$ROOT/pipelines/plots/plot" 'a; executed' png t "$table1"
    wrong_usage "plot: 'x;' is not what heat shows" "$ROOT/pipelines/plots/plot" 'heat/x;' png t "$table1"
    wrong_usage "plot: 'x11' is neither png nor svg" "$ROOT/pipelines/plots/plot" heat x11 t "$table1"
    nothing_ran
}

# make_alone ARG...: make as from a shell of its own
make_alone() {
    env -u MAKEFLAGS -u MFLAGS -u MAKELEVEL make -s --no-print-directory "$@"
}

@test "hostile: paths and words given to make reach the shell as they are, names are refused" {
    # printing what the shell sees
    printf '%s\n' "include $ROOT/pipelines/given.mk" 'SHELL := /bin/bash' \
        '.PHONY: all' 'all:' '	@printf "%s\n" $(call quoted,$(GRID)) $(call quoted,$(PREFIX)) "$$GRID" $(BUILD) $(FIGURES)' \
        'words:' '	@$(call words_of,$(TESTS)); printf "%s\n" "$${words[@]}"' >Makefile
    export -f make_alone
    cat >each <<'END'
while IFS= read -r text; do
    make_alone GRID="$text" PREFIX="/x$text" >said
    [ "$(<said)" = "$text"$'\n'"/x$text"$'\n'"$text" ] || { echo "$text" && cat said && exit 1; } >&2
    GRID=$text make_alone PREFIX= >said
    [ "$(<said)" = "$text"$'\n\n'"$text" ] || { echo "$text" && cat said && exit 1; } >&2
    if make_alone GRID= PREFIX= BUILD="$text" >said 2>&1; then
        [[ "$(<said)" == $'\n\n\n'"$text" && $text =~ ^[A-Za-z0-9_.+^,/$'\x80'-$'\xff'-]+$ ]] ||
            { echo "BUILD: $text" && cat said && exit 1; } >&2
    else
        [[ $(<said) == *"BUILD=$text: a name with "*' is not for make.  Stop.' || $(<said) == *'with such a beginning is not for make.  Stop.' ]] ||
            { echo "BUILD: $text" && cat said && exit 1; } >&2
    fi
done
END
    hostile | awk 'NR % 4 < 2' | bash -eu each
    for name in PROFILE FIG DEMO DEMO_OP DEMO_WINDOW FIGURES THREADS; do
        for text in '$(shell executed)' '${shell executed}' ';executed' '`executed`' "x'y" '#x' 'a=b' '>x' '-x' '@x' $'a\nexecuted'; do
            run -2 make_alone "$name=$text"
            assert_line --partial 'is not for make.  Stop.'
        done
    done
    run -2 make_alone BUILD='a b'
    assert_output --partial 'BUILD=a b: a name with a space is not for make.  Stop.'
    run -0 make_alone FIGURES='3 11'
    assert_line 11
    # a newline would end the command
    run -2 make_alone GRID=$'a\nexecuted'
    assert_output --partial 'a newline in '
    # words are cut as the shell would cut them
    run -0 make_alone words TESTS="-f 'a b|\$(executed)' \"c;executed\" d\\ e > \`executed\`"
    assert_output "$(printf '%s\n' -f 'a b|$(executed)' 'c;executed' 'd e' '>' '`executed`')"
    run -2 make_alone words TESTS="it's"
    assert_output --partial 'unmatched single quote'
    nothing_ran
}

# A tree of the rules alone, whose scripts tell their arguments.
told() {
    mkdir -p tree/tests/{faults,lint,fuzz} tree/{.ci,cmd,include/gk,lib/nn/model/rename,build/bin}
    touch tree/lib/nn/model/rename/nanda.tsv
    touch tree/include/gk/version.h tree/cmd/gk-data.c
    cp "$ROOT/Makefile" tree/
    cp -r "$ROOT"/pipelines tree/
    (cd "$ROOT" && cp --parents tests/*/*.mk packaging/*.mk "$OLDPWD/tree/")
    for script in .ci/setup tests/run tests/faults/run tests/faults/soak tests/fuzz/run tests/lint/valgrind pipelines/sweep/gk-sweep build/bin/gk-data; do
        printf '#!/bin/sh\nprintf "%%s\\n" "$@"\n' >"tree/$script"
        chmod +x "tree/$script"
    done
    rules=(NO_SETUP=1 -o all -o units -o build/faults/inject.so -o build/faults/drive -o build/faults/limit)
    for script in data train phases hjorth predict ckpt-dump; do rules+=(-o "build/bin/gk-$script"); done
}

@test "hostile: targets pass their arguments to their scripts unchanged" {
    told
    cat >each <<'END'
say() { # TEXT WANTED ARGUMENT...
    "${@:3}" >said 2>&1 || true
    [[ $(<said) == *"$2" ]] || { printf '%s: ' "${@:3}" && cat said && exit 1; } >&2
}
rules=(make_alone -C tree "$@")
while IFS= read -r text; do
    say "$text" $'--runner\n'"$text"$'\n--jobs\n'"$text"$'\n--bin\nbuild/bin\n'"x/$text"$'\n'"/out/$text"$'\n'"$text"$'\n'"$text"$'\n'"$text" \
        "${rules[@]}" -j1 sweep soak check-faults check-limits GRID="x/$text" SWEEP="/out/$text" RUNNER="$text" JOBS="$text" \
        SECONDS="$text" STRIDE="$text"
    say "$text" 'is not an absolute path.  Stop.' "${rules[@]}" install PREFIX="x$text"
    "${rules[@]}" install uninstall DESTDIR="$PWD/root" PREFIX="/a $text" >said 2>&1 || { cat said && exit 1; } >&2
    [ -d "root/a $text/bin" ] || { echo "$text: not in root" && exit 1; } >&2
done
END
    export -f make_alone
    hostile name | awk 'NR % 28 < 2' | bash -eu each "${rules[@]}"
    run -0 make_alone -C tree "${rules[@]}" sweep GRID=-g
    assert_equal "${lines[*]: -2}" './-g build/sweeps/-g'
    run -0 make_alone -C tree "${rules[@]}" check-valgrind TESTS="-f 'x|y' ';executed' tests/f*"
    assert_output "$(printf '%s\n' build build-valgrind -f 'x|y' ';executed' tests/faults tests/fuzz)"
    run -0 make_alone -C tree "${rules[@]}" FUZZ_MAKE=: fuzz
    assert_equal "${lines[2]}" 60s
    run -0 make_alone -C tree "${rules[@]}" FUZZ_MAKE=: fuzz RUNS=100 SEED=1
    assert_equal "${lines[*]:2:2}" '100 1'
    run -0 make_alone -C tree "${rules[@]}" sweep GRID=a/b.grid SWEEPFLAGS="--sbatch '--comment=a b;executed' --keep"
    assert_line '--comment=a b;executed'
    assert_equal "${lines[-1]}" build/sweeps/b
    # a compiler of two words, flags with quotes
    run -0 make_alone -C tree "${rules[@]}" CC='env gcc' CFLAGS="-DX='\"y z\"'" build/flags
    grep -qF "env gcc " tree/build/flags
    grep -qF -- "-DX='\"y z\"' |" tree/build/flags
    # a folder of such a name
    mv tree 'it"s $(executed) `executed`;'
    run -0 make_alone -C 'it"s $(executed) `executed`;' "${rules[@]}" sweep GRID=a/b.grid
    assert_equal "${lines[-1]}" build/sweeps/b
    nothing_ran
}

@test "hostile: the maintainer of the package" {
    mkdir -p gk-1.0/packaging/debian gk-1.0/.ci out
    cp "$ROOT/packaging/debian/control" gk-1.0/packaging/debian/
    cp "$ROOT/.ci/packages" gk-1.0/.ci/
    tar czf gk.tar.gz gk-1.0
    printf '#!/bin/sh\ntouch ../gk_1.0_any.deb\n' >../commands/dpkg-buildpackage
    printf '#!/bin/sh\necho any\n' >../commands/dpkg
    printf '#!/bin/sh\n' >../commands/lintian
    printf '#!/bin/sh\necho date\n' >../commands/git
    chmod +x ../commands/*
    while IFS= read -r text; do
        DEBFULLNAME=$text DEBEMAIL="a@b" "$ROOT/packaging/deb" gk.tar.gz 1.0 out >said
        grep -qxF "Maintainer: $text <a@b>" out/deb/gk-1.0/debian/control || fail "$text"
        grep -qxF " -- $text <a@b>  date" out/deb/gk-1.0/debian/changelog || fail "$text"
        grep -q '^Build-Depends: debhelper-compat (= 13), .*libgsl-dev' out/deb/gk-1.0/debian/control
    done < <(hostile | awk 'NR % 4 == 1' | paste -sd '     \n' && printf '%s\n' 'x/;e executed;s/a/b' '& \1 @BUILD_DEPENDS@ @MAINTAINER@')
    nothing_ran
}

@test "hostile: the tests themselves, in a folder of such a name" {
    local dir='it"s $(executed) `executed`; 100%p & more'
    mkdir -p "$dir/tests/unit" "$dir/build/tests"
    cp "$ROOT/tests/run" "$ROOT/tests/helpers.bash" "$dir/tests/"
    mkdir "$dir/tests/lint" && cp "$ROOT/tests/lint/valgrind" "$dir/tests/lint/"
    touch "$dir/tests/unit/one.c"
    printf '#!/bin/sh\nexit 0\n' >"$dir/build/tests/one"
    mkdir "$dir/build/bin" && cp "$dir/build/tests/one" "$dir/build/bin/gk-one"
    chmod +x "$dir"/build/*/*
    printf 'load helpers\n@test "the build" {\n    [ -d "$GK_BUILD/tests" ] && gk-one\n}\n' >"$dir/tests/x.bats"
    run -0 env -u GK_BUILD JOBS=1 "$dir/tests/run"
    assert_line 'ok 1 unit: one'
    assert_line 'ok 2 the build'
    assert_equal "${lines[-1]}" '2 passed, 0 failed'
    printf '#!/bin/bash\n[[ $2 == --log-file=*%%%%p*/log/%%p ]] && exec "${@:4}"\n' >../commands/valgrind
    chmod +x ../commands/valgrind
    run -0 env -u GK_BUILD JOBS=1 "$dir/tests/lint/valgrind" build v tests/x.bats
    assert_equal "${lines[-1]}" '1 passed, 0 failed'
    nothing_ran
}

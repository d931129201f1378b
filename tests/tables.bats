#!/usr/bin/env bats
# shellcheck disable=SC2030,SC2031,SC2154 # run sets status, output and stderr
# Tables as inputs: every tool that reads one takes the forms that other programs write, and refuses
# what is damaged, with the line and the cause. All tools in the build are tried: one that is not
# among the readers below must still refuse a table that is no table, not crash.
load helpers

# reader TOOL: how it reads a table from standard input (cmd), and the rows of a small one it takes
# (table; a cell 5 stands in its first row), and what it says where the header is missing (headless;
# empty: it needs none). False: it reads no table.
reader() {
    headless="line 1: numbers where a header with the columns' names is needed" needs=
    case $1 in
    gk-data)
        cmd=("$1" --table -)
        needs=a
        table='a b c|0 0 5|0 1 6|1 0 6|1 1 5'
        ;;
    gk-fit-powerlaw)
        cmd=("$1" -x r -y t4)
        needs=r
        table='r t4|20 5|30 4|40 3.5|50 3.2|60 3'
        ;;
    gk-times)
        cmd=("$1" --group r)
        needs=t4
        table='r t4|20 5|30 4|40 3.5|50 3.2|60 3'
        ;;
    gk-fft | gk-hjorth)
        cmd=("$1")
        headless="no column 'train_loss': the table has no header"
        needs=train_loss
        table='step train_loss|0 5|1 0.5|2 0.25|3 0.5'
        ;;
    gk-curve)
        cmd=("$1" -q)
        needs=train_loss
        table='step train_loss|0 5|1 0.5|2 0.25|3 0.5'
        ;;
    gk-phases)
        cmd=("$1")
        needs=train_acc
        table='step train_loss train_acc val_acc|0 5 0 0|1 0.5 1 0.5|2 0.25 1 1'
        ;;
    gk-predict)
        cmd=("$1" fit --features m0 --bootstrap 50)
        needs=m0
        table='m0 grokked|5 1|4 1|3 0|2 1|1 0|0.5 0|4.5 1|0.7 0|2.5 0|6 1|7 1|0.1 0'
        ;;
    gk-pca)
        cmd=("$1" --components 1)
        table='x y|5 1|0 0.5|2 0.25|3 0'
        headless=
        ;;
    gk-twonn | gk-spectra)
        cmd=("$1")
        table='x y|5 1|0 0.5|2 0.25|3 0|4 7'
        headless=
        ;;
    *)
        cmd=("$1")
        table='step train_loss|0 5|1 0.5|2 0.25|3 0.5'
        return 1
        ;;
    esac
}

# The table of the current reader, tab-separated.
write_table() {
    tr '| ' '\n\t' <<<"$table"
}

# The readers that the build has, one a line.
readers() {
    local tool
    for tool in "$GK_BUILD"/bin/gk-*; do
        reader "${tool##*/}" && echo "${tool##*/}"
    done
    return 0
}

# some_readers K: the tools number K, K + 3, ... of them, for what takes long. All read by the same functions, so one
# tool in three is enough, and with GK_FULL all are tried.
some_readers() {
    if [ "${GK_FULL-}" ]; then readers; else readers | awk -v k="$1" 'NR % 3 == k'; fi
}

# refused MESSAGE < INPUT: the command refuses it with MESSAGE after "TOOL: standard input: ".
# PEAK: what it is run under.
refused() {
    local status=0 said
    "${PEAK[@]}" "${cmd[@]}" >out 2>err || status=$?
    said=$(<err)
    [ "$status" -eq 1 ] || fail "${cmd[*]}: status $status, not 1, and said: $said"
    assert_equal "$said" "${cmd[0]}: standard input: $1"
    [ ! -s out ] || fail "${cmd[*]}: wrote $(wc -c <out) bytes before it refused"
}

@test "tables: every reader takes a good one" {
    [ -n "$(readers)" ] || skip 'no tool reads tables yet'
    for tool in $(readers); do
        reader "$tool"
        write_table | "${cmd[@]}" >out || fail "$tool"
        [ -s out ] || fail "$tool wrote nothing"
    done
}

@test "tables: line ends, comments, blanks, commas and quotes make no difference" {
    for tool in $(readers); do
        reader "$tool"
        write_table >t
        "${cmd[@]}" <t >want
        tr '\n' ';' <t | sed 's/;/\r\n/g' >crlf
        sed '1s/^/\n#\n/; s/$/\n# said by hand\n\n#/' t >comments
        tr '\t' ',' <t >commas
        sed 's/[^\t]*/"&"/g; s/\t/ , /g' t >quotes
        sed 's/\t/ \t /g; s/$/ /' t >blanks
        printf '\xef\xbb\xbf' | cat - t >bom
        printf %s "$(<t)" >unfinished
        for form in crlf comments commas quotes blanks bom unfinished; do
            "${cmd[@]}" <"$form" >got || fail "$tool: $form"
            cmp want got || fail "$tool: $form"
        done
    done
}

# as_json: the table at hand as JSON, its numbers as numbers: a file for each form.
as_json() {
    write_table | python3 -IS -c 'import json, sys
head, *rows = [line.rstrip("\n").split("\t") for line in sys.stdin]
objects = [dict(zip(head, map(float, row))) for row in rows]
forms = {
    "lines": "\n".join(map(json.dumps, objects)) + "\n",
    "close": "".join(json.dumps(o, separators=(",", ":")) for o in objects),
    "wide": "\r\n\r\n".join(json.dumps(o, indent=4) for o in objects) + "\n",
    "array": json.dumps(objects),
    "indented": json.dumps(objects, indent=2),
    "trainer": json.dumps({"best": None, "log_history": objects, "x": [{"a": "]}"}]}, indent=2),
    "text": "\n".join(json.dumps({k: str(v) for k, v in o.items()}) for o in objects) + "\n",
    "scattered": "\n".join(json.dumps(dict(list(o.items())[::-1 if i else 1])) for i, o in enumerate(objects)) + "\n",
    "marked": "\ufeff" + json.dumps(objects) + "\n",
}
for form, text in forms.items():
    open(form, "w", newline="").write(text)'
}

@test "tables: JSON lines and arrays of objects are tables" {
    for tool in $(readers); do
        reader "$tool"
        write_table | "${cmd[@]}" >want
        as_json
        for form in lines close wide array indented trainer text scattered marked; do
            [ "$tool $form" != 'gk-times text' ] || continue # "1.0" is the name of another group than 1
            "${cmd[@]}" <$form >got || fail "$tool: $form"
            cmp want got || fail "$tool: $form"
            # through a pipe, which cannot be read twice
            # shellcheck disable=SC2002 # a pipe is the point
            cat $form | "${cmd[@]}" >got || fail "$tool: $form, through a pipe"
            cmp want got || fail "$tool: $form, through a pipe"
        done
        sed 's/": [^,}]*/": "x"/g' lines | "${cmd[@]}" >out 2>err && fail "$tool takes text"
        [[ $(<err) =~ ^$tool:\ standard\ input:\ line\ 1:.*\'x\'\ is\ n ]] || fail "$tool says $(<err)"
    done
}

# What a message says of a column of a curve: it may have another name in a log.
hint() { # COLUMN
    [[ $1 != @(train|val)_@(loss|acc) ]] || printf '; gk-curve finds columns of other names'
}

@test "tables: a file is read as standard input is" {
    for tool in $(readers); do
        reader "$tool"
        write_table >t
        "${cmd[@]}" <t >want
        [ "$tool" = gk-data ] && cmd=(gk-data --table)
        "${cmd[@]}" t >got
        cmp want got || fail "$tool"
        printf 'x\tx\n1\t1\n' >twice
        [ -z "$headless" ] || [ "$tool" = gk-curve ] || breaks "$tool: twice: no column '$needs'; there are: x, x$(hint "$needs")" "${cmd[@]}" twice
        breaks "$tool: none: No such file or directory" "${cmd[@]}" none
        breaks "$tool: .: Is a directory" "${cmd[@]}" .
    done
}

@test "tables: the history of an earlier tool is kept" {
    for tool in $(readers); do
        reader "$tool"
        { echo '# gk-train 1.0 --lr 0.5'; write_table; } | "${cmd[@]}" >out
        grep -aqF 'gk-train 1.0 --lr 0.5' out || fail "$tool"
    done
}

@test "tables: the history of a foreign stage is kept, in order" {
    for tool in $(readers); do
        reader "$tool"
        { printf '# gk-train 1.0 --lr 0.5\n#smooth 0.1 --over 5\n# by hand\n'; write_table; } | "${cmd[@]}" >out
        if [ "$tool" = gk-data ]; then
            gk-ckpt-dump --meta out | column_of value | grep -F 'gk-train' >said
            grep -qF 'gk-train 1.0 --lr 0.5\nsmooth 0.1 --over 5\nby hand\ngk-data' said || fail "$(<said)"
        else
            assert_equal "$(head -n 3 out)" $'# gk-train 1.0 --lr 0.5\n# smooth 0.1 --over 5\n# by hand'
        fi
    done
}

@test "tables: empty, without a header, without a row" {
    for tool in $(readers); do
        reader "$tool"
        refused 'empty input' </dev/null
        printf '# gk-train 1.0\n\n' | refused 'no header and no rows: an empty table'
        write_table | head -n 1 | refused 'a header without a row'
        [ -z "$headless" ] || write_table | tail -n +2 | refused "$headless"
    done
}

@test "tables: rows that are too short or too long" {
    for tool in $(readers); do
        reader "$tool"
        width=$(write_table | awk 'NR == 1 { print NF }')
        write_table | sed '3s/$/\t1/' |
            refused "line 3: $((width + 1)) cells where the header has $width"
        [ "$width" -lt 3 ] || write_table | sed '3s/\t[^\t]*$//' |
            refused "line 3: $((width - 1)) cells where the header has $width"
        [ "$width" -ne 2 ] || write_table | sed '3s/\t[^\t]*$//' |
            refused "line 3: 1 cell where the header has 2"
    done
}

@test "tables: two columns of one name are an error where it is asked for" {
    for tool in $(readers); do
        reader "$tool"
        [ -n "$headless" ] || continue # to these each column is a coordinate
        last=$(write_table | awk 'NR == 1 { print $NF }')
        write_table | sed "1s/\$/\\t$last/; 2,\$s/\$/\\t0/" | refused "two columns are called '$last'"
        write_table >t
        "${cmd[@]}" <t >want
        sed '1s/$/\tother\tother/; 2,$s/$/\t0\tx/' t | "${cmd[@]}" >got
        cmp want got || fail "$tool"
    done
}

@test "tables: cells that are no number" {
    for tool in $(readers); do
        reader "$tool"
        column=$(write_table | awk -F'\t' 'NR == 1 { split($0, name) }
                                           NR == 2 { for (i in name) if ($i == 5) print name[i] }')
        for cell in x 5x 0x5 1e999 5,0; do
            write_table | sed "2s/5/$cell/" |
                refused "line 2: column $column: '$cell' is not a number, or out of range"
        done
    done
}

@test "tables: a header that stands again inside the table is named" {
    printf 'step,train_loss,train_acc,val_acc\n0,3,.1,.1\n50,2,.2,.1\n' >one
    cat one one >two
    for tool in gk-hjorth gk-phases gk-curve; do
        breaks "$tool: two: line 4: the header stands here again: are these two tables in one?" "$tool" two
    done
}

@test "tables: a resumed run is refused with the tool that merges its rows" {
    printf 'step,loss\n0,3\n50,2\n100,9\n50,2\n100,1\n150,0\n' >r
    breaks 'gk-hjorth: r: line 5: step 50 does not rise above step 100 (gk-curve merges the rows of a resumed run)' gk-hjorth -c loss r
    gk-curve -q r | gk-hjorth >got
    printf 'step,train_loss\n0,3\n50,2\n100,1\n150,0\n' | gk-hjorth >want
    cmp <(tail -n 1 want) <(tail -n 1 got)
}

@test "tables: an empty cell is nan" {
    for tool in $(readers); do
        reader "$tool"
        write_table | sed '2s/5/nan/' >nan
        write_table | sed '2s/5//' >empty
        rc=0
        "${cmd[@]}" <nan >want 2>want.err || rc=$?
        run -"$rc" bash -c '"$@" <empty >got 2>got.err' . "${cmd[@]}"
        cmp want got && sed "s/'nan'/''/" want.err | cmp - got.err || fail "$tool: $(cat want.err got.err)"
    done
}

@test "tables: the words of Python, R and spreadsheets for a value that is missing" {
    printf 'step,train_acc,val_acc\n0,.1,.1\n10,1,\n20,1,1\n' | gk-phases >want
    for word in NA N/A n/a None null NULL; do
        printf 'step,train_acc,val_acc\n0,.1,.1\n10,1,%s\n20,1,1\n' "$word" | gk-phases | cmp - want
    done
    printf '{"step":0,"loss":2}{"step":1,"loss":"None"}{"step":2,"loss":1}' | gk-curve -q | grep -v '^#' |
        cmp - <(printf 'step\ttrain_loss\n0\t2\n2\t1\n')
    printf 't4,steps\n100,500\nNone,500\n200,500\n' | gk-times -q --digits 6 | grep -q $'^all\t3\t2\t200\t'
}

@test "tables: cells that semicolons separate are named, with what changes them" {
    printf 'step,train_loss\n0,2.5\n1,1.5\n2,0.5\n' >t
    gk-hjorth t >want
    for tool in $(readers); do
        reader "$tool"
        for text in 'step;train_loss\n0;2,5' '"step";"a, b"\n0;2,5' '0;2,5\n1;1' '0.5;2.5;3\n1;1;2'; do
            printf "$text\n" | refused "line 1: cells are separated by ';', and tabs or commas are wanted: sed 's/,/./g; s/;/,/g' FILE | ..."
        done
    done
    sed 's/,/;/g; s/\./,/g' t >european
    sed 's/,/./g; s/;/,/g' european | gk-hjorth | cmp - want
    # a name may have one
    sed '1s/step/"a;b"/; 2,$s/^/x,/; 1s/^/z,/' t | gk-hjorth -q -c train_loss | tail -n 1 | cmp - <(tail -n 1 want)
    printf '"a;b"\n1\n2\n4\n' | gk-hjorth -q -c '"a;b"' >/dev/null
}

@test "tables: a number with a percent sign is hundredths" {
    printf 'step,train_acc,val_acc\n0,.1,.025\n10,1,.5\n20,1,1\n' >f
    printf 'step,train_acc,val_acc\n0,10%%,2.5 %%\n10,100%%,50.0%%\n20,100%%,1e2%%\n' >p
    cmp <(gk-phases --low 0.03 f) <(gk-phases --low 0.03 p)
    cmp <(gk-curve f) <(gk-curve p)
    for cell in % '5%%' 'x%' 'inf%' '1,5%'; do
        printf 'step\ttrain_acc\tval_acc\n0\t1\t%s\n' "$cell" >x
        breaks "gk-phases: x: line 2: column val_acc: '$cell' is not a number, or out of range" gk-phases x
    done
}

@test "tables: a file that ends in the middle of a row" {
    for tool in $(readers); do
        reader "$tool"
        write_table >t
        head -n 2 t | head -c -1 | sed '$s/[^\t]*$//' >cut
        "${cmd[@]}" <cut >out 2>err && fail "$tool: took a file that ends in the middle of a row"
        [ ! -s out ] || fail "$tool: wrote"
        grep -qE "line 2: the file ends in the middle of a row" err || fail "$tool: $(<err)"
    done
}

@test "tables: a last row without a line end has a note" {
    for tool in $(readers); do
        reader "$tool"
        [ "$tool" != gk-curve ] || cmd=(gk-curve)
        write_table >t
        printf %s "$(<t)" >unended
        count=$(wc -l <t)
        "${cmd[@]}" <t >want 2>err
        [[ $(<err) != *'line end'* ]] || fail "$tool: $(<err)"
        "${cmd[@]}" <unended >got 2>err
        cmp want got || fail "$tool"
        grep -qxF "$tool: note: standard input: line $count, the last row, has no line end: if its writer was stopped, the last number may be cut short" err ||
            fail "$tool says $(<err)"
        as_json
        head -c -1 lines | "${cmd[@]}" >got 2>err
        [[ $(<err) != *'line end'* ]] || fail "$tool, JSON: $(<err)"
    done
    # what a window leaves unread is not judged
    printf 'step,train_loss\n0,1\n1,2\n2,1\n3,1\n4,' | gk-hjorth --window 0:3 2>err >out
    [ ! -s err ]
}

@test "tables: a column that is not there" {
    for tool in $(readers); do
        reader "$tool"
        [ -n "$headless" ] && [ "$tool" != gk-curve ] || continue # which has messages of its own
        "${cmd[@]}" >out 2>err <<<$'one\ttwo\n1\t2' && fail "$tool"
        grep -qx "$tool: standard input: no column '$needs'; there are: one, two$(hint "$needs")" err ||
            fail "$tool says $(<err)"
    done
}

@test "tables: NUL bytes" {
    for tool in $(readers); do
        reader "$tool"
        { write_table; printf '1\0'; } |
            refused "line $(($(write_table | wc -l) + 1)): a NUL byte: this is not a text table"
    done
}

@test "tables: quotes that are not closed" {
    for tool in $(readers); do
        reader "$tool"
        write_table | tr '\t' ',' | sed '3s/,[^,]*$/,"1/' |
            refused 'line 3: a quoted cell does not end on its line'
        write_table | tr '\t' ',' | sed '3s/,[^,]*$/,"1"1/' |
            refused 'line 3: text behind the closing quote of a cell'
    done
}

# bats test_tags=memory
@test "tables: hundred megabytes in one line take no memory" {
    PEAK=("$GK_BUILD/tests/peak" 200)
    [ -z "${GK_SANITIZED-}" ] || PEAK=()
    head -c 100000000 /dev/zero | tr '\0' x >line
    head -c 20000000 line | tr x 7 >cell
    { echo '#'; head -c 20000000 /dev/zero | tr '\0' '\t'; } >tabs
    head -c 10000000 /dev/zero | tr '\0' , >columns
    { printf '# gk-'; head -c 20000000 line; } >comment
    seq -f '# gk-%.0f' 10001 >history
    for tool in $(some_readers 0); do
        reader "$tool"
        refused 'line 1: longer than 16 MiB' <line
        { write_table; cat cell; } |
            refused "line $(($(write_table | wc -l) + 1)): longer than 16 MiB"
        refused 'line 2: longer than 16 MiB' <tabs
        refused 'line 1: more than 2097152 columns' <columns
        refused 'line 1: longer than 16 MiB' <comment
        refused 'line 10001: the history has more than 10000 lines' <history
    done
}

# bats test_tags=memory
@test "tables: JSON that nests, repeats or never ends takes no memory" {
    PEAK=("$GK_BUILD/tests/peak" 200)
    [ -z "${GK_SANITIZED-}" ] || PEAK=()
    { printf '{"a":'; head -c 20000000 /dev/zero | tr '\0' '['; } >arrays
    { printf '[{"a":"'; head -c 20000000 /dev/zero | tr '\0' 'x'; } >string
    { head -c 4000005 arrays; head -c 4000000 /dev/zero | tr '\0' ']'; echo '}'; } >deep
    { printf '{"a":[0'; head -c 4000000 /dev/zero | sed 's/\x00/,[]/g'; echo ']}'; } >many
    for tool in $(some_readers 1); do
        reader "$tool"
        refused 'line 1: an object of more than 16 MiB' <arrays
        refused 'line 1: an object of more than 16 MiB' <string
        refused "line 1: maximum parsing depth reached near '['" <deep
        refused 'line 1: an object that takes too much memory' <many
    done
    # as many names as there are objects
    awk 'BEGIN { for (i = 0; i < 1000000; i++) printf "{\"%s%d\":1}\n", "abcdefghijklmnopqrstuvwxyz", i }' >names
    cmd=(gk-phases)
    refused 'line 511768: the names are longer than 16 MiB together' <names
}

# Whatever it makes of the input, it ends by itself with one clear line or none.
@test "tables: cut off after any byte, they are read or refused" {
    for tool in "$GK_BUILD"/bin/gk-*; do
        tool=${tool##*/}
        step=${GK_SANITIZED:+4}
        reader "$tool" || step=5
        write_table >t
        size=$(stat -c %s t)
        for ((n = 0; n < size; n += ${step:-1})); do
            status=0
            head -c "$n" t | timeout 20 "${cmd[@]}" -q >out 2>err || status=$?
            case $status in
            0) [ ! -s err ] ;;
            1 | 2) # one line
                IFS= read -r -d '' said <err || true
                [[ $said =~ ^"$tool: "[^$'\n']+$'\n'$ ]]
                ;;
            *) false ;;
            esac || fail "$tool after $n bytes: status $status, $(<err)"
        done
    done
}

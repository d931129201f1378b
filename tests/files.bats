#!/usr/bin/env bats
# shellcheck disable=SC2030,SC2031,SC2154 # run sets status, output and stderr
# Files that other programs wrote: recognised by their first bytes, read, or named together with the
# command that opens them.
load helpers

# Every tool that reads something says the same about a kind of file. names KIND COMMAND: a reader of
# tables, of matrices and of frames says so about the file x and about standard input.
names() {
    local kind=$1 file=$2 standard=${3-$2} tool
    for tool in gk-hjorth gk-phases gk-pca gk-twonn gk-ckpt-dump gk-fit-powerlaw; do
        breaks "$tool: x: this is $kind${file:+: $file}" "$tool" x
        refuses 1 "$tool: standard input: this is $kind${standard:+: $standard}" "$tool" - <x
    done
}

@test "kinds: what is compressed, with the command that opens it" {
    printf 'step\ttrain_loss\n0\t1\n1\t3\n' >t
    gk-hjorth -q t >want
    gzip -nc <t >x
    names 'compressed by gzip' 'gunzip -c x | ...' '... | gunzip -c | ...'
    gzip -c t >x
    names 'compressed by gzip' 'gunzip -c x | ...' '... | gunzip -c | ...'
    gunzip -c x | gk-hjorth -q | cmp - want
    python3 -IS -c 'import bz2, sys; sys.stdout.buffer.write(bz2.compress(open("t", "rb").read(), 3))' >x
    names 'compressed by bzip2' 'bunzip2 -c x | ...' '... | bunzip2 -c | ...'
    python3 -IS -c 'import lzma, sys; sys.stdout.buffer.write(lzma.compress(open("t", "rb").read()))' >x
    names 'compressed by xz' 'xz -dc x | ...' '... | xz -dc | ...'
    printf '\x28\xb5\x2f\xfd\x04\x58\x21\0' >x
    names 'compressed by zstd' 'zstd -dc x | ...' '... | zstd -dc | ...'
    printf '\x04\x22\x4d\x18\x64\x40\xa7\0' >x
    names 'compressed by lz4' 'lz4 -dc x | ...' '... | lz4 -dc | ...'
    printf '7z\xbc\xaf\x27\x1c\0\x04' >x
    names 'a 7z archive' '7z x -so x | ...' '7z x -so FILE | ...'
}

@test "kinds: zip archives, by the first file in them" {
    zip() {
        python3 -IS -c 'import sys, zipfile
z = zipfile.ZipFile("x", "w")
for name in sys.argv[1:]: z.writestr(name, "step\ttrain_loss\n0\t1\n1\t3\n")' "$@"
    }
    zip run.tsv
    names 'a zip archive' 'unzip -p x | ...' 'unzip -p FILE | ...'
    zip acts.npy weights.npy
    names 'NumPy arrays in a zip archive (.npz)' 'unzip -p x acts.npy | ...' 'unzip -p FILE acts.npy | ...'
    zip 'a b.npy'
    names 'NumPy arrays in a zip archive (.npz)' 'unzip -p x NAME.npy | ...' 'unzip -p FILE NAME.npy | ...'
    zip '[Content_Types].xml'
    names 'an Office document: save the sheet as CSV' ''
    zip
    names 'a zip archive without a file in it' ''
}

@test "kinds: text in another encoding" {
    local tool
    printf 'step\ttrain_loss\n0\t1\n1\t3\n' >t
    gk-hjorth -q t >want
    for encoding in UTF-16LE:fffe UTF-16BE:feff UTF-32LE:fffe0000 UTF-32BE:0000feff; do
        { sed 's/../\\x&/g' <<<"${encoding#*:}" | xargs -0 printf '%b' | tr -d '\n'; iconv -f UTF-8 -t "${encoding%:*}" t; } >x
        names "text in ${encoding:0:6}" "iconv -f ${encoding:0:6} -t UTF-8 x | ..." "... | iconv -f ${encoding:0:6} -t UTF-8 | ..."
    done
    for encoding in UTF-16LE UTF-16BE; do # without a mark
        iconv -f UTF-8 -t "$encoding" t >x
        names 'text in UTF-16' "iconv -f $encoding -t UTF-8 x | ..." "... | iconv -f $encoding -t UTF-8 | ..."
    done
    iconv -f UTF-16 -t UTF-8 <(printf '\xff\xfe'; iconv -f UTF-8 -t UTF-16LE t) | gk-hjorth -q | cmp - want
    # the mark of UTF-8 is skipped
    printf '\xef\xbb\xbf' | cat - t | gk-hjorth -q | cmp - want
}

@test "kinds: databases, tables and arrays of other programs" {
    printf '\x89HDF\r\n\x1a\n\0\0' >x
    names 'an HDF5 file' "python3 -c 'import sys, h5py, numpy; numpy.savetxt(sys.stdout, h5py.File(\"x\")[\"NAME\"])' | ..." \
        "python3 -c 'import sys, h5py, numpy; numpy.savetxt(sys.stdout, h5py.File(\"FILE\")[\"NAME\"])' | ..."
    printf 'PAR1\x15\x04\x15\x10' >x
    names 'a Parquet file' "python3 -c 'import pandas; print(pandas.read_parquet(\"x\").to_csv(index=False))' | ..." \
        "python3 -c 'import pandas; print(pandas.read_parquet(\"FILE\").to_csv(index=False))' | ..."
    printf 'ARROW1\0\0\xff\xff\xff\xff' >x
    names 'an Arrow (Feather) file' "python3 -c 'import pandas; print(pandas.read_feather(\"x\").to_csv(index=False))' | ..." \
        "python3 -c 'import pandas; print(pandas.read_feather(\"FILE\").to_csv(index=False))' | ..."
    printf 'FEA1\0\0\0\0\0' >x
    names 'a Feather file' "python3 -c 'import pandas; print(pandas.read_feather(\"x\").to_csv(index=False))' | ..." \
        "python3 -c 'import pandas; print(pandas.read_feather(\"FILE\").to_csv(index=False))' | ..."
    rm x
    python3 -IS -c 'import sqlite3; sqlite3.connect("x").execute("create table t (a)")'
    names 'an SQLite database' "sqlite3 -csv -header x 'select ...' | ..." "sqlite3 -csv -header FILE 'select ...' | ..."
    printf 'version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 12345\n' >x
    names 'a pointer of Git LFS: git lfs pull fetches the file itself' ''
    printf 'version step\ttrain_loss\n1\t2\n3\t4\n' | gk-hjorth -q >/dev/null # a header
    printf '%%PDF-1.7\n' >x
    names 'a PDF document' ''
    printf '\x89PNG\r\n\x1a\n' >x
    names 'a PNG picture' ''
}

@test "kinds: pickles, and no command that would load them" {
    local advice="it can run any program when it is loaded; where you trust it, save what it holds with numpy.save, pandas' to_csv or torch.save from Python"
    for protocol in 2 3 4 5; do
        python3 -IS -c 'import pickle, sys; sys.stdout.buffer.write(pickle.dumps({"loss": [1.5, 2.5]}, int(sys.argv[1])))' $protocol >x
        names 'a Python pickle' "$advice"
    done
    # torch.save before 1.6 pickled a number first
    python3 -IS -c 'import pickle, sys; sys.stdout.buffer.write(pickle.dumps(0x1950a86a20f9469cfc6c, 2) + pickle.dumps(1001, 2))' >x
    names 'a PyTorch file as before version 1.6' \
        "python3 -c 'import torch; torch.save(torch.load(\"x\", weights_only=True), \"new.pt\")'; gk-ckpt-dump --format safetensors new.pt | ..." \
        "python3 -c 'import torch; torch.save(torch.load(\"FILE\", weights_only=True), \"new.pt\")'; gk-ckpt-dump --format safetensors new.pt | ..."
}

@test "kinds: no suggested command contains a name that a shell would split" {
    gzip -nc <<<x >'a b'
    breaks 'gk-hjorth: a b: this is compressed by gzip: gunzip -c FILE | ...' gk-hjorth 'a b'
    # shellcheck disable=SC2016 # literally
    cp 'a b' '$(x)'
    # shellcheck disable=SC2016 # literally
    breaks 'gk-hjorth: $(x): this is compressed by gzip: gunzip -c FILE | ...' gk-hjorth '$(x)'
    cp 'a b' -- -x
    breaks 'gk-hjorth: -x: this is compressed by gzip: gunzip -c FILE | ...' gk-hjorth -- -x
}

@test "kinds: a header may begin with the letters of another format" {
    printf 'PAR1\tPAR2\n1\t2\n3\t5\n' | gk-hjorth -c PAR2 >out
    printf 'FEA1,BZh\n1,2\n3,5\n' | gk-hjorth -c BZh | tail -n 1 | cmp - <(tail -n 1 out)
    printf '[loss],{x}\n1,2\n3,5\n' | gk-hjorth -c '{x}' | tail -n 1 | cmp - <(tail -n 1 out)
    printf '{x}\n2\n5\n' | gk-hjorth -c '{x}' | tail -n 1 | cmp - <(tail -n 1 out)
}

@test "kinds: a table instead of frames, frames instead of a table" {
    gk-data --p 3 -o d
    printf 'a\n1\n' >t
    breaks 'gk-phases: d: a table is wanted, this is safetensors frames' gk-phases d
    breaks 'gk-eval: t: safetensors frames are wanted, this is text' gk-eval -d t d
    printf '\x93NUMPY\1\0' >n
    breaks 'gk-phases: n: a table is wanted, this is a .npy array' gk-phases n
}

@test "kinds: an event file of TensorBoard, with the tool that reads it" {
    cp "$ROOT/tests/logs/torch.tfevents" e
    for tool in gk-phases gk-hjorth gk-pca gk-spectra; do
        breaks "$tool: e: this is a TensorBoard event file: gk-curve e | ..." $tool e
    done
    refuses 1 'gk-phases: standard input: this is a TensorBoard event file: ... | gk-curve | ...' gk-phases <e
    gk-data --p 5 -o c
    breaks 'gk-curve: c: a table is wanted, this is safetensors frames' gk-curve c
}

@test "json: columns are the members of all objects, nested ones joined by /" {
    printf '{"step":0,"a":{"b":1,"c":{"d":2}}}\n{"step":1,"e":3}\n' >j
    breaks "gk-hjorth: j: no column 'x'; there are: step, a/b, a/c/d, e" gk-hjorth -c x j
    # a member that an object lacks is an empty cell
    for column in a/b a/c/d e; do
        gk-hjorth -c "$column" j >out 2>said
        assert_equal "$(tail -n 1 out | cut -f 1)" 1
        assert_equal "$(<said)" "gk-hjorth: note: j: 1 row is left out: no value in column $column"
    done
    # an array exists, but is not a number
    printf '{"a":[1,2]}\n{"a":3}\n' >j
    breaks "gk-hjorth: j: line 1: column a: '[...]' is not a number, or out of range" gk-hjorth -c a j
}

@test "json: true, false, null, and numbers in quotes; NaN and Infinity as Python writes them" {
    printf 'a\n1\n0\n0.5\n-1e3\n7\n' | gk-hjorth -c a >want
    printf '{"a":true}{"a":false}{"a":"0.5"}{"a":-1e3}{"a":"7"}' | gk-hjorth -c a | cmp - want
    for value in null NaN '"nan"'; do
        printf '{"step":0,"a":%s}\n{"step":3,"a":2}' "$value" >j
        gk-hjorth -c a j >out 2>said
        assert_equal "$(tail -n 1 out | cut -f 1)" 1
        assert_equal "$(<said)" 'gk-hjorth: note: j: 1 row is left out: no value in column a'
    done
    printf '{"a":Infinity}' >j
    breaks 'gk-hjorth: j: line 1: column a: the value is inf' gk-hjorth -c a j
    printf '{"a":-Infinity}' >j
    breaks 'gk-hjorth: j: line 1: column a: the value is -inf' gk-hjorth -c a j
    # a number beyond 64 bits, and every digit of the others
    printf 'a\n18446744073709551616\n0.1\n0.30000000000000004\n' | gk-hjorth -c a >want
    printf '{"a":18446744073709551616}{"a":0.1}{"a":0.30000000000000004}' | gk-hjorth -c a | cmp - want
}

@test "json: an object of arrays is a table of columns, as Keras' history and a dict of lists are" {
    printf '{"loss":[2,1,0.5],"accuracy":[0.1,null,1.0],"val_loss":[3,NaN,1],"val_accuracy":[0.1,0.25,1],"lr":[],"params":{"epochs":3}}' >h
    gk-curve -q h | grep -v '^#' | cmp - <(printf 'step\ttrain_loss\ttrain_acc\tval_loss\tval_acc\n0\t2\t0.10000000000000001\t3\t0.10000000000000001\n1\t1\tnan\tnan\t0.25\n2\t0.5\t1\t1\t1\n')
    gk-hjorth -q -c val_accuracy h >got
    cmp got <(printf 'val_accuracy\n0.1\n0.25\n1\n' | gk-hjorth -q -c val_accuracy)
    printf '{"epoch":[1,2,4],"train":{"losses":[3,2,1]},\n"test":{"losses":[4,3,2]}}\n' >n
    gk-curve -q n | grep -v '^#' | cmp - <(printf 'step\ttrain_loss\tval_loss\n1\t3\t4\n2\t2\t3\n4\t1\t2\n')
    # not if it may be a row, or if the arrays say no row
    for text in '{"step":3,"loss":[2,1],"x":1}' '[{"loss":[2,1],"x":1}]' '{"loss":[2,1],"x":1}{"loss":[2,1]}' \
        '{"columns":["x"],"loss":[0,1],"data":[[1],[2]],"x":1}'; do
        printf '%s' "$text" >j
        breaks 'gk-fit-powerlaw: j: line 1: column loss: '"'[...]'"' is not a number, or out of range' gk-fit-powerlaw -x loss -y x j
    done
}

@test "json: arrays of unequal lengths are named, with their lengths" {
    local why="'train/loss' has 3 values and 'val_loss' 2: the arrays of a table have one length"
    printf '{"lr":[],"train":{"loss":[2,1,0.5]},"val_loss":[3,2],"acc":[1],"x":1}' >j
    for tool in gk-curve 'gk-curve --list'; do
        # shellcheck disable=SC2086 # words
        breaks "gk-curve: j: $why" $tool j
    done
    for column in train/loss acc; do
        breaks "gk-fit-powerlaw: j: line 1: column $column is an array, but $why" gk-fit-powerlaw -x $column -y x j
        breaks "gk-hjorth: j: line 1: column $column is an array, but $why" gk-hjorth -q -c $column j
    done
    gk-hjorth -q -c x j >out # a row has other columns
    printf '{"step":[0],"train_loss":[2,1]}' >j
    breaks "gk-curve: j: 'step' has 1 value and 'train_loss' 2: the arrays of a table have one length" gk-curve j
    # a row that has a step is no table of columns, whatever its arrays
    printf '{"step":3,"loss":[2,1],"acc":[1],"train_loss":1}' >j
    gk-curve -q j >out
    assert_equal "$(tail -n 1 out)" $'3\t1'
}

@test "json: objects of one step that complement each other are one row" {
    # as transformers' Trainer writes them: the evaluation has its own object
    printf '{"epoch":1,"train_acc":0.2,"step":%d}{"val_acc":0.1,"step":%d}' 49 49 99 99 >j
    sed -i 's/0\.2,"step":99/1,"step":99/; s/$/{"train_acc":1,"step":149,"val_acc":null}{"val_acc":1,"step":149}/' j
    gk-phases j >out 2>said
    assert_equal "$(tail -n 1 out | cut -f 1-6)" $'49\t99\t49\t149\t50\tcomprehension'
    assert_equal "$(<said)" 'gk-phases: note: j: 3 rows are merged with the row before, of the same step'
    printf '{"step":0,"a":1}\n{"step":0,"b":2,"a":3}\n{"step":1}' >j
    breaks "gk-hjorth: j: line 2: step 0 stands in line 1, too, with another 'a'" gk-hjorth -c a j
    # the last member is the missing one: the file is not truncated
    printf '{"step":0,"a":1,"b":1}{"step":1,"a":2}' | gk-hjorth -c a | tail -n 1 | cut -f 1 | grep -qx 2
}

@test "json: invalid JSON is refused with its line" {
    while IFS='|' read -r text message; do
        printf '%b' "$text" >j
        breaks "gk-pca: j: $message" gk-pca j
    done <<'END'
{"a":1|line 1: the input ends inside an object
{"a":1}\n{"a":|line 2: the input ends inside an object
{"a":"x|line 1: the input ends inside an object
[{"a":1}|line 1: the input ends inside an array
[{"a":1},|line 1: the input ends inside an array
[{"a":1}\n{"a":2}]|line 2: a comma is wanted between two objects
[{"a":1}]\n7|line 2: more text behind the last object
{"a":1}\nx|line 2: an object is wanted
[[1.5,0,2],[2.5,1,1]]|line 1: objects are wanted in the array, such as {"step":0,"loss":1}
\n[ [3,2,1]]|line 2: objects are wanted in the array, such as {"step":0,"loss":1}
{'a': 1}|line 1: string or '}' expected near '''
{"a":1}\n[1]|line 2: an object is wanted
[{"a":1},[1]]|line 1: an object is wanted
{"a":1}\n\n{"a":01}|line 3: invalid token near '0'
{\n"a":\n1 2}|line 3: '}' expected near '2'
{"a":Nan}|line 1: invalid token near 'Nan'
{"a":1,"a":2}|line 1: duplicate object key near '"a"'
{"a":{"b":1},"a/b":2}|line 1: two values of 'a/b'
{"a":1e999}|line 1: real number overflow near '1e999'
{}|objects without a member
[]|no objects: an empty table
{"log_history":[]}|no objects: an empty table
{"log_history":[{"a":1}]|line 1: the input ends inside an object
{"log_history":[{"a":1}]}x|line 1: more text behind the last object
END
}

@test "json: a million rows in little memory" {
    [ -z "${GK_SANITIZED-}" ] || skip 'memory is no measure'
    awk 'BEGIN { for (i = 0; i < 1000000; i++) printf "{\"step\":%d,\"a\":%d}\n", i, i % 7 }' >j
    run -0 "$GK_BUILD/tests/peak" 100 gk-hjorth -q -c a --window 999990: j
    # shellcheck disable=SC2002 # a pipe is the point
    run -0 bash -c 'cat j | "$GK_BUILD/tests/peak" 100 gk-hjorth -q -c a --window 999990:'
}

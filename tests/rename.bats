#!/usr/bin/env bats
# shellcheck disable=SC2154 # run sets status, output and stderr
# Checkpoints of other implementations under gk's names (gk-ckpt-dump --rename).
load helpers

there=$BATS_TEST_DIRNAME/rename

# table LINE...: a table of names, columns separated by spaces.
table() {
    printf '%s\n' 'theirs ours how' "$@" >table
}

# frame NAME SHAPE...: a frame of F32 tensors, 0, 1, 2 ...; NAME:I64 for integers.
frame() {
    python3 -IS - "$@" <<'END'
import json, struct, sys
header, data = {}, b""
for name, shape in zip(sys.argv[1::2], sys.argv[2::2]):
    name, _, dtype = name.partition(":")
    dims = [int(d) for d in shape.split("x") if d]
    n = 1
    for d in dims:
        n *= d
    part = struct.pack(f"<{n}q", *range(n)) if dtype == "I64" else struct.pack(f"<{n}f", *range(n))
    header[name] = {"dtype": dtype or "F32", "shape": dims, "data_offsets": [len(data), len(data) + len(part)]}
    data += part
text = json.dumps(header).encode()
sys.stdout.buffer.write(struct.pack("<Q", len(text)) + text + data)
END
}

@test "rename: gk-eval agrees with PyTorch on six implementations, to 1e-12" {
    local file layout names given exclude train train_acc val val_acc n=0
    while IFS=$'\t' read -r file layout names given exclude train train_acc val val_acc; do
        local args=(--rename "$names")
        [ "$given" = - ] || args+=(--set "$given")
        [ "$exclude" = - ] || args+=(--exclude "$exclude")
        gk-ckpt-dump "${args[@]}" --format safetensors -o ckpt "$there/$file.pt"
        gk-data --op sub --p 7 --layout "$layout" -o data
        gk-eval -d data --dtype f64 ckpt >f64
        close_to "$(column_of train_loss f64)" "$train" 1e-12
        close_to "$(column_of val_loss f64)" "$val" 1e-12
        close_to "$(column_of train_acc f64)" "$train_acc"
        close_to "$(column_of val_acc f64)" "$val_acc"
        gk-eval -d data ckpt >f32
        close_to "$(column_of val_loss f32)" "$val" 1e-5
        n=$((n + 1))
    done < <(tail -n +2 "$there/losses.tsv")
    [ "$n" -ge 13 ]
}

@test "rename: the checkpoint says what it is, and every tool takes it" {
    gk-ckpt-dump --rename gpt2 --set heads=2,activation=gelu --exclude 'optimizer.*' --format safetensors -o ckpt "$there/gpt2.pt"
    assert_equal "$(gk-ckpt-dump --meta ckpt | grep -v '^#' | cut -f 1,2 | tr '\t\n' '= ')" \
        'key=value activation=gelu bias=all dim=8 dtype=f32 ff=12 gk.history=gk-ckpt-dump '"$VERSION"' --exclude '\''optimizer.*'\'' --rename gpt2 --set heads=2,activation=gelu gk.kind=checkpoint heads=2 layers=2 model=transformer norm=pre positions=learned step=30 vocab=9 '
    gk-data --op sub --p 7 -o data
    gk-eval -d data --activations block1 ckpt >/dev/null
    gk-hvp -q -d data --threads 1 ckpt >/dev/null
    [ "$(gk-spectra ckpt | column_of tensor | wc -l)" -eq 15 ]
    # a trajectory, and a list under the new names
    gk-ckpt-dump --rename nanda --format safetensors "$there/nanda.pt" "$there/nanda.pt" | gk-ckpt-dump >out
    assert_equal "$(grep -c embed.weight out)" 4
    run -0 gk-ckpt-dump --rename nanda "$there/nanda.pt"
    assert_line --index 0 "# gk-ckpt-dump $VERSION --rename nanda"
    assert_line --index 1 --regexp '^name'
}

@test "rename: a history has the content of a table, not its file's name" {
    local share=$GK_BUILD/share/gk/rename
    mkdir else
    cp "$share/nanda.tsv" here.tsv
    cp here.tsv else/there.tsv
    gk-ckpt-dump --rename here.tsv --format safetensors -o here "$there/nanda.pt"
    gk-ckpt-dump --rename "$PWD/else/there.tsv" --format safetensors -o there "$there/nanda.pt"
    cmp here there
    history() { gk-ckpt-dump --meta "$1" | awk -F'\t' '$1 == "gk.history" { print $2 }'; }
    assert_regex "$(history here)" "^gk-ckpt-dump $VERSION --rename table:[0-9a-f]{16}\$"
    echo '# another text' >>here.tsv
    gk-ckpt-dump --rename here.tsv --format safetensors -o other "$there/nanda.pt"
    [ "$(history other)" != "$(history here)" ]
    # a file that hides gk's own table is none of gk's
    cp else/there.tsv gpt2
    gk-ckpt-dump --rename gpt2 --format safetensors -o hidden "$there/nanda.pt"
    cmp hidden here
}

@test "rename: a folder with the name of gk's own table does not hide it" {
    mkdir nanda
    run -0 gk-ckpt-dump --rename nanda "$there/nanda.pt"
    assert_line --index 0 "# gk-ckpt-dump $VERSION --rename nanda"
    breaks 'gk-ckpt-dump: ./nanda: cannot read: Is a directory' gk-ckpt-dump --rename ./nanda "$there/nanda.pt"
}

@test "rename: a run begins from a network that knows more positions than its rows have" {
    local positions='$1 == "positions.weight" { print $3 }'
    gk-ckpt-dump --rename lee --set heads=2 --format safetensors -o ckpt "$there/lee.pt"
    assert_equal "$(gk-ckpt-dump --list ckpt | awk -F'\t' "$positions")" '[5,8]'
    gk-data --op sub --p 7 -o data
    gk-train -q -d data --init ckpt --dtype f64 --steps 6 --save whole -o t
    close_to "$(column_of train_loss t | head -n 1)" "$(awk '$1 == "lee" { print $6 }' "$there/losses.tsv")" 1e-12
    assert_equal "$(gk-ckpt-dump --list whole | awk -F'\t' "$positions")" '[5,8]'
    gk-train -q -d data --init ckpt --dtype f64 --steps 3 --save part -o t
    gk-train -q -d data --resume part --steps 6 --save rest -o t
    cmp whole rest
    breaks 'gk-train: ckpt: frame 1: this is another network than the one asked for: norm block, not pre' \
        gk-train -d data --init ckpt --norm pre
}

@test "rename: transpose, join, part, reshape, fill and what is made" {
    # an mlp of 4 tokens, 3 wide, 2 hidden
    frame E 3x4 W 2x2x3 b 6 U 2x1x2 >f
    table 'E embed.weight transpose' 'W layers.0.weight reshape:4x3 part:2/2' 'b layers.0.bias part:2/3' 'U unembed.weight reshape:?x2 fill:-2' \
        '@ones unembed.bias' '@meta activation tanh'
    gk-ckpt-dump --rename table --format safetensors -o ckpt f
    values() {
        gk-ckpt-dump --tensor "$1" ckpt | grep -v '^[#c]' | tr '\t' ' ' | paste -sd'|'
    }
    assert_equal "$(values embed.weight)" '0 4 8|1 5 9|2 6 10|3 7 11'
    assert_equal "$(values layers.0.weight)" '6 7 8|9 10 11'
    assert_equal "$(values layers.0.bias)" '2 3'
    assert_equal "$(values unembed.weight)" '0 1|2 3|-2 -2|-2 -2'
    assert_equal "$(values unembed.bias)" '1 1 1 1'
    assert_equal "$(gk-ckpt-dump --meta ckpt | grep -cP '^(model\tmlp|activation\ttanh|bias\tall)\t')" 3
}

@test "rename: gk's own names lose what a wrapper puts before them" {
    local model prefix
    gk-data --p 5 --layout nanda -o d
    gk-train -q -d d --dim 8 --heads 2 --ff 8 --steps 2 --norm pre --positions learned --bias all --activation gelu --save transformer -o t
    gk-train -q -d d --model mlp --dim 4 --hidden 6 --activation tanh --steps 2 --save mlp -o t
    for model in transformer:heads=2,norm=pre,activation=gelu mlp:activation=tanh; do
        for prefix in _orig_mod. module. state_dict.net._orig_mod.; do
            gk-ckpt-dump --exclude 'optim.*' --format safetensors "${model%%:*}" | python3 -IS -c '
import json, struct, sys
data = sys.stdin.buffer.read()
n = struct.unpack("<Q", data[:8])[0]
header = {sys.argv[1] + k: v for k, v in json.loads(data[8:8 + n]).items() if k != "__metadata__"}
text = json.dumps(header).encode()
sys.stdout.buffer.write(struct.pack("<Q", len(text)) + text + data[8 + n:])' $prefix >wrapped
            gk-ckpt-dump --rename gk --set "${model#*:}" --format safetensors -o bare wrapped
            cmp <(gk-eval -q -d d bare | grep -v '^#' | cut -f 2-) <(gk-eval -d d "${model%%:*}" | grep -v '^#' | cut -f 2-)
        done
    done
}

@test "rename: errors name a tensor that no line names, and a name that two tensors get" {
    local file=$there/nanda.pt
    frame extra 3 >e
    breaks "gk-ckpt-dump: --exclude: e: frame 1: no line of the table 'nanda' names the tensor 'extra' [3]: leave it out" gk-ckpt-dump --rename nanda e
    breaks "gk-ckpt-dump: --exclude: $file: frame 1: no line of the table 'gpt2' names the tensor 'blocks.0.attn.W_K' [2, 4, 8]: leave it out" \
        gk-ckpt-dump --rename gpt2 "$file"
    frame a.embed.weight 4x2 b.embed.weight 4x2 >e
    table '*embed.weight embed.weight -'
    breaks "gk-ckpt-dump: --exclude: e: frame 1: 'a.embed.weight' and 'b.embed.weight' both become 'embed.weight': leave one of them out" gk-ckpt-dump --rename table e
    # integers are left out, with a note
    frame E 4x2 W 3x2 U 4x3 count:I64 '' mask:I64 3 >e
    table 'E embed.weight' 'W layers.0.weight' 'U unembed.weight' '@meta activation relu'
    run -0 --separate-stderr gk-ckpt-dump --rename table e
    assert_equal "$stderr" "gk-ckpt-dump: note: e: no line of the table names 2 tensors without floating-point numbers: left out ('count', ...)"
    # a mask that the table knows is no matter for a note
    run -0 --separate-stderr gk-ckpt-dump --rename nanda "$file"
    assert_equal "$stderr" ''
    # nor is what Lightning keeps beside the network
    table '*E embed.weight' '*W layers.0.weight' '*U unembed.weight' '@meta activation relu'
    frame state_dict.net.E 4x2 state_dict.net.W 3x2 state_dict.net.U 4x3 callbacks.best 1 optimizer_states.0.state.0.exp_avg 4x2 >l
    breaks "gk-ckpt-dump: --exclude: l: frame 1: no line of the table 'table' names the tensor 'callbacks.best' [1]: leave it out" gk-ckpt-dump --rename table l
    with_metadata l pytorch-lightning_version 2.6.6 >e
    run -0 --separate-stderr gk-ckpt-dump --rename table e
    assert_equal "$stderr" "gk-ckpt-dump: note: e: no line of the table names 2 tensors beside the state_dict of Lightning: left out ('callbacks.best', ...)"
    # what is missing
    frame E 4x2 W 3x2 >e
    breaks "gk-ckpt-dump: e: frame 1: tensor 'unembed.weight' is missing" gk-ckpt-dump --rename table e
    # a dot ends what * stands for
    frame nE 4x2 W 3x2 U 4x3 >e
    table '*E embed.weight' 'W layers.0.weight' 'U unembed.weight' '@meta activation relu'
    breaks "gk-ckpt-dump: --exclude: e: frame 1: no line of the table 'table' names the tensor 'nE' [4, 2]: leave it out" gk-ckpt-dump --rename table e
}

@test "rename: what neither tensors nor table give must be set, and correctly" {
    local file=$there/gpt2_tied.pt
    run -0 --separate-stderr gk-ckpt-dump --rename gpt2 --set heads=2,activation=relu --format safetensors -o tied "$file"
    [[ $stderr == *"note: $file: no tensor is 'unembed.weight': '"*"wte.weight' stands in for it, as in a tied network" ]] || fail "$stderr"
    # a file of safetensors' save_model has the other name of the tied matrix
    gk-ckpt-dump --format safetensors -o renamed "$file"
    LC_ALL=C sed 's/transformer\.wte\.weight"/lm_head.weight"        /' renamed >other
    run -0 --separate-stderr gk-ckpt-dump --rename gpt2 --set heads=2,activation=relu --format safetensors -o twin other
    assert_equal "$stderr" "gk-ckpt-dump: note: other: no tensor is 'embed.weight': 'lm_head.weight' stands in for it, as in a tied network"
    cmp twin tied
    breaks "gk-ckpt-dump: --set: $file: frame 1: its tensors and the table 'gpt2' leave open what the network has: heads=N,activation=relu|leaky|gelu|square|silu|tanh" \
        gk-ckpt-dump --rename gpt2 "$file"
    breaks "gk-ckpt-dump: --set: $there/encoder_post.pt: frame 1: its tensors and the table 'torch_encoder' leave open what the network has: norm=post|pre|none|block,positions=sinusoidal|none" \
        gk-ckpt-dump --rename torch_encoder --set heads=2,activation=relu "$there/encoder_post.pt"
    breaks "gk-ckpt-dump: $file: frame 1: 3 heads do not divide the width 8" gk-ckpt-dump --rename gpt2 --set heads=3,activation=relu "$file"
    breaks "gk-ckpt-dump: $file: frame 1: metadata 'activation' is 'gelu_new': relu, leaky, gelu, square, silu or tanh is wanted" \
        gk-ckpt-dump --rename gpt2 --set heads=2,activation=gelu_new "$file"
    breaks "gk-ckpt-dump: $file: frame 1: metadata 'ff' is 13, but the tensors make it 12" gk-ckpt-dump --rename gpt2 --set heads=2,activation=relu,ff=13 "$file"
    wrong_usage "gk-ckpt-dump: --set: 'head' describes no network: layers, dim, heads, ff, norm, positions, activation and so on do" \
        gk-ckpt-dump --rename gpt2 --set head=2,activation=relu "$file"
    wrong_usage "gk-ckpt-dump: --set: 'heads': KEY=VALUE is wanted" gk-ckpt-dump --rename gpt2 --set heads "$file"
    wrong_usage 'gk-ckpt-dump: --set: only --rename makes metadata' gk-ckpt-dump --set heads=2 "$file"
    wrong_usage 'gk-ckpt-dump: --split-to and --rename exclude each other' gk-ckpt-dump --rename gpt2 --split-to d "$file"
}

@test "rename: a network that gk does not have is refused, though the tensors that it shares would make one" {
    # bridge TENSOR SHAPE...: the state of a TransformerBridge of TransformerLens 4, with these besides
    bridge() {
        local name args=()
        for name in blocks.0.attn.{q,k,v,o}.weight; do args+=("$name" 4x4); done
        frame embed.weight 5x4 "${args[@]}" unembed.weight 5x4 "$@" >b
    }
    none() { # none TENSOR WHAT
        breaks "gk-ckpt-dump: b: frame 1: tensor '$1': its $2, which gk does not have" \
            gk-ckpt-dump --rename transformer_lens --set heads=2,norm=pre,activation=relu b
    }
    local mlp=(blocks.0.mlp.in.weight 6x4 blocks.0.mlp.out.weight 4x6) pos=(pos_embed.weight 3x4)
    bridge "${mlp[@]}" "${pos[@]}"
    gk-ckpt-dump --rename transformer_lens --set heads=2,norm=none,activation=relu b >out
    bridge "${mlp[@]}" "${pos[@]}" blocks.0.mlp.gate.weight 6x4
    none blocks.0.mlp.gate.weight 'feed-forward layers have gates'
    bridge "${mlp[@]}" "${pos[@]}" blocks.0.mlp.ln.weight 6
    none blocks.0.mlp.ln.weight 'activation is SoLU'
    bridge "${mlp[@]}" "${pos[@]}" blocks.0.ln1.weight 4 blocks.0.ln2.weight 4 ln_final.weight 4
    none blocks.0.ln1.weight 'norms are RMSNorm'
    bridge "${mlp[@]}" "${pos[@]}" blocks.0.ln1.weight 4 blocks.0.ln1.bias 4 blocks.0.ln2.weight 4 blocks.0.ln2.bias 4 ln_final.weight 4
    none ln_final.weight 'norms are RMSNorm'
    bridge "${mlp[@]}"
    none embed.weight 'positions are rotary or relative'
    bridge "${pos[@]}"
    none blocks.0.attn.o.weight 'blocks have attention only'
    # HookedTransformer's names
    frame embed.W_E 5x4 pos_embed.W_pos 3x4 blocks.0.ln1.w 4 >b
    none blocks.0.ln1.w 'norms are RMSNorm'
    frame model.embed._original_component.weight 5x4 >b
    breaks "gk-ckpt-dump: b: frame 1: tensor 'model.embed._original_component.weight': these are the parts of a TransformerBridge: save the state_dict() of the bridge itself" \
        gk-ckpt-dump --rename transformer_lens b
    frame transformer.wte._original_component.weight 5x4 >b
    breaks "gk-ckpt-dump: b: frame 1: tensor 'transformer.wte._original_component.weight': these are the parts of a TransformerBridge: save the state_dict() of the network before the bridge is made" \
        gk-ckpt-dump --rename gpt2 b
}

@test "rename: tables that are none" {
    frame E 4x2 >e
    bad() { # bad MESSAGE LINE...
        table "${@:2}"
        breaks "gk-ckpt-dump: table: $1" gk-ckpt-dump --rename table e
    }
    wrong_usage "gk-ckpt-dump: --rename: there is no table 'none': gk, gpt2, lee, nanda, torch_encoder, transformer_lens, or a file's name" gk-ckpt-dump --rename none e
    breaks 'gk-ckpt-dump: d/none: No such file or directory' gk-ckpt-dump --rename d/none e
    : >table
    breaks 'gk-ckpt-dump: table: it holds no line' gk-ckpt-dump --rename table e
    echo 'E embed.weight -' >table
    breaks 'gk-ckpt-dump: table: line 1: a table of names begins with the columns theirs, ours and how' gk-ckpt-dump --rename table e
    bad "line 2: 'E' has no name of ours, or - to leave it out" E
    bad "line 2: 'turn' is not a change to a tensor: transpose, join, part:I/N, reshape:AxB, fill:X, if-missing or -" 'E embed.weight turn'
    bad 'line 3: part:4/3: 1/3, 2/3 and the like are wanted' '# a comment' 'E embed.weight part:4/3'
    bad 'line 2: part:1: 1/3, 2/3 and the like are wanted' 'E embed.weight part:1'
    bad "line 2: reshape:2x?x?: sizes with 'x' between them are wanted, one of them may be '?'" 'E embed.weight reshape:2x?x?'
    bad "line 2: reshape:0: sizes with 'x' between them are wanted, one of them may be '?'" 'E embed.weight reshape:0'
    bad 'line 2: fill:x: a number is wanted' 'E embed.weight fill:x'
    bad 'line 2: more than 4 changes' 'E embed.weight join join join join join'
    bad "line 2: '@make' is not known: @meta, @zeros or @ones" '@make embed.weight -'
    bad "line 2: the value of 'norm' is missing" '@meta norm'
    bad 'line 2: a tensor that is not there cannot be changed' '@zeros unembed.bias transpose'
    bad 'line 2: a tensor that is not there cannot be changed' 'E - transpose'
    bad "line 2: why is 'E' refused?" 'E !'
    bad "line 2: 'E' has no {L} for that of 'blocks.{L}.q'" 'E blocks.{L}.q -'
    { echo 'theirs ours how'; printf 'E %05000d\n' 0; } >table
    breaks 'gk-ckpt-dump: table: line 2: no table of names is as large' gk-ckpt-dump --rename table e
    # and tensors that a change does not fit
    frame E 4 >e
    does_not_fit() {
        table "E embed.weight $2"
        breaks "gk-ckpt-dump: e: frame 1: tensor 'E' (line 2 of the table): $1" gk-ckpt-dump --rename table e
    }
    does_not_fit 'transpose wants a matrix, its rank is 1' transpose
    does_not_fit 'join wants two axes, its rank is 1' join
    does_not_fit 'its shape [4] has no 3 equal parts' part:1/3
    does_not_fit 'its 4 numbers do not make the new shape' reshape:3x?
    does_not_fit 'the product of the new shape overflows' reshape:9000000000000000000x9
    frame E:I64 4 >e
    does_not_fit "its 4 numbers do not make the new shape" reshape:5
}

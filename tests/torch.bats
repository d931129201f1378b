#!/usr/bin/env bats
# shellcheck disable=SC2154 # run sets status, output and stderr
# Files of torch.save: read as torch.load reads them, and never run.
load helpers

@test "torch: the files of torch/, of earlier versions too, are the frames that torch.load makes of them, byte for byte" {
    local n=0
    for file in "$ROOT"/tests/torch/{,old/}*.pt; do
        gk-ckpt-dump --format safetensors "${file%.pt}.safetensors" >want
        gk-ckpt-dump --format safetensors "$file" | cmp - want
        cat "$file" | gk-ckpt-dump --format safetensors | cmp - want # as a pipe
        gk-ckpt-dump --format safetensors <"$file" | cmp - want
        cmp <(gk-ckpt-dump "$file") <(gk-ckpt-dump want)
        cmp <(gk-ckpt-dump --meta "$file") <(gk-ckpt-dump --meta want)
        n=$((n + 1))
    done
    [ "$n" -ge 12 ]
}

@test "torch: views of one storage hold what they show" {
    local file=$ROOT/tests/torch/views.pt
    values() {
        gk-ckpt-dump --tensor "$1" "$file" | tail -n +3 | tr '\n' '\t' | sed 's/\t$//' | tr '\t' ' '
    }
    assert_equal "$(values base)" "$(seq -s ' ' 0 23)"
    assert_equal "$(values every)" '1 3 9 11 13 15 21 23'
    assert_equal "$(values last)" '3 7 11 15 19 23'
    assert_equal "$(values repeated)" '0 1 2 3 0 1 2 3 0 1 2 3'
    assert_equal "$(values turned)" '0 4 8 12 16 20 1 5 9 13 17 21 2 6 10 14 18 22 3 7 11 15 19 23'
    assert_equal "$(values flat)" '5 6'
    assert_equal "$(values scalar)" 23
    assert_equal "$(values windows | cut -d' ' -f 1-8)" '0 1 2 3 3 4 5 6'
    breaks "gk-ckpt-dump: $file: frame 1: tensor 'none' is empty" gk-ckpt-dump --tensor none "$file"
}

@test "torch: tensors are chosen, left out and converted like those of any frame" {
    local file=$ROOT/tests/torch/nested.pt
    assert_equal "$(gk-ckpt-dump --exclude 'optimizer.*,rng' "$file" | column_of name | paste -sd' ')" \
        'model_state_dict.0.bias model_state_dict.0.weight model_state_dict.1.bias model_state_dict.1.num_batches_tracked model_state_dict.1.running_mean model_state_dict.1.running_var model_state_dict.1.weight model_state_dict.2.weight'
    assert_equal "$(gk-ckpt-dump "$file" | grep -P '^rng\t')" $'rng\tU8\t[5]\t5\t0\t4\t5.4772255750516612\t400'
    gk-ckpt-dump --tensor 'model_state_dict.?.weight' --format safetensors "$file" >w
    assert_equal "$(gk-ckpt-dump w | column_of shape | paste -sd' ')" '[4,3] [4] [2,4]'
    gk-ckpt-dump --tensor model_state_dict.0.weight --format npy "$file" | gk-pca --variance | column_of component >out
    gk-ckpt-dump --split-to d "$file"
    cmp d/step-000400.safetensors <(gk-ckpt-dump --format safetensors "$file")
    assert_equal "$(gk-ckpt-dump --meta "$file" | grep -P '^(best|config|losses|seed)' | cut -f 1,2)" \
        $'best\t0.30000000000000004\nconfig.clip\tnull\nconfig.dims.0\t[1,2]\nconfig.dims.1\t[3]\nconfig.name\tgrok \xce\xbb\nconfig.ties\ttrue\nlosses\t[1.5,0.3333333333333333,inf]\nseed\t9223372036854775817'
    # half precision stays what it is
    assert_equal "$(gk-ckpt-dump --format safetensors "$ROOT/tests/torch/half.pt" | gk-ckpt-dump | column_of dtype | paste -sd' ')" 'BF16 BF16 F16 F16'
    # several files are one sequence, also beside frames
    assert_equal "$(gk-ckpt-dump "$file" w "$ROOT/tests/torch/tensor.pt" | column_of name | grep -c .)" \
        "$(($(gk-ckpt-dump "$file" | column_of name | wc -l) + 4))"
}

@test "torch: an optimiser's state is no parameter, wherever a file has it" {
    local file=$ROOT/tests/torch/nested.pt
    gk-ckpt-dump --format safetensors "$file" >f
    gk-ckpt-dump --exclude 'optimizer.*' --format safetensors "$file" >without
    cmp <(gk-ckpt-dump --flat f | tail -n 1) <(gk-ckpt-dump --flat without | tail -n 1)
    assert_equal "$(gk-spectra f | column_of tensor | paste -sd' ')" 'model_state_dict.0.weight model_state_dict.2.weight'
    # NAME...: how many of these tensors are parameters
    parameters() {
        python3 - "$@" >g <<'END'
import json, struct, sys
header = {name: {"dtype": "F32", "shape": [1], "data_offsets": [4 * i, 4 * i + 4]} for i, name in enumerate(["a", *sys.argv[1:]])}
text = json.dumps(header).encode()
sys.stdout.buffer.write(struct.pack("<Q", len(text)) + text + bytes(4 * len(header)))
END
        gk-ckpt-dump --flat g | tail -n 1 | wc -w
    }
    assert_equal "$(parameters optim.m.w optimizer.state.0.exp_avg optimizer_state_dict.state.w.foo optimizer_states.0.state.1.bar \
        optimizer.param_groups.0.lr opt.x state.0.exp_avg trainer.adam.state.12.momentum_buffer \
        o.state.0.H_diag o.state.0.d o.state.0.old_dirs.38 o.state.0.al.0 o.state.0.ro.1 state.0.old_stps.2 o.state.0.prev_flat_grad)" 1
    assert_equal "$(gk-ckpt-dump --flat "$ROOT/tests/torch/scheduler.pt" | tail -n 1 | wc -w)" 2
    assert_equal "$(parameters optim optimal.weight optimizer optimizers_head.weight state.weight state.0.weight net.state.0.weight \
        state..exp_avg state.0.exp_avg.weight stateful.0.step model.optim.weight \
        state.0.al state.0.al.x state.0.al.0.weight state.0.d.0)" 16
}

# frame 'FILE ...' NAME:DTYPE:SHAPE:SEED...: frames. The last digit of a file's name is the frame's step.
# The numbers of a tensor follow from its seed: 0 is all zeros, @ the step, 3*@ three times the step.
frame() {
    python3 -IS - "$@" <<'END'
import json, math, struct, sys
for file in sys.argv[1].split():
    header, data = {"__metadata__": {"step": file[-1]}}, b""
    for name, dtype, shape, seed in (word.split(":") for word in sys.argv[2:]):
        shape = [int(n) for n in shape.split("x")] if shape else []
        n = math.prod(shape)
        seed = math.prod(float(factor) for factor in seed.replace("@", file[-1]).split("*"))
        values = [seed * (k * k % 7 + 1 + k / 9) for k in range(n)]
        part = struct.pack(f"<{n}{'f' if dtype == 'F32' else 'q'}", *(values if dtype == "F32" else [int(v) for v in values]))
        header[name] = {"dtype": dtype, "shape": shape, "data_offsets": [len(data), len(data) + len(part)]}
        data += part
    text = json.dumps(header).encode()
    open(file, "wb").write(struct.pack("<Q", len(text)) + text + data)
END
}

# said TOOL NOTE...: gk-pca, gk-spectra and --flat of the frames x1 x2 x3 give just these notes
said() {
    local tool want
    for tool in 'gk-pca --variance' gk-spectra 'gk-ckpt-dump --flat'; do
        want=$(for note; do printf '%s: note: %s\n' "${tool%% *}" "$note"; done)
        run -0 --separate-stderr $tool x1 x2 x3
        assert_equal "$(grep -v 'no floating-point' <<<"$stderr" || true)" "$want"
    done
}

@test "torch: what is left out or counts twice is said: state, buffers, averages, tied weights" {
    three() { frame 'x1 x2 x3' a.weight:F32:3x4:@ a.bias:F32:3:@ 'z.weight:F32:3x4:3*@' "$@"; }
    three
    said
    three optim.m.a.weight:F32:3x4:5
    said # gk's own is where it belongs
    three optimizer.state.0.exp_avg:F32:3x4:5 optimizer.state.0.exp_avg_sq:F32:3x4:6 optimizer.state.0.step:F32::1
    said "x1: 3 tensors of an optimiser's state left out ('optimizer.state.0.exp_avg', ...)"
    three head.weight:F32:3x4:@
    said "--exclude: x1: the tensors 'a.weight' and 'head.weight' hold the same numbers, and both count"
    three _orig_mod.a.weight:F32:3x4:@ module.z.bias:F32:3:3
    said "--exclude: x1: the tensors '_orig_mod.a.weight' and 'a.weight' hold the same numbers, and both count"
    three zero.weight:F32:3x4:0 zeros.weight:F32:3x4:0 # fresh biases and adapters are no twins
    said
    # those that are no matrices are no business of gk-spectra
    frame 'x1 x2 x3' a.weight:F32:3x4:@ bn.running_mean:F32:3:1 bn.running_var:F32:3:2 bn.num_batches_tracked:I64::4
    for tool in 'gk-pca --variance' 'gk-ckpt-dump --flat'; do
        run -0 --separate-stderr $tool x1 x2 x3
        [[ $stderr == *": note: --exclude: x1: 2 tensors are buffers by name, but count as parameters ('bn.running_mean', ...)" ]] || fail "$stderr"
        run -0 --separate-stderr $tool --exclude 'bn.*' x1 x2 x3
        assert_equal "$stderr" ''
    done
    for name in h.attn.bias h.attn.mask rotary.inv_freq; do
        three "$name:F32:4x4:1"
        said "--exclude: x1: 1 tensor is a buffer by name, but counts as parameter ('$name')"
    done
    three ema_model.a.weight:F32:3x4:7 ema_model.z.weight:F32:3x4:8
    said "--exclude: x1: 2 tensors are averages of weights by name, but count as parameters ('ema_model.a.weight', ...)"
    three callbacks.stop.best:F32:2x2:7 # Lightning's
    said "--exclude: x1: 1 tensor is a buffer by name, but counts as parameter ('callbacks.stop.best')"
    assert_equal "$(gk-spectra --exclude 'callbacks.*,z.*' x1 2>err | column_of tensor)" a.weight
    [ ! -s err ]
    # what has no spectrum
    frame x1 a.weight:F32:3x4:1 conv.weight:F32:2x3x4:2 conv2.weight:F32:1x2x3x4:3 optimizer.conv:F32:2x3x4:2
    run -0 --separate-stderr gk-spectra x1
    [[ $stderr == *"gk-spectra: note: x1: 2 parameters have rank 3 or more, and no spectrum ('conv.weight', ...)" ]] || fail "$stderr"
    run -0 --separate-stderr gk-spectra --exclude 'conv.*,optim*' x1
    assert_equal "$stderr" "gk-spectra: note: x1: 1 tensor of an optimiser's state left out ('optimizer.conv')
gk-spectra: note: x1: 1 parameter has rank 3 or more, and no spectrum ('conv2.weight')"
    # several networks in one file
    three best.n.a.weight:F32:3x4:5 best.n.b.weight:F32:2x4:6 last.n.a.weight:F32:3x4:7 last.n.b.weight:F32:2x4:8
    said "--exclude: x1: below 2 keys ('best', 'last') are tensors of the same names and shapes, and all count"
    three best.n.a.weight:F32:3x4:5 best.n.b.weight:F32:2x4:6 last.n.a.weight:F32:3x4:7 last.n.b.weight:F32:2x4:8 last.n.running_mean:F32:2:1
    grep -q "below 2 keys ('best', 'last')" <(gk-ckpt-dump --flat x1 2>&1)
    three models.{0,1,2}.{a,b}.weight:F32:2x4:4
    grep -q "below 3 keys ('models.0', 'models.1', ...) are tensors of the same names and shapes, and all count" <(gk-ckpt-dump --flat x1 2>&1)
    # layers, and what differs in a shape or in a tensor
    three block{1,2}.q.{a,b}.weight:F32:2x4:@
    run ! grep keys <(gk-ckpt-dump --flat x1 2>&1)
    three best.n.{a,b}.weight:F32:3x4:5 last.n.a.weight:F32:3x4:7 last.n.b.weight:F32:2x4:8 more.n.{a,b,c}.weight:F32:3x4:9 one.n.a.weight:F32:3x4:6 two.n.a.weight:F32:3x4:8
    run ! grep keys <(gk-ckpt-dump --flat x1 2>&1)
    # an average is the same as its weights at the first frame only
    frame x1 {a,b}.weight:F32:3x4:1
    frame 'x2 x3' a.weight:F32:3x4:@ b.weight:F32:3x4:9
    run -0 --separate-stderr gk-pca --variance x1 x2 x3
    assert_equal "$stderr" ''
}

@test "torch: in a checkpoint of Lightning the network is below state_dict, and a note counts the rest" {
    local file=$ROOT/tests/torch/lightning.pt
    local rest="beside the state_dict of Lightning left out ('callbacks.ModelCheckpoint{'monitor': 'train_loss', "
    gk-ckpt-dump --tensor 'state_dict.*' --format safetensors -o net "$file"
    gk-ckpt-dump --format safetensors -o whole "$file"
    assert_equal "$(gk-ckpt-dump --flat net | tail -n 1)" "$(gk-ckpt-dump -q --flat "$file" | tail -n 1)"
    assert_equal "$(gk-spectra -q whole | column_of tensor | paste -sd' ')" 'state_dict.net.0.weight state_dict.net.2.weight'
    with_zeros whole >zeros # another network
    gk-pca -q --variance whole zeros >got
    gk-ckpt-dump --tensor 'state_dict.*' --format safetensors -o z zeros
    cmp <(grep -v '^#' got) <(gk-pca -q --variance net z | grep -v '^#')
    for tool in "gk-ckpt-dump --flat $file" 'gk-ckpt-dump --flat whole' 'gk-spectra whole' 'gk-pca --variance whole zeros'; do
        # shellcheck disable=SC2086 # words
        run -0 --separate-stderr $tool
        [[ $stderr == *": note: "*": 9 tensors $rest"* ]] || fail "$stderr"
        [[ $stderr != *'as parameter'* && $stderr != *'all count'* ]] || fail "$stderr"
    done
    # what is beside it can be asked for
    assert_equal "$(gk-spectra --tensor current_model_state.net.0.weight whole | column_of tensor)" current_model_state.net.0.weight
    gk-ckpt-dump --tensor 'current_model_state.*' --format safetensors -o raw "$file"
    assert_equal "$(gk-ckpt-dump --flat raw | tail -n 1 | wc -w)" 26
    # a file of Lightning without a network, and a network of other names
    gk-ckpt-dump --exclude 'state_dict.*' --format safetensors "$file" >x
    assert_equal "$(gk-ckpt-dump -q --flat x | tail -n 1 | wc -w)" 32
    frame y1 state_dict.a:F32:2x2:1 more:F32:3:1
    assert_equal "$(gk-ckpt-dump --flat y1 | tail -n 1 | wc -w)" 7
}

@test "torch: a network whose names have a wrapper's prefix is told so" {
    gk-data --p 5 -o d
    gk-train -q -d d --dim 8 --heads 2 --ff 8 --steps 1 --save c >out
    for prefix in module. _orig_mod. model.; do
        python3 -IS - c $prefix >p <<'END'
import json, struct, sys
data = open(sys.argv[1], "rb").read()
n = struct.unpack("<Q", data[:8])[0]
header = {k if k == "__metadata__" else sys.argv[2] + k: v for k, v in json.loads(data[8:8 + n]).items()}
text = json.dumps(header).encode()
sys.stdout.buffer.write(struct.pack("<Q", len(text)) + text + data[8 + n:])
END
        for tool in 'gk-eval -d d' 'gk-landscape -d d --toward random:1 --alpha 0:1:2' 'gk-hvp -d d'; do
            breaks "${tool%% *}: p: frame 1: tensor 'embed.weight' is missing; there is '${prefix}embed.weight': names must have nothing before that, which the table gk of gk-ckpt-dump takes away" $tool p
        done
    done
}

@test "torch: what holds no tensors alone is named, with what makes a file that does" {
    python3 -IS - <<'END'
import pickle, zipfile
def archive(path, members):
    with zipfile.ZipFile(path, "w") as z:
        for name, data in members:
            z.writestr("m/" + name, data)
known = "only tensors, dicts, lists, numbers and strings are read, and nothing is ever run"
archive("module.pt", [("data.pkl", b"\x80\x02ctorch.nn.modules.container\nSequential\n.")])
archive("args.pt", [("data.pkl", b"\x80\x02}X\x01\x00\x00\x00acargparse\nNamespace\ns.")])
archive("numpy.pt", [("data.pkl", b"\x80\x02}X\x01\x00\x00\x00acnumpy.core.multiarray\nscalar\ns.")])
archive("sharded.pt", [("data.pkl", b"\x80\x02}X\x01\x00\x00\x00actorch._tensor\n_rebuild_from_type_v2\ns.")])
archive("export.pt2", [("data/weights/weight_0", bytes(64)), ("models/model.json", b"{}")])
with zipfile.ZipFile("m.keras", "w") as z:
    z.writestr("metadata.json", "{}")
    z.writestr("model.weights.h5", b"")
archive("script.pt", [("data/0", bytes(64)), ("code/x.py", b""), ("data.pkl", b"")])
open("run.wandb", "wb").write(b":W&B\xe1\xbe\x00 rest")
END
    local known='only tensors, dicts, lists, numbers and strings are read, and nothing is ever run'
    breaks "gk-ckpt-dump: module.pt: byte 2 of its pickle: torch.nn.modules.container.Sequential is refused: $known; if this is a whole module that you trust, save its parameters: torch.save(torch.load(\"FILE\", weights_only=False).state_dict(), \"new.pt\")" \
        gk-ckpt-dump module.pt
    breaks "gk-ckpt-dump: args.pt: byte 9 of its pickle: argparse.Namespace is refused: $known; save the part that has the tensors by itself: d = torch.load(\"FILE\", weights_only=False) if you trust it, then torch.save(d[\"KEY\"], \"new.pt\"), or of a module d[\"KEY\"].state_dict()" \
        gk-ckpt-dump args.pt
    breaks "gk-ckpt-dump: numpy.pt: byte 9 of its pickle: numpy.core.multiarray.scalar is refused: $known; save numbers of NumPy with .item(), and arrays with torch.from_numpy" \
        gk-ckpt-dump numpy.pt
    breaks "gk-ckpt-dump: sharded.pt: byte 9 of its pickle: torch._tensor._rebuild_from_type_v2 is refused: $known; if this is a DTensor of FSDP, save the whole tensors: get_model_state_dict(net, options=StateDictOptions(full_state_dict=True)) of torch.distributed.checkpoint.state_dict" \
        gk-ckpt-dump sharded.pt
    breaks "gk-ckpt-dump: export.pt2: this is an archive of torch.export: python3 -c 'import torch; torch.save(torch.export.load(\"export.pt2\").state_dict, \"new.pt\")'; gk-ckpt-dump --format safetensors new.pt | ..." \
        gk-ckpt-dump export.pt2
    breaks "gk-ckpt-dump: m.keras: this is a model of Keras: python3 -c 'import keras, safetensors.numpy as s; s.save_file({w.path.replace(\"/\", \".\"): w.numpy() for w in keras.saving.load_model(\"m.keras\").weights}, \"new.safetensors\")'; gk-ckpt-dump --format safetensors new.safetensors | ..." \
        gk-ckpt-dump m.keras
    # PyTorch's distributed checkpoints: a folder, whose files are archives one after another
    mkdir shards
    cat "$ROOT"/tests/torch/{tensor,list}.pt >shards/__0_0.distcp
    : >shards/.metadata
    for tool in gk-ckpt-dump gk-spectra; do
        breaks "$tool: shards: this is a distributed checkpoint of PyTorch: python3 -c 'from torch.distributed.checkpoint.format_utils import dcp_to_torch_save as save; save(\"shards\", \"new.pt\")'; gk-ckpt-dump --format safetensors new.pt | ..." \
            $tool shards
    done
    breaks "gk-ckpt-dump: shards/__0_0.distcp: other bytes stand before its last archive; if this is a part of a distributed checkpoint, take its folder: dcp_to_torch_save(\"FOLDER\", \"new.pt\") of torch.distributed.checkpoint.format_utils" \
        gk-ckpt-dump shards/__0_0.distcp
    breaks "gk-ckpt-dump: script.pt: this is a TorchScript archive: python3 -c 'import torch; torch.save(torch.jit.load(\"script.pt\", \"cpu\").state_dict(), \"new.pt\")'; gk-ckpt-dump --format safetensors new.pt | ..." \
        gk-ckpt-dump script.pt
    breaks "gk-curve: run.wandb: this is a run of Weights & Biases as its program keeps it: wandb sync run.wandb; python3 -c 'import pandas, wandb; print(pandas.DataFrame(wandb.Api().run(\"ENTITY/PROJECT/RUN\").scan_history()).to_csv(index=False))' | ..." \
        gk-curve run.wandb
}

@test "torch: other tools name the one that reads the file" {
    for command in gk-pca gk-spectra gk-hjorth 'gk-eval -d'; do
        refuses_like 1 ': this is a PyTorch file: gk-ckpt-dump --format safetensors FILE \| ...$|: this is a PyTorch file: gk-ckpt-dump --format safetensors /.* \| ...$' \
            $command "$ROOT/tests/torch/tensor.pt"
    done
}

@test "torch: pickles that would run programs, bombs, false sizes and damage are refused, and nothing is run" {
    run -0 python3 "$ROOT/tests/torch/hostile.py" .
    [[ $output =~ ^[0-9]+\ cases,\ 0\ wrong$ ]] || fail "$output"
}

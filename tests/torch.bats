#!/usr/bin/env bats
# shellcheck disable=SC2154 # run sets status, output and stderr
# Files of torch.save: read as torch.load reads them, and never run.
load helpers

@test "torch: the files of torch/ are the frames that torch.load makes of them, byte for byte" {
    local n=0
    for file in "$ROOT"/tests/torch/*.pt; do
        gk-ckpt-dump --format safetensors "${file%.pt}.safetensors" >want
        gk-ckpt-dump --format safetensors "$file" | cmp - want
        cat "$file" | gk-ckpt-dump --format safetensors | cmp - want # as a pipe
        gk-ckpt-dump --format safetensors <"$file" | cmp - want
        cmp <(gk-ckpt-dump "$file") <(gk-ckpt-dump want)
        cmp <(gk-ckpt-dump --meta "$file") <(gk-ckpt-dump --meta want)
        n=$((n + 1))
    done
    [ "$n" -ge 8 ]
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
        optimizer.param_groups.0.lr opt.x state.0.exp_avg trainer.adam.state.12.momentum_buffer)" 1
    assert_equal "$(parameters optim optimal.weight optimizer optimizers_head.weight state.weight state.0.weight net.state.0.weight \
        state..exp_avg state.0.exp_avg.weight stateful.0.step model.optim.weight)" 12
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

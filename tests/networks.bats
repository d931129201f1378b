# Networks as descriptions: presets, checkpoints, the loss, combinations of options, what is refused.
# shellcheck disable=SC2154,SC2030,SC2031,SC2046,SC2086 # run sets status, output and stderr; options are split
load helpers

tiny=(--dim 8 --heads 2 --ff 16 --hidden 12)

golden() {
    (cd "$ROOT" && "$GK_BUILD/tests/golden_files" "tests/golden/$1.safetensors" "$2")
}

nanda() {
    gk-data --p 7 --frac 0.6 --layout nanda
}

# metadata FILE: its checkpoint's description, KEY=VALUE, of which the default network has the first
# line alone.
metadata() {
    gk-ckpt-dump --meta "$1" | awk -F'\t' '
        $1 ~ /^(model|layers|dim|heads|ff|hidden|vocab)$/ { size = size " " $1 "=" $2 }
        $1 ~ /^(norm|positions|activation|bias|inputs|loss|init|init_scale)$/ { choice = choice " " $1 "=" $2 }
        END { print substr(size, 2); if (choice) print substr(choice, 2) }'
}

# longer FILE KEY VALUE: the frame with one more entry of metadata.
longer() {
    python3 -IS - "$@" <<'END'
import json, struct, sys
data = open(sys.argv[1], "rb").read()
n = struct.unpack("<Q", data[:8])[0]
header = json.loads(data[8 : 8 + n])
header["__metadata__"][sys.argv[2]] = sys.argv[3]
text = json.dumps(header).encode()
text += b" " * (-len(text) % 8)
sys.stdout.buffer.write(struct.pack("<Q", len(text)) + text + data[8 + n :])
END
}

options() { # the last command's part of the history
    grep '^# gk-train' | tail -n 1 | sed 's/.*--model/--model/; s/ --optimizer.*//'
}

@test "networks: golden losses and accuracies, in f64 and f32" {
    for g in nanda gpt2 post_silu_all none_tanh paper_mse paper_stablemax mlp_concat mlp_onehot gromov; do
        golden $g checkpoint >c
        golden $g checkpoint32 >c32
        golden $g dataset >d
        gk-eval -d d c >t
        gk-eval -d d c32 >t32
        for what in loss accuracy val.loss val.accuracy; do
            want=$(gk-ckpt-dump --tensor $what "$GOLDEN/$g.safetensors" | tail -n 1)
            column=$(sed 's/^/train./; s/train.val/val/; s/accuracy/acc/; s/\./_/' <<<$what)
            close_to "$(column_of $column t)" "$want" 1e-10
            close_to "$(column_of $column t32)" "$want" 2e-4
        done
    done
}

@test "networks: what each preset stands for, in the history and in the checkpoint" {
    nanda >d
    while IFS='|' read -r arch line meta; do
        gk-train --arch $arch --steps 0 --save c d | options >got
        assert_equal "$arch $(<got)" "$arch $line"
        metadata c | paste -s -d ' ' >got
        assert_equal "$arch $(<got)" "$arch $meta"
        # the line makes the same network again
        gk-train $line --steps 0 --save again -o /dev/null d
        cmp c again
    done <<'END'
paper|--model transformer --layers 2 --dim 128 --heads 4 --ff 512|dim=128 ff=512 heads=4 layers=2 model=transformer vocab=8
nanda|--model transformer --layers 1 --dim 128 --heads 4 --ff 512 --norm none --positions learned --bias ffn --init nanda|dim=128 ff=512 heads=4 layers=1 model=transformer vocab=8 bias=ffn init=nanda norm=none positions=learned
gpt2|--model transformer --layers 2 --dim 128 --heads 4 --ff 512 --norm pre --positions learned --activation gelu --bias all --init normal:0.02|dim=128 ff=512 heads=4 layers=2 model=transformer vocab=8 activation=gelu bias=all init=normal:0.02 norm=pre positions=learned
liu|--model mlp --layers 2 --dim 128 --hidden 200|dim=128 hidden=200 layers=2 model=mlp vocab=7
onehot|--model mlp --layers 2 --hidden 200 --activation relu --inputs onehot|hidden=200 layers=2 model=mlp vocab=7 activation=relu inputs=onehot
gromov|--model mlp --layers 1 --hidden 500 --activation square --bias none --inputs onehot --loss mse --init fan-in|hidden=500 layers=1 model=mlp vocab=7 activation=square bias=none init=fan-in inputs=onehot loss=mse
lee|--model transformer --layers 2 --dim 128 --heads 4 --ff 512 --norm block --positions learned --activation gelu --bias blocks --init torch|dim=128 ff=512 heads=4 layers=2 model=transformer vocab=8 activation=gelu bias=blocks init=torch norm=block positions=learned
END
}

@test "networks: options beside a preset win" {
    nanda >d
    gk-train --arch gromov --hidden 20 --loss ce --activation leaky --bias all --init paper --steps 0 d | options >got
    assert_equal "$(<got)" '--model mlp --layers 1 --hidden 20 --inputs onehot'
    gk-train --arch nanda "${tiny[@]}" --norm post --init-scale 2 --steps 0 --save c d 2>said | options >got
    assert_equal "$(<got)" '--model transformer --layers 1 --dim 8 --heads 2 --ff 16 --positions learned --bias ffn --init nanda --init-scale 2'
    assert_equal "$(<said)" 'gk-train: note: --hidden changes nothing here'
}

@test "networks: the default's choices said aloud give the default's bytes" {
    gk-data --p 7 >d
    gk-train "${tiny[@]:0:6}" --steps 3 --save a d >ta
    gk-train --arch paper "${tiny[@]:0:6}" --norm post --positions sinusoidal --activation relu --bias none --loss ce \
        --init paper --init-scale 1 --steps 3 --save b d >tb
    cmp a b
    cmp ta tb
}

# draw: sets opts to the options of a network. $RANDOM follows its seed in this shell alone: a subshell seeds it anew.
draw() {
    local words=()
    any() { words+=("$1" "${@:RANDOM % ($# - 1) + 2:1}"); }
    any --layers 1 1 2 3
    any --seed {0..99}
    any --activation relu leaky gelu square silu tanh
    any --loss ce mse stablemax ce-rounded
    any --init paper nanda normal:0.1 fan-in torch
    any --dtype f32 f64
    if [ $((RANDOM % 3)) -eq 0 ]; then
        words+=(--model mlp --dim 5 --hidden 9)
        any --inputs sum concat onehot
        any --bias none all
    else
        words+=(--dim 8 --ff 12)
        any --heads 1 2 4
        any --norm post pre none block
        any --bias none ffn all blocks
        any --positions sinusoidal learned none
    fi
    case $((RANDOM % 3)) in
        1) words+=(--batch 100) ;;
        2) any --optimizer adam sgd momentum rmsprop ;;
    esac
    opts=${words[*]}
}

@test "networks: 64 combinations, the same bytes with any threads and when resumed, and every tool reads them" {
    gk-data --p 23 --frac 0.9 --layout nanda >nanda
    gk-data --p 23 --frac 0.7 --op sub >paper
    RANDOM=15 looked=0
    for i in {1..64}; do
        d=paper part=block0
        [ $((i % 2)) -eq 0 ] || d=nanda
        draw
        train() { gk-train -q $opts --lr 1e-4 "$@" -d $d; }
        train --steps 4 --save a --threads 1 >t 2>said || fail "$opts: $(<said)"
        train --steps 4 --save b --threads 2 >t2
        train --steps 4 --save c --threads 3 -o /dev/null
        { cmp a b && cmp a c && cmp t t2; } || fail "$opts: threads"
        train --steps 2 --save half >half.tsv
        gk-train -q --resume half --steps 4 --save d --threads $((1 + i % 3)) -d $d -o /dev/null
        cmp a d || fail "$opts: resumed"
        [ $((i % 4)) -eq 0 ] || continue
        gk-eval -q -d $d a >e || fail "$opts: gk-eval"
        [[ $opts == *--batch* ]] || assert_equal "$opts $(column_of train_loss e)" "$opts $(column_of train_loss t | tail -n 1)"
        assert_equal "$(column_of val_acc e)" "$(column_of val_acc t | tail -n 1)"
        [[ $opts != *mlp* ]] || part=layer0
        gk-eval -q -d $d --activations $part a | gk-pca -q - >p || fail "$opts: $part"
        gk-hvp -q -d $d --max-products 200 a >h 2>said || fail "$opts: gk-hvp: $(<said)"
        # where gradients vanish, two steps change no weight, and there is no direction
        ! cmp -s <(gk-ckpt-dump --flat a | tail -n 1) <(gk-ckpt-dump --flat half | tail -n 1) || continue
        looked=$((looked + 1))
        gk-landscape -q -d $d --toward half --norm filter --alpha 0:1:3 a >l || fail "$opts: gk-landscape"
        # the point at alpha 1 of a direction that is not scaled is where it leads
        gk-landscape -q -d $d --toward half --alpha 0:1:2 --split train a | column_of train_loss | tail -n 1 >got
        gk-eval -q -d $d half | column_of train_loss >want
        close_to "$(<got)" "$(<want)" 1e-4
    done
    [ "$looked" -ge 12 ] || fail "only $looked directions"
}

@test "networks: a trajectory of any network goes through the tools" {
    nanda >d
    for arch in nanda gpt2 onehot gromov; do
        gk-train -q --arch $arch "${tiny[@]}" --steps 30 --trajectory r.gks --every 10 -d d -o /dev/null
        gk-eval -q -d d r.gks | column_of step | xargs >got
        assert_equal "$(<got)" '0 10 20 30'
        gk-pca -q r.gks >p
        gk-landscape -q -d d --toward next --alpha 0:1:2 r.gks >l
        # alpha 1 is the next frame
        assert_equal "$(awk '/^[0-9]/ && $2 == 1 { print $3 }' l | wc -l)" 3
    done
}

@test "networks: --loss of the tools is the checkpoint's, or another" {
    nanda >d
    gk-train -q --arch nanda "${tiny[@]}" --loss mse --steps 2 --save c d >t
    assert_equal "$(gk-eval -d d c | column_of train_loss)" "$(column_of train_loss t | tail -n 1)"
    assert_equal "$(gk-eval -d d --loss mse c | column_of train_loss)" "$(column_of train_loss t | tail -n 1)"
    gk-train -q --arch nanda "${tiny[@]}" --steps 0 d | column_of train_loss >ce
    gk-train -q --arch nanda "${tiny[@]}" --loss mse --steps 0 --save c0 -o /dev/null d
    assert_equal "$(gk-eval -d d --loss ce c0 | column_of train_loss)" "$(<ce)"
    gk-eval -d d --loss stablemax c0 >e
    grep -q '^# gk-eval .*--loss stablemax' e
    assert_equal "$(gk-landscape -q -d d --toward random:1 --alpha 0:0:1 --loss stablemax c0 | column_of train_loss)" \
        "$(column_of train_loss e)"
    gk-train -q --arch nanda "${tiny[@]}" --loss stablemax --steps 0 --save s0 -o /dev/null d
    gk-hvp -q -d d --tol 1e-4 s0 | column_of lambda_max >want
    gk-hvp -q -d d --tol 1e-4 --loss stablemax c0 | column_of lambda_max >got
    close_to "$(<got)" "$(<want)" 1e-3
    # a run may go on under another loss
    gk-train -q --resume c --loss ce --steps 3 --save c3 -o /dev/null d
    assert_equal "$(metadata c3 | grep -c loss)" 0
}

@test "networks: closed forms: uniform logits, Gromov's scale, no positions" {
    nanda >d
    # all parameters 0: the loss of equal outputs, log 8, and of outputs 0, 1/8
    gk-train -q --arch nanda "${tiny[@]}" --steps 0 --save c -o /dev/null d
    with_zeros c >z
    close_to "$(gk-eval -q -d d z | column_of train_loss)" 2.0794415416798357 1e-7
    close_to "$(gk-eval -q -d d --loss stablemax z | column_of train_loss)" 2.0794415416798357 1e-7
    close_to "$(gk-eval -q -d d --loss mse z | column_of train_loss)" 0.125 1e-7
    # z is quadratic in the first layer and linear in the second: twice all of them is 8 z
    for scale in 1 2; do
        gk-train -q --arch gromov --hidden 12 --dtype f64 --init-scale $scale --steps 0 --save g$scale -o /dev/null d
        gk-eval -q -d d --loss mse g$scale | column_of train_loss
    done | xargs >two
    # E (z - y)^2 = a - 2 b + c at scale 1 and 64 a - 16 b + c at scale 2, c = 1/7; both give b
    read -r one two <two
    gk-train -q --arch gromov --hidden 12 --dtype f64 --init-scale 4 --steps 0 --save g4 -o /dev/null d
    four=$(gk-eval -q -d d --loss mse g4 | column_of train_loss)
    awk -v x=$one -v y=$two -v z=$four 'BEGIN {
        c = 1 / 7; a = ((y - c) - 8 * (x - c)) / 56; b = (a + c - x) / 2
        want = 4096 * a - 128 * b + c; exit !((want - z) ^ 2 < 1e-20 * z * z) }'
    # without positions a last token attends to a set: a b and b a are alike
    gk-data --op sub --p 7 --layout nanda --frac 1 >sub
    gk-train -q "${tiny[@]}" --layers 1 --positions none --dtype f64 --steps 0 --save c -o /dev/null sub
    gk-eval -q -d sub --activations block0 c | gk-ckpt-dump --tensor activations |
        awk '!/^#/ && n++ { for (i = 1; i <= NF; i++) printf "%.9f ", $i; print "" }' | sort -u | wc -l >n
    assert_equal "$(<n)" 28
}

@test "networks: descriptions that cannot be are refused by option and value" {
    gk-data --p 7 >paper
    nanda >d
    gk-data --p 7 --layout openai >openai
    other="reads the operands of layout paper or nanda, and the dataset's layout is 'openai'"
    breaks "gk-train: model mlp, inputs onehot: it $other" gk-train --arch gromov openai
    breaks "gk-train: model mlp, inputs sum: it $other" gk-train --arch liu openai
    with_metadata paper layout - >bare
    breaks "gk-train: model mlp, inputs sum: it ${other/%is */is not in its metadata}" gk-train --arch liu bare
    wrong_usage 'gk-train: --bias: ffn: model mlp has none or all' gk-train --model mlp --bias ffn d
    wrong_usage 'gk-train: --heads: 3 heads do not divide the width 128' gk-train --arch nanda --heads 3 d
    wrong_usage "gk-train: --norm: 'rms' is none of: post pre none block" gk-train --norm rms d
    wrong_usage "gk-train: --init: 'normal:0': paper, nanda, normal:STD with STD > 0, fan-in or torch is wanted" gk-train --init normal:0 d
    wrong_usage "gk-train: --arch: 'bert' is none of: paper nanda gpt2 liu onehot gromov lee" gk-train --arch bert d
    gk-train -q --arch nanda "${tiny[@]}" --steps 0 --save n -o /dev/null d
    gk-train -q --arch gpt2 "${tiny[@]}" --steps 0 --save g -o /dev/null d
    gk-train -q --arch onehot "${tiny[@]}" --steps 0 --save o -o /dev/null d
    # a row with more tokens than there are positions, another vocabulary
    breaks 'gk-eval: n: frame 1: the network has a vocabulary of 8 tokens, the dataset of 9' gk-eval -d paper n
    gk-data --p 6 --op mul | gk-eval -d - n 2>said || true
    assert_equal "$(<said)" 'gk-eval: n: frame 1: the network has learned 3 positions, the dataset has 4 tokens a row'
    breaks "gk-eval: o: frame 1: a network with inputs onehot has no activations 'embed'" \
        gk-eval -d d --activations embed o
    # metadata of a newer gk, and metadata that the tensors contradict
    edit() { sed "s/\"$2\":\"$3\"/\"$2\":\"$4\"/" <"$1"; }
    edit n norm none rms. >x || true
    breaks "gk-eval: x: frame 1: metadata 'norm' is 'rms.': post, pre, none or block is wanted" gk-eval -d d x
    edit g norm pre 'x"' >/dev/null
    edit n positions learned nothing >x
    breaks "gk-eval: x: frame 1: metadata 'positions' is 'nothing': sinusoidal, learned or none is wanted" gk-eval -d d x
    edit g activation gelu elu. >x
    breaks "gk-eval: x: frame 1: metadata 'activation' is 'elu.': relu, leaky, gelu, square, silu or tanh is wanted" gk-eval -d d x
    edit n norm none post >x
    breaks "gk-eval: x: frame 1: tensor 'blocks.0.norm1.bias' is missing" gk-eval -d d x
    edit g bias all ffn >x
    breaks "gk-eval: x: frame 1: tensor 'blocks.0.attn.k.bias' is none of a transformer of 2 layers with bias ffn" gk-eval -d d x
    sed 's/"positions":"learned"/"positiohs":"learned"/' n >x
    breaks "gk-eval: x: frame 1: tensor 'positions.weight' is none of a transformer of 1 layers with positions sinusoidal, which the metadata leave out" \
        gk-eval -d d x
    breaks 'gk-train: n: frame 1: this is another network than the one asked for: norm none, not pre' \
        gk-train --resume n --norm pre d
    # concatenated embeddings show in the first layer's width
    gk-train -q -d d --model mlp --inputs concat --dim 6 --hidden 5 --layers 1 --steps 2 --save j >/dev/null
    with_metadata j inputs - >x
    assert_equal "$(gk-eval -q -d d x | grep -v '^#')" "$(gk-eval -q -d d j | grep -v '^#')"
    sed 's/"inputs":"onehot"/"inputs":"concat"/' o >x
    breaks "gk-eval: x: frame 1: tensor 'embed.weight' is missing" gk-eval -d d x
    # a choice that only the other model has; "none" asks for nothing
    for said in norm=pre positions=learned; do
        longer o "${said%=*}" "${said#*=}" >x
        breaks "gk-eval: x: frame 1: metadata '${said%=*}' is '${said#*=}': model mlp, inputs onehot, has no such setting" gk-eval -d d x
        longer o "${said%=*}" none >x
        gk-eval -q -d d x >y
    done
    # a network that cannot be: every tool names the file that asks for it
    longer o bias ffn >x
    for command in 'gk-eval x' 'gk-train --resume x' 'gk-train --init x' 'gk-hvp x' 'gk-landscape --toward random:1 x'; do
        breaks "${command%% *}: x: frame 1: bias ffn: model mlp has none or all" $command -d d
    done
    longer g inputs onehot >x
    breaks "gk-eval: x: frame 1: metadata 'inputs' is 'onehot': model transformer has no such setting" gk-eval -d d x
}

@test "networks: single precision that overflows inside a network says so, where double precision goes on" {
    gk-data -q --op add --p 7 -o d
    local norm
    for norm in post pre; do
        net="-q -d d --dim 16 --heads 2 --ff 16 --norm $norm --init normal:1e25 --steps 0"
        run --separate-stderr -1 gk-train $net
        assert_equal "$stderr" 'gk-train: step 0: the training loss is not finite (nan)'
        run -0 gk-train $net --dtype f64
    done
}

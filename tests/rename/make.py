"""Networks of six public implementations in PyTorch, small and with random weights, saved with
torch.save, and their losses on the rows of gk-data. See README.md.

    make.py      beside gk-data on PATH; wants torch, transformers and transformer-lens
"""
import json
import math
import struct
import subprocess

import torch
from torch import nn
from torch.nn import functional as F

D, HEADS, FF = 8, 2, 12


def dataset(layout):
    """{split: (tokens, labels)}, the vocabulary."""
    data = subprocess.run(["gk-data", "--op", "sub", "--p", "7", "--layout", layout], stdout=subprocess.PIPE, check=True).stdout
    n, = struct.unpack("<Q", data[:8])
    header, data = json.loads(data[8:8 + n]), data[8 + n:]

    def tensor(name):
        begin, end = header[name]["data_offsets"]
        return torch.tensor(struct.unpack(f"<{(end - begin) // 4}i", data[begin:end])).reshape(header[name]["shape"])
    return {s: (tensor(s + ".tokens"), tensor(s + ".labels")[:, 0]) for s in ("train", "val")}, int(header["__metadata__"]["vocab"])


class Lee(nn.Module):
    """As in Grokfast's program: its Decoder, where x is (positions, rows)."""

    class Block(nn.Module):
        def __init__(self):
            super().__init__()
            self.ln_1, self.ln_2 = nn.LayerNorm(D), nn.LayerNorm(D)
            self.attn = nn.MultiheadAttention(D, HEADS)
            self.mlp = nn.Sequential(nn.Linear(D, FF), nn.GELU(), nn.Linear(FF, D))

        def forward(self, x):
            x = self.ln_1(x)
            mask = torch.triu(torch.full((len(x), len(x)), -math.inf, dtype=x.dtype), 1)
            x = x + self.attn(x, x, x, attn_mask=mask, need_weights=False)[0]
            return x + self.mlp(self.ln_2(x))

    def __init__(self, vocab, n):
        super().__init__()
        self.token_embeddings, self.position_embeddings = nn.Embedding(vocab, D), nn.Embedding(n, D)
        self.layers = nn.ModuleList([self.Block() for _ in range(2)])
        self.ln_f = nn.LayerNorm(D)
        self.head = nn.Linear(D, vocab, bias=False)
        for name, p in self.named_parameters():
            if p.dim() == 1:
                nn.init.normal_(p, 1.0 * ("ln" in name and name.endswith("weight")), 0.3)

    def forward(self, x):
        h = self.token_embeddings(x.T) + self.position_embeddings(torch.arange(x.shape[1]))[:, None]
        for layer in self.layers:
            h = layer(h)
        return self.head(self.ln_f(h)).transpose(0, 1)


class Nanda(nn.Module):
    """As in "Progress measures for grokking via mechanistic interpretability" (its Transformer, without the hooks)."""

    class Embed(nn.Module):
        def __init__(self, vocab):
            super().__init__()
            self.W_E = nn.Parameter(torch.randn(D, vocab) / D**0.5)

        def forward(self, x):
            return torch.einsum("dbp -> bpd", self.W_E[:, x])

    class PosEmbed(nn.Module):
        def __init__(self, n):
            super().__init__()
            self.W_pos = nn.Parameter(torch.randn(n, D) / D**0.5)

        def forward(self, x):
            return x + self.W_pos[:x.shape[-2]]

    class Attention(nn.Module):
        def __init__(self, n):
            super().__init__()
            for name in "W_K", "W_Q", "W_V":
                self.register_parameter(name, nn.Parameter(torch.randn(HEADS, D // HEADS, D)))
            self.W_O = nn.Parameter(torch.randn(D, D) / D**0.5)
            self.register_buffer("mask", torch.tril(torch.ones(n, n)))

        def forward(self, x):
            k, q, v = (torch.einsum("ihd,bpd->biph", w, x) for w in (self.W_K, self.W_Q, self.W_V))
            scores = torch.tril(torch.einsum("biph,biqh->biqp", k, q)) - 1e10 * (1 - self.mask)
            attn = F.softmax(scores / (D // HEADS)**0.5, dim=-1)
            z = torch.einsum("biph,biqp->biqh", v, attn)
            return torch.einsum("df,bqf->bqd", self.W_O, z.transpose(1, 2).reshape(*x.shape))

    class MLP(nn.Module):
        def __init__(self):
            super().__init__()
            self.W_in, self.b_in = nn.Parameter(torch.randn(FF, D) / D**0.5), nn.Parameter(torch.randn(FF))
            self.W_out, self.b_out = nn.Parameter(torch.randn(D, FF) / D**0.5), nn.Parameter(torch.randn(D))

        def forward(self, x):
            x = F.relu(torch.einsum("md,bpd->bpm", self.W_in, x) + self.b_in)
            return torch.einsum("dm,bpm->bpd", self.W_out, x) + self.b_out

    class Block(nn.Module):
        def __init__(self, n):
            super().__init__()
            self.attn, self.mlp = Nanda.Attention(n), Nanda.MLP()

        def forward(self, x):
            x = x + self.attn(x)
            return x + self.mlp(x)

    class Unembed(nn.Module):
        def __init__(self, vocab):
            super().__init__()
            self.W_U = nn.Parameter(torch.randn(D, vocab) / vocab**0.5)

        def forward(self, x):
            return x @ self.W_U

    def __init__(self, vocab, n=3, layers=2):
        super().__init__()
        self.embed, self.pos_embed, self.unembed = Nanda.Embed(vocab), Nanda.PosEmbed(n), Nanda.Unembed(vocab)
        self.blocks = nn.ModuleList(Nanda.Block(n) for _ in range(layers))

    def forward(self, x):
        x = self.pos_embed(self.embed(x))
        for block in self.blocks:
            x = block(x)
        return self.unembed(x)


class Lens(nn.Module):
    """The names, shapes and formulas of TransformerLens' HookedTransformer. NORM: None, "LN" or "LNPre"."""

    class LayerNorm(nn.Module):
        def __init__(self):
            super().__init__()
            self.w, self.b = nn.Parameter(1 + 0.3 * torch.randn(D)), nn.Parameter(0.3 * torch.randn(D))

        def forward(self, x):
            return Lens.LayerNormPre()(x) * self.w + self.b

    class LayerNormPre(nn.Module):
        def forward(self, x):
            x = x - x.mean(-1, keepdim=True)
            return x / (x.pow(2).mean(-1, keepdim=True) + 1e-5).sqrt()

    class Attention(nn.Module):
        def __init__(self, n):
            super().__init__()
            for name in "QKV":
                self.register_parameter("W_" + name, nn.Parameter(torch.randn(HEADS, D, D // HEADS) / D**0.5))
                self.register_parameter("b_" + name, nn.Parameter(torch.randn(HEADS, D // HEADS)))
            self.W_O, self.b_O = nn.Parameter(torch.randn(HEADS, D // HEADS, D) / D**0.5), nn.Parameter(torch.randn(D))
            self.register_buffer("mask", torch.tril(torch.ones(n, n).bool()))
            self.register_buffer("IGNORE", torch.tensor(-torch.inf))

        def forward(self, x):
            q, k, v = (torch.einsum("bpd,hde->bphe", x, w) + b for w, b in ((self.W_Q, self.b_Q), (self.W_K, self.b_K), (self.W_V, self.b_V)))
            scores = torch.einsum("bqhe,bkhe->bhqk", q, k) / (D // HEADS)**0.5
            pattern = torch.where(self.mask, scores, self.IGNORE.to(scores)).softmax(-1)
            return torch.einsum("bkhe,bhqk,hed->bqd", v, pattern, self.W_O) + self.b_O

    class MLP(nn.Module):
        def __init__(self, act):
            super().__init__()
            self.act = act
            self.W_in, self.b_in = nn.Parameter(torch.randn(D, FF) / D**0.5), nn.Parameter(torch.randn(FF))
            self.W_out, self.b_out = nn.Parameter(torch.randn(FF, D) / D**0.5), nn.Parameter(torch.randn(D))

        def forward(self, x):
            return self.act(x @ self.W_in + self.b_in) @ self.W_out + self.b_out

    def __init__(self, vocab, out, norm, act, n=3, layers=2):
        super().__init__()
        make = {None: nn.Identity, "LN": Lens.LayerNorm, "LNPre": Lens.LayerNormPre}[norm]

        def part(**p):
            module = nn.Module()
            for name, t in p.items():
                module.register_parameter(name, nn.Parameter(t))
            return module
        self.embed, self.pos_embed = part(W_E=torch.randn(vocab, D)), part(W_pos=torch.randn(n, D))
        self.blocks = nn.ModuleList(nn.ModuleDict({"ln1": make(), "attn": Lens.Attention(n), "ln2": make(), "mlp": Lens.MLP(act)}) for _ in range(layers))
        self.ln_final, self.unembed = make(), part(W_U=torch.randn(D, out) / D**0.5, b_U=torch.randn(out))

    def forward(self, x):
        x = self.embed.W_E[x] + self.pos_embed.W_pos
        for b in self.blocks:
            x = x + b["attn"](b["ln1"](x))
            x = x + b["mlp"](b["ln2"](x))
        return self.ln_final(x) @ self.unembed.W_U + self.unembed.b_U


class Encoder(nn.Module):
    """nn.TransformerEncoder between an embedding and a linear read-out."""

    def __init__(self, vocab, n, learned, bias=True, head=True, **how):
        super().__init__()
        self.embed = nn.Embedding(vocab, D)
        if learned:
            self.pos_embed = nn.Embedding(n, D)
        layer = nn.TransformerEncoderLayer(D, HEADS, FF, dropout=0.1, batch_first=True, bias=bias, **how)
        self.encoder = nn.TransformerEncoder(layer, 2, norm=nn.LayerNorm(D, bias=bias) if how.get("norm_first") else None, enable_nested_tensor=False)
        self.head = nn.Linear(D, vocab, bias=head)
        if bias:
            for name, p in self.encoder.named_parameters():
                nn.init.normal_(p, 1.0 * name.endswith("norm1.weight"), 0.4) if p.dim() == 1 else nn.init.normal_(p, 0, D**-0.5)

    def forward(self, x):
        n = x.shape[1]
        h = self.embed(x)
        if hasattr(self, "pos_embed"):
            h = h + self.pos_embed(torch.arange(n))
        else:
            t, i = torch.arange(n).double()[:, None], torch.arange(0, D, 2)
            angle = t / 10000**(i / D)
            h = h + torch.stack([angle.sin(), angle.cos()], -1).reshape(n, D).to(h)
        return self.head(self.encoder(h, mask=torch.triu(torch.full((n, n), -math.inf, dtype=h.dtype), 1)))


def gpt2(vocab, act):
    from transformers import GPT2Config, GPT2LMHeadModel

    class Net(GPT2LMHeadModel):
        def forward(self, x):
            return super().forward(x).logits
    net = Net(GPT2Config(vocab_size=vocab, n_positions=6, n_embd=D, n_layer=2, n_head=HEADS, n_inner=FF, activation_function=act, initializer_range=0.4,
                         bos_token_id=0, eos_token_id=0))
    for name, p in net.named_parameters():
        if p.dim() == 1:
            nn.init.normal_(p, 1.0 * name.endswith("weight"), 0.3)
    return net


def bridge(vocab, out, norm, act):
    """TransformerLens 4's own network, which took the place of HookedTransformer."""
    from transformer_lens import TransformerBridge
    net = TransformerBridge.boot_native({"n_layers": 2, "d_model": D, "n_ctx": 3, "d_head": D // HEADS, "n_heads": HEADS, "d_mlp": FF,
                                         "d_vocab": vocab, "d_vocab_out": out, "act_fn": act, "normalization_type": norm})
    for name, p in net.state_dict(keep_vars=True).items():
        nn.init.normal_(p, 1.0 * (".ln" in f".{name}" and name.endswith("weight")), 0.3 if p.dim() == 1 else D**-0.5)
    return net


rows = []


def save(name, net, layout, table, given, exclude="-", wrap=lambda state: state):
    net.eval()
    state = {k: v.float() for k, v in net.state_dict().items() if v.is_floating_point()} | {k: v for k, v in net.state_dict().items() if not v.is_floating_point()}
    torch.save(wrap(state), name + ".pt")
    net.double()
    splits, _ = dataset(layout)
    score = []
    for tokens, labels in splits.values():
        with torch.no_grad():
            logits = net(tokens)[:, -1]
        score += [f"{F.cross_entropy(logits, labels):.17g}", f"{(logits.argmax(-1) == labels).double().mean():.17g}"]
    rows.append([name, layout, table, given, exclude, *score])


torch.manual_seed(3)
vocab = {layout: dataset(layout)[1] for layout in ("paper", "nanda")}
save("nanda", Nanda(vocab["nanda"]), "nanda", "nanda", "-")
save("lens_none", Lens(vocab["nanda"], vocab["nanda"] - 1, None, F.relu), "nanda", "transformer_lens", "norm=none,activation=relu")
save("lens_ln", Lens(vocab["nanda"], vocab["nanda"], "LN", F.gelu), "nanda", "transformer_lens", "activation=gelu")
save("lens_lnpre", Lens(vocab["nanda"], vocab["nanda"], "LNPre", F.silu), "nanda", "transformer_lens", "norm=pre,activation=silu")
save("encoder_post", Encoder(vocab["paper"], 4, False), "paper", "torch_encoder", "heads=2,norm=post,positions=sinusoidal,activation=relu")
save("encoder_pre", Encoder(vocab["paper"], 4, True, norm_first=True, activation="gelu"), "paper", "torch_encoder", "heads=2,norm=pre,activation=gelu")
save("encoder_bare", Encoder(vocab["paper"], 4, True, bias=False, head=False), "paper", "torch_encoder", "heads=2,norm=post,activation=relu")
save("gpt2", gpt2(vocab["paper"], "gelu"), "paper", "gpt2", "heads=2,activation=gelu", "optimizer.*",
     lambda state: {"step": 30, "model": state, "optimizer": {"m": torch.ones(3)}})
save("gpt2_tied", gpt2(vocab["paper"], "relu"), "paper", "gpt2", "heads=2,activation=relu", "-",
     lambda state: {k: v for k, v in state.items() if k != "lm_head.weight"})
save("lee", Lee(vocab["paper"], 5), "paper", "lee", "heads=2")
save("lens4_none", bridge(vocab["nanda"], vocab["nanda"] - 1, None, "relu"), "nanda", "transformer_lens", "heads=2,norm=none,activation=relu")
save("lens4_ln", bridge(vocab["nanda"], vocab["nanda"], "LN", "gelu"), "nanda", "transformer_lens", "heads=2,activation=gelu")
save("lens4_lnpre", bridge(vocab["nanda"], vocab["nanda"], "LNPre", "silu"), "nanda", "transformer_lens", "heads=2,norm=pre,activation=silu")
with open("losses.tsv", "w") as file:
    file.write("file\tlayout\ttable\tset\texclude\ttrain_loss\ttrain_acc\tval_loss\tval_acc\n")
    file.writelines("\t".join(row) + "\n" for row in rows)

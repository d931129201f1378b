"""A training step or a Hessian product in PyTorch, as a user would write it.

    peer_torch.py step|hvp THREADS f32|f64 BATCH|full DATASET NET WAY   prints ms (median)

WAY is how: eager (AdamW's loop over tensors as PyTorch chooses it), foreach, fused (one call for all
tensors), sdpa (fused, and attention in one call) or compiled (torch.compile, fused); func for a product
by torch.func, forward over reverse.
"""
import sys

import torch
from torch.nn.functional import cross_entropy, gelu, leaky_relu, mse_loss, one_hot, relu
from torch.nn.functional import scaled_dot_product_attention

import peer_nets

ACT = {"relu": relu, "gelu": gelu, "leaky": lambda x: leaky_relu(x, 0.01), "square": torch.square}


class Block(torch.nn.Module):
    def __init__(self, net, sdpa):
        super().__init__()
        d, ff, biases = net["dim"], net["ff"], net["bias"]
        self.net, self.sdpa, self.act = net, sdpa, ACT[net["act"]]
        self.qkv = torch.nn.Linear(d, 3 * d, bias=biases == "all")
        self.o = torch.nn.Linear(d, d, bias=biases == "all")
        self.up, self.down = torch.nn.Linear(d, ff, bias=biases != "none"), torch.nn.Linear(ff, d, bias=biases != "none")
        if net["norm"] != "none":
            self.norm1, self.norm2 = torch.nn.LayerNorm(d), torch.nn.LayerNorm(d)

    def attend(self, h):
        n, T, d = h.shape
        H = self.net["heads"]
        q, k, v = (t.view(n, T, H, d // H).transpose(1, 2) for t in self.qkv(h).split(d, 2))
        if self.sdpa:
            a = scaled_dot_product_attention(q, k, v, is_causal=True)
        else:
            s = (q @ k.transpose(2, 3)) / (d // H) ** 0.5
            s = s.masked_fill(torch.ones(T, T, dtype=torch.bool).triu(1), float("-inf"))
            a = torch.softmax(s, -1) @ v
        return self.o(a.transpose(1, 2).reshape(n, T, d))

    def feed(self, h):
        return self.down(self.act(self.up(h)))

    def forward(self, h):
        if self.net["norm"] == "post":
            h = self.norm1(h + self.attend(h))
            return self.norm2(h + self.feed(h))
        if self.net["norm"] == "pre":
            h = h + self.attend(self.norm1(h))
            return h + self.feed(self.norm2(h))
        h = h + self.attend(h)
        return h + self.feed(h)


class Transformer(torch.nn.Module):
    def __init__(self, net, V, T, score, sdpa=False):
        super().__init__()
        d = net["dim"]
        self.score = score
        self.embed = torch.nn.Embedding(V, d)
        self.blocks = torch.nn.ModuleList([Block(net, sdpa) for _ in range(net["layers"])])
        self.norm = torch.nn.LayerNorm(d) if net["norm"] == "pre" else torch.nn.Identity()
        self.unembed = torch.nn.Linear(d, V, bias=net["bias"] == "all")
        if net["positions"] == "learned":
            self.pos = torch.nn.Parameter(torch.randn(T, d))
        else:
            self.register_buffer("pos", torch.randn(T, d))

    def forward(self, t):
        h = self.embed(t) + self.pos
        for b in self.blocks:
            h = b(h)
        return self.unembed(self.norm(h[:, self.score]))


class Mlp(torch.nn.Module):
    def __init__(self, net, V):
        super().__init__()
        self.onehot, self.act = net["inputs"] == "onehot", ACT[net["act"]]
        if not self.onehot:
            self.embed = torch.nn.Embedding(V, net["dim"])
        width = [2 * V if self.onehot else net["dim"]] + [net["ff"]] * net["layers"]
        bias = net["bias"] == "all"
        self.layers = torch.nn.ModuleList([torch.nn.Linear(i, o, bias) for i, o in zip(width, width[1:])])
        self.unembed = torch.nn.Linear(width[-1], V, bias)

    def forward(self, x):
        h = x if self.onehot else self.embed(x).sum(1)
        for layer in self.layers:
            h = self.act(layer(h))
        return self.unembed(h)


def problem(dtype, batch, path, text, sdpa=False):
    """A model, its input and its loss."""
    torch.set_default_dtype(torch.float64 if dtype == "f64" else torch.float32)
    torch.manual_seed(0)
    net = peer_nets.network(text)
    x, y, score, V = peer_nets.read(path, batch, net)
    x, y = torch.from_numpy(x), torch.from_numpy(y).reshape(-1)
    model = Mlp(net, V) if "inputs" in net else Transformer(net, V, x.shape[1], score, sdpa)
    if net.get("inputs") == "onehot":
        x = one_hot(x, V).flatten(1).to(torch.get_default_dtype())
    if net["loss"] == "mse":
        target = one_hot(y, V).to(torch.get_default_dtype())
        return model, x, lambda z: mse_loss(z.reshape(-1, V), target)
    return model, x, lambda z: cross_entropy(z.reshape(-1, V), y)


def main(what, threads, dtype, batch, path, text, way):
    torch.set_num_threads(int(threads))
    model, x, loss = problem(dtype, batch, path, text, way == "sdpa")
    run = torch.compile(model) if way == "compiled" else model
    params = list(model.parameters())
    how = {"foreach": way == "foreach" or None, "fused": way in ("fused", "sdpa", "compiled") or None}
    opt = torch.optim.AdamW(params, lr=1e-3, weight_decay=1, betas=(0.9, 0.98), **how)

    def step():
        opt.zero_grad()
        loss(run(x)).backward()
        opt.step()

    vec = [torch.randn_like(p) for p in params]

    def hvp():
        g = torch.autograd.grad(loss(run(x)), params, create_graph=True)
        torch.autograd.grad(g, params, vec)

    own = dict(model.named_parameters())
    grad = torch.func.grad(lambda p: loss(torch.func.functional_call(model, p, (x,))))

    def func():
        torch.func.jvp(grad, (own,), (dict(zip(own, vec)),))

    what = "func" if way == "func" else what
    print(f"{peer_nets.median_ms({'step': step, 'hvp': hvp, 'func': func}[what]):.4f}")


if __name__ == "__main__":
    main(*sys.argv[1:8])

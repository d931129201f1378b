"""Networks, their losses and derivatives, written plainly in PyTorch.

A network is a function of a dictionary of parameters, named as in gk-formats(5), and of rows of
tokens. Autograd gives gradients and Hessians, so nothing here resembles how gk computes them.
"""
import math

import torch
from torch.nn.functional import gelu, layer_norm, leaky_relu, one_hot, silu

ACTIVATIONS = {"relu": torch.relu, "leaky": leaky_relu, "gelu": gelu, "silu": silu, "tanh": torch.tanh, "square": torch.square}


class Network:
    """What the metadata of a golden file describe; what they leave out has gk's default."""

    def __init__(self, meta):
        mlp = meta["model"] == "mlp"
        self.mlp = mlp
        self.layers = int(meta["layers"])
        self.vocab = int(meta["vocab"])
        self.heads = int(meta.get("heads", 1))
        self.norm = meta.get("norm", "post")
        self.positions = meta.get("positions", "sinusoidal")
        self.inputs = meta.get("inputs", "sum")
        self.activation = ACTIVATIONS[meta.get("activation", "leaky" if mlp else "relu")]
        self.loss = meta.get("loss", "ce")
        self.scored = [int(t) for t in meta.get("score_positions", "-1").split(",")]

    def forward(self, p, tokens):
        """The logits (rows, scored positions, outputs), and the activations by name."""
        return self._mlp(p, tokens) if self.mlp else self._transformer(p, tokens)

    def _mlp(self, p, tokens):
        a, b = tokens[:, 0], tokens[:, 2 if tokens.shape[1] == 4 else 1]
        act = {}
        if self.inputs == "onehot":
            x = torch.cat([one_hot(a, self.vocab), one_hot(b, self.vocab)], 1).double()
        else:
            e = p["embed.weight"]
            x = act["embed"] = e[a] + e[b] if self.inputs == "sum" else torch.cat([e[a], e[b]], 1)
        for l in range(self.layers):
            x = act[f"layer{l}"] = self.activation(linear(p, f"layers.{l}", x))
        return linear(p, "unembed", x)[:, None], act

    def _transformer(self, p, tokens):
        x = p["embed.weight"][tokens]
        length, width = x.shape[1:]
        if self.positions == "sinusoidal":
            x = x + sinusoids(length, width)
        elif self.positions == "learned":
            x = x + p["positions.weight"][:length]
        act = {"embed": x}
        for l in range(self.layers):
            if self.norm == "block":
                x = norm(p, f"blocks.{l}.norm1", x)
                x = x + self._attention(p, f"blocks.{l}.attn", x)
            else:
                x = self._half(p, f"blocks.{l}.norm1", x, lambda h: self._attention(p, f"blocks.{l}.attn", h))
            x = self._half(p, f"blocks.{l}.norm2", x, lambda h: self._feed_forward(p, f"blocks.{l}.ffn", h))
            act[f"block{l}"] = x
        if self.norm in ("pre", "block"):
            x = norm(p, "final_norm", x)
        return linear(p, "unembed", x[:, self.scored]), act

    def _half(self, p, name, x, f):
        if self.norm in ("pre", "block"):
            return x + f(norm(p, name, x))
        return norm(p, name, x + f(x)) if self.norm == "post" else x + f(x)

    def _attention(self, p, name, x):
        rows, length, width = x.shape
        q, k, v = (linear(p, f"{name}.{m}", x).reshape(rows, length, self.heads, -1).transpose(1, 2) for m in "qkv")
        scores = q @ k.transpose(2, 3) / math.sqrt(width // self.heads)
        causal = torch.ones(length, length, dtype=torch.bool).tril()
        mixed = scores.masked_fill(~causal, -math.inf).softmax(3) @ v
        return linear(p, f"{name}.o", mixed.transpose(1, 2).reshape(rows, length, width))

    def _feed_forward(self, p, name, x):
        return linear(p, f"{name}.down", self.activation(linear(p, f"{name}.up", x)))

    def loss_of(self, p, tokens, labels):
        """The mean over rows and scored positions."""
        z, _ = self.forward(p, tokens)
        z, y = z.reshape(-1, z.shape[-1]), labels.reshape(-1)
        if self.loss == "mse":
            return (z - one_hot(y, z.shape[1])).square().mean()
        if self.loss == "stablemax":
            # where() sees both branches: neither may divide by 0
            s = torch.where(z >= 0, z + 1, 1 / (1 - z.clamp(max=0)))
            return -(s / s.sum(1, keepdim=True)).gather(1, y[:, None]).log().mean()
        return torch.nn.functional.cross_entropy(z, y)

    def accuracy(self, p, tokens, labels):
        """The share of rows whose scored positions are all right."""
        z, _ = self.forward(p, tokens)
        return (z.argmax(2) == labels).all(1).double().mean()


def linear(p, name, x):
    y = x @ p[f"{name}.weight"].T
    return y + p[f"{name}.bias"] if f"{name}.bias" in p else y


def norm(p, name, x):
    return layer_norm(x, x.shape[-1:], p[f"{name}.weight"], p[f"{name}.bias"], 1e-5)


def sinusoids(length, width):
    t, i = torch.arange(length).double()[:, None], torch.arange(width)
    angle = t / 10000 ** ((i - i % 2).double() / width)
    return torch.where(i % 2 == 0, angle.sin(), angle.cos())


def flatten(p):
    return torch.cat([t.reshape(-1) for t in p.values()])


def unflatten(theta, like):
    parts = theta.split([t.numel() for t in like.values()])
    return {name: part.reshape(t.shape) for (name, t), part in zip(like.items(), parts)}


def gradient(net, p, rows):
    theta = flatten(p).requires_grad_()
    return unflatten(torch.autograd.grad(net.loss_of(unflatten(theta, p), *rows), theta)[0], p)


def hessian_product(net, p, rows, v):
    loss = lambda theta: net.loss_of(unflatten(theta, p), *rows)
    return unflatten(torch.autograd.functional.hvp(loss, flatten(p), flatten(v))[1], p)


def hessian(net, p, rows):
    h = torch.autograd.functional.hessian(lambda theta: net.loss_of(unflatten(theta, p), *rows), flatten(p))
    return (h + h.T) / 2

"""A training step or a Hessian product in JAX, compiled as a whole by jit.

    peer_jax.py step|hvp f32|f64 BATCH|full DATASET NET   prints ms (median)

XLA takes a thread for each core that it may use: tests/bench/run says which by taskset.
"""
import sys

import peer_nets

import jax
import jax.numpy as np
import numpy

ACT = {"relu": jax.nn.relu, "gelu": lambda x: jax.nn.gelu(x, approximate=False),
       "leaky": lambda x: jax.nn.leaky_relu(x, 0.01), "square": np.square}


def initial(net, V, T):
    """The parameters as a tree."""
    rng = numpy.random.default_rng(0)
    draw = lambda *shape: np.array(rng.normal(size=shape) / numpy.sqrt(shape[-1]))
    linear = lambda o, i, bias: {"w": draw(o, i)} | ({"b": np.zeros(o)} if bias else {})
    d, ff, L, biased = net.get("dim"), net["ff"], net["layers"], net["bias"]
    every, feed = biased == "all", biased != "none"
    if "inputs" in net:
        width = [2 * V if net["inputs"] == "onehot" else d] + [ff] * L
        tree = {"layers": [linear(o, i, every) for i, o in zip(width, width[1:])], "unembed": linear(V, ff, every)}
        return tree if net["inputs"] == "onehot" else tree | {"embed": draw(V, d)}
    norm = lambda: {"w": np.ones(d), "b": np.zeros(d)} if net["norm"] != "none" else {}
    block = lambda: {"qkv": linear(3 * d, d, every), "o": linear(d, d, every), "up": linear(ff, d, feed),
                     "down": linear(d, ff, feed), "norm1": norm(), "norm2": norm()}
    tree = {"embed": draw(V, d), "blocks": [block() for _ in range(L)], "unembed": linear(V, d, every)}
    if net["norm"] == "pre":
        tree["norm"] = norm()
    if net["positions"] == "learned":
        tree["pos"] = draw(T, d)
    return tree


def affine(p, h):
    h = h @ p["w"].T
    return h + p["b"] if "b" in p else h


def layernorm(p, h):
    h = h - h.mean(-1, keepdims=True)
    return p["w"] * h * jax.lax.rsqrt((h * h).mean(-1, keepdims=True) + 1e-5) + p["b"]


def attend(net, p, h):
    n, T, d = h.shape
    H = net["heads"]
    q, k, v = np.split(affine(p["qkv"], h).reshape(n, T, 3 * H, d // H), 3, 2)
    s = np.einsum("nqhw,nkhw->nhqk", q, k) / (d // H) ** 0.5
    s = np.where(np.tri(T, dtype=bool), s, -np.inf)
    return affine(p["o"], np.einsum("nhqk,nkhw->nqhw", jax.nn.softmax(s, -1), v).reshape(n, T, d))


def logits(net, tree, pos, x, score):
    act = ACT[net["act"]]
    if "inputs" in net:
        h = x if net["inputs"] == "onehot" else tree["embed"][x].sum(1)
        for p in tree["layers"]:
            h = act(affine(p, h))
        return affine(tree["unembed"], h)
    h = tree["embed"][x] + tree.get("pos", pos)
    feed = lambda p, h: affine(p["down"], act(affine(p["up"], h)))
    for p in tree["blocks"]:
        if net["norm"] == "post":
            h = layernorm(p["norm1"], h + attend(net, p, h))
            h = layernorm(p["norm2"], h + feed(p, h))
        elif net["norm"] == "pre":
            h = h + attend(net, p, layernorm(p["norm1"], h))
            h = h + feed(p, layernorm(p["norm2"], h))
        else:
            h = h + attend(net, p, h)
            h = h + feed(p, h)
    h = h[:, np.array(score)]
    return affine(tree["unembed"], layernorm(tree["norm"], h) if "norm" in tree else h)


def random_positions(T, d):
    return numpy.random.default_rng(1).normal(size=(T, d))


def problem(dtype, batch, path, text, positions=random_positions):
    """The parameters, and their loss."""
    jax.config.update("jax_enable_x64", dtype == "f64")
    net = peer_nets.network(text)
    x, y, score, V = peer_nets.read(path, batch, net)
    tree = jax.tree.map(lambda t: t.astype("f8" if dtype == "f64" else "f4"), initial(net, V, x.shape[1]))
    pos = positions(x.shape[1], net["dim"]).astype(tree["unembed"]["w"].dtype)
    x, y = x.astype("i4"), y.reshape(-1).astype("i4")
    if net.get("inputs") == "onehot":
        x = numpy.eye(V, dtype=pos.dtype)[x].reshape(len(x), -1)
    target = numpy.eye(V, dtype=pos.dtype)[y]

    def loss(tree):
        z = logits(net, tree, pos, x, score).reshape(-1, V)
        if net["loss"] == "mse":
            return ((z - target) ** 2).mean()
        return (jax.nn.logsumexp(z, -1) - np.take_along_axis(z, y[:, None], -1)[:, 0]).mean()

    return tree, loss


def adamw(tree, m, v, k, g):
    m = jax.tree.map(lambda m, g: 0.9 * m + 0.1 * g, m, g)
    v = jax.tree.map(lambda v, g: 0.98 * v + 0.02 * g * g, v, g)
    a, b = 1 - 0.9**k, 1 - 0.98**k
    move = lambda t, m, v: t - 1e-3 * (m / a / (np.sqrt(v / b) + 1e-8) + t)
    return jax.tree.map(move, tree, m, v), m, v, k + 1


def main(what, dtype, batch, path, text):
    tree, loss = problem(dtype, batch, path, text)
    zeros = jax.tree.map(np.zeros_like, tree)
    state = [(tree, zeros, jax.tree.map(np.copy, zeros), np.array(1.0))]
    update = jax.jit(lambda s: adamw(*s, jax.grad(loss)(s[0])), donate_argnums=0)
    product = jax.jit(lambda t, v: jax.jvp(jax.grad(loss), (t,), (v,))[1])
    vec = jax.tree.map(np.ones_like, tree)

    def step():
        state[0] = jax.block_until_ready(update(state[0]))

    def hvp():
        jax.block_until_ready(product(tree, vec))

    print(f"{peer_nets.median_ms({'step': step, 'hvp': hvp}[what]):.4f}")


if __name__ == "__main__":
    main(*sys.argv[1:6])

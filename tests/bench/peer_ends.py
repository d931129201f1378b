"""Both ends of the Hessian's spectrum at a checkpoint of the default network, by SciPy's eigsh on products of
curvlinops (PyTorch) or of JAX.

    peer_ends.py curvlinops|jax THREADS DATASET CHECKPOINT TOL   prints seconds and the two eigenvalues

The clock runs from the loaded checkpoint on; JAX's compilation counts, as a run of gk-hvp is one process, too.
"""
import sys
import time

import numpy
from safetensors.numpy import load_file
from scipy.sparse.linalg import LinearOperator, eigsh

PARTS = {"attn.o": "o", "ffn.up": "up", "ffn.down": "down", "norm1": "norm1", "norm2": "norm2"}


def weights(path):
    """The checkpoint's tensors by the names of PyTorch's modules."""
    t = load_file(path)
    own = {"embed.weight": t["embed.weight"], "unembed.weight": t["unembed.weight"]}
    for l in range(2):
        at = f"blocks.{l}."
        own[at + "qkv.weight"] = numpy.concatenate([t[f"{at}attn.{x}.weight"] for x in "qkv"])
        for name, to in PARTS.items():
            for kind in "weight", "bias":
                if f"{at}{name}.{kind}" in t:
                    own[f"{at}{to}.{kind}"] = t[f"{at}{name}.{kind}"]
    return own


def sinusoids(T, d):
    w = numpy.arange(T)[:, None] / 10000 ** ((numpy.arange(d) // 2 * 2) / d)
    return numpy.where(numpy.arange(d) % 2, numpy.cos(w), numpy.sin(w)).astype("f4")


def curvlinops(threads, path, checkpoint):
    import torch
    from curvlinops import HessianLinearOperator

    import peer_torch

    torch.set_num_threads(int(threads))
    model, x, loss = peer_torch.problem("f32", "full", path, "paper")
    state = {k: torch.from_numpy(v) for k, v in weights(checkpoint).items()}
    model.load_state_dict(state | {"pos": torch.from_numpy(sinusoids(*model.pos.shape))})
    y = torch.zeros(len(x))  # the loss knows its labels

    class Loss(torch.nn.MSELoss):  # curvlinops asks a loss whether it is a mean
        def forward(self, z, _):
            return loss(z)

    params = [p for p in model.parameters() if p.requires_grad]
    begin = time.perf_counter()
    h = HessianLinearOperator(model, Loss(), params, [(x, y)], check_deterministic=False)
    return begin, h.to_scipy()


def jax_products(path, checkpoint):
    import jax
    from jax.flatten_util import ravel_pytree

    import peer_jax

    tree, _ = peer_jax.problem("f32", "full", path, "paper")
    own = weights(checkpoint)
    tree["embed"], tree["unembed"]["w"] = own["embed.weight"], own["unembed.weight"]
    for l, block in enumerate(tree["blocks"]):
        for name, part in block.items():
            part["w"] = own[f"blocks.{l}.{name}.weight"]
            if "b" in part:
                part["b"] = own[f"blocks.{l}.{name}.bias"]
    _, loss = peer_jax.problem("f32", "full", path, "paper", sinusoids)
    flat, back = ravel_pytree(tree)
    begin = time.perf_counter()
    f = jax.grad(lambda t: loss(back(t)))
    product = jax.jit(lambda v: jax.jvp(f, (flat,), (v,))[1])
    matvec = lambda v: numpy.asarray(product(v.reshape(-1).astype("f4")))
    return begin, LinearOperator((flat.size, flat.size), matvec=matvec, dtype="f4")


how, threads, path, checkpoint, tol = sys.argv[1:6]
begin, h = jax_products(path, checkpoint) if how == "jax" else curvlinops(threads, path, checkpoint)
low, high = eigsh(h, k=2, which="BE", tol=float(tol), return_eigenvectors=False)
print(f"{time.perf_counter() - begin:.3f}\t{low:.4f}\t{high:.4f}")

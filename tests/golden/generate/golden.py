"""The golden values of gk's tests, from an implementation that shares nothing with gk.

    golden.py check FILE...         recompute every value of these files and compare
    golden.py write OLD NEW         write NEW: the inputs of OLD, and every value computed from them
    golden.py new SEED NEW KEY=VALUE...
                                    draw inputs of a network that KEY=VALUE describe, and write NEW

Inputs are the parameters, the rows, the vector v and the matrices of spectra.
README.md, one folder up, says what the tensors are.
"""
import sys

import torch
from safetensors import safe_open
from safetensors.torch import save_file

from networks import Network, flatten, gradient, hessian, hessian_product
from training import OPTIMISERS, RUNS, intervene, train

TOLERANCE = 1e-9  # of the largest value of a vector of parameters, or of a tensor

torch.set_default_dtype(torch.float64)
torch.use_deterministic_algorithms(True)


def read(path):
    with safe_open(path, "pt") as f:
        return {name: f.get_tensor(name) for name in f.keys()}, f.metadata() or {}


def part(tensors, prefix):
    return {n[len(prefix) :]: t for n, t in sorted(tensors.items()) if n.startswith(prefix)}


def rows_of(tensors, prefix, split):
    labels = tensors[f"{prefix}{split}.labels"].long()
    return tensors[f"{prefix}{split}.tokens"].long(), labels


def with_prefix(prefix, tensors):
    return {prefix + name: t for name, t in tensors.items()}


def values_of_network(tensors, net, wanted):
    """What a file of one network holds. WANTED says which of the costly ones."""
    p, rows = part(tensors, "param."), rows_of(tensors, "", "train")
    z, act = net.forward(p, rows[0])
    grad = gradient(net, p, rows)
    out = {"logits": z.squeeze(1), "loss": net.loss_of(p, *rows), "accuracy": net.accuracy(p, *rows)}
    out |= with_prefix("act.", act) | with_prefix("grad.", grad)
    v = part(tensors, "v.")
    if v:
        out |= with_prefix("hv.", hessian_product(net, p, rows, v))
    if "val.tokens" in tensors:
        val = rows_of(tensors, "", "val")
        out |= {"val.loss": net.loss_of(p, *val), "val.accuracy": net.accuracy(p, *val)}
    if "hessian" in wanted:
        h, g = hessian(net, p, rows), flatten(grad)
        matrices = torch.cat([torch.full((t.numel(),), t.dim() == 2) for t in p.values()])
        out |= {
            "hessian.eigenvalues.all": torch.linalg.eigvalsh(h),
            "hessian.eigenvalues.matrices": torch.linalg.eigvalsh(h[matrices][:, matrices]),
            "hessian.trace.all": h.trace(),
            "hessian.gHg": g @ h @ g,
        }
    for kind in OPTIMISERS if "opt" in wanted else ():
        losses, end = train(net, p, rows, kind)
        out |= {f"opt.{kind}.losses": losses} | with_prefix(f"opt.{kind}.param.", end)
    return out


def values_of_interventions(tensors, meta):
    out = {}
    for prefix in ("paper.", "nanda."):
        net = Network(part(meta, prefix))
        p, rows = part(tensors, prefix + "param."), rows_of(tensors, prefix, "train")
        for run in RUNS:
            losses, norms, end, _ = intervene(net, p, rows, RUNS[run])
            name = f"{prefix}opt.{run}."
            out |= {name + "losses": losses, name + "grad_norms": norms} | with_prefix(name + "param.", end)
    return out


def values_of_precondition(tensors, meta):
    net, rows = Network(meta), rows_of(tensors, "", "train")
    p, m, v = (part(tensors, prefix) for prefix in ("param.", "optim.m.", "optim.v."))
    lr, beta1, beta2, eps, t = (float(meta[k]) for k in ("lr", "beta1", "beta2", "eps", "step"))
    assert list(p) == list(m) == list(v)
    h = hessian(net, p, rows)
    root = ((flatten(v) / (1 - beta2**t)).sqrt() + eps).rsqrt()
    return {
        "loss": net.loss_of(p, *rows),
        "hessian.eigenvalues.all": torch.linalg.eigvalsh(h),
        "hessian.eigenvalues.preconditioned": torch.linalg.eigvalsh(root[:, None] * h * root),
        "threshold": torch.tensor(2 / lr),
        "threshold.preconditioned": torch.tensor((2 + 2 * beta1) / ((1 - beta1) * lr)),
    }


def values_of_spectra(tensors):
    out = {}
    for name, a in (part(tensors, "param.") | part(tensors, "matrix.")).items():
        if a.dim() != 2:
            continue
        s = torch.linalg.svdvals(a)
        q = s[s > 0] / s.sum()
        out |= {
            f"norm.{name}": s.norm(),
            f"spectral_norm.{name}": s.max(),
            f"stable_rank.{name}": (s.norm() / s.max()) ** 2,
            f"effective_rank.{name}": (-(q * q.log()).sum()).exp(),
        }
    return out


def values(tensors, meta):
    """Every value that follows from the inputs in TENSORS, as far as the file has its kind; none of
    data_nanda and fourier, which this program did not make."""
    if any(n.startswith("matrix.") for n in tensors):
        return values_of_spectra(tensors)
    if "paper.model" in meta:
        return values_of_interventions(tensors, meta)
    if "threshold" in tensors:
        return values_of_precondition(tensors, meta)
    if "model" not in meta:
        return {}
    wanted = {n.split(".")[0] for n in tensors} & {"hessian", "opt"}
    computed = values_of_network(tensors, Network(meta), wanted)
    return {n: t for n, t in computed.items() if not n.startswith("act.") or n in tensors}


def group(name):
    """Tensors of one vector of parameters are measured against the largest value of them all."""
    for word in ("grad.", "hv."):
        if name.startswith(word):
            return word
    before, found, _ = name.partition(".param.")
    return before if found else name


def check(path):
    tensors, meta = read(path)
    computed = values(tensors, meta)
    if not computed:
        print(f"{path}: not made by this program, not checked")
        return True
    largest, worst = {}, (0.0, "nothing")
    for name in computed:
        size = float(tensors[name].abs().max())
        largest[group(name)] = max(largest.get(group(name), 0.0), size)
    for name, t in computed.items():
        off = float((t - tensors[name]).abs().max()) / (largest[group(name)] or 1)
        worst = max(worst, (off, name))
    inputs = len(tensors) - len(computed)
    print(f"{path}: {inputs} inputs, {len(computed)} values, the worst off by {worst[0]:.1e} ({worst[1]})")
    return worst[0] <= TOLERANCE


def write(path, tensors, meta):
    save_file({n: t.contiguous() for n, t in tensors.items()}, path, meta)


def new(seed, path, meta):
    """A network of parameters and a vector v drawn from N(0, 0.09), on half of the rows of addition mod p."""
    draw = torch.Generator().manual_seed(seed)
    p = int(meta["p"])
    a, b = (t.reshape(-1) for t in torch.meshgrid(torch.arange(p), torch.arange(p), indexing="ij"))
    c, equal = (a + b) % p, torch.full_like(a, p if meta["layout"] == "nanda" else p + 1)
    columns = [a, b, equal] if meta["layout"] == "nanda" else [a, torch.full_like(a, p), b, equal]
    order = torch.randperm(p * p, generator=draw)
    half = (p * p + 1) // 2
    tensors = {}
    for split, rows in (("train", order[:half]), ("val", order[half:])):
        tensors[f"{split}.tokens"] = torch.stack(columns, 1)[rows].int()
        tensors[f"{split}.labels"] = c[rows, None].int()
    for name, shape in shapes(meta, len(columns)).items():
        one = 1.0 if "norm" in name and name.endswith("weight") else 0.0
        tensors[f"param.{name}"] = one + 0.3 * torch.randn(shape, generator=draw)
        tensors[f"v.{name}"] = 0.3 * torch.randn(shape, generator=draw)
    meta |= {"op": "add", "score_positions": str(len(columns) - 1)}
    net = Network(meta)
    write(path, tensors | values_of_network(tensors, net, {"hessian"}), meta)


def shapes(meta, tokens):
    """The tensors of a network, as gk-formats(5) lists them."""
    get = lambda key, default=0: int(meta.get(key, default))
    layers, vocab, dim, ff, hidden = (get(k) for k in ("layers", "vocab", "dim", "ff", "hidden"))
    bias, out = meta.get("bias", "all" if meta["model"] == "mlp" else "none"), {}

    def matrix(name, rows, cols, biased):
        out[f"{name}.weight"] = (rows, cols)
        if biased:
            out[f"{name}.bias"] = (rows,)

    if meta["model"] == "mlp":
        inputs = meta.get("inputs", "sum")
        if inputs != "onehot":
            matrix("embed", vocab, dim, False)
        first = {"sum": dim, "concat": 2 * dim, "onehot": 2 * vocab}[inputs]
        for l in range(layers):
            matrix(f"layers.{l}", hidden, hidden if l else first, bias == "all")
        matrix("unembed", vocab, hidden, bias == "all")
        return out
    norms = []
    matrix("embed", vocab, dim, False)
    if meta.get("positions") == "learned":
        matrix("positions", tokens, dim, False)
    for l in range(layers):
        for m in "qkvo":
            matrix(f"blocks.{l}.attn.{m}", dim, dim, bias == "all")
        matrix(f"blocks.{l}.ffn.up", ff, dim, bias != "none")
        matrix(f"blocks.{l}.ffn.down", dim, ff, bias != "none")
        norms += [f"blocks.{l}.norm1", f"blocks.{l}.norm2"]
    matrix("unembed", vocab, dim, bias == "all")
    place = meta.get("norm", "post")
    for name in ([] if place == "none" else norms) + (["final_norm"] if place == "pre" else []):
        out |= {f"{name}.weight": (dim,), f"{name}.bias": (dim,)}
    return out


def main(words):
    if len(words) > 1 and words[0] == "check":
        return 0 if all([check(path) for path in words[1:]]) else 1
    if len(words) == 3 and words[0] == "write":
        tensors, meta = read(words[1])
        write(words[2], tensors | values(tensors, meta), meta)
        return 0
    if len(words) > 3 and words[0] == "new":
        new(int(words[1]), words[2], dict(word.split("=", 1) for word in words[3:]))
        return 0
    sys.stderr.write(__doc__)
    return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

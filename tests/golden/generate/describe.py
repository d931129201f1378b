"""Descriptions at random: the options of gk-data, of a network, and of twelve steps of training."""

POLYNOMIALS = {
    "add": lambda a, b: a + b,
    "sub": lambda a, b: a - b,
    "mul": lambda a, b: a * b,
    "x2+y2": lambda a, b: a * a + b * b,
    "x2+xy+y2": lambda a, b: a * a + a * b + b * b,
    "x3+xy": lambda a, b: a * a * a + a * b,
    "x2+y": lambda a, b: a * a + b,
}
OPS = [*POLYNOMIALS, "div"]
TRANSFORMERS, MLPS = ["paper", "nanda", "gpt2", "lee"], ["liu", "onehot", "gromov"]
ACTIVATIONS = ["relu", "leaky", "gelu", "square", "silu", "tanh"]
LOSSES = ["ce", "mse", "stablemax"]
INITS = ["paper", "nanda", "fan-in", "normal:0.2", "normal:0.5", "torch"]
OPTIMISERS = ["adamw", "adam", "adamax", "rmsprop", "rprop", "momentum", "sgd", "lion", "muon"]


def answers(op, a, b, p):
    """OP's answers mod p, a prime."""
    inverse = [pow(y, p - 2, p) for y in range(p)]
    return POLYNOMIALS["mul"](a, b.new_tensor(inverse)[b]) % p if op == "div" else POLYNOMIALS[op](a, b) % p


def words(options):
    """--KEY VALUE for each that has a value; a value of True is a flag."""
    out = []
    for key, value in options.items():
        if value is not None:
            out += [f"--{key}"] if value is True else [f"--{key}", str(value)]
    return out


def data(r, mlp):
    openai = not mlp and r.random() < 0.15
    return {
        "op": "add" if openai else r.choice(OPS),
        "p": 97 if openai else r.choice([5, 7, 11, 13]),
        "layout": "openai" if openai else r.choice(["paper", "nanda"]),
        "train": 40 if openai else None,
        "frac": None if openai else round(r.uniform(0.3, 0.9), 2),
        "pairs": r.choice([None, "all"]),
        "split-seed": r.randrange(1000),
        "label-noise": r.choice([None, None, 0.2]),
    }


def network(r):
    """A preset at a small size with some of its options replaced, or every option at random."""
    arch = r.choice(TRANSFORMERS + MLPS + [None] * 6)
    mlp = arch in MLPS or arch is None and r.random() < 0.35
    some = lambda values: r.choice(values) if arch is None or r.random() < 0.2 else None
    out = {"arch": arch, "model": "mlp" if mlp and not arch else None, "seed": r.randrange(1000)}
    out |= {"layers": r.choice([1, 1, 2, 3]), "activation": some(ACTIVATIONS), "loss": some(LOSSES)}
    out |= {"init": some(INITS), "init-scale": r.choice([None, None, 0.5, 1.5])}
    if mlp:
        out |= {"hidden": r.randrange(5, 24), "bias": some(["none", "all"]), "inputs": some(["sum", "concat", "onehot"])}
        if (out["inputs"] or "onehot" if arch in MLPS[1:] else out["inputs"]) != "onehot":
            out["dim"] = r.randrange(4, 13)
        return out, mlp
    heads = r.choice([1, 2, 3, 4])
    out |= {"heads": heads, "dim": heads * r.randrange(-(-4 // heads), 7), "ff": r.randrange(6, 33)}
    out |= {"norm": some(["post", "pre", "none", "block"]), "positions": some(["sinusoidal", "learned", "none"])}
    return out | {"bias": some(["none", "ffn", "all", "blocks"])}, mlp


def training(r, optimiser):
    """Settings of OPTIMISER and any of the interventions."""
    maybe = lambda *values: r.choice(values) if r.random() < 0.4 else None
    out = {"optimizer": optimiser, "lr": r.choice([1e-3, 5e-3, 1e-2]), "warmup": r.choice([0, 4, 10])}
    if optimiser != "rprop":
        out |= {"weight-decay": r.choice([0, 0.1, 0.5, 1]), "decay": r.choice(["all", "matrices"])}
    if optimiser in ("adamw", "adam", "adamax", "lion", "muon"):
        out |= {"beta1": r.choice([0.9, 0.8]), "beta2": r.choice([0.98, 0.999])}
    if optimiser == "rmsprop":
        out["beta2"] = r.choice([0.9, 0.99])
    if optimiser not in ("rprop", "momentum", "sgd", "lion"):
        out["eps"] = r.choice([1e-8, 1e-6])
    if optimiser in ("momentum", "muon"):
        out["momentum"] = r.choice([0.9, 0.95])
    if optimiser == "muon":
        out["muon-lr"] = r.choice([0.02, 0.005])
    out |= {"grokfast": maybe("ema:0.9,2", "ema:0.98,1", "ma:5,3", "ma:3,1"), "orthogonal-gradient": maybe(True)}
    return out | {"clip": maybe(0.1, 1), "clip-rows": maybe(0.3, 1), "hold-norm": maybe(0.8, 1, 1.2)}

"""What the peers share: the dataset, the networks as `gk-train --arch` has them, and the clock.

A network is NAME or NAME:dim=32:ff=128. A preset of gk-train; `mlp` stands for `--model mlp`.
"""
import os
import statistics
import time

from safetensors.numpy import safe_open

TRANSFORMER = {"dim": 128, "heads": 4, "ff": 512, "layers": 2, "loss": "ce"}
MLP = {"dim": 128, "ff": 200, "layers": 2, "loss": "ce", "bias": "all"}
NETS = {
    "paper": TRANSFORMER | {"norm": "post", "positions": "fixed", "act": "relu", "bias": "none"},
    "nanda": TRANSFORMER | {"layers": 1, "norm": "none", "positions": "learned", "act": "relu", "bias": "ffn"},
    "gpt2": TRANSFORMER | {"norm": "pre", "positions": "learned", "act": "gelu", "bias": "all"},
    "mlp": MLP | {"inputs": "sum", "act": "leaky"},
    "liu": MLP | {"inputs": "sum", "act": "leaky"},
    "onehot": MLP | {"inputs": "onehot", "act": "relu"},
    "gromov": MLP | {"inputs": "onehot", "act": "square", "layers": 1, "ff": 500, "bias": "none", "loss": "mse"},
}


def network(text):
    name, *changes = text.split(":")
    net = dict(NETS[name])
    for change in changes:
        key, value = change.split("=")
        net[key] = int(value)
    return net


def read(path, batch, net):
    """Tokens (n, T), labels (n, k), the scored positions, and the width of the vocabulary."""
    with safe_open(path, "numpy") as f:
        x = f.get_tensor("train.tokens").astype("int64")
        y = f.get_tensor("train.labels").astype("int64")
        meta = f.metadata()
    score = [int(t) for t in meta["score_positions"].split(",")]
    vocab = int(meta["vocab"])
    if "inputs" in net:  # the two operands alone
        x = x[:, [0, 2 if meta["layout"] == "paper" else 1]]
        vocab, score = int(meta["p"]), [0]
    if batch != "full":
        x, y = x[: int(batch)], y[: int(batch)]
    return x, y, score, vocab


def together():
    """Waits for the other run of a pair: both leave a file in the folder TOGETHER."""
    folder = os.environ.get("TOGETHER")
    if folder:
        open(os.path.join(folder, str(os.getpid())), "w").close()
        while len(os.listdir(folder)) < 2:
            time.sleep(0.001)


def median_ms(do):
    """Milliseconds of one call: the median of those that fit in a second, and of five at least."""
    for _ in range(3):
        do()
    together()
    times, begin = [], time.perf_counter()
    while len(times) < 5 or time.perf_counter() - begin < 1:
        t = time.perf_counter()
        do()
        times.append(time.perf_counter() - t)
    return 1e3 * statistics.median(times)

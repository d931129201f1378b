"""gk beside plain PyTorch on networks, data and training drawn at random.

    fresh.py BIN VALUES [N [SEED]]  N descriptions (default 100) from SEED (default 0)

gk-data and gk-train of the folder BIN make rows and initial weights, gk-eval, gk-hvp and gk-train
compute, and the program VALUES (values.c) gives logits and gradients. PyTorch computes the same by
networks.py and training.py. Prints the worst deviation of each quantity and its bar; the status is
1 where a bar is missed.

Some networks, most of all deep ones with squares and without norm, grow within steps to values that
no precision holds: PyTorch's own values then move beyond the bar where its initial weights and
gradients move by their last bit. Such a value counts as "unstable": it is off by at most 100 times as much, and the
table has its number, not its deviation.
"""
import random
import subprocess
import sys
import tempfile

import torch
from safetensors.torch import save_file

import describe
from golden import part, read, rows_of
from networks import Network, flatten, gradient, hessian_product, unflatten
from training import AdamW, Ema, Lion, Ma, Muon, Torch, intervene, without_noise

STEPS = 12
BARS = {"rows": 0, "logits": 1e-10, "loss": 1e-10, "gradient": 1e-10, "product": 1e-9, "eigenvalue": 1e-8}
BARS |= {f"f32 {what}": 2e-4 for what in ("logits", "loss", "gradient")}
BARS |= {f"{kind} steps": 1e-7 if kind == "muon" else 1e-9 for kind in describe.OPTIMISERS}


def run(*command):
    done = subprocess.run([str(word) for word in command], capture_output=True)
    if done.returncode:
        raise RuntimeError(done.stderr.decode().strip() or f"status {done.returncode}")
    return done.stdout.decode()


def table(text):
    lines = [line.split("\t") for line in text.splitlines() if not line.startswith("#")]
    return [dict(zip(lines[0], map(float, line))) for line in lines[1:]]


def off(got, want):
    """The distance of two vectors of tensors: of each by itself, a tensor that is all but 0 beside all of them."""
    whole = flatten(want).norm()
    assert sorted(got) == sorted(want)
    return max(float((got[n].double() - t).norm() / (max(t.norm(), 1e-4 * whole) or 1)) for n, t in want.items())


def relative(got, want):
    return abs(float(got) - float(want)) / (abs(float(want)) or 1)


def largest_eigenvalue(net, p, rows, draw, most=400):
    """By Lanczos with every vector held orthogonal to all before."""
    theta = flatten(p).requires_grad_()
    g = torch.autograd.grad(net.loss_of(unflatten(theta, p), *rows), theta, create_graph=True)[0]
    q = torch.randn(theta.numel(), generator=draw)
    basis, alphas, betas = [q / q.norm()], [], []
    while True:
        w = torch.autograd.grad(g, theta, basis[-1], retain_graph=True)[0]
        alphas.append(w @ basis[-1])
        all_of_them = torch.stack(basis)
        for _ in range(2):
            w = w - all_of_them.T @ (all_of_them @ w)
        t = torch.diag(torch.stack(alphas))
        if betas:
            b = torch.stack(betas)
            t = t + torch.diag(b, 1) + torch.diag(b, -1)
        values, vectors = torch.linalg.eigh(t)
        size = values.abs().max()
        if w.norm() * vectors[-1, -1].abs() < 1e-9 * values[-1].abs() or w.norm() < 1e-13 * size or len(basis) == most:
            return values[-1]
        betas.append(w.norm())
        basis.append(w / w.norm())


class Case:
    """One description: its files in FOLDER, and the deviations by quantity."""

    def __init__(self, tools, values, folder, seed):
        self.tools, self.values, self.folder = tools, values, folder
        self.r = random.Random(seed)
        self.draw = torch.Generator().manual_seed(seed)
        self.network, self.mlp = describe.network(self.r)
        self.off, self.unstable = {}, []

    def tool(self, name, *words):
        return run(f"{self.tools}/{name}", "-q", *words)

    def file(self, name):
        return f"{self.folder}/{name}"

    def make(self):
        """The rows and the initial weights. Most begin elsewhere: LayerNorm's 1 and 0 hide mistakes."""
        self.data = describe.words(describe.data(self.r, self.mlp))
        self.tool("gk-data", *self.data, "-o", self.file("data"))
        self.options = describe.words(self.network)
        start = ("--dtype", "f64", "--threads", 1, "--steps", 0, "--weights-only", "--save", self.file("start"))
        self.tool("gk-train", *self.options, *start, "-o", self.file("zero"), self.file("data"))
        self.p, meta = read(self.file("start"))
        self.p = dict(sorted(self.p.items()))
        if self.r.random() < 0.7:
            self.p = {n: t + 0.2 * (t.dim() < 2) * torch.randn(t.shape, generator=self.draw) for n, t in self.p.items()}
            save_file(self.p, self.file("start"), meta)
            self.options = ["--init", self.file("start")]
        tensors, about = read(self.file("data"))
        self.rows = rows_of(tensors, "", "train")
        self.val = rows_of(tensors, "", "val")
        self.net = Network(meta | {"score_positions": about["score_positions"]})
        self.note("rows", self.wrong_rows(about))

    def wrong_rows(self, about):
        """By how many the rows with another answer than the operation's differ from those that label noise makes so."""
        p, openai = int(about["p"]), int(about["layout"] == "openai")
        second = 2 + openai if about["layout"] != "nanda" else 1
        wrong = 0
        for tokens, labels in (self.rows, self.val):
            a, b, c = tokens[:, openai] - 22 * openai, tokens[:, second] - 22 * openai, labels[:, 0] - 22 * openai
            wrong += int((describe.answers(about["op"], a, b, p) != c).sum())
        return abs(wrong - round(float(about.get("label_noise", 0)) * len(self.rows[0])))

    def note(self, quantity, deviation, again=None):
        """AGAIN(P) is the deviation of PyTorch's value at the parameters P from its value here."""
        bit = 2.0 ** (-24 if quantity.startswith("f32") else -52)
        if again and not deviation <= BARS[quantity]:
            own = max(again({n: t * (1 + bit * torch.randn(t.shape, generator=self.draw)) for n, t in self.p.items()}) for _ in "12")
            if deviation <= 100 * own:
                self.unstable.append(quantity)
                return
        self.off[quantity] = max(self.off.get(quantity, 0), deviation)

    def compare_values(self, dtype, before):
        p = {n: t.to(torch.float32).double() for n, t in self.p.items()} if dtype == "f32" else self.p
        with open(self.file("values"), "wb") as f:
            done = subprocess.run([self.values, self.file("start"), self.file("data"), dtype], stdout=f, stderr=subprocess.PIPE)
        if done.returncode:
            raise RuntimeError(done.stderr.decode())
        got = read(self.file("values"))[0]
        logits = lambda p: {"z": self.net.forward(p, self.rows[0])[0]}
        slope = lambda p: without_noise(gradient(self.net, p, self.rows))
        for quantity, have, value in (("logits", {"z": got["logits"]}, logits), ("gradient", part(got, "grad."), slope)):
            want = value(p)
            self.note(before + quantity, off(have, want), lambda moved: off(value(moved), want))
        row = table(self.tool("gk-eval", "--dtype", dtype, "-d", self.file("data"), self.file("start")))[0]
        for split, rows in (("train", self.rows), ("val", self.val)):
            if len(rows[0]):
                self.note(before + "loss", relative(row[f"{split}_loss"], self.net.loss_of(p, *rows)))

    def compare_curvature(self):
        v = {n: torch.randn(t.shape, generator=self.draw) for n, t in self.p.items()}
        save_file(v, self.file("v"))
        self.tool("gk-hvp", "-d", self.file("data"), "--vector", self.file("v"), "-o", self.file("hv"), self.file("start"))
        want = without_noise(hessian_product(self.net, self.p, self.rows, v))
        got = without_noise(part(read(self.file("hv"))[0], "hv."))
        self.note("product", off(got, want))
        row = self.tool("gk-hvp", "-d", self.file("data"), "--tol", "1e-9", "--top", 1, "--max-products", 5000, self.file("start"))
        self.note("eigenvalue", relative(table(row)[0]["lambda"], largest_eigenvalue(self.net, self.p, self.rows, self.draw)))

    def compare_steps(self, kind):
        options = describe.training(self.r, kind)
        words = [*self.options, *describe.words(options), "--dtype", "f64", "--steps", STEPS, "--threads", 1 + self.r.randrange(3)]
        train = lambda p, *draw: intervene(self.net, p, self.rows, settings(options), STEPS, options["warmup"], *draw)
        losses, norms, end, _ = train(self.p)
        try:
            text = self.tool("gk-train", *words, "--weights-only", "--save", self.file("end"), self.file("data"))
        except RuntimeError as e:
            finite = torch.cat([losses, norms]).isfinite().all() and flatten(end).isfinite().all()
            if "not finite" not in str(e) or finite:
                raise
            self.unstable.append(f"{kind} steps")
            return

        def distance(some_losses, some_norms, some_end):
            pairs = [*zip(some_losses, losses), *zip(some_norms, norms)]
            return max(off(some_end, end), *(relative(got, want) for got, want in pairs))

        rows = table(text)
        deviation = distance([r["train_loss"] for r in rows], [r["grad_norm"] for r in rows], read(self.file("end"))[0])
        self.note(f"{kind} steps", deviation, lambda moved: distance(*train(moved, self.draw)[:3]))


def settings(options):
    """OPTIONS of gk-train as training.intervene has them."""
    kind, lr, decay = options["optimizer"], options["lr"], options.get("weight-decay", 0)
    matrices, eps = options.get("decay") == "matrices", options.get("eps", 1e-8)
    betas = {"betas": (options.get("beta1"), options.get("beta2"))}
    own = {"lr": lr, "beta1": options.get("beta1"), "beta2": options.get("beta2"), "decay": decay, "matrices": matrices}
    theirs = {"lr": lr, "weight_decay": decay, "matrices": matrices}

    def muon():
        optimiser = Muon(**own, eps=eps)
        optimiser.muon_lr, optimiser.momentum = options["muon-lr"], options["momentum"]
        return optimiser

    makers = {
        "adamw": lambda: Torch(torch.optim.AdamW, **theirs, **betas, eps=eps),
        "adam": lambda: Torch(torch.optim.Adam, **theirs, **betas, eps=eps),
        "adamax": lambda: Torch(torch.optim.Adamax, **theirs, **betas, eps=eps),
        "rmsprop": lambda: Torch(torch.optim.RMSprop, **theirs, alpha=options["beta2"], eps=eps),
        "rprop": lambda: Torch(torch.optim.Rprop, lr, warm=False),
        "momentum": lambda: Torch(torch.optim.SGD, **theirs, momentum=options["momentum"]),
        "sgd": lambda: Torch(torch.optim.SGD, **theirs),
        "lion": lambda: Lion(**own),
        "muon": muon,
    }
    conf = {"optimiser": makers[kind], "orthogonal": options["orthogonal-gradient"]}
    conf |= {"clip": options["clip"], "clip_rows": options["clip-rows"], "hold": options["hold-norm"]}
    if options["grokfast"]:
        average, numbers = options["grokfast"].split(":")
        keep, gain = numbers.split(",")
        conf["grokfast"] = (lambda: Ema(float(keep), float(gain))) if average == "ema" else lambda: Ma(int(keep), float(gain))
    return conf


def compare(case):
    case.make()
    case.compare_values("f64", "")
    case.compare_values("f32", "f32 ")
    case.compare_curvature()
    for kind in describe.OPTIMISERS:
        case.compare_steps(kind)


def main(words):
    if len(words) not in (2, 3, 4):
        sys.stderr.write(__doc__)
        return 2
    n, first = (int(words[2]) if len(words) > 2 else 100), (int(words[3]) if len(words) > 3 else 0)
    torch.set_num_threads(1)
    worst, unstable, missed = {}, [], 0
    for seed in range(first, first + n):
        with tempfile.TemporaryDirectory() as folder:
            case = Case(words[0], words[1], folder, seed)
            try:
                compare(case)
            except RuntimeError as e:
                missed += 1
                print(f"seed {seed}: {' '.join(describe.words(case.network))}: {e}", flush=True)
        unstable += case.unstable
        for quantity, deviation in case.off.items():
            worst[quantity] = max(worst.get(quantity, (0, seed)), (deviation, seed))
            if not deviation <= BARS[quantity]:
                missed += 1
                print(f"seed {seed}: {quantity} off by {deviation:.1e}: {' '.join(describe.words(case.network))}", flush=True)
    print("quantity\tworst\tbar\tseed\tunstable")
    for quantity in [q for q in BARS if q in worst]:
        print(f"{quantity}\t{worst[quantity][0]:.1e}\t{BARS[quantity]:g}\t{worst[quantity][1]}\t{unstable.count(quantity)}")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

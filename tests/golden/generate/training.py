"""Full-batch training: PyTorch's own optimisers where it has them, and gk-train(1)'s interventions."""
import math

import torch

from networks import gradient

STEPS, RUN_STEPS = 10, 12

# The first table of README.md: the optimiser, its settings, the updates of its warm-up.
OPTIMISERS = {
    "adamw": (torch.optim.AdamW, dict(lr=1e-2, betas=(0.9, 0.98), eps=1e-8, weight_decay=1), 4),
    "adam": (torch.optim.Adam, dict(lr=1e-2, betas=(0.9, 0.98), eps=1e-8, weight_decay=0.1), 0),
    "adamax": (torch.optim.Adamax, dict(lr=1e-2, betas=(0.9, 0.999), eps=1e-8, weight_decay=0.1), 0),
    "rmsprop": (torch.optim.RMSprop, dict(lr=1e-3, alpha=0.99, eps=1e-8, weight_decay=0.1), 0),
    "rprop": (torch.optim.Rprop, dict(lr=1e-2, etas=(0.5, 1.2), step_sizes=(1e-6, 50)), 0),
    "sgd": (torch.optim.SGD, dict(lr=0.1, weight_decay=0.1), 0),
    "momentum": (torch.optim.SGD, dict(lr=0.1, weight_decay=0.1, momentum=0.9), 0),
}


def train(net, start, rows, kind):
    """The losses at steps 0 to 10, and the parameters after 10 updates."""
    make, settings, warmup = OPTIMISERS[kind]
    p = {name: t.clone() for name, t in start.items()}
    optimiser = make(list(p.values()), foreach=False, **settings)
    losses = []
    for k in range(STEPS + 1):
        losses.append(net.loss_of(p, *rows))
        if k == STEPS:
            break
        if warmup:
            optimiser.param_groups[0]["lr"] = settings["lr"] * min(1, k / warmup)
        for t, g in zip(p.values(), gradient(net, p, rows).values()):
            t.grad = g
        optimiser.step()
    return torch.stack(losses), p


class Torch:
    """An optimiser of PyTorch on tensors by name; MATRICES: only those of rank 2 decay."""

    def __init__(self, make, lr, matrices=False, warm=True, **settings):
        self.make, self.lr, self.matrices, self.warm, self.settings = make, lr, matrices, warm, settings
        self.optimiser = None

    def step(self, p, grad, warm):
        if not self.optimiser:
            self.own = {n: t.clone() for n, t in p.items()}
            groups = [{"params": [t for t in self.own.values() if not self.matrices or t.dim() == 2]}]
            groups += [{"params": [t for t in self.own.values() if t.dim() != 2], "weight_decay": 0}] if self.matrices else []
            self.optimiser = self.make(groups, lr=self.lr, foreach=False, **self.settings)
        for group in self.optimiser.param_groups:
            group["lr"] = self.lr * warm if self.warm else self.lr
        for name, t in self.own.items():
            t.copy_(p[name])
            t.grad = grad[name]
        self.optimiser.step()
        p |= {name: t.clone() for name, t in self.own.items()}


class AdamW:
    def __init__(self, lr=1e-2, beta1=0.9, beta2=0.98, eps=1e-8, decay=1, matrices=False):
        self.lr, self.beta1, self.beta2, self.eps, self.decay = lr, beta1, beta2, eps, decay
        self.m, self.v, self.t, self.matrices = {}, {}, 0, matrices

    def decayed(self, t, lr):
        return t if self.matrices and t.dim() != 2 else t * (1 - lr * self.decay)

    def step(self, p, grad, warm):
        self.t += 1
        for name, g in grad.items():
            self.update(p, name, g, warm)

    def update(self, p, name, g, warm):
        m = self.m[name] = self.beta1 * self.m.get(name, 0) + (1 - self.beta1) * g
        v = self.v[name] = self.beta2 * self.v.get(name, 0) + (1 - self.beta2) * g * g
        m, v = m / (1 - self.beta1**self.t), v / (1 - self.beta2**self.t)
        lr = self.lr * warm
        p[name] = self.decayed(p[name], lr) - lr * m / (v.sqrt() + self.eps)


class Lion(AdamW):
    """Chen et al. 2023."""

    def update(self, p, name, g, warm):
        m, lr = self.m.get(name, torch.zeros_like(g)), self.lr * warm
        u = torch.sign(self.beta1 * m + (1 - self.beta1) * g)
        p[name] = self.decayed(p[name], lr) - lr * u
        self.m[name] = self.beta2 * m + (1 - self.beta2) * g


class Muon(AdamW):
    """torch.optim.Muon for the matrices of blocks and layers, but in double; AdamW for the others."""

    muon_lr, momentum = 0.02, 0.95

    def update(self, p, name, g, warm):
        if g.dim() != 2 or not name.startswith(("blocks.", "layers.")):
            return super().update(p, name, g, warm)
        m = self.m[name] = self.momentum * self.m.get(name, 0) + (1 - self.momentum) * g
        x = (1 - self.momentum) * g + self.momentum * m
        x = x / max(float(x.norm()), 1e-7)
        tall = x.shape[0] > x.shape[1]
        x = x.T if tall else x
        for _ in range(5):
            a = x @ x.T
            x = 3.4445 * x + (-4.7750 * a + 2.0315 * a @ a) @ x
        x = x.T if tall else x
        lr = self.muon_lr * warm
        p[name] = self.decayed(p[name], lr) - lr * math.sqrt(max(1, x.shape[0] / x.shape[1])) * x


class Ema:
    """Grokfast over an exponential average (Lee et al. 2024)."""

    def __init__(self, keep, gain):
        self.keep, self.gain, self.average = keep, gain, None

    def __call__(self, grad):
        old = self.average or grad
        self.average = {n: self.keep * old[n] + (1 - self.keep) * g for n, g in grad.items()}
        return {n: g + self.gain * self.average[n] for n, g in grad.items()}


class Ma:
    """Grokfast over a window."""

    def __init__(self, window, gain):
        self.window, self.gain, self.queue = window, gain, []

    def __call__(self, grad):
        self.queue = (self.queue + [grad])[-self.window :]
        if len(self.queue) < self.window:
            return grad
        return {n: g + self.gain * sum(q[n] for q in self.queue) / self.window for n, g in grad.items()}


def orthogonal(p, grad):
    """Each tensor's gradient without its part along the tensor, at the old length (Prieto et al. 2025)."""
    out = {}
    for name, g in grad.items():
        w = p[name]
        off = g - (w * g).sum() / ((w * w).sum() + 1e-30) * w
        out[name] = off * (g.norm() / (off.norm() + 1e-30))
    return out


def without_noise(grad):
    """A shift of all scores changes no softmax: what is not 0 in this gradient is rounding, and Lion goes by its sign."""
    return {n: torch.zeros_like(g) if n.endswith("attn.k.bias") else g for n, g in grad.items()}


def length(tensors):
    return math.sqrt(sum(float((t * t).sum()) for t in tensors.values()))


# The section on interventions of README.md.
RUNS = {
    "adamw": dict(),
    "grokfast_ema": dict(grokfast=lambda: Ema(0.9, 2)),
    "grokfast_ma": dict(grokfast=lambda: Ma(5, 3)),
    "orthogonal": dict(orthogonal=True),
    "hold_norm": dict(hold=1),
    "together": dict(grokfast=lambda: Ema(0.9, 2), orthogonal=True, clip=1),
    "lion": dict(optimiser=lambda: Lion(lr=1e-3, beta1=0.9, beta2=0.99)),
    "muon": dict(optimiser=lambda: Muon(decay=0.1)),
}


def intervene(net, start, rows, conf, steps=RUN_STEPS, warmup=4, rounding=None):
    """Losses and norms of the raw gradient at steps 0 to STEPS, the parameters after as many updates, the optimiser.

    ROUNDING, a generator, adds to every gradient what rounding may.
    """
    optimiser = conf.get("optimiser", AdamW)()
    grokfast = conf["grokfast"]() if "grokfast" in conf else None
    p, losses, norms = dict(start), [], []
    for k in range(steps + 1):
        grad = without_noise(gradient(net, p, rows))
        if rounding:
            bit = 2.0**-52 * length(grad)
            grad = {n: g + bit * torch.randn(g.shape, generator=rounding) for n, g in grad.items()}
        losses.append(net.loss_of(p, *rows))
        norms.append(length(grad))
        if k == steps:
            break
        if grokfast:
            grad = grokfast(grad)
        if conf.get("orthogonal"):
            grad = orthogonal(p, grad)
        if conf.get("clip"):
            scale = min(1, conf["clip"] / length(grad))
            grad = {n: scale * g for n, g in grad.items()}
        optimiser.step(p, grad, min(1, k / warmup) if warmup else 1)
        if conf.get("clip_rows"):
            clipped = lambda t: t * (conf["clip_rows"] / t.norm(dim=-1, keepdim=True)).clamp(max=1)
            p = {n: t if "embed" in n else clipped(t) for n, t in p.items()}
        if conf.get("hold"):
            scale = conf["hold"] * length(start) / length(p)
            p = {n: scale * t for n, t in p.items()}
    return torch.stack(losses), torch.tensor(norms, dtype=torch.float64), p, optimiser

"""The same step in PyTorch, as a user would write it: eager, or compiled where torch.compile is.

    peer.py step|hvp THREADS f32|f64 BATCH|full DATASET [compile]   prints ms (median)
"""
import statistics
import sys
import time

import torch
from safetensors import safe_open

what, threads, dtype, batch, path = sys.argv[1:6]
torch.set_num_threads(int(threads))
torch.set_default_dtype(torch.float64 if dtype == "f64" else torch.float32)
torch.manual_seed(0)
with safe_open(path, "pt") as f:
    x = f.get_tensor("train.tokens").long()
    y = f.get_tensor("train.labels").long()
    meta = f.metadata()
score = [int(t) for t in meta["score_positions"].split(",")]
V, D, H, FF, T = int(meta["vocab"]), 128, 4, 512, x.shape[1]
if batch != "full":
    x, y = x[: int(batch)], y[: int(batch)]


class Block(torch.nn.Module):
    def __init__(self):
        super().__init__()
        linear = lambda i, o: torch.nn.Linear(i, o, bias=False)
        self.qkv, self.o = linear(D, 3 * D), linear(D, D)
        self.up, self.down = linear(D, FF), linear(FF, D)
        self.norm1, self.norm2 = torch.nn.LayerNorm(D), torch.nn.LayerNorm(D)

    def forward(self, h):
        n = h.shape[0]
        q, k, v = (t.view(n, T, H, D // H).transpose(1, 2) for t in self.qkv(h).split(D, 2))
        s = (q @ k.transpose(2, 3)) / (D // H) ** 0.5
        s = s.masked_fill(torch.ones(T, T, dtype=torch.bool).triu(1), float("-inf"))
        a = (torch.softmax(s, -1) @ v).transpose(1, 2).reshape(n, T, D)
        h = self.norm1(h + self.o(a))
        return self.norm2(h + self.down(torch.relu(self.up(h))))


class Model(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.embed = torch.nn.Embedding(V, D)
        self.blocks = torch.nn.ModuleList([Block(), Block()])
        self.unembed = torch.nn.Linear(D, V, bias=False)
        self.register_buffer("pos", torch.randn(T, D))

    def forward(self, t):
        h = self.embed(t) + self.pos
        for b in self.blocks:
            h = b(h)
        return self.unembed(h[:, score])


model = Model()
run = torch.compile(model) if len(sys.argv) > 6 else model
params = list(model.parameters())
opt = torch.optim.AdamW(params, lr=1e-3, weight_decay=1, betas=(0.9, 0.98))


def loss():
    return torch.nn.functional.cross_entropy(run(x).reshape(-1, V), y.reshape(-1))


def step():
    opt.zero_grad()
    loss().backward()
    opt.step()


vec = [torch.randn_like(p) for p in params]


def hvp():
    g = torch.autograd.grad(loss(), params, create_graph=True)
    torch.autograd.grad(g, params, vec)


do = {"step": step, "hvp": hvp}[what]
do()
do()
times, begin = [], time.perf_counter()
while len(times) < 5 or time.perf_counter() - begin < 1:
    t = time.perf_counter()
    do()
    times.append(time.perf_counter() - t)
print(f"{1e3 * statistics.median(times):.3f}")

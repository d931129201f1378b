"""The baseline of Lee et al. 2024 in PyTorch: python3 adam-without-decay.py SEED f32|f64 STEPS >TABLE

a b mod 97 with b not 0, half of the pairs, batches of 512, Adam at 1e-3 with betas .9 .98 and no decay, a warm-up of 10
steps, their network of two blocks. The second word is the precision in which the cross-entropy and its gradient by the logits
are computed; all else is f32. It ends STEPS steps later, or when 20 evaluations in a row have 0.99 of the validation rows.
"""
import sys

import torch
from torch import nn
from torch.nn import functional as F

SEED, PRECISION, STEPS = int(sys.argv[1]), sys.argv[2], int(sys.argv[3])
P, DIM, HEADS, EVERY = 97, 128, 4, 100


class Block(nn.Module):
    """The residual path starts at the normalised rows."""

    def __init__(self):
        super().__init__()
        self.before, self.between = nn.LayerNorm(DIM), nn.LayerNorm(DIM)
        self.attention = nn.MultiheadAttention(DIM, HEADS)
        self.mlp = nn.Sequential(nn.Linear(DIM, 4 * DIM), nn.GELU(), nn.Linear(4 * DIM, DIM))

    def forward(self, x, mask):
        x = self.before(x)
        x = x + self.attention(x, x, x, attn_mask=mask, need_weights=False)[0]
        return x + self.mlp(self.between(x))


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.tokens, self.positions = nn.Embedding(P + 2, DIM), nn.Embedding(5, DIM)
        self.blocks = nn.ModuleList([Block(), Block()])
        self.norm, self.head = nn.LayerNorm(DIM), nn.Linear(DIM, P + 2, bias=False)

    def forward(self, tokens):
        x = self.tokens(tokens) + self.positions(torch.arange(len(tokens))).unsqueeze(1)
        mask = torch.triu(torch.full((len(tokens), len(tokens)), -float("inf")), 1)
        for block in self.blocks:
            x = block(x, mask)
        return self.head(self.norm(x))[-1]


def loss_of(logits, labels):
    return F.cross_entropy(logits.double() if PRECISION == "f64" else logits, labels)


def measure(net, tokens, labels):
    with torch.no_grad():
        logits = net(tokens)
        right = (logits.argmax(1) == labels).double().mean().item()
        return F.cross_entropy(logits.double(), labels).item(), right


torch.set_num_threads(1)
torch.manual_seed(SEED)
net = Net()
a, b = torch.cartesian_prod(torch.arange(P), torch.arange(1, P)).T
tokens = torch.stack([a, torch.full_like(a, P + 1), b, torch.full_like(a, P)])
labels = a * b % P
order = torch.randperm(len(a))
train, val = order[: len(a) // 2], order[len(a) // 2 :]
adam = torch.optim.Adam(net.parameters(), lr=1e-3, betas=(0.9, 0.98))
warm_up = torch.optim.lr_scheduler.LambdaLR(adam, lambda step: min(step / 10, 1))

print("step", "train_loss", "train_acc", "val_loss", "val_acc", sep="\t")
step = good = 0
while step < STEPS and good < 20:
    train = train[torch.randperm(len(train))]
    for batch in torch.split(train, 512):
        adam.zero_grad()
        loss_of(net(tokens[:, batch]), labels[batch]).backward()
        adam.step()
        warm_up.step()
        step += 1
        if step % EVERY == 0:
            seen, unseen = (measure(net, tokens[:, rows], labels[rows]) for rows in (train, val))
            good = good + 1 if unseen[1] >= 0.99 else 0
            print(step, *(f"{x:.9g}" for x in (*seen, *unseen)), sep="\t", flush=True)

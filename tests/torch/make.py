"""Writes the .pt files of this folder with torch.save, and what torch.load makes of each as one
safetensors frame beside it. See README.md."""
import collections
import json
import shutil
import struct
import sys

import torch

DTYPES = {getattr(torch, name): is_called for name, is_called in {
    "float64": "F64", "float32": "F32", "float16": "F16", "bfloat16": "BF16", "int64": "I64", "int32": "I32", "int16": "I16",
    "int8": "I8", "uint8": "U8", "bool": "BOOL", "uint16": "U16", "uint32": "U32", "uint64": "U64", "float8_e4m3fn": "F8_E4M3",
    "float8_e5m2": "F8_E5M2", "float8_e8m0fnu": "F8_E8M0", "float8_e4m3fnuz": "F8_E4M3FNUZ", "float8_e5m2fnuz": "F8_E5M2FNUZ",
    "complex64": "C64"}.items() if hasattr(torch, name)}  # an earlier torch has fewer


def number(v):
    if v is None or isinstance(v, bool):
        return {None: "null", True: "true", False: "false"}[v]
    return f"{v:.15g}" if float(f"{v:.15g}") == v else repr(v)


def leaves(v, name=""):
    """(name, value) of every tensor and number."""
    if isinstance(v, dict):
        for key, item in v.items():
            yield from leaves(item, f"{name}.{key}" if name else str(key))
    elif isinstance(v, (list, tuple)) and all(isinstance(i, (int, float)) for i in v):
        yield name, "[" + ",".join(map(number, v)) + "]"
    elif isinstance(v, (list, tuple)):
        yield from leaves(dict(enumerate(v)), name)
    elif isinstance(v, torch.Tensor):
        yield name or "tensor", v.detach()
    else:
        yield name or "value", v if isinstance(v, str) else str(v).removeprefix("torch.") if isinstance(v, (torch.dtype, torch.device)) else number(v)


def frame(v):
    """All of it as a frame of safetensors."""
    tensors, meta = {}, {}
    for name, leaf in leaves(v):
        (tensors if isinstance(leaf, torch.Tensor) else meta)[name] = leaf
    header, data = {"__metadata__": meta}, b""
    for name, t in sorted(tensors.items()):
        flat = t.contiguous().reshape(-1)
        part = bytes(flat.view(torch.uint8).tolist()) if t.dtype != torch.complex64 else \
            bytes(torch.view_as_real(flat).reshape(-1).view(torch.uint8).tolist())
        header[name] = {"dtype": DTYPES[t.dtype], "shape": list(t.shape), "data_offsets": [len(data), len(data) + len(part)]}
        data += part
    text = json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + data


def reference(name):
    with open(name + ".safetensors", "wb") as file:
        file.write(frame(torch.load(name + ".pt", weights_only=False)))  # its own files


def save(name, v, **how):
    torch.save(v, name + ".pt", **how)
    reference(name)


if sys.argv[1:] == ["lightning"]:  # a checkpoint with callbacks that keep tensors and an average of the weights; in an empty folder
    import lightning as L

    class Net(L.LightningModule):
        def __init__(self):
            super().__init__()
            self.net = torch.nn.Sequential(torch.nn.Linear(3, 4), torch.nn.ReLU(), torch.nn.Linear(4, 2))
            self.save_hyperparameters({"lr": 0.1, "weight": torch.ones(2)})

        def training_step(self, batch, _):
            loss = torch.nn.functional.cross_entropy(self.net(batch[0]), batch[1])
            self.log("train_loss", loss)
            return loss

        def configure_optimizers(self):
            return torch.optim.AdamW(self.parameters(), lr=self.hparams.lr)

    L.seed_everything(0)
    rows = torch.utils.data.TensorDataset(torch.randn(12, 3), torch.randint(0, 2, (12,)))
    L.Trainer(max_epochs=2, accelerator="cpu", logger=False, callbacks=[
        L.pytorch.callbacks.ModelCheckpoint(dirpath="/tmp/lightning", filename="lightning", monitor="train_loss"),
        L.pytorch.callbacks.EMAWeightAveraging(decay=0.9)]).fit(Net(), torch.utils.data.DataLoader(rows, batch_size=4))
    shutil.copy("/tmp/lightning/lightning.ckpt", "lightning.pt")
    reference("lightning")
    sys.exit()

if sys.argv[1:] == ["old"]:  # the few files of an earlier version, in a folder of their own
    version = torch.__version__.split("+")[0]
    torch.manual_seed(1)
    net = torch.nn.Sequential(torch.nn.Linear(3, 4), torch.nn.BatchNorm1d(4))
    sgd = torch.optim.SGD(net.parameters(), lr=0.1, momentum=0.9)
    net(torch.randn(5, 3)).square().mean().backward()
    sgd.step()
    halves = {name: t.half() if t.is_floating_point() else t for name, t in net.state_dict().items()}
    save(f"old/{version}-nested", {"model": net.state_dict(), "half": halves, "optimizer": sgd.state_dict(), "epoch": 3})
    base = torch.arange(12.0).reshape(3, 4)
    save(f"old/{version}-views", {"base": base, "same": base, "t": base.t(), "every": base[::2, 1::2], "p": torch.nn.Parameter(base[1]),
                                  "bf16": base.bfloat16(), "scalar": torch.tensor(2.5)})
    sys.exit()

torch.manual_seed(1)
net = torch.nn.Sequential(torch.nn.Linear(3, 4), torch.nn.BatchNorm1d(4), torch.nn.Linear(4, 2, bias=False))
adam = torch.optim.AdamW(net.parameters(), lr=1e-3, betas=(0.9, 0.98))
net(torch.randn(5, 3)).square().mean().backward()
adam.step()
nested = {"epoch": 7, "step": 400, "model_state_dict": net.state_dict(), "optimizer": adam.state_dict(), "best": 0.1 + 0.2,
          "losses": [1.5, 0.3333333333333333, float("inf")], "config": {"name": "grok \u03bb", "ties": True, "clip": None, "dims": [[1, 2], [3]]},
          "seed": 2**63 + 9, "rng": torch.arange(5, dtype=torch.uint8), "shape": torch.Size([3, 4]),
          "dtype": torch.float32, "device": torch.device("cpu")}
save("state_dict", net.state_dict())
save("nested", nested)
save("protocol4", nested, pickle_protocol=4)
save("half", {k: v.half() for k, v in net[0].state_dict().items()} | {"b." + k: v.bfloat16() for k, v in net[0].state_dict().items()})

ints = torch.tensor([0, 1, 100])
save("dtypes", {str(d)[6:]: ints.to(d) for d in DTYPES})

base = torch.arange(24, dtype=torch.float32).reshape(2, 3, 4)
save("views", {"base": base, "turned": base.permute(2, 0, 1), "rows": base[1], "every": base[:, ::2, 1::2], "last": base[..., -1],
               "scalar": base[1, 2, 3], "repeated": base[0, 0].expand(3, 4), "none": base[:, 3:], "flat": base.reshape(-1)[5:7],
               "tied": torch.nn.Parameter(base), "windows": base.reshape(-1).unfold(0, 4, 3), "half": base[0].half().t()})
save("tensor", base[0].t())
save("list", [base[0], {"x": base[1]}, 5])

w = torch.nn.Parameter(torch.tensor([1.0, 2.0]))
lbfgs = torch.optim.LBFGS([w], lr=0.5, max_iter=4, history_size=2)


def closure():
    lbfgs.zero_grad()
    loss = w.pow(4).sum()
    loss.backward()
    return loss


lbfgs.step(closure)
save("scheduler", {"net": {"w": w}, "second": lbfgs.state_dict(),  # a Counter is in the milestones
                   "schedule": torch.optim.lr_scheduler.MultiStepLR(lbfgs, [30, 80, 80]).state_dict()})

log = {"loss": [2.5, 0.125], "best": {"step": 3}}
save("defaults", {"w": w, "log": collections.defaultdict(list, log), "counts": collections.defaultdict(int, {"seen": 7}),
                  "rates": collections.defaultdict(float), "tree": collections.defaultdict(dict), "bare": collections.defaultdict(None, {"v": w})})

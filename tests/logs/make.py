"""Writes the logs of this folder, each by the program itself."""
import json, logging, math, os, sys, tempfile, warnings
from pathlib import Path

os.environ.update(CUDA_VISIBLE_DEVICES="", HF_HUB_OFFLINE="1", TRANSFORMERS_VERBOSITY="error")
warnings.filterwarnings("ignore")
logging.disable(logging.WARNING)
out = Path(sys.argv[1])
import pandas, polars, torch, lightning, transformers, tensorboard.summary, tensorboardX
from lightning.pytorch.loggers import CSVLogger
from torch.utils.tensorboard import SummaryWriter

def curve():
    for step in range(0, 2000, 100):
        t = step / 100
        yield step, {"train_loss": math.exp(-t / 3) + 1e-3 / (1 + t), "val_loss": 2.5 / (1 + math.exp((t - 12) / 1.5)),
                     "train_acc": round(min(1, 0.1 + t / 5), 4), "val_acc": round(1 / (1 + math.exp((12 - t) * 1.7)), 4)}

def name(column):  # train_loss -> train/loss
    return column.replace("_", "/")

def move(folder, to):
    file, = Path(folder).glob("events.out.tfevents.*")
    os.replace(file, out / to)

# TensorBoard, as PyTorch writes it: single precision, with a text and a histogram between
with tempfile.TemporaryDirectory() as d:
    w = SummaryWriter(d)
    w.add_text("config", "p = 97")
    for step, row in curve():
        for c, v in row.items():
            w.add_scalar(name(c), v, step, walltime=1.7e9 + step)
    w.add_histogram("weights", torch.arange(8.0), 1900, bins=2)
    w.close()
    move(d, "torch.tfevents")
# new-style scalars are tensors; double_precision makes them 64 bits wide
for double, to in (False, "tensors.tfevents"), (True, "double.tfevents"):
    with tempfile.TemporaryDirectory() as d:
        w = SummaryWriter(d)
        for step, row in curve():
            for c, v in row.items():
                w.add_scalar(name(c), v, step, walltime=1.7e9 + step, new_style=True, double_precision=double)
        w.close()
        move(d, to)
# a run that was resumed from step 1000: what it had written from there on is void
with tempfile.TemporaryDirectory() as d, tempfile.TemporaryDirectory() as e:
    w = SummaryWriter(d)
    for step, row in curve():
        if step <= 1300:
            for c, v in row.items():
                w.add_scalar(name(c), v if step < 1000 else -1, step, walltime=1.7e9 + step)
    w.close()
    move(d, "resumed.1.tfevents")
    w = SummaryWriter(e, purge_step=1000)
    for step, row in curve():
        if step >= 1000:
            for c, v in row.items():
                w.add_scalar(name(c), v, step, walltime=1.7e9 + step)
    w.close()
    move(e, "resumed.2.tfevents")
with tempfile.TemporaryDirectory() as d:
    w = tensorboardX.SummaryWriter(d)
    for step, row in curve():
        for c, v in row.items():
            w.add_scalar(name(c), v, step, walltime=1.7e9 + step)
    w.close()
    move(d, "tensorboardx.tfevents")

# tensorboard's own writer
with tempfile.TemporaryDirectory() as d:
    w = tensorboard.summary.Writer(d)
    for step, row in curve():
        for c, v in row.items():
            w.add_scalar(name(c), v, step, wall_time=1.7e9 + step)
    w.close()
    move(d, "tensorboard.tfevents")

# pandas and polars
wide = pandas.DataFrame([{"step": s, **row} for s, row in curve()])
sparse = wide.copy()
sparse.loc[sparse.step % 500 != 0, ["val_loss", "val_acc"]] = math.nan
wide.to_csv(out / "pandas.csv")
sparse.to_csv(out / "pandas-sparse.csv", index=False)
wide.melt("step", var_name="metric").to_csv(out / "pandas-long.csv", index=False)
sparse.to_json(out / "pandas.jsonl", orient="records", lines=True)
wide.to_json(out / "pandas.json", orient="records")
frame = polars.from_pandas(wide)
frame.write_csv(out / "polars.csv")
frame.write_ndjson(out / "polars.jsonl")
# the columns of the page's CSV export of a chart of Weights & Biases: a run has three of each
wandb = pandas.DataFrame({"Step": wide.step})
for c in "train_loss", "val_loss", "train_acc", "val_acc":
    for suffix in "", "__MIN", "__MAX":
        wandb[f"fine-sun-3 - {name(c)}{suffix}"] = wide[c]
wandb.to_csv(out / "wandb.csv", index=False, quoting=1)

# Lightning: a network, trained for three epochs
class Net(lightning.LightningModule):
    def __init__(self):
        super().__init__()
        self.layer = torch.nn.Linear(4, 3)

    def look(self, batch, split):
        x, y = batch
        logits = self.layer(x)
        loss = torch.nn.functional.cross_entropy(logits, y)
        self.log(f"{split}_loss", loss)
        self.log(f"{split}_acc", (logits.argmax(1) == y).float().mean(), on_step=False, on_epoch=True)
        return loss

    def training_step(self, batch, _):
        return self.look(batch, "train")

    def validation_step(self, batch, _):
        self.look(batch, "val")

    def configure_optimizers(self):
        return torch.optim.SGD(self.parameters(), 0.5)

torch.manual_seed(0)
x = torch.randn(64, 4)
data = torch.utils.data.TensorDataset(x, x[:, :3].argmax(1))
load = torch.utils.data.DataLoader(data, 16)
with tempfile.TemporaryDirectory() as d:
    lightning.Trainer(max_epochs=3, logger=CSVLogger(d), log_every_n_steps=2, accelerator="cpu", enable_progress_bar=False,
                      enable_checkpointing=False, enable_model_summary=False, default_root_dir=d).fit(Net(), load, load)
    os.replace(Path(d) / "lightning_logs/version_0/metrics.csv", out / "lightning.csv")

# transformers' Trainer: the trainer_state.json of its last checkpoint
class Small(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.layer = torch.nn.Linear(4, 3)

    def forward(self, x, labels):
        logits = self.layer(x)
        return {"loss": torch.nn.functional.cross_entropy(logits, labels), "logits": logits}

rows = [{"x": a, "labels": b} for a, b in data]
with tempfile.TemporaryDirectory() as d:
    args = transformers.TrainingArguments(d, num_train_epochs=3, per_device_train_batch_size=16, logging_steps=2, eval_strategy="epoch",
                                          save_strategy="epoch", report_to=[], use_cpu=True, disable_tqdm=True, seed=1, learning_rate=0.5)
    t = transformers.Trainer(Small(), args, train_dataset=rows, eval_dataset=rows,
                             compute_metrics=lambda p: {"accuracy": float((p.predictions.argmax(1) == p.label_ids).mean())})
    t.train()
    os.replace(Path(d) / "checkpoint-12/trainer_state.json", out / "trainer_state.json")
    t.save_state()
    os.replace(Path(d) / "trainer_state.json", out / "trainer_state-end.json")

wide.to_csv(out / "want.csv", index=False)

"""The course of a training run, as a table and as a picture."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import lightning
from lightning.pytorch.callbacks import Callback
from matplotlib.figure import Figure

from matchms_fingerprint.io.artifacts import atomic_file

CURVE = "curve.csv"
PICTURE = "curve.png"
COLUMNS = ("epoch", "train_loss", "val_tanimoto", "val_threshold")
"""The first columns of the table; the learning rate and what else was logged on `val` follow."""


class Curve(Callback):
    """Writes one row an epoch to `curve.csv`, and draws it.

    The rows are part of each checkpoint, so that a resumed run has the whole course; Lightning's own CSV logger begins
    anew.

    Parameters
    ----------
    folder
        Where the files go.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.rows: list[dict[str, float]] = []
        self.losses: list[float] = []

    def on_train_epoch_start(self, trainer: lightning.Trainer, pl_module: lightning.LightningModule) -> None:
        """Begin a new epoch."""
        self.losses.clear()

    def on_train_batch_end(
        self, trainer: lightning.Trainer, pl_module: lightning.LightningModule, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        """Remember the loss of a batch."""
        self.losses.append(float(outputs["loss"]))

    def on_validation_end(self, trainer: lightning.Trainer, pl_module: lightning.LightningModule) -> None:
        """Add the row of the epoch."""
        logged = {name: float(value) for name, value in trainer.callback_metrics.items() if name.startswith("val_")}
        loss = sum(self.losses) / max(1, len(self.losses))
        row = {"epoch": trainer.current_epoch, "train_loss": loss} | logged
        row["learning_rate"] = trainer.optimizers[0].param_groups[0]["lr"]
        self.rows.append(row)
        if not trainer.is_global_zero:
            return
        columns = dict.fromkeys([*COLUMNS, *(name for one in self.rows for name in one)])
        with atomic_file(self.folder / CURVE) as partial, open(partial, "w", newline="") as handle:
            writer = csv.DictWriter(handle, list(columns))
            writer.writeheader()
            writer.writerows(self.rows)
        draw_curve(self.rows, self.folder / PICTURE)

    def state_dict(self) -> dict[str, Any]:
        """Return what a checkpoint remembers."""
        return {"rows": self.rows}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Take up what a checkpoint remembered; earlier versions kept the first columns alone, without their names."""
        rows = state_dict["rows"]
        self.rows = [row if isinstance(row, dict) else dict(zip(COLUMNS, row, strict=True)) for row in rows]


def draw_curve(rows: list[dict[str, float]], picture: Path) -> None:
    """Draw training loss and validation Tanimoto over the epochs.

    Parameters
    ----------
    rows
        At least the values of `COLUMNS`, one row an epoch.
    picture
        PNG file to write.
    """
    epochs = [int(row["epoch"]) for row in rows]
    loss, tanimoto = [row["train_loss"] for row in rows], [row["val_tanimoto"] for row in rows]
    best = max(range(len(rows)), key=lambda i: tanimoto[i])
    figure = Figure(figsize=(6.4, 4.0), layout="constrained")
    left = figure.subplots()
    left.plot(epochs, tanimoto, color="tab:blue", marker=".")
    left.annotate(
        f"best: {tanimoto[best]:.3f}, epoch {epochs[best]}",
        (epochs[best], tanimoto[best]),
        xytext=(0, 8),
        textcoords="offset points",
        ha="center",
    )
    left.margins(y=0.12)
    left.set_xlabel("epoch")
    left.set_ylabel("mean Tanimoto on val", color="tab:blue")
    right = left.twinx()
    right.plot(epochs, loss, color="tab:gray", linestyle="--")
    right.set_ylabel("training loss", color="tab:gray")
    with atomic_file(picture) as partial:
        figure.savefig(partial, format="png", dpi=150)

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
        self.rows: list[list[float]] = []
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
        metrics = trainer.callback_metrics
        loss = sum(self.losses) / max(1, len(self.losses))
        self.rows.append([trainer.current_epoch, loss, float(metrics[COLUMNS[2]]), float(metrics[COLUMNS[3]])])
        with atomic_file(self.folder / CURVE) as partial, open(partial, "w", newline="") as handle:
            csv.writer(handle).writerows([COLUMNS, *self.rows])
        draw_curve(self.rows, self.folder / PICTURE)

    def state_dict(self) -> dict[str, Any]:
        """Return what a checkpoint remembers."""
        return {"rows": self.rows}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Take up what a checkpoint remembered."""
        self.rows = state_dict["rows"]


def draw_curve(rows: list[list[float]], picture: Path) -> None:
    """Draw training loss and validation Tanimoto over the epochs.

    Parameters
    ----------
    rows
        Values in the order of `COLUMNS`, one row an epoch.
    picture
        PNG file to write.
    """
    epochs = [int(row[0]) for row in rows]
    loss, tanimoto = [row[1] for row in rows], [row[2] for row in rows]
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

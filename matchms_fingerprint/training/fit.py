"""The training loop, on Lightning: seeded, resumable, with early stopping on the validation fold."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import lightning
import numpy as np
import torch
from lightning.pytorch.callbacks import Callback, EarlyStopping, ModelCheckpoint, RichProgressBar
from numpy.typing import NDArray
from safetensors.torch import load_file, save_file
from torch import Tensor
from torch.nn import functional
from torch.utils.data import DataLoader

from matchms_fingerprint.evaluation.metrics import best_bit_threshold
from matchms_fingerprint.features.labelled import LabelledSpectra
from matchms_fingerprint.io.artifacts import atomic_file
from matchms_fingerprint.models.network import Network
from matchms_fingerprint.models.registry import NetworkSettings, build_network, find_encoder
from matchms_fingerprint.training.curve import Curve
from matchms_fingerprint.training.datasets import (
    DrawnBatches,
    PreparedBatches,
    merge_partners,
    structure_balanced_weights,
)
from matchms_fingerprint.training.settings import TrainingSettings

EXPECTED_BITS = 50.0
"""Scale of the cross-entropy: the sum over bits is divided by about the number of set bits of a molecule."""


class KeepBest(Callback):
    """Keeps the weights of the epoch with the best mean Tanimoto on the validation fold, as safetensors."""

    def __init__(self, path: Path):
        self.path = path
        self.best = -1.0

    def on_validation_end(self, trainer: lightning.Trainer, pl_module: lightning.LightningModule) -> None:
        """Save the weights if they are better than before."""
        value = float(trainer.callback_metrics["val_tanimoto"])
        if value > self.best and isinstance(pl_module, FingerprintTask):
            self.best = value
            with atomic_file(self.path) as partial:
                save_file(pl_module.network.state_dict(), partial)

    def state_dict(self) -> dict[str, float]:
        """Return what a checkpoint remembers."""
        return {"best": self.best}

    def load_state_dict(self, state_dict: dict[str, float]) -> None:
        """Take up what a checkpoint remembered."""
        self.best = state_dict["best"]


class FingerprintTask(lightning.LightningModule):
    """Loss, optimiser and validation of one network."""

    def __init__(self, network: Network, settings: TrainingSettings, data: LabelledSpectra, folds: NDArray[np.str_]):
        super().__init__()
        self.network, self.settings, self.data = network, settings, data
        self.train_rows = np.flatnonzero(folds == "train")
        self.weights = structure_balanced_weights(data.structure[self.train_rows], settings.structure_cap)
        self.partners = merge_partners(data, self.train_rows)
        self.val_rows = np.flatnonzero(folds == "val")
        self.outputs: list[tuple[NDArray[np.float32], NDArray[np.uint8]]] = []

    def train_dataloader(self) -> DataLoader[Any]:
        """Return the batches of the current epoch."""
        epoch = self.current_epoch
        batches = PreparedBatches(self.data, self.network, self.settings, epoch, self.partners)
        sampler = DrawnBatches(self.train_rows, self.weights, self.settings, epoch)
        return DataLoader(batches, sampler=sampler, batch_size=None)

    def val_dataloader(self) -> DataLoader[Any]:
        """Return the validation spectra in batches."""
        batches = PreparedBatches(self.data, self.network, self.settings, 0)
        rows = [part.tolist() for part in np.array_split(self.val_rows, max(1, self.val_rows.size // 1024))]
        return DataLoader(batches, sampler=rows, batch_size=None)

    def training_step(self, batch: tuple[Any, Tensor], step: int) -> Tensor:
        """Return the loss of a batch: cross-entropy and soft Tanimoto.

        Each epoch has random numbers of its own, so that a resumed run drops out what an undisturbed one does.
        """
        if step == 0:
            torch.manual_seed(self.settings.seed + 1_000_003 * (self.current_epoch + 1))
        prepared, bits = batch
        logits, _embedding = self.network(prepared)
        loss = fingerprint_loss(logits, bits.to(logits.device), self.settings.iou_weight)
        self.log("train_loss", loss, on_step=False, on_epoch=True, batch_size=len(bits), prog_bar=True)
        return loss

    def validation_step(self, batch: tuple[Any, Tensor], _: int) -> None:
        """Keep the predictions of a batch."""
        prepared, bits = batch
        logits, _embedding = self.network(prepared)
        self.outputs.append((torch.sigmoid(logits).cpu().numpy(), bits.cpu().numpy().astype(np.uint8)))

    def on_validation_epoch_end(self) -> None:
        """Log the mean Tanimoto at the best threshold."""
        probabilities = np.concatenate([part[0] for part in self.outputs])
        bits = np.concatenate([part[1] for part in self.outputs])
        self.outputs.clear()
        threshold, tanimoto = best_bit_threshold(probabilities, bits, np.arange(0.15, 0.5, 0.05))
        self.log_dict({"val_tanimoto": tanimoto, "val_threshold": threshold}, prog_bar=True)

    def configure_optimizers(self) -> Any:
        """AdamW with warm-up and cosine decay."""
        settings = self.settings
        optimizer = torch.optim.AdamW(
            self.network.parameters(), settings.learning_rate, weight_decay=settings.weight_decay
        )
        steps = max(2, settings.epochs * max(1, settings.spectra_per_epoch // settings.batch_size))
        schedule = torch.optim.lr_scheduler.OneCycleLR(
            optimizer, settings.learning_rate, total_steps=steps, pct_start=settings.warmup
        )
        return {"optimizer": optimizer, "lr_scheduler": {"scheduler": schedule, "interval": "step"}}


def fingerprint_loss(logits: Tensor, bits: Tensor, iou_weight: float) -> Tensor:
    """Return cross-entropy summed over bits / EXPECTED_BITS + iou_weight * (1 - soft Tanimoto), mean over spectra."""
    entropy = functional.binary_cross_entropy_with_logits(logits, bits, reduction="none").sum(dim=1) / EXPECTED_BITS
    if iou_weight == 0:
        return entropy.mean()
    probabilities = torch.sigmoid(logits)
    both = (probabilities * bits).sum(dim=1)
    either = probabilities.sum(dim=1) + bits.sum(dim=1) - both
    return (entropy + iou_weight * (1.0 - both / either.clamp(min=1e-6))).mean()


def build_for(data: LabelledSpectra, folds: NDArray[np.str_], settings: TrainingSettings) -> Network:
    """Build the network of a run; some of its settings and its starting point follow from the training fold."""
    torch.manual_seed(settings.seed)
    rows = np.flatnonzero(folds == "train")
    encoder_settings = find_encoder(settings.encoder).settings_from_data(
        data.spectra.take(rows), data.structure[rows], settings.encoder_settings
    )
    network = build_network(
        NetworkSettings(
            settings.encoder, encoder_settings, settings.head, settings.head_settings, data.fingerprint.n_bits
        )
    )
    network.head.start_at(torch.from_numpy(bit_frequencies(data, rows)))
    return network


def bit_frequencies(data: LabelledSpectra, rows: NDArray[np.int64]) -> NDArray[np.float32]:
    """Return the share of the structures behind `rows` that have each bit, shape (n_bits,), float32."""
    first = np.unique(data.structure[rows], return_index=True)[1]
    return data.bits(rows[first]).mean(axis=0, dtype=np.float64).astype(np.float32)


def fit(
    data: LabelledSpectra,
    folds: NDArray[np.str_],
    settings: TrainingSettings,
    folder: str | Path,
    progress: bool = True,
    extra_callbacks: Sequence[Callback] = (),
    **trainer_options: Any,
) -> Network:
    """Train a network; continue from the last checkpoint in `folder` where there is one.

    Parameters
    ----------
    data
        Spectra with structures.
    folds
        train, val or test for each spectrum; `test` is not touched.
    settings
        Settings of the run.
    folder
        Where the last checkpoint (`last.ckpt`), the best weights
        (`best.safetensors`) and the curve (`curve.csv`, `curve.png`) go.
    progress
        Show a progress bar.
    extra_callbacks
        Lightning callbacks beside our own.
    trainer_options
        Passed to `lightning.Trainer`, such as `devices=2`.

    Returns
    -------
    Network
        The network of the epoch with the best mean Tanimoto on `val`, in evaluation mode.
    """
    folder = Path(folder)
    data = replace(data, spectra=find_encoder(settings.encoder).complete(data.spectra))
    network = build_for(data, folds, settings)
    task = FingerprintTask(network, settings, data, folds)
    keep_best = KeepBest(folder / "best.safetensors")
    last = ModelCheckpoint(folder, "last", enable_version_counter=False)
    callbacks: list[Callback] = [
        keep_best,
        Curve(folder),
        last,
        EarlyStopping("val_tanimoto", mode="max", patience=settings.patience),
    ]
    callbacks += extra_callbacks
    if progress:
        callbacks.append(RichProgressBar(console_kwargs={"stderr": True}))
    logging.getLogger("lightning.pytorch").setLevel(logging.WARNING)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        trainer = lightning.Trainer(
            max_epochs=settings.epochs,
            callbacks=callbacks,
            logger=False,
            gradient_clip_val=1.0,
            reload_dataloaders_every_n_epochs=1,
            num_sanity_val_steps=0,
            enable_progress_bar=progress,
            enable_model_summary=False,
            **trainer_options,
        )
        checkpoint = folder / "last.ckpt"
        trainer.fit(task, ckpt_path=str(checkpoint) if checkpoint.is_file() else None, weights_only=True)
    network.load_state_dict(load_file(keep_best.path))
    return network.eval()

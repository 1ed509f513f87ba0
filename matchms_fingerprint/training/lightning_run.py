"""The Lightning trainer of all trainings: quiet, resumable, with new batches every epoch."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import lightning
import torch
from lightning.pytorch.callbacks import Callback, ModelCheckpoint, RichProgressBar

from matchms_fingerprint.training.masked_peaks import PretrainingSettings
from matchms_fingerprint.training.settings import TrainingSettings


def adamw(parameters: Iterable[torch.nn.Parameter], settings: TrainingSettings | PretrainingSettings) -> dict[str, Any]:
    """Return AdamW with warm-up and cosine decay, as Lightning takes it."""
    optimizer = torch.optim.AdamW(parameters, settings.learning_rate, weight_decay=settings.weight_decay)
    steps = max(2, settings.epochs * max(1, settings.spectra_per_epoch // settings.batch_size))
    # a warm-up of one step alone has no length, and torch divides by it
    warmup = 2 / steps if settings.warmup * steps == 1 else settings.warmup
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimizer, settings.learning_rate, total_steps=steps, pct_start=warmup
    )
    return {"optimizer": optimizer, "lr_scheduler": {"scheduler": schedule, "interval": "step"}}


def run_lightning(
    task: lightning.LightningModule,
    folder: Path,
    epochs: int,
    callbacks: Sequence[Callback],
    progress: bool,
    trainer_options: dict[str, Any],
) -> None:
    """Train, from the last checkpoint in the folder where there is one.

    Parameters
    ----------
    task
        What is trained.
    folder
        Where `last.ckpt` goes, and is looked for.
    epochs
        Most epochs.
    callbacks
        Callbacks beside the checkpoint and the progress bar.
    progress
        Show a progress bar on stderr.
    trainer_options
        Passed to `lightning.Trainer`.
    """
    everything = [*callbacks, ModelCheckpoint(folder, "last", enable_version_counter=False)]
    if progress:
        everything.append(RichProgressBar(console_kwargs={"stderr": True}))
    logging.getLogger("lightning.pytorch").setLevel(logging.WARNING)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        trainer = lightning.Trainer(
            max_epochs=epochs,
            callbacks=everything,
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

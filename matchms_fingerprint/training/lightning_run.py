"""The Lightning trainer of all trainings: quiet, resumable, with new batches every epoch."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import lightning
from lightning.pytorch.callbacks import Callback, ModelCheckpoint, RichProgressBar


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

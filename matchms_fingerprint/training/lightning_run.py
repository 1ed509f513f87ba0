"""The Lightning trainer of all trainings: quiet, resumable, with new batches every epoch, on one device or several."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Iterable, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any, TypeVar

import lightning
import torch
from lightning.pytorch.callbacks import Callback, ModelCheckpoint, RichProgressBar
from lightning.pytorch.loggers import TensorBoardLogger

from matchms_fingerprint.training.masked_peaks import PretrainingSettings
from matchms_fingerprint.training.settings import TrainingSettings

TENSORBOARD = "tensorboard"
CHECKPOINT = "last.ckpt"
_Batch = TypeVar("_Batch")


def adamw(
    parameters: Iterable[torch.nn.Parameter], settings: TrainingSettings | PretrainingSettings, n_devices: int = 1
) -> dict[str, Any]:
    """Return AdamW with warm-up and cosine decay over the steps of a training, as Lightning takes it."""
    optimizer = torch.optim.AdamW(parameters, settings.learning_rate, weight_decay=settings.weight_decay)
    n_batches = max(1, settings.spectra_per_epoch // settings.batch_size)
    steps = max(2, settings.epochs * max(1, n_batches // n_devices))
    # a warm-up of one step alone has no length, and torch divides by it
    warmup = 2 / steps if settings.warmup * steps == 1 else settings.warmup
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimizer, settings.learning_rate, total_steps=steps, pct_start=warmup
    )
    return {"optimizer": optimizer, "lr_scheduler": {"scheduler": schedule, "interval": "step"}}


def share_of_device(batches: Sequence[_Batch], trainer: lightning.Trainer) -> Sequence[_Batch]:
    """Return the batches of an epoch that are for this device: all have the same number, and a few may be left out."""
    n = trainer.world_size
    if n == 1:
        return batches
    return batches[trainer.global_rank :: n][: max(1, len(batches) // n)]


def run_lightning(
    task: lightning.LightningModule,
    folder: Path,
    epochs: int,
    callbacks: Sequence[Callback],
    progress: bool,
    trainer_options: dict[str, Any],
) -> None:
    """Train, from the last checkpoint in the folder where there is one.

    On several devices each step has a batch on every one, so there are fewer steps; all of them validate on everything.
    Where the package tensorboard is installed, what is logged also goes to a folder `tensorboard`.

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
        Passed to `lightning.Trainer`, such as `accelerator` and `devices`.
    """
    everything = [*callbacks, ModelCheckpoint(folder, Path(CHECKPOINT).stem, enable_version_counter=False)]
    if progress:
        everything.append(RichProgressBar(console_kwargs={"stderr": True}))
    logging.getLogger("lightning.pytorch").setLevel(logging.WARNING)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        trainer = lightning.Trainer(
            max_epochs=epochs,
            callbacks=everything,
            use_distributed_sampler=False,
            gradient_clip_val=1.0,
            reload_dataloaders_every_n_epochs=1,
            num_sanity_val_steps=0,
            enable_progress_bar=progress,
            enable_model_summary=False,
            **{"logger": _logger(folder), "strategy": _strategy(trainer_options)} | trainer_options,
        )
        checkpoint = folder / CHECKPOINT
        trainer.fit(task, ckpt_path=str(checkpoint) if checkpoint.is_file() else None, weights_only=True)


def _logger(folder: Path) -> TensorBoardLogger | bool:
    return TensorBoardLogger(folder, name=TENSORBOARD, version="") if find_spec("tensorboard") else False


def _strategy(trainer_options: dict[str, Any]) -> str:
    """Return how several devices work together: in processes of their own, which end with the training.

    Lightning's own choice starts the whole command once more for each device.
    """
    devices, on_cpu = str(trainer_options.get("devices", "auto")), trainer_options.get("accelerator") == "cpu"
    n_present = 1 if on_cpu else max(1, torch.cuda.device_count())
    n = n_present if devices in ("auto", "-1") else int(devices) if devices.isdecimal() else len(devices.split(","))
    return "ddp_spawn_find_unused_parameters_true" if n > 1 else "auto"

"""Trains one network, on Lightning: seeded, resumable, with early stopping on the validation fold."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import lightning
import numpy as np
import torch
from lightning.pytorch.callbacks import Callback, EarlyStopping
from numpy.typing import NDArray
from safetensors.torch import load_file

from matchms_fingerprint.candidates import CandidateLibrary
from matchms_fingerprint.errors import SettingsError
from matchms_fingerprint.evaluation.controls import SpectrumBlind
from matchms_fingerprint.features.labelled import LabelledSpectra
from matchms_fingerprint.models.losses.registry import find_loss
from matchms_fingerprint.models.network import Network
from matchms_fingerprint.models.registry import NetworkSettings, build_network, find_encoder, find_head
from matchms_fingerprint.training.curve import Curve
from matchms_fingerprint.training.lightning_run import run_lightning
from matchms_fingerprint.training.negatives import Negatives, find_negatives
from matchms_fingerprint.training.pretrain import load_pretrained
from matchms_fingerprint.training.settings import TrainingSettings
from matchms_fingerprint.training.synthetic import SyntheticSpectra, load_or_build
from matchms_fingerprint.training.task import FingerprintTask, KeepBest

SYNTHETIC = "synthetic.npz"


class StopOnceReal(EarlyStopping):
    """Early stopping that begins with the last epochs, those without simulated spectra.

    What is learned in them is what the others were for, so a run does not end before, and epochs before do not count
    towards the patience.

    Parameters
    ----------
    monitor, patience
        As for `EarlyStopping`; higher values are better.
    first_epoch
        The first epoch that counts.
    """

    def __init__(self, monitor: str, patience: int, first_epoch: int) -> None:
        super().__init__(monitor, mode="max", patience=patience, check_on_train_epoch_end=True)
        self.first_epoch = first_epoch

    def on_train_epoch_end(self, trainer: lightning.Trainer, pl_module: lightning.LightningModule) -> None:
        """Look at the epoch if it counts."""
        if trainer.current_epoch >= self.first_epoch:
            super().on_train_epoch_end(trainer, pl_module)


def stopping_rule(settings: TrainingSettings) -> EarlyStopping:
    """Return the callback that ends a run before its last epoch."""
    monitored = f"val_{settings.monitor}"
    if settings.synthetic_structures:
        return StopOnceReal(monitored, settings.patience, settings.epochs - settings.real_epochs)
    return EarlyStopping(monitored, mode="max", patience=settings.patience)


def build_for(data: LabelledSpectra, folds: NDArray[np.str_], settings: TrainingSettings) -> Network:
    """Build the network of a run; some of its settings and its starting point follow from the training fold."""
    torch.manual_seed(settings.seed)
    rows = np.flatnonzero(folds == "train")
    encoder_settings = find_encoder(settings.encoder).settings_from_data(
        data.spectra.take(rows), data.structure[rows], settings.encoder_settings
    )
    bits = structure_bits(data, rows)
    scorer = find_loss(settings.loss).scorer
    network = build_network(
        NetworkSettings(
            encoder=settings.encoder,
            encoder_settings=encoder_settings,
            head=settings.head,
            head_settings=find_head(settings.head).settings_from_data(bits, settings.head_settings),
            n_bits=data.fingerprint.n_bits,
            scorer=scorer,
            scorer_settings={} if scorer is None else settings.scorer_settings,
        )
    )
    network.head.start_at(torch.from_numpy(frequencies_of(bits)))
    if settings.pretrained:
        load_pretrained(network.encoder, settings.pretrained)
    return network


def bit_frequencies(data: LabelledSpectra, rows: NDArray[np.int64]) -> NDArray[np.float32]:
    """Return the share of the structures behind `rows` that have each bit, shape (n_bits,), float32."""
    return frequencies_of(structure_bits(data, rows))


def structure_bits(data: LabelledSpectra, rows: NDArray[np.int64]) -> NDArray[np.uint8]:
    """Return the bits of the distinct structures behind `rows`, shape (n_structures, n_bits), uint8."""
    return data.bits(rows[np.unique(data.structure[rows], return_index=True)[1]])


def frequencies_of(bits: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Return how often each bit is set, shape (n_bits,), float32."""
    return bits.mean(axis=0, dtype=np.float64).astype(np.float32)


def negatives_for(
    data: LabelledSpectra,
    folds: NDArray[np.str_],
    settings: TrainingSettings,
    library: CandidateLibrary | None,
    found: Negatives | None = None,
    progress: bool = False,
) -> tuple[Negatives, Negatives] | None:
    """Find the wrong candidates of training and of validation, or take those `found`; None for a loss of bits.

    In training, structures of other folds are nobody's candidates: what is held out is not to be learned as wrong. With
    `matched_negatives` those that look measured are drawn more often, to a classifier fitted on training structures.

    Raises
    ------
    SettingsError
        If there is no library to find them in.
    """
    if not find_loss(settings.loss).needs_candidates:
        return None
    trained = np.unique(data.structure[folds == "train"])
    held_out = np.setdiff1d(np.unique(data.structure), trained)
    if found is not None:
        found.check(data)
        return found.without(held_out), found
    if library is None:
        raise SettingsError(f"the loss {settings.loss!r} ranks candidates; give a candidate library with --candidates")
    everything = find_negatives(library, data, settings.negatives, seed=settings.seed, progress=progress)
    if settings.matched_negatives:
        measured, masses = data.fingerprints[trained], data.masses[trained]
        blind = SpectrumBlind(measured, masses, data.fingerprints, library, seed=settings.seed)
        everything = everything.matched(blind.weights)
    return everything.without(held_out), everything


def synthetic_for(
    data: LabelledSpectra,
    folds: NDArray[np.str_],
    settings: TrainingSettings,
    folder: Path,
    library: CandidateLibrary | None,
    progress: bool = False,
) -> SyntheticSpectra | None:
    """Make what simulates spectra for a training, or take it from the run's folder; None where none are asked for.

    Raises
    ------
    SettingsError
        If there is no library, or no epoch has synthetic spectra.
    """
    if not settings.synthetic_structures:
        return None
    if library is None:
        raise SettingsError("synthetic spectra are made of library structures; give a candidate library")
    if settings.real_epochs >= settings.epochs:
        raise SettingsError(
            f"with real_epochs {settings.real_epochs} none of {settings.epochs} epochs has synthetic spectra; set it "
            "lower, or synthetic_structures to 0"
        )
    n, seed = settings.synthetic_structures, settings.seed
    return load_or_build(folder / SYNTHETIC, library, data, folds, n, seed, progress)


def fit(
    data: LabelledSpectra,
    folds: NDArray[np.str_],
    settings: TrainingSettings,
    folder: str | Path,
    library: CandidateLibrary | None = None,
    negatives: Negatives | None = None,
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
        (`best.safetensors`) and the curve (`curve.csv`, `curve.png`) go, and what simulates spectra (`synthetic.npz`).
    library
        Where wrong candidates come from, for a loss that ranks them, and the structures of synthetic spectra.
    negatives
        Wrong candidates that were found already.
    progress
        Show a progress bar.
    extra_callbacks
        Lightning callbacks beside our own.
    trainer_options
        Passed to `lightning.Trainer`, such as `devices=2`.

    Returns
    -------
    Network
        The network of the epoch with the best value on `val`, in evaluation mode.

    Raises
    ------
    SettingsError
        If the loss ranks candidates or synthetic spectra are asked for, and there is no library; see `synthetic_for`.
    """
    folder = Path(folder)
    task = _make_task(data, folds, settings, folder, library, negatives, progress)
    keep_best = KeepBest(folder / "best.safetensors", f"val_{settings.monitor}")
    callbacks = [keep_best, Curve(folder), stopping_rule(settings), *extra_callbacks]
    run_lightning(task, folder, settings.epochs, callbacks, progress, trainer_options)
    task.network.load_state_dict(load_file(keep_best.path))
    return task.network.eval()


def refit_network(
    data: LabelledSpectra,
    folds: NDArray[np.str_],
    settings: TrainingSettings,
    folder: str | Path,
    library: CandidateLibrary | None = None,
    progress: bool = True,
    **trainer_options: Any,
) -> Network:
    """Train as `fit` does on all that is `train`, for all epochs, with nothing to choose by; parameters as there."""
    folder = Path(folder)
    task = _make_task(data, folds, settings, folder, library, None, progress)
    run_lightning(task, folder, settings.epochs, [], progress, {"limit_val_batches": 0, **trainer_options})
    return task.network.eval()


def _make_task(
    data: LabelledSpectra,
    folds: NDArray[np.str_],
    settings: TrainingSettings,
    folder: Path,
    library: CandidateLibrary | None,
    negatives: Negatives | None,
    progress: bool,
) -> FingerprintTask:
    """Bring together what is trained: the network, the completed data, wrong candidates and simulated spectra."""
    synthetic = synthetic_for(data, folds, settings, folder, library, progress)
    data = replace(data, spectra=find_encoder(settings.encoder).complete(data.spectra))
    network = build_for(data, folds, settings)
    lists = negatives_for(data, folds, settings, library, negatives, progress)
    return FingerprintTask(network, settings, data, folds, lists, synthetic)

"""Self-supervised training of the peak transformer: it learns to say what m/z hidden peaks have.

After DreaMS (Bushuiev et al. 2025, "Self-supervised learning of molecular representations from millions of tandem mass
spectra"): the m/z of some peaks of a spectrum are hidden, their intensities stay, and the network names the bins in
which they lie. No structures are needed. A later training starts from the result with `load_pretrained`.

    pretraining.json        settings and data of the run, so that nothing else is resumed in its folder
    last.ckpt               the last checkpoint
    encoder.safetensors     weights of the epoch that was best on spectra held out
    encoder.json            settings of the encoder, sha256 of the weights, the course of the run
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import lightning
import numpy as np
import torch
from lightning.pytorch.callbacks import Callback, EarlyStopping
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor, nn
from torch.nn import functional
from torch.utils.data import DataLoader

from matchms_fingerprint.errors import InputFileError, ModelError, OutputError
from matchms_fingerprint.features.arrays import SpectrumArrays
from matchms_fingerprint.io.artifacts import atomic_file, read_json, sha256_of, write_json
from matchms_fingerprint.models.encoders.encoder import Encoder
from matchms_fingerprint.models.encoders.peak_transformer import N_FIRST, PeakTransformer
from matchms_fingerprint.training.lightning_run import adamw, run_lightning, share_of_device
from matchms_fingerprint.training.masked_peaks import (
    HiddenPeaks,
    MaskedBatches,
    PretrainingSettings,
    bin_frequencies,
    usable_rows,
)

WEIGHTS = "encoder.safetensors"
DESCRIPTION = "encoder.json"
IDENTITY = "pretraining.json"
FORMAT = 1
_NOT_PRETRAINED = "embedding."
_FREE_SETTINGS = frozenset({"dropout", "n_embedding"})


class MaskedPeakTask(lightning.LightningModule):
    """Loss, optimiser and validation of one encoder.

    Parameters
    ----------
    encoder
        What is to be trained.
    settings
        Settings of the run.
    spectra
        All spectra; some are held out to choose the epoch.
    """

    def __init__(self, encoder: PeakTransformer, settings: PretrainingSettings, spectra: SpectrumArrays) -> None:
        super().__init__()
        self.encoder, self.settings, self.spectra = encoder, settings, spectra
        self.train_rows, self.val_rows = usable_rows(spectra, encoder.tokens, settings)
        self.predict = nn.Linear(encoder.n_model, settings.n_bins)
        frequencies = bin_frequencies(spectra.take(self.train_rows), settings)
        with torch.no_grad():
            self.predict.bias.copy_(torch.from_numpy(np.log(frequencies)))
        self.outputs: list[tuple[Tensor, Tensor]] = []

    def train_dataloader(self) -> DataLoader[Any]:
        """Return the batches of the current epoch."""
        epoch, settings = self.current_epoch, self.settings
        n_batches = max(1, settings.spectra_per_epoch // settings.batch_size)
        n_draws = n_batches * settings.batch_size
        rng = np.random.default_rng([settings.seed, epoch])
        draws = rng.choice(self.train_rows, n_draws, replace=n_draws > self.train_rows.size)
        batches = MaskedBatches(self.spectra, self.encoder, settings, epoch)
        rows = share_of_device(draws.reshape(n_batches, -1).tolist(), self.trainer)
        return DataLoader(batches, sampler=rows, batch_size=None)

    def val_dataloader(self) -> DataLoader[Any]:
        """Return the spectra held out, undisturbed; always the same peaks are hidden."""
        batches = MaskedBatches(self.spectra, self.encoder, self.settings, None)
        rows = [part.tolist() for part in np.array_split(self.val_rows, -(-self.val_rows.size // 256))]
        return DataLoader(batches, sampler=rows, batch_size=None)

    def forward(self, batch: list[HiddenPeaks]) -> tuple[Tensor, Tensor]:
        """Return logits of the bins of all hidden peaks, shape (n_hidden, n_bins), and the true bins (n_hidden,)."""
        states = []
        for part in batch:
            n_peaks = part.is_hidden.shape[1]
            peaks = self.encoder.contextualize(part.group)[:, N_FIRST : N_FIRST + n_peaks]
            states.append(peaks[part.is_hidden])
        return self.predict(self.encoder.norm(torch.cat(states))), torch.cat([part.bins for part in batch])

    def training_step(self, batch: list[HiddenPeaks], step: int) -> Tensor:
        """Return the cross-entropy of a batch, mean over hidden peaks."""
        if step == 0:
            torch.manual_seed(self.settings.seed + 1_000_003 * (self.current_epoch + 1))
        logits, bins = self(batch)
        loss = functional.cross_entropy(logits, bins, reduction="sum") / max(1, len(bins))
        self.log("train_loss", loss, on_step=False, on_epoch=True, batch_size=max(1, len(bins)), prog_bar=True)
        return loss

    def validation_step(self, batch: list[HiddenPeaks], _: int) -> None:
        """Keep what a batch gave: loss and bin found per peak, and the true bin."""
        logits, bins = self(batch)
        losses = functional.cross_entropy(logits, bins, reduction="none")
        self.outputs.append((torch.stack([losses, logits.argmax(dim=1).float()]).cpu(), bins.cpu()))

    def on_validation_epoch_end(self) -> None:
        """Log loss and accuracy, and the accuracy of the best constant answer."""
        losses, found = torch.cat([part[0] for part in self.outputs], dim=1)
        bins = torch.cat([part[1] for part in self.outputs])
        self.outputs.clear()
        constant = torch.bincount(bins).max() / len(bins)
        accuracy = (found == bins).float().mean()
        self.log_dict(
            {"val_loss": losses.mean(), "val_accuracy": accuracy, "constant_accuracy": constant}, prog_bar=True
        )

    def configure_optimizers(self) -> Any:
        """AdamW with warm-up and cosine decay."""
        trained = [p for name, p in self.named_parameters() if not name.startswith(f"encoder.{_NOT_PRETRAINED}")]
        return adamw(trained, self.settings, self.trainer.world_size)


class KeepBestEncoder(Callback):
    """Keeps the encoder of the epoch with the lowest loss on the spectra held out, and the course of the run."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.course: list[dict[str, float]] = []

    def on_train_epoch_end(self, trainer: lightning.Trainer, pl_module: lightning.LightningModule) -> None:
        """Add the epoch to the course, and save the weights if it is the best so far."""
        row = {name: float(value) for name, value in trainer.callback_metrics.items()}
        self.course.append({"epoch": trainer.current_epoch} | row)
        best = min(self.course, key=lambda item: item["val_loss"])
        if not isinstance(pl_module, MaskedPeakTask) or not trainer.is_global_zero:
            return
        if best is self.course[-1]:
            tensors = pl_module.encoder.state_dict()
            kept = {name: value for name, value in tensors.items() if not name.startswith(_NOT_PRETRAINED)}
            with atomic_file(self.folder / WEIGHTS) as partial:
                save_file(kept, partial)
        description = {
            "format": FORMAT,
            "encoder": "peak_transformer",
            "encoder_settings": pl_module.encoder.settings,
            "sha256": sha256_of(self.folder / WEIGHTS),
            "n_spectra": {"train": int(pl_module.train_rows.size), "held_out": int(pl_module.val_rows.size)},
            "best": best,
            "course": self.course,
        }
        write_json(self.folder / DESCRIPTION, description)

    def state_dict(self) -> dict[str, Any]:
        """Return what a checkpoint remembers."""
        return {"course": self.course}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Take up what a checkpoint remembered."""
        self.course = state_dict["course"]


def pretrain(
    spectra: SpectrumArrays,
    settings: PretrainingSettings,
    folder: str | Path,
    progress: bool = True,
    extra_callbacks: Sequence[Callback] = (),
    **trainer_options: Any,
) -> PeakTransformer:
    """Train a peak transformer on spectra without structures; continue from the last checkpoint where there is one.

    Parameters
    ----------
    spectra
        Spectra, of which those with too few peaks are left out. To report figures on a test fold later, leave out its
        spectra: the network would have seen them, though not their structures.
    settings
        Settings of the run.
    folder
        Where the files go that the head of this module lists.
    progress
        Show a progress bar.
    extra_callbacks
        Lightning callbacks beside our own.
    trainer_options
        Passed to `lightning.Trainer`, such as `devices=2`.

    Returns
    -------
    PeakTransformer
        The encoder of the best epoch, in evaluation mode. Its last layer, from summary token to embedding, is as it
        was drawn: hidden peaks teach it nothing.

    Raises
    ------
    SettingsError
        If too few spectra have enough peaks.
    OutputError
        If the folder holds a run with other settings or spectra.
    """
    folder = Path(folder)
    torch.manual_seed(settings.seed)
    encoder = PeakTransformer(**settings.encoder_settings)
    task = MaskedPeakTask(encoder, settings, spectra)
    _claim(folder, {"settings": settings.to_dict(), "spectra": _digest(spectra)})
    early = EarlyStopping("val_loss", mode="min", patience=settings.patience)
    callbacks = [KeepBestEncoder(folder), early, *extra_callbacks]
    run_lightning(task, folder, settings.epochs, callbacks, progress, trainer_options)
    load_pretrained(encoder, folder)
    return encoder.eval()


def load_pretrained(encoder: Encoder, folder: str | Path) -> dict[str, Any]:
    """Give an encoder the weights that `pretrain` left in a folder, before it is trained on structures.

    Parameters
    ----------
    encoder
        A peak transformer of the same sizes; `dropout` and `n_embedding` may differ. The layer behind the summary
        token stays as it is.
    folder
        Folder of the run.

    Returns
    -------
    dict
        Content of `encoder.json`: settings, data and course of the run.

    Raises
    ------
    ModelError
        If there is no such run, its weights are damaged, or they are those of another encoder.
    """
    folder = Path(folder)
    description = describe_pretrained(folder)
    if not isinstance(encoder, PeakTransformer):
        raise ModelError(
            f"{folder}: holds a pre-trained peak_transformer, which cannot start a {type(encoder).__name__}; "
            "choose the encoder peak_transformer"
        )
    found = description["encoder_settings"]
    differing = [
        f"{name} {found.get(name)!r} and not {value!r}"
        for name, value in encoder.settings.items()
        if name not in _FREE_SETTINGS and found.get(name) != value
    ]
    if differing:
        raise ModelError(
            f"{folder}: pre-trained with {', '.join(differing)}; give the encoder the settings in {DESCRIPTION}"
        )
    weights = folder / WEIGHTS
    if not weights.is_file() or sha256_of(weights) != description["sha256"]:
        raise ModelError(f"{weights}: missing, or not the file that {DESCRIPTION} names; pre-train again")
    own = {name: value for name, value in encoder.state_dict().items() if name.startswith(_NOT_PRETRAINED)}
    try:
        encoder.load_state_dict(own | load_file(weights))
    except (RuntimeError, SafetensorError) as error:
        raise ModelError(f"{weights}: does not fit this version ({str(error).splitlines()[-1].strip()})") from None
    return description


def describe_pretrained(folder: str | Path) -> dict[str, Any]:
    """Return the content of `encoder.json`; raise `ModelError` where it is missing or of another version."""
    folder = Path(folder)
    try:
        content = read_json(folder / DESCRIPTION)
    except InputFileError as error:
        raise ModelError(f"{error}; a pre-trained encoder is a folder with {DESCRIPTION} and {WEIGHTS}") from None
    found = content.get("format") if isinstance(content, dict) else None
    if found != FORMAT or not {"encoder_settings", "sha256"} <= set(content):
        raise ModelError(f"{folder / DESCRIPTION}: format {found!r}, this version reads {FORMAT}; pre-train again")
    return content


def _claim(folder: Path, identity: dict[str, Any]) -> None:
    """Make the folder, or check that what it holds is the run to resume."""
    described = folder / IDENTITY
    if described.is_file():
        if read_json(described) != identity:
            raise OutputError(f"{folder}: holds a pre-training with other settings or spectra; give another folder")
        return
    folder.mkdir(parents=True, exist_ok=True)
    write_json(described, identity)


def _digest(spectra: SpectrumArrays) -> str:
    """Return the sha256 of peaks and precursors, 64 hexadecimal digits."""
    arrays: tuple[NDArray[Any], ...] = (spectra.mz, spectra.intensity, spectra.offsets, spectra.precursor_mz)
    return hashlib.sha256(b"".join(array.tobytes() for array in arrays)).hexdigest()

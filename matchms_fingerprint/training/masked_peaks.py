"""Spectra with hidden peaks, for `training.pretrain`."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.utils.data import Dataset

from matchms_fingerprint.errors import SettingsError
from matchms_fingerprint.features.arrays import SpectrumArrays
from matchms_fingerprint.features.peak_tokens import N_INTENSITY_FEATURES, PeakTokenSettings, strongest_peaks
from matchms_fingerprint.models.encoders.peak_transformer import PaddedPeaks, PeakTransformer
from matchms_fingerprint.training.augment import Augmentation, augment
from matchms_fingerprint.training.settings import check_settings

_ROOT_INTENSITY, _MZ_OVER_1000 = 1, 3
_VALIDATION_KEY = 2**32 - 1


@dataclass(frozen=True)
class PretrainingSettings:
    """Settings of `training.pretrain.pretrain`.

    Parameters
    ----------
    encoder_settings
        Settings of the peak transformer.
    epochs
        Most epochs; an epoch is `spectra_per_epoch` draws.
    spectra_per_epoch, batch_size
        Spectra per epoch and per step.
    learning_rate, weight_decay
        Of AdamW; the rate rises over `warmup` of the steps and falls to 0 along a cosine.
    warmup
        Share of steps.
    hidden_share
        Share of the peaks of a spectrum that are hidden, at least one and never all; strong peaks more often.
    bin_width_da, max_mz
        The bins to choose among: of this width in Da, from 0 to this m/z. Heavier peaks are not hidden.
    min_peaks
        Spectra with fewer peaks below `max_mz` are left out.
    held_out_share
        Share of spectra that choose the epoch. Spectra of one precursor m/z, to 0.1 Da, stay together, so that a
        compound is rarely on both sides.
    patience
        Stop after this many epochs without a lower loss on them.
    augmentation
        How spectra are disturbed; nothing is merged.
    seed
        Of everything that is drawn.
    """

    encoder_settings: dict[str, Any] = field(default_factory=dict)
    epochs: int = 20
    spectra_per_epoch: int = 20_000
    batch_size: int = 256
    learning_rate: float = 1e-3
    weight_decay: float = 0.02
    warmup: float = 0.1
    hidden_share: float = 0.3
    bin_width_da: float = 0.1
    max_mz: float = 1000.0
    min_peaks: int = 4
    held_out_share: float = 0.05
    patience: int = 5
    augmentation: Augmentation = field(default_factory=lambda: Augmentation(unit_mass=0.0, merge=0.0))
    seed: int = 0

    def __post_init__(self) -> None:
        for name in ("hidden_share", "held_out_share", "warmup"):
            if not 0 < getattr(self, name) < 1:
                raise SettingsError(f"pre-training setting {name} is {getattr(self, name)}; expected a share, 0 to 1")
        for name in ("epochs", "spectra_per_epoch", "batch_size", "patience"):
            if getattr(self, name) < 1:
                raise SettingsError(f"pre-training setting {name} is {getattr(self, name)}; expected at least 1")
        if self.min_peaks < 2:
            raise SettingsError(f"min_peaks is {self.min_peaks}; a peak is guessed from others, give at least 2")
        if not 0 < self.bin_width_da <= self.max_mz:
            raise SettingsError(f"bins of {self.bin_width_da} Da up to {self.max_mz} Da; give a positive width")

    @property
    def n_bins(self) -> int:
        """Number of bins."""
        return round(self.max_mz / self.bin_width_da)

    def to_dict(self) -> dict[str, Any]:
        """Return the settings as JSON-safe values."""
        return asdict(self)

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> PretrainingSettings:
        """Read settings; refuse unknown keys by name."""
        check_settings(values, cls)
        if "augmentation" in values:
            check_settings(values["augmentation"], Augmentation)
            values = values | {"augmentation": Augmentation(**values["augmentation"])}
        return cls(**values)


class HiddenPeaks(NamedTuple):
    """A group of spectra with hidden peaks.

    Parameters
    ----------
    group
        The spectra; nothing in it tells the m/z of a hidden peak.
    is_hidden
        Shape (n, n_peaks), bool.
    bins
        Bin of each hidden peak, spectrum by spectrum, shape (n_hidden,), int64.
    """

    group: PaddedPeaks
    is_hidden: Tensor
    bins: Tensor


class MaskedBatches(Dataset[list[HiddenPeaks]]):
    """Turns rows into spectra with hidden peaks.

    Parameters
    ----------
    spectra
        All spectra.
    encoder
        What prepares them.
    settings
        Settings of the run.
    epoch
        Epoch of the training, in which spectra are disturbed; None for the spectra held out.
    """

    def __init__(
        self, spectra: SpectrumArrays, encoder: PeakTransformer, settings: PretrainingSettings, epoch: int | None
    ) -> None:
        self.spectra, self.encoder, self.settings, self.epoch = spectra, encoder, settings, epoch

    def __getitem__(self, rows: list[int]) -> list[HiddenPeaks]:
        key = _VALIDATION_KEY if self.epoch is None else self.epoch
        rng = np.random.default_rng([self.settings.seed, key, *rows[:4]])
        batch = self.spectra.take(np.asarray(rows, np.int64))
        if self.epoch is not None:
            batch = augment(batch, self.settings.augmentation, rng)
        return [hide_peaks(group, self.settings, rng) for group in self.encoder.prepare(batch)]


def hide_peaks(group: PaddedPeaks, settings: PretrainingSettings, rng: np.random.Generator) -> HiddenPeaks:
    """Hide the m/z and the neutral loss of some peaks of each spectrum.

    A peak is drawn in proportion to the square root of its intensity, without replacement (Efraimidis & Spirakis
    2006). A hidden peak keeps its intensity; its Fourier features are all zero, as those of no known mass are.

    Parameters
    ----------
    group
        Prepared spectra; not changed.
    settings
        How many to hide, and the bins.
    rng
        Source of the draws.
    """
    scales, is_peak = group.scales.numpy(), group.is_peak.numpy()
    bins = np.floor(scales[:, :, _MZ_OVER_1000] * (1000.0 / settings.bin_width_da)).astype(np.int64)
    may_hide = is_peak & (bins < settings.n_bins)
    n_hidden = np.minimum(np.ceil(settings.hidden_share * is_peak.sum(axis=1)), is_peak.sum(axis=1) - 1)
    keys = np.log(rng.random(is_peak.shape)) / np.maximum(scales[:, :, _ROOT_INTENSITY], 1e-3)
    order = np.argsort(np.where(may_hide, -keys, np.inf), axis=1, kind="stable")
    rank = np.empty_like(order)
    np.put_along_axis(rank, order, np.arange(order.shape[1])[None], axis=1)
    is_hidden = may_hide & (rank < n_hidden[:, None])
    shown = torch.from_numpy(~is_hidden)[:, :, None]
    masses_gone = group.scales.clone()
    masses_gone[:, :, N_INTENSITY_FEATURES:] *= shown
    hidden = group._replace(fragment=group.fragment * shown, loss=group.loss * shown, scales=masses_gone)
    return HiddenPeaks(hidden, torch.from_numpy(is_hidden), torch.from_numpy(bins[is_hidden]))


def usable_rows(
    spectra: SpectrumArrays, tokens: PeakTokenSettings, settings: PretrainingSettings
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the spectra to train on and those held out; spectra with too few peaks are in neither.

    Raises
    ------
    SettingsError
        If one of the two would be empty.
    """
    chosen = strongest_peaks(spectra, tokens.max_peaks, tokens.min_relative_intensity)
    n_peaks = np.bincount(chosen.rows[chosen.mz < settings.max_mz], minlength=len(spectra))
    rows = np.flatnonzero(n_peaks >= settings.min_peaks)
    precursors = np.where(np.isfinite(spectra.precursor_mz[rows]), spectra.precursor_mz[rows], -1.0 - rows)
    _, compounds = np.unique(np.round(precursors, 1), return_inverse=True)
    n_compounds = int(compounds.max(initial=-1)) + 1
    is_held_out = (np.random.default_rng(settings.seed).random(n_compounds) < settings.held_out_share)[compounds]
    train, held_out = rows[~is_held_out], rows[is_held_out]
    if not train.size or not held_out.size:
        raise SettingsError(
            f"of {len(spectra)} spectra {rows.size} have at least {settings.min_peaks} peaks below "
            f"{settings.max_mz} Da: {train.size} to train on, {held_out.size} to be held out; give more spectra, or "
            "set held_out_share"
        )
    return train, held_out


def bin_frequencies(spectra: SpectrumArrays, settings: PretrainingSettings) -> NDArray[np.float32]:
    """Return the share of all peaks in each bin, shape (n_bins,), float32; no bin is quite empty."""
    bins = np.floor(spectra.mz / settings.bin_width_da).astype(np.int64)
    counts = np.bincount(bins[bins < settings.n_bins], minlength=settings.n_bins) + 0.1
    return (counts / counts.sum()).astype(np.float32)

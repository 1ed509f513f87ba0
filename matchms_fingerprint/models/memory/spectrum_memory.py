"""A compact memory of training spectra: their strongest peaks, their embeddings, and the fingerprints behind them."""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from matchms_fingerprint.features.arrays import SpectrumArrays
from matchms_fingerprint.features.peak_tokens import strongest_peaks

MOST_BYTES = 15 * 2**20
"""Size that a memory may have."""

LEAST_INTENSITY = 0.001
"""Peaks below this share of the base peak are neither remembered nor compared."""

_FULL = 255.0


@dataclass(frozen=True)
class SpectrumMemory:
    """Spectra and the compounds behind them, small enough to travel with a model.

    Parameters
    ----------
    mz, intensity
        The strongest peaks of all spectra, each spectrum sorted by m/z, shape (n_peaks,): float32 in Da; and the square
        root of the relative intensity in 255 steps, uint8.
    n_peaks
        Number of peaks of each spectrum, shape (n_spectra,), uint8.
    precursor_mz
        Shape (n_spectra,), float32; NaN where unknown.
    ion_mode, adduct
        As in `SpectrumArrays`, shape (n_spectra,), int8.
    compound
        Position of the compound of each spectrum in `fingerprints`, shape (n_spectra,), int32.
    embedding
        Mean embedding of the spectra of each compound, ion mode and adduct, at length 1, shape (n_entries,
        n_embedding), float16.
    entry_of
        Entry of `embedding` that each spectrum belongs to, shape (n_spectra,), int32.
    fingerprints
        Packed fingerprint of each compound, shape (n_compounds, n_words), int64: the bits of uint64.
    """

    mz: NDArray[np.float32]
    intensity: NDArray[np.uint8]
    n_peaks: NDArray[np.uint8]
    precursor_mz: NDArray[np.float32]
    ion_mode: NDArray[np.int8]
    adduct: NDArray[np.int8]
    compound: NDArray[np.int32]
    embedding: NDArray[np.float16]
    entry_of: NDArray[np.int32]
    fingerprints: NDArray[np.int64]

    def __len__(self) -> int:
        return self.n_peaks.size

    @property
    def n_bytes(self) -> int:
        """Size of all arrays in bytes."""
        return sum(getattr(self, item.name).nbytes for item in fields(self))

    @property
    def n_compounds(self) -> int:
        """Number of compounds."""
        return len(self.fingerprints)

    @property
    def starts(self) -> NDArray[np.int64]:
        """First peak of each spectrum, and the end, shape (n_spectra + 1,)."""
        return np.concatenate(([0], np.cumsum(self.n_peaks, dtype=np.int64)))

    def relative_intensity(self) -> NDArray[np.float64]:
        """Return the intensities relative to the base peak, shape (n_peaks,)."""
        return np.square(self.intensity / _FULL)

    def tensors(self) -> dict[str, Tensor]:
        """Return the arrays by name, for safetensors."""
        return {item.name: torch.from_numpy(getattr(self, item.name)) for item in fields(self)}

    @classmethod
    def from_tensors(cls, tensors: dict[str, Tensor]) -> SpectrumMemory:
        """Take up what `tensors` gave; raises `KeyError` where one is missing."""
        return cls(**{item.name: tensors[item.name].numpy() for item in fields(cls)})


def remember(
    spectra: SpectrumArrays,
    compound: NDArray[np.int64],
    fingerprints: NDArray[np.uint64],
    embedding: NDArray[np.float32],
    most_peaks: int = 16,
) -> SpectrumMemory:
    """Make a memory.

    Parameters
    ----------
    spectra
        Spectra to remember.
    compound
        Number of the compound of each, shape (n_spectra,).
    fingerprints
        Packed fingerprints by the number of a compound, shape (at least highest number + 1, n_words), uint64.
    embedding
        Embedding of each spectrum, shape (n_spectra, n_embedding), at length 1.
    most_peaks
        Peaks to keep of each spectrum, the strongest, at most 255.
    """
    used, compound = np.unique(compound, return_inverse=True)
    kept = strongest_peaks(spectra, most_peaks, LEAST_INTENSITY)
    keys = np.column_stack([compound, spectra.ion_mode, spectra.adduct])
    _, entry_of = np.unique(keys, axis=0, return_inverse=True)
    entry_of = entry_of.reshape(-1)
    means = np.zeros((entry_of.max(initial=-1) + 1, embedding.shape[1]), np.float32)
    np.add.at(means, entry_of, embedding)
    means /= np.maximum(np.linalg.norm(means, axis=1, keepdims=True), 1e-12)
    return SpectrumMemory(
        mz=kept.mz.astype(np.float32),
        intensity=np.rint(_FULL * np.sqrt(np.clip(kept.intensity, 0, 1))).astype(np.uint8),
        n_peaks=np.diff(kept.offsets).astype(np.uint8),
        precursor_mz=spectra.precursor_mz.astype(np.float32),
        ion_mode=spectra.ion_mode.astype(np.int8),
        adduct=spectra.adduct.astype(np.int8),
        compound=compound.astype(np.int32),
        embedding=means.astype(np.float16),
        entry_of=entry_of.astype(np.int32),
        fingerprints=np.ascontiguousarray(fingerprints[used]).view(np.int64),
    )

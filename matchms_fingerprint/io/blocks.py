"""One spectrum of a file on its way in: the block as it stands there, and its numbers once they are read."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from matchms_fingerprint.errors import InputFileError

PEAK_START = re.compile(r"[-+.]*\d|[-+]?(?:nan|inf|infinity)\s", re.IGNORECASE)
"""Start of a line that is meant to be a peak; any other line without a key is text, and costs nothing."""


class BlockError(InputFileError):
    """Why one block cannot be read; it becomes an `UnreadableBlock` and never stops a file."""


@dataclass(slots=True)
class Block:
    """One block of a file, split off but not yet read.

    Parameters
    ----------
    number
        Position in the file, from 1, all blocks counted.
    text
        The block as it stands in the file; empty where `data` says it all.
    feature_id
        The feature it belongs to, or None where the file does not say.
    ms_level
        1, 2, 3, ..., or None where the file does not say.
    problem
        Why it cannot be read, where splitting has shown that already.
    data
        What the format made of the block while splitting.
    """

    number: int
    text: str
    feature_id: str | None = None
    ms_level: int | None = None
    problem: str = ""
    data: Any = None


@dataclass(slots=True)
class RawSpectrum:
    """Peaks and metadata of one block, before matchms makes a `Spectrum` of them.

    Parameters
    ----------
    mz, intensities
        float64, shape (n_peaks,), in the order of the file.
    metadata
        Keys as matchms spells them, values cleaned.
    """

    mz: NDArray[np.float64]
    intensities: NDArray[np.float64]
    metadata: dict[str, Any] = field(default_factory=dict)

    @property
    def total_ion_current(self) -> float:
        """Sum of the intensities."""
        return float(self.intensities.sum())


def checked_peaks(mz: Any, intensities: Any) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return both arrays as float64; raise `BlockError` where they are no peaks."""
    try:
        mz, intensities = np.asarray(mz, dtype=np.float64), np.asarray(intensities, dtype=np.float64)
    except (TypeError, ValueError):
        raise BlockError("a peak is not a pair of numbers") from None
    if mz.ndim != 1 or mz.shape != intensities.shape:
        raise BlockError(f"{mz.size} m/z values but {intensities.size} intensities")
    for name, values in (("m/z", mz), ("intensity", intensities)):
        # min() of an array with a NaN is NaN, so that the comparison finds both
        if values.size and not (values.min() >= 0 and values.max() < np.inf):
            bad = values[~((values >= 0) & (values < np.inf))][0]
            raise BlockError(f"a peak has the {name} {bad:g}")
    return mz, intensities

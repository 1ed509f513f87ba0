"""What a report is made of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from matchms_fingerprint.records import Annotation, Share


@dataclass(frozen=True, eq=False)
class LibrarySpectrum:
    """A measured spectrum of a library that resembles a feature's.

    Parameters
    ----------
    name
        Of its compound.
    mz, intensity
        Peaks, shape (n_peaks,), float64; intensities on any scale.
    similarity
        To the spectrum of the feature, 0 to 1.
    smiles
        Its compound, or an empty string.
    """

    name: str
    mz: NDArray[np.float64]
    intensity: NDArray[np.float64]
    similarity: float
    smiles: str = ""


@dataclass(frozen=True, eq=False)
class ReportItem:
    """One feature of a report.

    Parameters
    ----------
    annotation
        What was found for it.
    mz, intensity
        Its peaks, shape (n_peaks,), float64; intensities on any scale. Empty where there is no spectrum.
    predicted
        Substructures that the model sees in the spectrum, SMILES as the name, most telling first.
    quantities
        Sample -> intensity of the feature in it.
    library_spectrum
        The best match of a spectral library.
    warnings
        What the reader should know beyond what the report finds out itself.
    """

    annotation: Annotation
    mz: NDArray[np.float64]
    intensity: NDArray[np.float64]
    predicted: tuple[Share, ...] = ()
    quantities: Mapping[str, float] = field(default_factory=dict)
    library_spectrum: LibrarySpectrum | None = None
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True)
class RunAbout:
    """What a report says of the run as a whole.

    Parameters
    ----------
    title
        Stands at the top, such as the name of the input file.
    facts
        Label -> text, such as "model" -> "default 1.0"; shown in this order.
    caution
        What the reader should know of the run as a whole, or an empty string.
    """

    title: str
    facts: Mapping[str, str] = field(default_factory=dict)
    caution: str = ""

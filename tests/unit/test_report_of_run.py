"""Which library spectrum is shown below that of a feature."""

from __future__ import annotations

import numpy as np
from matchms import Spectrum

from matchms_fingerprint.report.of_run import library_matches


def spectrum(mz: list[float], **metadata: str) -> Spectrum:
    return Spectrum(np.array(mz), np.linspace(0.2, 1.0, len(mz)), {"ionmode": "positive"} | metadata)


LIBRARY = [
    spectrum([50.0, 60.0, 70.0, 80.0], compound_name="one", smiles="CCO"),
    spectrum([50.0, 61.0, 72.0, 83.0], compound_name="two"),
    spectrum([55.0, 65.0, 75.0], compound_name="three", ionmode="negative"),
]


def test_the_most_similar_one_of_the_ion_mode_is_taken() -> None:
    asked = [spectrum([50.0, 60.0, 70.005, 80.0]), None, spectrum([55.0, 65.0, 75.0])]
    first, nothing, other_mode = library_matches(asked, LIBRARY)
    assert (first.name, first.smiles) == ("one", "CCO")
    assert 0.99 < first.similarity <= 1.0
    assert nothing is None
    assert other_mode is None


def test_two_shared_peaks_are_no_match() -> None:
    assert library_matches([spectrum([50.0, 60.0, 91.0, 92.0])], LIBRARY) == [None]
    assert library_matches([spectrum([50.0, 60.0, 70.0])], []) == [None]

"""The posterior of queries over the structures of references, which stand in for a candidate library."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from matchms import Spectrum
from numpy.typing import NDArray

from matchms_fingerprint.annotation.annotator import queries_of
from matchms_fingerprint.annotation.choose_ranker import choose_ranker
from matchms_fingerprint.annotation.features import Feature, harmonized, read_features
from matchms_fingerprint.annotation.pool import CandidatePool
from matchms_fingerprint.annotation.priors import log_priors_of
from matchms_fingerprint.annotation.settings import AnnotationSettings
from matchms_fingerprint.candidates import CandidateLibrary
from matchms_fingerprint.candidates.search import CandidateSlice
from matchms_fingerprint.chem import Adduct
from matchms_fingerprint.models import FingerprintModel

_BATCH = 256


def posterior_probabilities(
    model: FingerprintModel,
    structures: Sequence[str],
    queries: Sequence[Spectrum],
    competing: Sequence[NDArray[np.intp]],
    tolerance_ppm: float,
) -> Iterator[NDArray[np.float64]]:
    """Yield for each query the probability of each structure, shape (n_structures,), float64.

    Parameters
    ----------
    model
        Predicts fingerprints; the posterior that was fitted for it weighs all evidence, if there is one.
    structures
        SMILES or InChI.
    queries
        Their metadata tell the precursor m/z, and adduct or ion mode; where they do not, all probabilities are 0.
    competing
        For each query the structures that compete, as positions; the others have the probability 0.
    tolerance_ppm
        Structures whose mass does not fit the precursor within this, under the adduct of the query or a common one,
        have the probability 0.
    """
    settings = AnnotationSettings(tolerance_ppm=tolerance_ppm, min_peaks=1)
    ranker = choose_ranker(model)
    with tempfile.TemporaryDirectory(prefix="matchms-fingerprint-") as folder:
        # the names of a candidate tell which of the structures it is
        named = [
            {"inchi" if text.startswith("InChI=") else "smiles": text, "name": str(i)}
            for i, text in enumerate(structures)
        ]
        path = Path(folder) / "library"
        library = CandidateLibrary.build(named, path, model.fingerprint, n_jobs=1) if named else None
        for start in range(0, len(queries), _BATCH):
            features = [_feature(query, settings) for query in queries[start : start + _BATCH]]
            usable = [i for i, feature in enumerate(features) if feature is not None]
            spectra = [feature.spectrum for feature in features if feature is not None and feature.spectrum is not None]
            batch = ranker.begin(queries_of(spectra, model)) if usable else None
            places = {i: place for place, i in enumerate(usable)}
            for i, feature in enumerate(features):
                found = np.zeros(len(structures))
                if feature is not None and batch is not None and library is not None:
                    some = _Some(library, frozenset(map(str, competing[start + i].tolist())))
                    pool = CandidatePool.of(feature, some, settings, log_priors_of(feature, model))
                    if len(pool):
                        for names, share in zip(pool.names(), batch.rank(places[i], pool).probabilities, strict=True):
                            found[[int(name) for name in names]] = share
                yield found


def _feature(query: Spectrum, settings: AnnotationSettings) -> Feature | None:
    """Judge a query; None where it cannot be asked for."""
    for feature in read_features(harmonized([query], None), settings):
        return None if feature.status else feature
    return None


@dataclass(frozen=True)
class _Some:
    """Some structures of a library."""

    library: CandidateLibrary
    names: frozenset[str]

    def search(
        self, *, precursor_mz: float, adduct: Adduct, tolerance_ppm: float, tolerance_da: float | None
    ) -> CandidateSlice:
        """See `CandidateLibrary.search`."""
        found = self.library.search(precursor_mz, adduct, tolerance_ppm=tolerance_ppm, tolerance_da=tolerance_da)
        return found.take([i for i, names in enumerate(found.names) if not self.names.isdisjoint(names)])

"""Features to annotations, a batch at a time: prediction, candidates, ranking."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from itertools import islice
from typing import TypeVar

import numpy as np
import torch
from matchms import Spectrum
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits
from torch.nn import functional

from matchms_fingerprint.annotation.evidence.evidence import Query
from matchms_fingerprint.annotation.features import ANNOTATED, NO_CANDIDATES, UNSURE, Feature
from matchms_fingerprint.annotation.pool import CandidatePool
from matchms_fingerprint.annotation.priors import log_priors_of
from matchms_fingerprint.annotation.rankers import BatchRanker, FingerprintRanker, Ranker
from matchms_fingerprint.annotation.settings import AnnotationSettings
from matchms_fingerprint.candidates import CandidateLibrary
from matchms_fingerprint.errors import LibraryError
from matchms_fingerprint.features.arrays import spectrum_arrays
from matchms_fingerprint.features.mass_accuracy import estimate_accuracy
from matchms_fingerprint.io.isotope_peaks import read_isotope_peaks
from matchms_fingerprint.models import FingerprintModel
from matchms_fingerprint.models.predicted_substructures import predicted_substructures
from matchms_fingerprint.records import Annotation, Share

Item = TypeVar("Item")

SUBSTRUCTURES_TOLD = 12
"""Predicted substructures that an annotation tells at most."""


class Annotator:
    """Ranks the candidate structures of features that have been read and judged.

    Parameters
    ----------
    library
        Where candidates come from.
    model
        What predicts fingerprints.
    settings
        What to do.
    ranker
        What ranks the candidates; by default the predicted fingerprint alone.
    n_threads
        Features whose candidates are ranked at the same time.

    Raises
    ------
    LibraryError
        If the library holds another fingerprint than the model predicts.
    """

    def __init__(
        self,
        library: CandidateLibrary,
        model: FingerprintModel,
        settings: AnnotationSettings,
        ranker: Ranker | None = None,
        n_threads: int = 1,
    ) -> None:
        check_fingerprints(library, model)
        self.library, self.model, self.settings = library, model, settings
        self.ranker = ranker or FingerprintRanker(model, settings.score)
        self.n_threads = n_threads

    def stream(self, features: Iterable[Feature]) -> Iterator[Annotation]:
        """Yield the annotation of each feature, holding no more than a batch."""
        for batch in batches(features, self.settings.batch_size):
            yield from self.annotate(batch)[0]

    def annotate(self, batch: Sequence[Feature]) -> tuple[list[Annotation], NDArray[np.float32]]:
        """Annotate some features together.

        Returns
        -------
        tuple
            The annotations, and the embeddings of the features at length 1, shape (n_features, n_embedding), float32;
            NaN for features that cannot be annotated.
        """
        queries, ranker, places = [], None, {}
        asked = [i for i, feature in enumerate(batch) if not feature.status]
        embeddings = np.full((len(batch), self.model.network.n_embedding), np.nan, np.float32)
        if asked:
            spectra = [spectrum for i in asked if (spectrum := batch[i].spectrum) is not None]
            queries = queries_of(spectra, self.model, is_one_run=True)
            ranker = self.ranker.begin(queries)
            places = {i: place for place, i in enumerate(asked)}
            embeddings[asked] = [query.embedding for query in queries]

        def one(i: int) -> Annotation:
            feature = batch[i]
            if feature.status or ranker is None:
                return feature.annotation(feature.status)
            query = queries[places[i]]
            seen = predicted_substructures(self.model, query.fingerprint, SUBSTRUCTURES_TOLD)
            found = self._ranked(feature, ranker, places[i])
            return replace(
                found,
                mass_tolerance=str(query.accuracy),
                predicted=tuple(Share(smiles, round(probability, 4)) for smiles, probability in seen),
            )

        # matrices are small here: threads of BLAS beside these would only wait for each other
        with threadpool_limits(1, user_api="blas"), ThreadPoolExecutor(self.n_threads) as pool:
            return list(pool.map(one, range(len(batch)))), embeddings

    def _ranked(self, feature: Feature, ranker: BatchRanker, place: int) -> Annotation:
        pool = CandidatePool.of(feature, self.library, self.settings, log_priors_of(feature, self.model))
        if not len(pool):
            return feature.annotation(NO_CANDIDATES, message=_nothing_found(feature, self.settings))
        ranked, least = ranker.rank(place, pool), self.settings.min_probability
        hits = tuple(hit for hit in pool.hits(ranked, self.settings.top_k) if hit.probability >= least)
        return feature.annotation(
            ANNOTATED if hits else UNSURE,
            hits,
            "" if hits else f"no hit has a probability of {least:g}",
            probability_none=ranked.probability_none,
            classes=ranked.classes,
            substructures=ranked.substructures,
        )


@torch.inference_mode()
def queries_of(spectra: Sequence[Spectrum], model: FingerprintModel, is_one_run: bool = False) -> list[Query]:
    """Predict fingerprints and embeddings of spectra, and find out how accurate their masses are.

    Parameters
    ----------
    spectra
        The spectra; their metadata may hold MS1 peaks.
    model
        What predicts.
    is_one_run
        All are of one instrument, so that they tell its accuracy together.
    """
    arrays = spectrum_arrays(spectra)
    logits, embeddings = model.predict_arrays(arrays)
    probabilities = torch.sigmoid(logits).numpy()
    unit = functional.normalize(embeddings, dim=1).numpy()
    return [
        Query.of(
            arrays.take(np.array([i])),
            int(arrays.ion_mode[i]),
            accuracy,
            probabilities[i],
            unit[i],
            read_isotope_peaks(spectra[i].metadata),
        )
        for i, accuracy in enumerate(estimate_accuracy(arrays, is_one_run))
    ]


def check_fingerprints(library: CandidateLibrary, model: FingerprintModel) -> None:
    """Raise `LibraryError` unless the library holds the fingerprint that the model predicts."""
    if library.fingerprint != model.fingerprint:
        raise LibraryError(
            f"{library.path}: holds the fingerprint {library.fingerprint}, but model {model.name} predicts "
            f"{model.fingerprint}; build the library with --fingerprint {model.fingerprint}, or take another model"
        )


def batches(items: Iterable[Item], size: int) -> Iterator[Sequence[Item]]:
    """Cut a stream into lists of `size` items; the last one may be shorter."""
    remaining = iter(items)
    while batch := list(islice(remaining, size)):
        yield batch


def _nothing_found(feature: Feature, settings: AnnotationSettings) -> str:
    if not feature.adducts:
        return f"none of the adducts to try is {feature.ion_mode}"
    return f"none within {settings.tolerance} as {', '.join(adduct.name for adduct in feature.adducts)}"

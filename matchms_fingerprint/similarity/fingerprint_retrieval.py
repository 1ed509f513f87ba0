"""The score that finds structures: fingerprint predicted from the query against the structure of the reference."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, ClassVar

import numpy as np
from matchms import Spectrum
from matchms.similarity.BaseSimilarity import BaseSimilarity
from numpy.typing import ArrayLike, NDArray

from matchms_fingerprint.constants import DEFAULT_TOLERANCE_PPM
from matchms_fingerprint.errors import SettingsError
from matchms_fingerprint.kernels.tanimoto import SCORES
from matchms_fingerprint.similarity.arrays import as_array_type, check_request, pair_indices
from matchms_fingerprint.similarity.model_score import ModelScore, batches, check_spectra, has_peaks
from matchms_fingerprint.similarity.progress import progress
from matchms_fingerprint.similarity.structure_fingerprints import StructureFingerprints, structure_fingerprints

ON_MISSING_STRUCTURE = ("skip", "raise")
POSTERIOR = "posterior"


class FingerprintRetrieval(ModelScore, BaseSimilarity):
    """Score a query spectrum against the structure of a reference.

    The model predicts from the peaks of the query how likely each bit of the molecular fingerprint is; the score
    compares these probabilities with the fingerprint of the reference's structure (`smiles`, else `inchi`, in its
    metadata). The peaks of the reference are not looked at, so that it may be any structure, measured or not. The
    score is not commutative: rows (references) are structures, columns (queries) are unknown spectra. Each query is
    predicted once, and each distinct structure turned into a fingerprint once, per call.

    A matchms `Pipeline` holds a class of scores once, since it names the result after the class; to compare several
    settings call `Scores.calculate(FingerprintRetrieval(score="tanimoto"), name="tanimoto")`.

    Ranking structures by a predicted fingerprint follows CSI:FingerID (Dührkop et al., PNAS 2015, 112, 12580).

    Parameters
    ----------
    model
        Name of a shipped model, or the folder of a model bundle.
    score
        - "cosine": of the probabilities with the bits.
        - "tanimoto": continuous Tanimoto, sum(pc) / (sum(p) + sum(c) - sum(pc)).
        - "vector_tanimoto": Tanimoto coefficient of real vectors, in which small probabilities weigh less.
        - "log_likelihood": Bernoulli likelihood of the bits, relative to the most likely fingerprint.
        - "posterior": the probability of the structure among those of all references that are scored with this query,
          by all evidence that `annotate` weighs: fingerprint, fragments, sub-formulas, neighbours. Structures whose
          mass does not fit the precursor have 0. Unlike the others it depends on which structures compete.

        All lie between 0 and 1, higher is better.
    on_missing_structure
        What a reference without a usable structure does: "skip" gives it the score 0, so that it vanishes from sparse
        results, and logs one warning per call with the count; "raise" is an error.
    tolerance_ppm
        Of the precursor m/z, in parts per million, for the posterior.

    Raises
    ------
    SettingsError
        If an argument is not one of those above.

    Examples
    --------
    >>> import numpy as np
    >>> from matchms import Spectrum, calculate_scores
    >>> from matchms.reference_spectra import cocaine, salicin
    >>> from matchms_fingerprint import FingerprintRetrieval
    >>> structures = ["COC(=O)C1C(OC(=O)c2ccccc2)CC2CCC1N2C", "OCc1ccccc1OC1OC(CO)C(O)C(O)C1O"]
    >>> references = [Spectrum(np.empty(0), np.empty(0), {"smiles": smiles}) for smiles in structures]
    >>> scores = calculate_scores(references, [cocaine(), salicin()], FingerprintRetrieval())
    >>> scores.to_array().shape
    (2, 2)
    """

    is_commutative = False
    score_datatype = np.float64
    _setting_names: ClassVar[tuple[str, ...]] = ("model", "score", "on_missing_structure", "tolerance_ppm")

    def __init__(
        self,
        model: str = "default",
        score: str = "cosine",
        on_missing_structure: str = "skip",
        tolerance_ppm: float = DEFAULT_TOLERANCE_PPM,
    ) -> None:
        super().__init__(model)
        self._check_choice("score", score, (*SCORES, POSTERIOR))
        self._check_choice("on_missing_structure", on_missing_structure, ON_MISSING_STRUCTURE)
        self.score = score
        self.on_missing_structure = on_missing_structure
        if not (isinstance(tolerance_ppm, int | float) and tolerance_ppm > 0):
            raise SettingsError(f"FingerprintRetrieval: tolerance_ppm {tolerance_ppm!r} must be a number above 0")
        self.tolerance_ppm = float(tolerance_ppm)

    def pair(self, reference: Spectrum, query: Spectrum) -> np.float64:
        """Return the score of one pair; for several pairs `matrix` and `sparse_array` predict each query once."""
        score: np.float64 = self.matrix([reference], [query], progress_bar=False)[0, 0]
        return score

    def matrix(
        self,
        references: Sequence[Spectrum],
        queries: Sequence[Spectrum],
        array_type: str = "numpy",
        is_symmetric: bool = False,
        progress_bar: bool = True,
    ) -> Any:
        """Score all references against all queries.

        Parameters
        ----------
        references, queries
            Spectra; only the metadata of the references and only the peaks of the queries are used.
        array_type
            "numpy" or "sparse".
        is_symmetric
            Accepted for matchms; the score is not symmetric, so nothing is saved by it.
        progress_bar
            Show a progress bar on stderr.

        Returns
        -------
        ndarray of shape (n_references, n_queries), float64, or StackedSparseArray of the scores other than 0.

        Raises
        ------
        SettingsError
            If one of the spectra is none (the message tells its position).
        ModelError
            If the model cannot be loaded.
        StructureError
            If a reference has no structure, with `on_missing_structure="raise"`.
        """
        check_spectra("reference", references)
        check_spectra("query", queries)
        check_request(references, queries, is_symmetric, array_type)
        structures = self._structures(references, range(len(references)), progress_bar)
        scores = np.zeros((len(references), len(queries)), self.score_datatype)
        if self.score == POSTERIOR:
            every = np.arange(len(references))
            for column, found in self._posterior(structures, dict.fromkeys(range(len(queries)), every), queries):
                scores[:, column] = found
            return as_array_type(scores, array_type)
        for column, predicted in self._predict(queries, range(len(queries)), progress_bar):
            by_structure = np.append(SCORES[self.score](predicted, structures.fingerprints), 0.0)
            scores[:, column] = by_structure[structures.structure_of]  # -1, no structure, picks the 0 at the end
        return as_array_type(scores, array_type)

    def sparse_array(
        self,
        references: Sequence[Spectrum],
        queries: Sequence[Spectrum],
        idx_row: ArrayLike,
        idx_col: ArrayLike,
        is_symmetric: bool = False,
        progress_bar: bool = True,
    ) -> NDArray[np.float64]:
        """Score some pairs: reference `idx_row[i]` against query `idx_col[i]`.

        Parameters
        ----------
        references, queries
            Spectra.
        idx_row, idx_col
            Positions of the references and queries of the pairs, integers, shape (n_pairs,); may be empty.
        is_symmetric
            Accepted for matchms; the score is not symmetric, so nothing is saved by it.
        progress_bar
            Show a progress bar on stderr.

        Returns
        -------
        ndarray of shape (n_pairs,), float64

        Raises
        ------
        SettingsError
            If one of the spectra is none (the message tells its position).
        ModelError
            If the model cannot be loaded.
        StructureError
            If a reference has no structure, with `on_missing_structure="raise"`.
        """
        check_spectra("reference", references)
        check_spectra("query", queries)
        check_request(references, queries, is_symmetric)
        rows, columns = pair_indices(idx_row, idx_col)
        scores = np.zeros(rows.size, self.score_datatype)
        if not rows.size:
            return scores
        structures = self._structures(references, np.unique(rows).tolist(), progress_bar)
        by_column = np.argsort(columns, kind="stable")
        by_column = by_column[structures.structure_of[rows[by_column]] >= 0]
        if not by_column.size:
            return scores
        wanted, starts = np.unique(columns[by_column], return_index=True)
        ends = np.append(starts[1:], by_column.size)
        pairs_of = {
            column: by_column[start:end] for column, start, end in zip(wanted.tolist(), starts, ends, strict=True)
        }
        if self.score == POSTERIOR:
            of_query = {column: rows[pairs] for column, pairs in pairs_of.items()}
            for column, found in self._posterior(structures, of_query, queries):
                scores[pairs_of[column]] = found
            return scores
        for column, predicted in self._predict(queries, list(pairs_of), progress_bar):
            pairs = pairs_of[column]
            packed = structures.fingerprints[structures.structure_of[rows[pairs]]]
            scores[pairs] = SCORES[self.score](predicted, packed)
        return scores

    def _posterior(
        self,
        structures: StructureFingerprints,
        rows_of: dict[int, NDArray[np.intp]],
        queries: Sequence[Spectrum],
    ) -> Iterator[tuple[int, NDArray[np.float64]]]:
        """Yield the column of each query with peaks, and the probabilities of the references that it is scored with."""
        from matchms_fingerprint.similarity.posterior_probabilities import posterior_probabilities

        usable = {column: rows for column, rows in rows_of.items() if has_peaks(queries[column])}
        competing = [np.unique(structures.structure_of[rows]) for rows in usable.values()]
        found = posterior_probabilities(
            self.loaded_model, structures.texts, [queries[column] for column in usable], competing, self.tolerance_ppm
        )
        for (column, rows), by_structure in zip(usable.items(), found, strict=True):
            yield column, np.append(by_structure, 0.0)[structures.structure_of[rows]]

    def _structures(
        self, references: Sequence[Spectrum], rows: Sequence[int], progress_bar: bool
    ) -> StructureFingerprints:
        wanted = progress(rows, "Reading structures", progress_bar)
        return structure_fingerprints(references, wanted, self.loaded_model.fingerprint, self.on_missing_structure)

    def _predict(
        self, queries: Sequence[Spectrum], columns: Sequence[int], progress_bar: bool
    ) -> Iterator[tuple[int, NDArray[np.float32]]]:
        """Yield the column and the probabilities, shape (n_bits,), of each query that has peaks."""
        usable = [column for column in columns if has_peaks(queries[column])]
        for batch in progress(batches(usable), "Predicting fingerprints", progress_bar):
            predicted = self.loaded_model.predict_fingerprints([queries[column] for column in batch])
            yield from zip(batch, predicted, strict=True)

"""The score that compares spectra by learned embeddings."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, ClassVar

import numpy as np
from matchms import Spectrum
from matchms.similarity.BaseEmbeddingSimilarity import BaseEmbeddingSimilarity
from numpy.typing import ArrayLike, NDArray

from matchms_fingerprint.similarity.arrays import as_array_type, check_request, pair_indices
from matchms_fingerprint.similarity.model_score import ModelScore, batches, check_spectra, has_peaks
from matchms_fingerprint.similarity.progress import progress

SIMILARITIES = ("cosine", "euclidean")

_PAIRS_AT_A_TIME = 1 << 15


class EmbeddingSimilarity(ModelScore, BaseEmbeddingSimilarity):
    """Compare two spectra by the embeddings that a model makes of them.

    The embedding is what the fingerprint model has learned to see in a spectrum, so that spectra of similar structures
    come to lie close together even where they share few peaks. Each spectrum is embedded once per call. Spectra
    without peaks score 0 against all others.

    The nearest-neighbour index of matchms' embedding scores works as there: `build_ann_index`, `get_anns`,
    `save_ann_index`, `load_ann_index`. An index belongs to the model that it was built with; matchms stores it as a
    pickle, so load only files that you trust.

    Parameters
    ----------
    model
        Name of a shipped model, or the folder of a model bundle.
    similarity
        - "cosine": of the embeddings, -1 to 1.
        - "euclidean": 1 - distance / 2 of the unit vectors, 0 to 1. (The scores of matchms that are based on
          embeddings return -distance, by which identical spectra score 0 and vanish from sparse results.)

    Raises
    ------
    SettingsError
        If an argument is not one of those above.

    Examples
    --------
    >>> from matchms import calculate_scores
    >>> from matchms.reference_spectra import cocaine, salicin
    >>> from matchms_fingerprint import EmbeddingSimilarity
    >>> spectra = [cocaine(), salicin()]
    >>> scores = calculate_scores(spectra, spectra, EmbeddingSimilarity(), is_symmetric=True)
    >>> scores.to_array().diagonal().round(3).tolist()
    [1.0, 1.0]
    """

    is_commutative = True
    score_datatype = np.float64
    _setting_names: ClassVar[tuple[str, ...]] = ("model", "similarity")

    def __init__(self, model: str = "default", similarity: str = "cosine") -> None:
        self._check_choice("similarity", similarity, SIMILARITIES)
        BaseEmbeddingSimilarity.__init__(self, similarity=similarity)
        del self.pairwise_similarity_fn  # a lambda for "euclidean", which cannot be pickled; the method below serves
        ModelScore.__init__(self, model)

    def compute_embeddings(self, spectra: Iterable[Spectrum]) -> NDArray[np.float32]:
        """Embed spectra.

        Parameters
        ----------
        spectra
            Spectra in any number.

        Returns
        -------
        ndarray of shape (n_spectra, n_dimensions), float32
            Unit vectors; all zero for a spectrum without peaks.
        """
        spectra = spectra if isinstance(spectra, Spectrum) else list(spectra)
        check_spectra("input", spectra)
        return self._embed(spectra, progress_bar=False)

    def pairwise_similarity_fn(self, x: NDArray[Any], y: NDArray[Any]) -> NDArray[np.float64]:
        """Return the similarity of each row of `x`, shape (n, d), with each row of `y`, shape (m, d), as (n, m)."""
        scores = self._from_cosine(_unit_rows(x) @ _unit_rows(y).T)
        scores[_is_empty(x)] = 0.0
        scores[:, _is_empty(y)] = 0.0
        return scores

    def pair(self, reference: Spectrum, query: Spectrum) -> np.float64:
        """Return the score of one pair; for several pairs `matrix` and `sparse_array` embed each spectrum once."""
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
            Spectra.
        array_type
            "numpy" or "sparse".
        is_symmetric
            True where both hold the same spectra; they are embedded once then.
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
        """
        check_spectra("reference", references)
        check_spectra("query", queries)
        check_request(references, queries, is_symmetric, array_type)
        of_references, of_queries = self._embed_both(references, references if is_symmetric else queries, progress_bar)
        return as_array_type(self.pairwise_similarity_fn(of_references, of_queries), array_type)

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
            True where both hold the same spectra; they are embedded once then.
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
        """
        check_spectra("reference", references)
        check_spectra("query", queries)
        check_request(references, queries, is_symmetric)
        rows, columns = pair_indices(idx_row, idx_col)
        scores = np.zeros(rows.size, self.score_datatype)
        if not rows.size:
            return scores
        queries = references if is_symmetric else queries
        wanted_rows, rows = np.unique(rows, return_inverse=True)
        wanted_columns, columns = np.unique(columns, return_inverse=True)
        of_references, of_queries = self._embed_both(
            [references[row] for row in wanted_rows], [queries[column] for column in wanted_columns], progress_bar
        )
        left, right = _unit_rows(of_references), _unit_rows(of_queries)
        for start in range(0, rows.size, _PAIRS_AT_A_TIME):
            some = slice(start, start + _PAIRS_AT_A_TIME)
            scores[some] = self._from_cosine(np.einsum("ij,ij->i", left[rows[some]], right[columns[some]]))
        scores[_is_empty(left)[rows] | _is_empty(right)[columns]] = 0.0
        return scores

    def _distances_to_similarities(self, distances: NDArray[Any]) -> NDArray[Any]:
        """Turn the distances of the nearest-neighbour index into the same scores as `matrix` returns."""
        return 1 - distances if self.similarity == "cosine" else 1 - distances / 2

    def _from_cosine(self, cosines: NDArray[np.float64]) -> NDArray[np.float64]:
        cosines = cosines.clip(-1.0, 1.0)
        return cosines if self.similarity == "cosine" else self._distances_to_similarities(np.sqrt(2 - 2 * cosines))

    def _embed_both(
        self, references: Sequence[Spectrum], queries: Sequence[Spectrum], progress_bar: bool
    ) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Return the embeddings of both, each spectrum object embedded once however often it comes."""
        spectra = {id(spectrum): spectrum for spectrum in (*references, *queries)}
        position = {key: row for row, key in enumerate(spectra)}
        embeddings = self._embed(list(spectra.values()), progress_bar)
        of_references = np.array([position[id(spectrum)] for spectrum in references], dtype=np.intp)
        of_queries = np.array([position[id(spectrum)] for spectrum in queries], dtype=np.intp)
        return embeddings[of_references], embeddings[of_queries]

    def _embed(self, spectra: list[Spectrum], progress_bar: bool) -> NDArray[np.float32]:
        usable = [row for row, spectrum in enumerate(spectra) if has_peaks(spectrum)]
        parts = [
            self.loaded_model.embed([spectra[row] for row in batch])
            for batch in progress(batches(usable), "Embedding spectra", progress_bar)
        ] or [self.loaded_model.embed([])]
        embeddings = np.zeros((len(spectra), parts[0].shape[1]), dtype=np.float32)
        embeddings[usable] = np.concatenate(parts)
        return embeddings


def _unit_rows(vectors: NDArray[Any]) -> NDArray[np.float64]:
    """Return the rows in float64 at length 1 (zero rows stay), so that a vector's cosine with itself is 1."""
    vectors = vectors.astype(np.float64)
    lengths = np.sqrt(np.einsum("ij,ij->i", vectors, vectors))[:, None]
    return np.divide(vectors, lengths, out=vectors, where=lengths > 0)


def _is_empty(vectors: NDArray[Any]) -> NDArray[np.bool_]:
    """Tell which rows are all zero: the spectra without peaks."""
    empty: NDArray[np.bool_] = np.logical_not(np.any(vectors, axis=1))
    return empty

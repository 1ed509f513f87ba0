"""What the scores that compare peaks have in common: spectra to arrays, arrays to what matchms wants."""

from __future__ import annotations

import logging
import math
from abc import abstractmethod
from collections.abc import Sequence
from functools import partial
from typing import Any, ClassVar

import numpy as np
from matchms import Spectrum
from matchms.similarity._precursor_validation import get_valid_precursor_mz
from matchms.similarity.BaseSimilarity import BaseSimilarity
from numpy.typing import ArrayLike, NDArray
from sparsestack import StackedSparseArray

from matchms_fingerprint.errors import SettingsError
from matchms_fingerprint.kernels.peak_search import (
    SCORE_DTYPE,
    TopHits,
    find_top,
    score_listed,
    score_matrix,
    score_sparse,
)
from matchms_fingerprint.kernels.peak_table import Matching, PeakTable
from matchms_fingerprint.kernels.peak_tiles import Limits
from matchms_fingerprint.kernels.types import IntArray
from matchms_fingerprint.similarity.arrays import check_request, pair_indices
from matchms_fingerprint.similarity.progress import progress

logger = logging.getLogger("matchms")

_NO_PEAKS = np.empty(0)


class UnequalNumbersError(SettingsError, ValueError):
    """Spectra are said to be the same, but there are not as many of them; a `ValueError` as in matchms."""


class MissingPrecursorError(SettingsError, AssertionError):
    """A spectrum has no precursor m/z where the score needs one; an `AssertionError` as in matchms."""


class PeakScore(BaseSimilarity):
    """A matchms score computed from the peaks of two spectra, by kernels that see all spectra at once.

    A subclass states its settings, which peaks match, and how peaks are weighted. Each spectrum is prepared once per
    call; the cost of a matrix follows the number of matching peaks. All cores are used (NUMBA_NUM_THREADS limits them).
    """

    is_commutative = True
    score_datatype: ClassVar[Any] = [("score", np.float64), ("matches", "int")]
    _setting_names: ClassVar[tuple[str, ...]] = ()
    _needs_precursor: ClassVar[bool] = False

    @property
    @abstractmethod
    def _matching(self) -> Matching:
        """Which peaks match."""

    @abstractmethod
    def _make_table(
        self, starts: NDArray[Any], mz: NDArray[Any], intensities: NDArray[Any], precursor_mz: NDArray[Any]
    ) -> PeakTable:
        """Weigh the peaks."""

    def pair(self, reference: Spectrum, query: Spectrum) -> Any:
        """Score one pair; for several pairs `matrix` and `sparse_array` prepare each spectrum once.

        Parameters
        ----------
        reference, query
            Spectra.

        Returns
        -------
        ndarray of no dimension with the fields score (float64) and matches (int), as in matchms.
        """
        first = np.zeros(1, np.int64)
        return score_listed(self._prepare([reference]), self._prepare([query]), first, first, self._matching).reshape(
            ()
        )

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
            "numpy" or "sparse". A sparse result is computed without a dense one.
        is_symmetric
            True where both hold the same spectra; half of the pairs are computed then.
        progress_bar
            Show a progress bar on stderr.

        Returns
        -------
        ndarray of shape (n_references, n_queries) with the fields score (float64) and matches (int), or a
        StackedSparseArray of the pairs with a score other than 0.

        Raises
        ------
        SettingsError
            If a request makes no sense, or a spectrum lacks the precursor m/z that the score needs.
        """
        self._check(references, queries, is_symmetric, array_type)
        shape = (len(references), len(queries))
        if 0 in shape:
            return np.zeros(shape, SCORE_DTYPE) if array_type == "numpy" else _stack(shape, *_no_scores())
        tables = self._prepare_both(references, queries)
        track = partial(progress, description="Scoring spectra", progress_bar=progress_bar)
        if array_type == "numpy":
            return score_matrix(*tables, self._matching, is_symmetric, track)
        return _stack(shape, *score_sparse(*tables, self._matching, is_symmetric, track))

    def sparse_array(
        self,
        references: Sequence[Spectrum],
        queries: Sequence[Spectrum],
        idx_row: ArrayLike,
        idx_col: ArrayLike,
        is_symmetric: bool = False,
        progress_bar: bool = True,
    ) -> NDArray[Any]:
        """Score some pairs: reference `idx_row[i]` against query `idx_col[i]`.

        Parameters
        ----------
        references, queries
            Spectra.
        idx_row, idx_col
            Positions of the references and queries of the pairs, integers, shape (n_pairs,); may be empty.
        is_symmetric
            True where both hold the same spectra; changes nothing.
        progress_bar
            Show a progress bar on stderr.

        Returns
        -------
        ndarray of shape (n_pairs,) with the fields score (float64) and matches (int)

        Raises
        ------
        SettingsError
            If a request makes no sense, or a spectrum lacks the precursor m/z that the score needs.
        """
        self._check(references, queries, is_symmetric)
        rows, columns = pair_indices(idx_row, idx_col)
        some_references, rows = np.unique(rows, return_inverse=True)
        some_queries, columns = np.unique(columns, return_inverse=True)
        tables = self._prepare_both(references, queries, some_references, some_queries)
        track = partial(progress, description="Scoring pairs of spectra", progress_bar=progress_bar)
        return score_listed(*tables, rows, columns, self._matching, track)

    def top_k(
        self,
        queries: Sequence[Spectrum],
        references: Sequence[Spectrum],
        k: int = 10,
        minimum_score: float = 0.0,
        minimum_matches: int = 1,
        precursor_tolerance: float | None = None,
        progress_bar: bool = True,
    ) -> TopHits:
        """Find the best references of each query, without a matrix: memory is needed for peaks and hits alone.

        Parameters
        ----------
        queries, references
            Spectra; may be the same ones, every spectrum finds itself then.
        k
            Most references per query.
        minimum_score
            Smallest score of a hit. A score of 0 is no hit.
        minimum_matches
            Smallest number of matching peaks of a hit, at least 1.
        precursor_tolerance
            Largest difference of the precursor m/z of query and hit in Da; None to compare all spectra. Spectra without
            a precursor m/z then have no hits.
        progress_bar
            Show a progress bar on stderr.

        Returns
        -------
        TopHits
            Three arrays of shape (n_queries, k), best first: `references` (positions, int64, -1 where there is no
            further hit), `scores` (float64) and `matches` (int64). Of equal scores, the first reference comes first.

        Raises
        ------
        SettingsError
            If an argument makes no sense, or a spectrum lacks the precursor m/z that the score needs.
        """
        name = f"{type(self).__name__}.top_k"
        k = whole_number(name, "k", k, 1)
        minimum_matches = whole_number(name, "minimum_matches", minimum_matches, 1)
        minimum_score = number(name, "minimum_score", minimum_score)
        limits = Limits(minimum_score, minimum_matches, -1.0)
        if precursor_tolerance is not None:
            limits = limits._replace(precursor_tolerance=number(name, "precursor_tolerance", precursor_tolerance, 0.0))
        with_precursor = precursor_tolerance is not None
        tables = self._prepare_both(references, queries, with_precursor=with_precursor)
        track = partial(progress, description="Searching spectra", progress_bar=progress_bar)
        return find_top(*tables, k, self._matching, limits, track)

    def to_dict(self) -> dict[str, Any]:
        """Return the settings as a JSON-safe dictionary."""
        return {"__Similarity__": type(self).__name__, **self._settings}

    def __repr__(self) -> str:
        return f"{type(self).__name__}({', '.join(f'{name}={value!r}' for name, value in self._settings.items())})"

    @property
    def _settings(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in self._setting_names}

    def _number(self, name: str, value: object, smallest: float | None = None) -> float:
        return number(type(self).__name__, name, value, smallest)

    def _flag(self, name: str, value: object) -> bool:
        if not isinstance(value, bool | np.bool_):
            raise SettingsError(f"{type(self).__name__}: {name} must be True or False, not {value!r}")
        return bool(value)

    def _check(
        self, references: Sequence[Spectrum], queries: Sequence[Spectrum], is_symmetric: bool, array_type: str = "numpy"
    ) -> None:
        try:
            check_request(references, queries, is_symmetric, array_type)
        except SettingsError as error:
            if not is_symmetric or len(references) == len(queries):
                raise
            raise UnequalNumbersError(f"unequal number of spectra: {error}") from None

    def _prepare_both(
        self,
        references: Sequence[Spectrum],
        queries: Sequence[Spectrum],
        some_references: NDArray[np.intp] | None = None,
        some_queries: NDArray[np.intp] | None = None,
        with_precursor: bool = False,
    ) -> tuple[PeakTable, PeakTable]:
        """Return the tables of both, one and the same where they are the same spectra."""
        rows = references if some_references is None else [references[i] for i in some_references]
        columns = queries if some_queries is None else [queries[i] for i in some_queries]
        of_rows = self._prepare(rows, "reference", some_references, with_precursor)
        if len(rows) == len(columns) and all(map(_is, rows, columns)):
            return of_rows, of_rows
        return of_rows, self._prepare(columns, "query", some_queries, with_precursor)

    def _prepare(
        self,
        spectra: Sequence[Spectrum],
        role: str = "",
        positions: NDArray[np.intp] | None = None,
        with_precursor: bool = False,
    ) -> PeakTable:
        mz, intensities = _peaks_of(spectra)
        starts = np.zeros(len(mz) + 1, np.int64)
        np.cumsum([one.size for one in mz], out=starts[1:])
        precursor_mz = np.zeros(len(mz))
        if self._needs_precursor:
            names = range(len(mz)) if positions is None else positions
            precursor_mz[:] = [
                _valid_precursor_mz(one, f"{role} {name}" if role else "")
                for one, name in zip(spectra, names, strict=True)
            ]
        elif with_precursor:
            precursor_mz[:] = [_precursor_mz_or_infinite(one) for one in spectra]
        return self._make_table(starts, _flat(mz), _flat(intensities), precursor_mz)


def number(owner: str, name: str, value: object, smallest: float | None = None) -> float:
    """Return a setting as a float; raise `SettingsError` where it is not a finite number or too small."""
    if isinstance(value, bool) or not isinstance(value, int | float | np.integer | np.floating):
        raise SettingsError(f"{owner}: {name} must be a number, not {value!r}")
    if not math.isfinite(value) or (smallest is not None and value < smallest):
        at_least = "" if smallest is None else f" of at least {smallest:g}"
        raise SettingsError(f"{owner}: {name} must be a finite number{at_least}, not {value!r}")
    return float(value)


def whole_number(owner: str, name: str, value: object, smallest: int) -> int:
    """Return a setting as an int; raise `SettingsError` where it is not a whole number or too small."""
    if isinstance(value, bool) or not isinstance(value, int | np.integer) or value < smallest:
        raise SettingsError(f"{owner}: {name} must be a whole number of at least {smallest}, not {value!r}")
    return int(value)


def _is(one: object, other: object) -> bool:
    return one is other


def _peaks_of(spectra: Sequence[Spectrum]) -> tuple[list[NDArray[Any]], list[NDArray[Any]]]:
    """Return m/z and intensities of each spectrum, where possible without the three copies of `spectrum.peaks.mz`.

    The copies would take as long as all scores of two thousand spectra.
    """
    try:
        peaks = [spectrum._peaks for spectrum in spectra]
        return [one._mz for one in peaks], [one._intensities for one in peaks]
    except AttributeError:
        peaks = [spectrum.peaks for spectrum in spectra]
        return [one.mz for one in peaks], [one.intensities for one in peaks]


def _flat(arrays: list[NDArray[Any]]) -> NDArray[np.float64]:
    return np.concatenate(arrays or [_NO_PEAKS]).astype(np.float64, copy=False)


def _valid_precursor_mz(spectrum: Spectrum, which: str) -> float:
    """Return what matchms takes for the precursor m/z, and fail as it does, but say in which spectrum."""
    try:
        return float(get_valid_precursor_mz(spectrum, logger))
    except AssertionError as error:
        raise MissingPrecursorError(f"{error} It is missing in {which}." if which else str(error)) from None


def _precursor_mz_or_infinite(spectrum: Spectrum) -> float:
    """Return the precursor m/z, or infinity, which is near to nothing, where there is none."""
    value = spectrum.get("precursor_mz")
    usable = isinstance(value, int | float) and math.isfinite(value)
    return float(value) if usable else math.inf


def _no_scores() -> tuple[IntArray, IntArray, NDArray[Any]]:
    return np.empty(0, np.int64), np.empty(0, np.int64), np.empty(0, SCORE_DTYPE)


def _stack(shape: tuple[int, int], rows: IntArray, columns: IntArray, scores: NDArray[Any]) -> StackedSparseArray:
    stack = StackedSparseArray(*shape)
    stack.add_sparse_data(rows, columns, scores, "")
    return stack

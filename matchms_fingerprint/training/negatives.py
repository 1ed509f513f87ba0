"""Wrong candidates for the training structures, from a candidate library."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.progress import track

from matchms_fingerprint.candidates import CandidateLibrary
from matchms_fingerprint.candidates.search import CandidateSlice
from matchms_fingerprint.constants import DEFAULT_TOLERANCE_PPM
from matchms_fingerprint.errors import InputFileError, LibraryError, SettingsError
from matchms_fingerprint.features.labelled import LabelledSpectra
from matchms_fingerprint.io.mapped_arrays import map_arrays, write_arrays
from matchms_fingerprint.kernels.packed_similarity import packed_similarity
from matchms_fingerprint.kernels.tanimoto import bit_sums

KINDS = ("mass", "formula", "hard")
NEGATIVES_PER_STRUCTURE = 128
NOT_MEASURED = -1
NOBODY = -1

_ARRAYS = ("fingerprints", "letters", "ends", "measured", "log_weights", "rows", "offsets", "blocks")
_CHUNK = 1 << 15


@dataclass(frozen=True)
class Negatives:
    """Wrong candidates of each structure of the data.

    A candidate of many structures is stored once. Structures of the data occur among the candidates of others, as they
    do in a library; for a training they have to go where they are held out: `without`.

    Parameters
    ----------
    fingerprints
        Packed fingerprints of the distinct candidates, shape (n_candidates, n_words), uint64; may be memory-mapped.
    letters, ends
        Their SMILES, one after the other, uint8, and where each ends, shape (n_candidates,), int64; `smiles` reads
        them.
    measured
        Number of the structure of the data that a candidate is, `NOT_MEASURED` for all others, shape (n_candidates,),
        int32.
    log_weights
        Logarithm of the weight with which each candidate is drawn, shape (n_candidates,), float32.
    rows
        Candidates of all structures, one structure after the other: positions in `fingerprints`, int32.
    offsets
        Where the candidates of structure i begin and end in `rows`: `offsets[i]`, `offsets[i + 1]`; int64.
    blocks
        First InChIKey block of each structure, str; they tell whether these are the negatives of some data.
    """

    fingerprints: NDArray[np.uint64]
    letters: NDArray[np.uint8]
    ends: NDArray[np.int64]
    measured: NDArray[np.int32]
    log_weights: NDArray[np.float32]
    rows: NDArray[np.int32]
    offsets: NDArray[np.int64]
    blocks: NDArray[np.str_]

    def __len__(self) -> int:
        return self.offsets.size - 1

    def of(self, structure: int) -> NDArray[np.uint64]:
        """Return the packed fingerprints of the candidates of a structure, shape (n, n_words), uint64."""
        return np.array(self.fingerprints[self.rows[self.offsets[structure] : self.offsets[structure + 1]]])

    def smiles(self, rows: NDArray[np.integer[Any]]) -> list[str]:
        """Return the SMILES of candidates by their positions in `fingerprints`, shape (n_rows,)."""
        starts = np.where(rows > 0, self.ends[rows - 1], 0)
        pairs = zip(starts.tolist(), self.ends[rows].tolist(), strict=True)
        return [self.letters[start:end].tobytes().decode("ascii") for start, end in pairs]

    def check(self, data: LabelledSpectra) -> None:
        """Raise `SettingsError` unless these are the negatives of the structures of some data, in their order."""
        if [key[:14] for key in data.inchikeys] != self.blocks.tolist():
            raise SettingsError("the negatives were made for other structures than those of the data; make them again")
        if self.fingerprints.shape[1] != data.fingerprint.n_words:
            raise SettingsError(f"the negatives have another fingerprint than {data.fingerprint}; make them again")

    def without(self, structures: NDArray[np.int64]) -> Negatives:
        """Leave out some structures of the data, as those of `val` and `test`, wherever they are candidates.

        A training that sees them as decoys learns that they are wrong, and who is held out.

        Parameters
        ----------
        structures
            Numbers of structures of the data.
        """
        kept = ~np.isin(self.measured, structures)[self.rows] if len(structures) else np.ones(self.rows.size, bool)
        before = np.concatenate(([0], np.cumsum(kept)))
        return replace(self, rows=self.rows[kept], offsets=before[self.offsets].astype(np.int64))

    def matched(self, bit_weights: NDArray[np.float64]) -> Negatives:
        """Draw candidates that look measured more often, so that they cannot be told from the right ones by that.

        Measured molecules differ from those of databases (Gupta & Skinnider 2026). A classifier that sees no spectrum
        gives the logarithm of the odds that a molecule is a measured one; drawn with these odds, the decoys are
        distributed as the measured molecules are, as far as the classifier can tell.

        Parameters
        ----------
        bit_weights
            Weights of the classifier, shape (n_bits,), as `evaluation.controls.SpectrumBlind(...).weights`; it may
            only have seen training structures.
        """
        starts = range(0, len(self.fingerprints), _CHUNK)
        sums = [bit_sums(bit_weights, self.fingerprints[start : start + _CHUNK]) for start in starts]
        return replace(self, log_weights=np.concatenate(sums or [np.empty(0)]).astype(np.float32))

    def draw_rows(
        self, structures: NDArray[np.int64], n: int, rng: np.random.Generator, repeat: bool = False
    ) -> NDArray[np.int32]:
        """Draw candidates of structures with probabilities by `log_weights`.

        Parameters
        ----------
        structures
            Structure of each query, shape (n_queries,).
        n
            Candidates to draw for each.
        rng
            Source of the draws.
        repeat
            Draw with replacement. Matched draws need that, unless `n` is a small part of the candidates: without
            replacement the weights matter less the more are drawn, and not at all where all are.

        Returns
        -------
        ndarray of shape (n_queries, n), int32
            Positions in `fingerprints`, `NOBODY` where a structure has fewer candidates; these stand last.
        """
        starts, counts = self.offsets[structures], np.diff(self.offsets)[structures]
        there = np.arange(max(n, int(counts.max(initial=0)))) < counts[:, None]
        if not there.any():
            return np.full((len(structures), n), NOBODY, np.int32)
        places = np.minimum(starts[:, None] + np.arange(there.shape[1]), self.rows.size - 1)
        rows = np.where(there, self.rows[places], NOBODY)
        log_weights = np.where(there, self.log_weights[rows].astype(np.float64), -np.inf)
        chosen = _drawn_again(log_weights, n, rng) if repeat else _drawn_once(log_weights, n, rng)
        drawn: NDArray[np.int32] = np.take_along_axis(rows, chosen, axis=1)
        return drawn

    def draw(
        self, structures: NDArray[np.int64], n: int, rng: np.random.Generator, repeat: bool = False
    ) -> tuple[NDArray[np.uint64], NDArray[np.bool_]]:
        """Draw the fingerprints of candidates; see `draw_rows`.

        Returns
        -------
        tuple of ndarray
            Packed fingerprints, shape (n_queries, n, n_words), uint64, zeros where there is none; and where there is
            one, shape (n_queries, n), bool.
        """
        rows = self.draw_rows(structures, n, rng, repeat)
        mask = rows != NOBODY
        packed = np.zeros((*rows.shape, self.fingerprints.shape[1]), np.uint64)
        packed[mask] = self.fingerprints[rows[mask]]
        return packed, mask

    def save(self, path: str | Path) -> None:
        """Write an npz file that `load` maps; it appears when it is complete."""
        write_arrays(path, {name: getattr(self, name) for name in _ARRAYS})

    @classmethod
    def load(cls, path: str | Path) -> Negatives:
        """Map what `save` wrote.

        Raises
        ------
        InputFileError
            If the file is missing or holds something else.
        """
        arrays = map_arrays(path)
        if set(arrays) != set(_ARRAYS):
            raise InputFileError(f"{path}: holds {', '.join(arrays)} and no negatives")
        # small, and read all over at every draw
        small = {name: np.array(array) for name, array in arrays.items() if name != "fingerprints"}
        return cls(fingerprints=arrays["fingerprints"], **small)


def _drawn_once(log_weights: NDArray[np.float64], n: int, rng: np.random.Generator) -> NDArray[np.int64]:
    """Draw n columns of each row without replacement, by the n largest of weights with Gumbel noise (Vieira 2014)."""
    keys = log_weights + rng.gumbel(size=log_weights.shape)
    return np.argsort(-keys, axis=1, kind="stable")[:, :n]


def _drawn_again(log_weights: NDArray[np.float64], n: int, rng: np.random.Generator) -> NDArray[np.int64]:
    """Draw n columns of each row with replacement; a row without weight gives its last column."""
    highest = log_weights.max(axis=1, keepdims=True)
    weights = np.exp(log_weights - np.where(np.isfinite(highest), highest, 0.0))
    cumulated = weights.cumsum(axis=1)
    at = rng.random((len(weights), n)) * cumulated[:, -1:]
    found: NDArray[np.int64] = (cumulated[:, None, :] <= at[:, :, None]).sum(axis=2)
    return np.minimum(found, weights.shape[1] - 1)


def find_negatives(
    library: CandidateLibrary,
    data: LabelledSpectra,
    kind: str = "mass",
    n: int = NEGATIVES_PER_STRUCTURE,
    tolerance_ppm: float = DEFAULT_TOLERANCE_PPM,
    seed: int = 0,
    progress: bool = False,
) -> Negatives:
    """Find wrong candidates for every structure of the data.

    The true structure (by the first block of its InChIKey) is no negative; neither is one of the very same fingerprint,
    from which nothing that is kept here tells it.

    Parameters
    ----------
    library
        Where the candidates come from.
    data
        Whose structures they are candidates of.
    kind
        "mass": any of about the same exact mass. "formula": of the same formula. "hard": of about the same mass, the
        most similar to the true structure by Tanimoto. Train on the kind that will be ranked later.
    n
        Most candidates to keep of each structure; of more, "mass" and "formula" keep some at random.
    tolerance_ppm
        Mass window of "mass" and "hard".
    seed
        Of the choice.
    progress
        Show a progress bar on stderr.

    Raises
    ------
    SettingsError
        If the kind is unknown or `n` is not positive.
    LibraryError
        If the library has another fingerprint than the data.
    """
    if kind not in KINDS or n < 1:
        raise SettingsError(f"{n} negatives of the kind {kind!r}; expected at least 1 of {', '.join(KINDS)}")
    if library.fingerprint != data.fingerprint:
        raise LibraryError(f"{library.path}: holds the fingerprint {library.fingerprint}, the data {data.fingerprint}")
    rng = np.random.default_rng(seed)
    found = _Collector([key[:14] for key in data.inchikeys], library.fingerprint.n_words)
    for structures in _groups(data, kind == "formula", progress):
        first = structures[0]
        if kind == "formula":
            pool = library.search(formula=data.formulas[first])
        else:
            pool = library.search(neutral_mass=float(data.masses[first]), tolerance_ppm=tolerance_ppm)
        found.add_pool(pool)
        for structure in structures:
            truth = data.fingerprints[structure]
            wrong = found.wrong_candidates(structure, truth)
            if kind == "hard":
                alike = packed_similarity(truth, found.pool[wrong]) if wrong.size else np.empty(0)
                wrong = wrong[np.argsort(-alike, kind="stable")[:n]]
            elif wrong.size > n:
                wrong = np.sort(rng.choice(wrong, n, replace=False))
            found.keep(structure, wrong)
    return found.negatives()


def _groups(data: LabelledSpectra, by_formula: bool, progress: bool) -> Iterator[NDArray[np.int64]]:
    """Yield structures that have one pool of candidates: those of one formula, or one mass."""
    keys = np.array(data.formulas) if by_formula else data.masses
    order = np.argsort(keys, kind="stable")
    groups = np.split(order, np.flatnonzero(keys[order][1:] != keys[order][:-1]) + 1)
    console = Console(stderr=True)
    yield from track(groups, "negatives", console=console, transient=True) if progress else groups


class _Collector:
    """Numbers the distinct candidates as they come, and remembers those of each structure."""

    def __init__(self, blocks: list[str], n_words: int) -> None:
        self.blocks = blocks
        self.pool = np.empty((0, n_words), np.uint64)
        self._pool_blocks = np.empty(0, dtype="<U14")
        self._number: dict[str, int] = {}
        self._parts: list[NDArray[np.uint64]] = []
        self._pool_smiles: list[str] = []
        self._smiles: list[str] = []
        self._kept: list[NDArray[np.int32]] = [np.empty(0, np.int32)] * len(blocks)

    def add_pool(self, pool: CandidateSlice) -> None:
        """Take up the candidates that the next structures share."""
        self.pool = pool.fingerprints
        self._pool_blocks = np.array([key[:14] for key in pool.inchikeys], dtype="<U14")
        self._pool_smiles = pool.smiles

    def wrong_candidates(self, structure: int, truth: NDArray[np.uint64]) -> NDArray[np.int64]:
        """Return the positions in the pool of those that are neither the structure nor have its fingerprint."""
        is_other = self._pool_blocks != self.blocks[structure]
        return np.flatnonzero(is_other & (self.pool != truth).any(axis=1))

    def keep(self, structure: int, chosen: NDArray[np.int64]) -> None:
        """Remember candidates of a structure by their positions in the pool."""
        names = self._pool_blocks[chosen].tolist()
        new = np.array([name not in self._number for name in names], bool)
        for name in self._pool_blocks[chosen[new]].tolist():
            self._number[name] = len(self._number)
        self._parts.append(self.pool[chosen[new]])
        self._smiles += [self._pool_smiles[i] for i in chosen[new].tolist()]
        self._kept[structure] = np.array([self._number[name] for name in names], np.int32)

    def negatives(self) -> Negatives:
        """Return all that was kept."""
        of_data = {block: i for i, block in enumerate(self.blocks)}
        measured = np.array([of_data.get(name, NOT_MEASURED) for name in self._number], np.int32)
        return Negatives(
            fingerprints=np.concatenate([self.pool[:0], *self._parts]),
            letters=np.frombuffer("".join(self._smiles).encode("ascii"), np.uint8),
            ends=np.cumsum([len(text) for text in self._smiles], dtype=np.int64),
            measured=measured,
            log_weights=np.zeros(measured.size, np.float32),
            rows=np.concatenate([np.empty(0, np.int32), *self._kept]),
            offsets=np.cumsum([0, *(rows.size for rows in self._kept)], dtype=np.int64),
            blocks=np.array(self.blocks, dtype="<U14"),
        )

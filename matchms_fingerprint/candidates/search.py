"""Questions to a library, and the candidates that answer them."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import overload

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from matchms_fingerprint.chem import Adduct, get_adduct, hill_formula, parse_formula
from matchms_fingerprint.errors import SettingsError
from matchms_fingerprint.records import Candidate

_CHARGE = r"[+-]\d*$"  # as RDKit ends the formula of an ion: "+", "-", "+2", "-2"
_FORMULA_WINDOW_DA = 1e-5  # masses are rounded to 1e-6; no two formulas need to be told apart by it


@dataclass(frozen=True, slots=True)
class MassQuery:
    """A window of neutral exact masses, both ends included, and the formula where one is asked for.

    Parameters
    ----------
    low, high
        Bounds in Da.
    formula
        In Hill order; without a charge it stands for the permanent ions of this composition as well.
    """

    low: float
    high: float
    formula: str | None = None


def mass_query(
    precursor_mz: float | None = None,
    adduct: str | Adduct | None = None,
    neutral_mass: float | None = None,
    formula: str | None = None,
    tolerance_ppm: float = 10.0,
    tolerance_da: float | None = None,
) -> MassQuery:
    """Turn one of the three kinds of question into a mass window.

    Parameters
    ----------
    precursor_mz, adduct
        m/z of an ion, and its adduct; the tolerance then is one of the m/z.
    neutral_mass
        Exact mass of the neutral molecule in Da.
    formula
        Molecular formula; the tolerance does not matter then.
    tolerance_ppm
        Tolerance in parts per million of `precursor_mz` or `neutral_mass`.
    tolerance_da
        Tolerance in Da (of m/z or mass); where given it takes the place of `tolerance_ppm`.

    Raises
    ------
    SettingsError
        If not exactly one question is asked, the adduct is missing, or a number is out of range.
    AdductError, StructureError
        If the adduct or the formula cannot be understood.
    """
    questions = {"precursor m/z": precursor_mz, "neutral mass": neutral_mass, "formula": formula}
    given = [name for name, value in questions.items() if value is not None]
    if len(given) != 1:
        raise SettingsError(
            "search by exactly one of precursor m/z (with its adduct), neutral mass and formula; "
            f"given: {', '.join(given) or 'none'}"
        )
    if adduct is not None and precursor_mz is None:
        raise SettingsError(f"an adduct says nothing about a {given[0]}; give it with a precursor m/z, or leave it out")
    if formula is not None:
        return _formula_query(formula)
    value = float(precursor_mz if precursor_mz is not None else neutral_mass or 0.0)
    if not (math.isfinite(value) and value > 0):
        raise SettingsError(f"the {given[0]} is {value}; it must be a positive number")
    tolerance = value * tolerance_ppm * 1e-6 if tolerance_da is None else tolerance_da
    if not (math.isfinite(tolerance) and tolerance >= 0):
        raise SettingsError("the tolerance must be a number of ppm or Da that is not negative")
    if precursor_mz is None:
        return MassQuery(value - tolerance, value + tolerance)
    if adduct is None:
        raise SettingsError("a precursor m/z needs its adduct, such as [M+H]+ or [M-H]-; or give the neutral mass")
    ion = get_adduct(adduct) if isinstance(adduct, str) else adduct
    return MassQuery(ion.neutral_mass(value - tolerance), ion.neutral_mass(value + tolerance))


def _formula_query(formula: str) -> MassQuery:
    neutral, charge = re.fullmatch(r"(.*?)([+-]\d*)?", re.sub(r"\s+", "", formula)).groups()  # type: ignore[union-attr]
    counts, mass = parse_formula(neutral)
    return MassQuery(mass - _FORMULA_WINDOW_DA, mass + _FORMULA_WINDOW_DA, hill_formula(counts) + (charge or ""))


class CandidateSlice(Sequence[Candidate]):
    """Candidates in ascending exact mass; records are made when they are asked for.

    Parameters
    ----------
    parts
        Record batches with the columns of a library, ascending.
    n_words
        Words of a fingerprint.
    """

    def __init__(self, parts: Sequence[pa.RecordBatch], n_words: int) -> None:
        self._parts = [part for part in parts if part.num_rows]
        self._n_words = n_words
        self._ends = np.cumsum([part.num_rows for part in self._parts], dtype=np.int64)

    def __len__(self) -> int:
        return int(self._ends[-1]) if len(self._ends) else 0

    def __repr__(self) -> str:
        if not len(self):
            return "CandidateSlice(no candidates)"
        masses = self.exact_masses
        return f"CandidateSlice({len(self):,} candidates from {masses[0]:.4f} to {masses[-1]:.4f} Da)"

    @overload
    def __getitem__(self, index: int) -> Candidate: ...

    @overload
    def __getitem__(self, index: slice) -> CandidateSlice: ...

    def __getitem__(self, index: int | slice) -> Candidate | CandidateSlice:
        if isinstance(index, slice):
            return self.take(np.arange(len(self))[index])
        position = index + len(self) if index < 0 else index
        if not 0 <= position < len(self):
            raise IndexError(f"candidate {index} of {len(self)}")
        i = int(np.searchsorted(self._ends, position, side="right"))
        return _record(self._parts[i], position - int(self._ends[i]) + self._parts[i].num_rows)

    def __iter__(self) -> Iterator[Candidate]:
        for part in self._parts:
            for i in range(part.num_rows):
                yield _record(part, i)

    @property
    def exact_masses(self) -> np.ndarray:
        """Exact masses in Da, ndarray of shape (n,), float64, ascending; read-only where it lies within one batch."""
        return _joined([part.column("exact_mass").to_numpy() for part in self._parts], np.empty(0))

    @property
    def fingerprints(self) -> np.ndarray:
        """Packed fingerprints, ndarray of shape (n, n_words), uint64.

        Within one record batch, which is the rule, this is a read-only view of the file; else the parts are copied.
        """
        views = [_words(part.column("fingerprint"), self._n_words) for part in self._parts]
        return _joined(views, np.empty((0, self._n_words), dtype=np.uint64))

    @property
    def inchikeys(self) -> list[str]:
        """Full InChIKeys."""
        return [key for part in self._parts for key in part.column("inchikey").to_pylist()]

    @property
    def smiles(self) -> list[str]:
        """SMILES."""
        return [smiles for part in self._parts for smiles in part.column("smiles").to_pylist()]

    @property
    def formulas(self) -> list[str]:
        """Molecular formulas."""
        return [formula for part in self._parts for formula in part.column("formula").to_pylist()]

    @property
    def names(self) -> list[list[str]]:
        """All names of each candidate."""
        return [names for part in self._parts for names in part.column("names").to_pylist()]

    @property
    def has_classes(self) -> bool:
        """Whether the library of these candidates has compound classes."""
        return any("classes" in part.schema.names for part in self._parts)

    @property
    def classes(self) -> list[list[str]]:
        """Compound classes of each candidate; none where the library has none."""
        return [classes for part in self._parts for classes in _classes(part)]

    @property
    def charges(self) -> np.ndarray:
        """Permanent charges, ndarray of shape (n,), int8: 0 for a neutral molecule, 1 for a cation such as choline.

        They are read from the end of the formulas of these candidates, without a record being made.
        """
        return _joined([_charges(part.column("formula")) for part in self._parts], np.empty(0, dtype=np.int8))

    @property
    def n_sources(self) -> np.ndarray:
        """Number of sources that hold each candidate, ndarray of shape (n,), int32."""
        counts = [pc.list_value_length(part.column("sources")).to_numpy() for part in self._parts]
        return _joined(counts, np.empty(0, dtype=np.int32))

    def is_from(self, source: str) -> np.ndarray:
        """Tell which candidates have `source` among their sources, ndarray of shape (n,), bool."""
        return _joined([_is_from(part.column("sources"), source) for part in self._parts], np.empty(0, dtype=bool))

    def take(self, indices: Sequence[int] | np.ndarray) -> CandidateSlice:
        """Return the candidates at some positions, in that order, as a slice of its own (a copy).

        Raises
        ------
        IndexError
            If a position is negative or beyond the end.
        """
        wanted = np.asarray(indices, dtype=np.int64)
        if wanted.size == 0 or not len(self):
            if wanted.size:
                raise IndexError("there are no candidates to take")
            return CandidateSlice([], self._n_words)
        if wanted.min() < 0 or wanted.max() >= len(self):
            raise IndexError(f"positions must be from 0 to {len(self) - 1}")
        taken = pa.Table.from_batches(self._parts).take(pa.array(wanted)).combine_chunks()
        return CandidateSlice(taken.to_batches(), self._n_words)


def matching_rows(batch: pa.RecordBatch, query: MassQuery) -> pa.RecordBatch:
    """Return the rows of a record batch that answer a query: a slice of it, or a copy where a formula is asked for."""
    masses = batch.column("exact_mass").to_numpy()
    start = int(np.searchsorted(masses, query.low, side="left"))
    end = int(np.searchsorted(masses, query.high, side="right"))
    rows = batch.slice(start, max(0, end - start))
    if query.formula is None:
        return rows
    formulas = rows.column("formula")
    if query.formula[-1].isalnum() and not re.search(_CHARGE, query.formula):
        formulas = pc.replace_substring_regex(formulas, _CHARGE, "")
    return rows.filter(pc.equal(formulas, query.formula))


def _record(part: pa.RecordBatch, i: int) -> Candidate:
    return Candidate(
        smiles=part.column("smiles")[i].as_py(),
        inchikey=part.column("inchikey")[i].as_py(),
        formula=part.column("formula")[i].as_py(),
        exact_mass=part.column("exact_mass")[i].as_py(),
        names=tuple(part.column("names")[i].as_py()),
        sources=tuple(part.column("sources")[i].as_py()),
        classes=tuple(_classes(part.slice(i, 1))[0]),
    )


def _classes(part: pa.RecordBatch) -> list[list[str]]:
    if "classes" not in part.schema.names:
        return [[]] * part.num_rows
    found: list[list[str]] = part.column("classes").to_pylist()
    return found


def _charges(formulas: pa.StringArray) -> np.ndarray:
    """Return the charge at the end of each formula, ndarray of shape (n,), int8."""
    endings = pc.struct_field(pc.extract_regex(formulas, f"(?P<ending>{_CHARGE})"), "ending")
    different = endings.fill_null("").dictionary_encode()
    values = [int(text if text[1:] else f"{text}1") if text else 0 for text in different.dictionary.to_pylist()]
    return np.array(values, dtype=np.int8)[different.indices.to_numpy()]


def _is_from(sources: pa.ListArray, wanted: str) -> np.ndarray:
    has_it = np.zeros(len(sources), dtype=bool)
    matches = pc.equal(sources.flatten(), wanted).to_numpy(zero_copy_only=False)
    has_it[pc.list_parent_indices(sources).to_numpy()[matches]] = True
    return has_it


def _words(column: pa.FixedSizeBinaryArray, n_words: int) -> np.ndarray:
    """View the bytes of fingerprints as words, without a copy."""
    size = 8 * n_words
    view = np.frombuffer(column.buffers()[1], dtype="<u8", count=len(column) * n_words, offset=column.offset * size)
    view.flags.writeable = False
    return view.reshape(len(column), n_words)


def _joined(views: list[np.ndarray], empty: np.ndarray) -> np.ndarray:
    if len(views) == 1:
        return views[0]
    return np.concatenate(views) if views else empty

"""Collect the evidence on the candidates of spectra of which the structure is known.

This is the slow part of fitting and measuring a posterior, so it is kept on disk, a block of structures at a time:
what was interrupted goes on where it stopped. All queries of a structure have the same candidates and are asked one
after the other, so that what evidence remembers of a candidate serves them all.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from matchms_fingerprint.annotation.evidence.evidence import Candidates, Evidence
from matchms_fingerprint.annotation.evidence.neighbours import NeighbourEvidence
from matchms_fingerprint.annotation.posterior.evidence_table import EvidenceTable, QueryDescription
from matchms_fingerprint.candidates import CandidateLibrary
from matchms_fingerprint.constants import DEFAULT_TOLERANCE_PPM
from matchms_fingerprint.evaluation.competition import tell_nobody
from matchms_fingerprint.evaluation.posterior.labelled_table import LabelledTable
from matchms_fingerprint.evaluation.posterior.queries import Queries, candidates_of, for_query
from matchms_fingerprint.features.labelled import LabelledSpectra
from matchms_fingerprint.io.artifacts import atomic_file
from matchms_fingerprint.kernels.packed_similarity import packed_similarity

Advance = Callable[[str, int, int], None]

_STRUCTURES_OF_A_BLOCK = 20


@dataclass(frozen=True)
class Collector:
    """Collects evidence.

    Parameters
    ----------
    data
        Labelled spectra.
    library
        Where candidates come from: those within `tolerance_ppm` of the mass of the true structure.
    about
        What the evidence depends on beside the spectra and candidates: the model, what was learned. Part of the key
        under which blocks are kept.
    cache
        Folder where blocks are kept; None keeps nothing.
    tolerance_ppm
        Mass window.
    advance
        Told about the progress.
    """

    data: LabelledSpectra
    library: CandidateLibrary
    about: dict[str, Any] = field(default_factory=dict)
    cache: Path | None = None
    tolerance_ppm: float = DEFAULT_TOLERANCE_PPM
    advance: Advance = tell_nobody

    def collect(
        self,
        queries: Queries,
        evidence: Sequence[Evidence],
        stage: str,
        chosen: Sequence[NDArray[np.int64]] | None = None,
    ) -> list[LabelledTable]:
        """Return one table for each query, in their order.

        Parameters
        ----------
        queries
            The queries.
        evidence
            The evidence to compute.
        stage
            Its name, for the progress and the cache.
        chosen
            For each query the candidates to compute it for; NaN for the others. None computes it for all.
        """
        columns = tuple(name for one in evidence for name in one.columns)
        folder = None if self.cache is None else self.cache / self._key(queries, columns, stage, chosen)
        structures = np.unique(queries.structure)
        tables: list[LabelledTable | None] = [None] * len(queries)
        for start in range(0, structures.size, _STRUCTURES_OF_A_BLOCK):
            block = structures[start : start + _STRUCTURES_OF_A_BLOCK]
            members = np.flatnonzero(np.isin(queries.structure, block))
            path = None if folder is None else folder / f"block-{start // _STRUCTURES_OF_A_BLOCK:05d}.npz"
            if path is not None and path.is_file():
                found = _read(path, queries, members, columns)
            else:
                found = self._compute(queries, members, evidence, columns, chosen)
                if path is not None:
                    _write(path, found)
            for i, table in zip(members.tolist(), found, strict=True):
                tables[i] = table
            self.advance(stage, min(start + _STRUCTURES_OF_A_BLOCK, structures.size), structures.size)
        return [table for table in tables if table is not None]

    def _compute(
        self,
        queries: Queries,
        members: NDArray[np.int64],
        evidence: Sequence[Evidence],
        columns: tuple[str, ...],
        chosen: Sequence[NDArray[np.int64]] | None,
    ) -> list[LabelledTable]:
        """Return the tables of some queries, in their order."""
        tables: dict[int, LabelledTable] = {}
        begun = [_begin(one, queries, members) for one in evidence]
        place = {i: number for number, i in enumerate(members.tolist())}
        for structure in np.unique(queries.structure[members]).tolist():
            mass = float(self.data.masses[structure])
            found = self.library.search(neutral_mass=mass, tolerance_ppm=self.tolerance_ppm)
            candidates = candidates_of(found)
            block = self.data.inchikeys[structure][:14]
            correct = np.array([key[:14] == block for key in candidates.inchikeys], bool)
            _, formula = np.unique(np.array(candidates.formulas, dtype=str), return_inverse=True)
            similarity = packed_similarity(self.data.fingerprints[structure], candidates.fingerprints)
            for i in members[queries.structure[members] == structure].tolist():
                rows = np.arange(len(candidates)) if chosen is None else chosen[i]
                table = _table(queries, i, candidates, [parts[place[i]] for parts in begun], columns, rows)
                tables[i] = LabelledTable(
                    table=table,
                    correct=correct,
                    formula=formula.astype(np.int64),
                    similarity=similarity.astype(np.float32),
                    row=int(queries.rows[i]),
                    structure=structure,
                )
        return [tables[i] for i in members.tolist()]

    def _key(
        self,
        queries: Queries,
        columns: tuple[str, ...],
        stage: str,
        chosen: Sequence[NDArray[np.int64]] | None,
    ) -> str:
        """Return the name of the folder of these queries: another for everything that changes the evidence."""
        digest = hashlib.sha256(
            json.dumps(
                [self.about, columns, str(self.library.path), len(self.library), self.tolerance_ppm], sort_keys=True
            ).encode()
        )
        for values in (queries.rows, queries.spectra.mz, queries.spectra.intensity, queries.embeddings):
            digest.update(np.ascontiguousarray(values).tobytes())
        for rows in chosen or ():
            digest.update(rows.tobytes() + b"|")
        return f"{stage.replace(' ', '_')}-{digest.hexdigest()[:16]}"


def _begin(evidence: Evidence, queries: Queries, members: NDArray[np.int64]) -> list[Evidence]:
    """Return the evidence for each of some queries: what finds neighbours looks for those of all of them at once."""
    if not isinstance(evidence, NeighbourEvidence):
        return [evidence] * members.size
    asked = queries.take(members)
    return list(evidence.begin(asked.spectra, asked.embeddings, asked.accuracies))


def _table(
    queries: Queries,
    i: int,
    candidates: Candidates,
    evidence: Sequence[Evidence],
    columns: tuple[str, ...],
    rows: NDArray[np.int64],
) -> EvidenceTable:
    """Return the evidence on the candidates of query `i`, NaN but at `rows`."""
    query = queries.query(i)
    mine = for_query(candidates, queries.adducts[i], query.precursor_mz)
    values = np.full((len(candidates), len(columns)), np.nan)
    if rows.size:
        asked = mine if rows.size == len(candidates) else mine.take(rows)
        order = np.arange(len(candidates)) if rows.size == len(candidates) else rows
        values[order] = np.column_stack([one.of(query, asked) for one in evidence])
    return EvidenceTable(columns, values, QueryDescription.of(query))


def joined(tables: Sequence[LabelledTable], others: Sequence[LabelledTable]) -> list[LabelledTable]:
    """Return tables with the columns of both, list by list."""
    return [
        replace(
            one,
            table=EvidenceTable(
                (*one.table.columns, *other.table.columns),
                np.column_stack([one.table.values, other.table.values]),
                one.table.query,
            ),
        )
        for one, other in zip(tables, others, strict=True)
    ]


def _write(path: Path, tables: Sequence[LabelledTable]) -> None:
    arrays = {
        "lengths": np.array([len(item) for item in tables], np.int64),
        "values": np.concatenate([item.table.values for item in tables]),
        "correct": np.concatenate([item.correct for item in tables]),
        "formula": np.concatenate([item.formula for item in tables]),
        "similarity": np.concatenate([item.similarity for item in tables]),
    }
    with atomic_file(path) as partial, open(partial, "wb") as handle:
        np.savez(handle, **arrays)  # type: ignore[arg-type]  # numpy's stub takes the names for its own options


def _read(path: Path, queries: Queries, members: NDArray[np.int64], columns: tuple[str, ...]) -> list[LabelledTable]:
    with np.load(path, allow_pickle=False) as stored:
        content = {name: stored[name] for name in stored.files}
    ends = np.cumsum(content["lengths"])
    tables = []
    for i, start, end in zip(members.tolist(), (ends - content["lengths"]).tolist(), ends.tolist(), strict=True):
        part = slice(start, end)
        tables.append(
            LabelledTable(
                table=EvidenceTable(columns, content["values"][part], QueryDescription.of(queries.query(i))),
                correct=content["correct"][part],
                formula=content["formula"][part],
                similarity=content["similarity"][part],
                row=int(queries.rows[i]),
                structure=int(queries.structure[i]),
            )
        )
    return tables

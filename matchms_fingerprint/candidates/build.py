"""Building a library: rows in, a mass-sorted table out, in bounded memory."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import IO, Any

import pyarrow as pa
import pyarrow.compute as pc

from matchms_fingerprint.candidates.buckets import MassBuckets
from matchms_fingerprint.candidates.columns import Columns
from matchms_fingerprint.candidates.layout import (
    MANIFEST,
    REJECTS,
    STRUCTURES,
    Batches,
    Manifest,
    current_versions,
    library_schema,
)
from matchms_fingerprint.candidates.merge import merge_duplicates
from matchms_fingerprint.candidates.parallel import available_cores, map_in_order
from matchms_fingerprint.candidates.progress import BuildProgress
from matchms_fingerprint.candidates.rows import Chunk, Described, describe_chunk, row_schema
from matchms_fingerprint.candidates.sources import Source, open_source
from matchms_fingerprint.chem import FingerprintSpec
from matchms_fingerprint.errors import InputFileError, SettingsError
from matchms_fingerprint.io.artifacts import atomic_folder, check_replaceable

BATCH_ROWS = 65_536
_LONGEST_TEXT = 300


def build_library(
    structures: Any,
    path: str | Path,
    fingerprint: str | FingerprintSpec,
    columns: Columns,
    n_jobs: int | None = None,
    progress: bool = False,
    overwrite: bool = False,
) -> Manifest:
    """Build a library; see `CandidateLibrary.build` for the parameters."""
    spec = FingerprintSpec.parse(fingerprint)
    n_jobs = available_cores() if n_jobs is None else n_jobs
    if n_jobs < 1:
        raise SettingsError(f"n_jobs is {n_jobs}; it must be 1 or more")
    check_replaceable(path, MANIFEST, overwrite)
    source = open_source(structures, columns)
    with (
        atomic_folder(path, MANIFEST, overwrite) as folder,
        BuildProgress(source.size, enabled=progress) as bar,
    ):
        spill = folder / "buckets"
        spill.mkdir()
        buckets = MassBuckets(spill, row_schema(spec))
        counts = _describe_all(source, spec, n_jobs, buckets, folder / REJECTS, bar)
        if counts["read"] == counts["rejected"]:
            raise InputFileError(_nothing_left(source, counts["read"], folder / REJECTS))
        bar.start_writing(counts["read"] - counts["rejected"])
        with (folder / STRUCTURES).open("wb") as handle:
            sink = _HashingSink(handle)
            batches, n_classified = _write_structures(buckets, spec, sink, bar, counts.pop("classified") > 0)
        shutil.rmtree(spill)
        kept = int(batches.n_rows.sum())
        counts |= {"merged": counts["read"] - counts["rejected"] - kept, "kept": kept}
        counts |= {"classified": n_classified} if n_classified else {}
        manifest = Manifest(
            spec, source.provenance(), counts, batches, sink.n_bytes, sink.sha256.hexdigest(), current_versions()
        )
        manifest.write(folder / MANIFEST)
    return manifest


def _describe_all(
    source: Source, spec: FingerprintSpec, n_jobs: int, buckets: MassBuckets, rejects: Path, bar: BuildProgress
) -> dict[str, int]:
    counts = {"read": 0, "rejected": 0, "reduced_mixtures": 0, "classified": 0}
    with rejects.open("w", encoding="utf-8", errors="replace") as handle:
        handle.write("file\trow\ttext\treason\n")
        work = partial(_work, spec)
        for described in map_in_order(work, source.chunks(), n_jobs):
            buckets.add(described.structures)
            handle.writelines("\t".join(_one_line(field) for field in reject) + "\n" for reject in described.rejects)
            counts["read"] += described.n_rows
            counts["rejected"] += len(described.rejects)
            counts["reduced_mixtures"] += described.n_reduced_mixtures
            counts["classified"] += _n_classified(described.structures)
            bar.advance(described.position, counts["read"])
    return counts


def _work(spec: FingerprintSpec, chunk: Chunk, stopped: Callable[[], bool]) -> Described:
    return describe_chunk(chunk, spec, stopped)


def _one_line(field: str | int) -> str:
    return " ".join(str(field).split())[:_LONGEST_TEXT]


def _n_classified(structures: pa.RecordBatch) -> int:
    return int(pc.sum(pc.greater(pc.list_value_length(structures["classes"]), 0)).as_py() or 0)


def _write_structures(
    buckets: MassBuckets, spec: FingerprintSpec, sink: _HashingSink, bar: BuildProgress, has_classes: bool
) -> tuple[Batches, int]:
    """Write record batches of about BATCH_ROWS; they end where a bucket ends, unless one is larger than that.

    Returns the batches and the number of structures with classes.
    """
    schema, n_classified = library_schema(spec, has_classes), 0
    bounds: list[tuple[int, float, float]] = []
    waiting: list[pa.RecordBatch] = []

    with pa.ipc.new_file(sink, schema) as writer:

        def write() -> None:
            rows = pa.Table.from_batches(waiting, schema).combine_chunks()
            for start in range(0, rows.num_rows, BATCH_ROWS):
                batch = rows.slice(start, BATCH_ROWS).combine_chunks().to_batches()[0]
                masses = batch.column("exact_mass")
                bounds.append((batch.num_rows, masses[0].as_py(), masses[-1].as_py()))
                writer.write_batch(batch)
            waiting.clear()

        for rows in buckets.drain():
            merged = merge_duplicates(rows, spec, has_classes)
            n_classified += _n_classified(merged) if has_classes else 0
            if waiting and sum(batch.num_rows for batch in waiting) + merged.num_rows > BATCH_ROWS:
                write()
            waiting.append(merged)
            bar.advance_writing(rows.num_rows)
        if waiting:
            write()
    return Batches.of(bounds), n_classified


class _HashingSink:
    """A file to write to that knows its size and SHA-256."""

    closed = False

    def __init__(self, handle: IO[bytes]) -> None:
        self._handle = handle
        self.n_bytes = 0
        self.sha256 = hashlib.sha256()

    def write(self, data: Any) -> int:
        view = memoryview(data).cast("B")
        self._handle.write(view)
        self.sha256.update(view)
        self.n_bytes += len(view)
        return len(view)

    def tell(self) -> int:
        return self.n_bytes

    def flush(self) -> None:
        self._handle.flush()

    def close(self) -> None:
        self.closed = True


def _nothing_left(source: Source, n_rows: int, rejects: Path) -> str:
    if n_rows == 0:
        return f"{source.label}: holds no rows; nothing was written"
    first = rejects.read_text(encoding="utf-8").splitlines()[1].split("\t")
    return f"{source.label}: none of its {n_rows} rows is a structure (the first: {first[3]}); nothing was written"

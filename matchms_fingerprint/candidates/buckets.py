"""Sorting more rows than fit into memory: they are dealt by mass into files, one for each Da."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

ROWS_IN_MEMORY = 100_000  # about 65 MB with fingerprints of 4096 bits, and a few times that while they are sorted
_HEAVIEST = 5000  # everything above shares the last bucket
# Few molecules lie near n + 0.75 Da, so that a mass window seldom reaches over the edge of a bucket.
_EDGE = 0.25


class MassBuckets:
    """Rows dealt into files by their mass.

    Parameters
    ----------
    folder
        An empty folder for the files.
    schema
        Columns of the rows; one of them is `exact_mass` (float64, Da).
    """

    def __init__(self, folder: Path, schema: pa.Schema) -> None:
        self._folder = folder
        self._schema = schema
        self._waiting: list[pa.RecordBatch] = []
        self._n_waiting = 0
        self._used: set[int] = set()

    def add(self, rows: pa.RecordBatch) -> None:
        """Take rows in; they go to disk when enough of them wait."""
        self._waiting.append(rows)
        self._n_waiting += rows.num_rows
        if self._n_waiting >= ROWS_IN_MEMORY:
            self._deal()

    def drain(self) -> Iterator[pa.Table]:
        """Yield the rows of one bucket after the other, by ascending mass from bucket to bucket; files are removed."""
        self._deal()
        for bucket in sorted(self._used):
            path = self._path(bucket)
            with path.open("rb") as handle, pa.ipc.open_stream(handle) as stream:
                rows = stream.read_all()
            path.unlink()
            yield rows

    def _deal(self) -> None:
        if not self._n_waiting:
            return
        rows = pa.Table.from_batches(self._waiting, self._schema).combine_chunks()
        self._waiting, self._n_waiting = [], 0  # before the next copy is made
        rows = rows.take(pc.sort_indices(rows["exact_mass"]))
        numbers = np.minimum(rows["exact_mass"].to_numpy() + _EDGE, _HEAVIEST).astype(np.int64)
        buckets, starts = np.unique(numbers, return_index=True)
        ends = np.append(starts[1:], len(numbers))
        for bucket, start, end in zip(buckets.tolist(), starts.tolist(), ends.tolist(), strict=True):
            self._append(bucket, rows.slice(start, end - start))

    def _append(self, bucket: int, rows: pa.Table) -> None:
        """Append to the file of a bucket, which is an Arrow stream without its end mark."""
        with self._path(bucket).open("ab") as handle:
            if bucket not in self._used:
                handle.write(self._schema.serialize())
                self._used.add(bucket)
            for batch in rows.to_batches():
                handle.write(batch.serialize())

    def _path(self, bucket: int) -> Path:
        return self._folder / f"{bucket:05d}.arrows"

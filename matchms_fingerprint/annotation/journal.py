"""The journal of an annotation run: every finished batch is a file, so that a run that was stopped can go on.

    journal.json     what the run is: input, model, library, settings
    000000.json      the annotations of the first batch
    000000.npy       and the embeddings of its features

A file has its name only when it is complete, so a run that was killed at any moment has whole batches and no others.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from matchms_fingerprint.errors import OutputError
from matchms_fingerprint.io.artifacts import atomic_file, leftovers_of, read_json, write_json
from matchms_fingerprint.records import Annotation

DESCRIBED = "journal.json"


class Journal:
    """Finished batches of a run, in a folder of its own that is removed when the results are written.

    Parameters
    ----------
    folder
        Where the batches lie.
    identity
        What the run is, JSON-safe: a run can go on only where all of it is the same.
    resume
        Go on with what is there; else what is there is removed.

    Raises
    ------
    OutputError
        If another run is there to be resumed, or the folder is none of ours.
    """

    def __init__(self, folder: str | Path, identity: dict[str, Any], resume: bool) -> None:
        self.folder = Path(folder)
        described = self.folder / DESCRIBED
        if self.folder.exists() and not described.is_file() and not all(map(_is_begun, self.folder.iterdir())):
            raise OutputError(f"{self.folder}: in the way of this run, and not made by it; move it away")
        if resume and described.is_file():
            self._check(read_json(described), identity)
        elif self.folder.exists():
            shutil.rmtree(self.folder)
        if not described.is_file():
            self.folder.mkdir(parents=True, exist_ok=True)
            write_json(described, identity)
        self.n_batches = next(i for i in range(1 << 60) if not self._annotations(i).is_file())

    def append(self, annotations: Sequence[Annotation], embeddings: NDArray[np.float32]) -> None:
        """Add a finished batch; `embeddings` has a row for each annotation."""
        with atomic_file(self.folder / f"{self.n_batches:06d}.npy") as partial, open(partial, "wb") as handle:
            np.save(handle, embeddings)
            _to_disk(handle)
        content = json.dumps([annotation.to_dict() for annotation in annotations], ensure_ascii=False)
        with atomic_file(self._annotations(self.n_batches)) as partial, open(partial, "w", encoding="utf-8") as handle:
            handle.write(content)
            _to_disk(handle)
        self.n_batches += 1

    def __iter__(self) -> Iterator[tuple[Annotation, NDArray[np.float32]]]:
        for i in range(self.n_batches):
            embeddings = np.load(self.folder / f"{i:06d}.npy", allow_pickle=False)
            for content, embedding in zip(read_json(self._annotations(i)), embeddings, strict=True):
                yield Annotation.from_dict(content), embedding

    def remove(self) -> None:
        """Remove the journal, after the results are written."""
        shutil.rmtree(self.folder, ignore_errors=True)

    def _annotations(self, batch: int) -> Path:
        return self.folder / f"{batch:06d}.json"

    def _check(self, found: Any, identity: dict[str, Any]) -> None:
        found = found if isinstance(found, dict) else {}
        expected = as_json(identity)
        different = sorted(key for key in expected.keys() | found.keys() if expected.get(key) != found.get(key))
        if different:
            raise OutputError(
                f"{self.folder}: holds a run that differs in {', '.join(different)}; "
                "leave out --resume to start anew, or give what that run was given"
            )


def as_json(identity: dict[str, Any]) -> dict[str, Any]:
    """Return what a run is as a file has it: tuples are lists there."""
    content: dict[str, Any] = json.loads(json.dumps(identity))
    return content


def _is_begun(path: Path) -> bool:
    """Tell whether a file is what a run that was killed at its very start has left."""
    return path.match(leftovers_of(DESCRIBED))


def _to_disk(handle: Any) -> None:
    handle.flush()
    os.fsync(handle.fileno())

"""Blocks to features: all blocks with the same FEATURE_ID together, wherever they stand in the file.

Nearly always they stand side by side. A first pass over the file finds the features that come back later; only the
later blocks of those are kept aside, in a temporary file. What stays in memory is 8 bytes for each run of blocks with
one id, and for the features that come back their ids and 32 bytes a block.
"""

from __future__ import annotations

import tempfile
from array import array
from collections.abc import Callable, Iterator
from itertools import groupby
from operator import attrgetter

import numpy as np

from matchms_fingerprint.io.blocks import Block

_FEATURE_ID = attrgetter("feature_id")


def group_by_feature(
    read_blocks: Callable[[], Iterator[Block]], make_block: Callable[[int, str], Block]
) -> Iterator[list[Block]]:
    """Yield the blocks of each feature together, in the order in which the features appear first.

    A block without a feature id is a feature of its own and gets an id from its position: the number of the block, or
    `block<number>` in a file where other blocks have ids, so that the two kinds cannot collide.

    Parameters
    ----------
    read_blocks
        Starts a pass over the file; called two or three times.
    make_block
        Makes a block of its number and text.
    """
    any_ids, returning = _survey(read_blocks())
    later = _LaterBlocks(read_blocks(), returning, make_block) if returning else None
    finished: set[str] = set()
    try:
        for feature_id, run in groupby(read_blocks(), key=_FEATURE_ID):
            if feature_id is None:
                for block in run:
                    block.feature_id = f"block{block.number}" if any_ids else str(block.number)
                    yield [block]
            elif later is None or hash(feature_id) not in returning:
                yield list(run)
            elif feature_id not in finished:
                finished.add(feature_id)
                yield [*run, *later.of(feature_id)]
    finally:
        if later is not None:
            later.close()


def _survey(blocks: Iterator[Block]) -> tuple[bool, frozenset[int]]:
    """Return whether there are feature ids at all, and the hashes of those that stand in more than one place."""
    runs = array(
        "q", (hash(feature_id) for feature_id, _ in groupby(blocks, key=_FEATURE_ID) if feature_id is not None)
    )
    if not runs:
        return False, frozenset()
    hashes = np.frombuffer(runs, dtype=np.int64)
    hashes.sort()  # in place, so that nothing is copied
    return True, frozenset(hashes[1:][hashes[1:] == hashes[:-1]].tolist())


class _LaterBlocks:
    """The blocks of features that were seen before, kept in a temporary file."""

    def __init__(
        self, blocks: Iterator[Block], returning: frozenset[int], make_block: Callable[[int, str], Block]
    ) -> None:
        self._file = tempfile.TemporaryFile()  # noqa: SIM115 - it lives as long as this object
        self._make_block = make_block
        hashes, places = array("q"), array("q")
        seen: set[str] = set()
        for feature_id, run in groupby(blocks, key=_FEATURE_ID):
            if feature_id is None or hash(feature_id) not in returning:
                continue
            if feature_id not in seen:
                seen.add(feature_id)
                continue
            for block in run:
                content = block.text.encode("utf-8", "surrogateescape")
                hashes.append(hash(feature_id))
                places.extend((block.number, self._file.tell(), len(content)))
                self._file.write(content)
        unsorted = np.array(hashes, dtype=np.int64)
        order = np.argsort(unsorted, kind="stable")
        self._hashes = unsorted[order]
        self._places = np.array(places, dtype=np.int64).reshape(-1, 3)[order]

    def of(self, feature_id: str) -> Iterator[Block]:
        """Yield the blocks of a feature behind its first run, in the order of the file."""
        first, last = (int(np.searchsorted(self._hashes, hash(feature_id), side)) for side in ("left", "right"))
        for number, offset, length in self._places[first:last].tolist():
            self._file.seek(offset)
            block = self._make_block(number, self._file.read(length).decode("utf-8", "surrogateescape"))
            if block.feature_id == feature_id:  # two ids may share a hash
                yield block

    def close(self) -> None:
        """Remove the temporary file."""
        self._file.close()

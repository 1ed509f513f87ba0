"""What reading a file gave: how many blocks became spectra, and which could not be read."""

from __future__ import annotations

import logging
from dataclasses import dataclass, field

logger = logging.getLogger("matchms_fingerprint")

MAX_SHOWN = 10
"""Unreadable blocks of a file that are logged one by one; the others are only counted."""


@dataclass(frozen=True, slots=True)
class UnreadableBlock:
    """A block that gave no spectrum.

    Parameters
    ----------
    path
        The file.
    block
        Position in the file, from 1, all blocks counted.
    feature_id
        The id that its spectrum would have had: that of the block where it can be read, else one from its position.
    reason
        What is wrong with it, in one line.
    """

    path: str
    block: int
    feature_id: str
    reason: str

    def __str__(self) -> str:
        return f"{self.path}: block {self.block} (feature {self.feature_id}) cannot be read: {self.reason}"


@dataclass(slots=True)
class ReadReport:
    """Counts of what was read; every block is in exactly one of them.

    `blocks == spectra + merged + ms1 + msn + len(unreadable)` once the file is read to its end.

    Parameters
    ----------
    blocks
        Blocks (scans, entries) found.
    spectra
        Spectra handed out.
    ms1
        MS1 blocks, set aside.
    msn
        Blocks of MS3 and higher, set aside because the feature has MS2 (or because the file is a run of scans).
    merged
        Blocks that went into the spectrum of another block of their feature, or stood back behind the best one.
    split
        Spectra among those handed out that have a feature id of their own (`1#2`), since the blocks with the id of the
        file are more than one feature.
    contradictions
        Spectra whose adduct, charge, ion mode and the ion mode asked for do not agree.
    unknown_ion_mode
        Spectra whose ion mode is not known.
    unreadable
        The blocks that could not be read.
    is_quiet
        Count only: what there is to say was said when the file was read before.
    """

    blocks: int = 0
    spectra: int = 0
    ms1: int = 0
    msn: int = 0
    merged: int = 0
    split: int = 0
    contradictions: int = 0
    unknown_ion_mode: int = 0
    unreadable: list[UnreadableBlock] = field(default_factory=list)
    is_quiet: bool = False

    def summary(self) -> str:
        """Return one line for people."""
        parts = [f"{self.spectra} spectra from {self.blocks} blocks"]
        counts = {
            "MS1 blocks set aside": self.ms1,
            "MSn blocks set aside": self.msn,
            "blocks joined with others of their feature": self.merged,
            "with the feature id of another feature": self.split,
            "with contradictory ion modes": self.contradictions,
            "without a known ion mode": self.unknown_ion_mode,
            "unreadable": len(self.unreadable),
        }
        parts += [f"{count} {name}" for name, count in counts.items() if count]
        return ", ".join(parts)


class Reporter:
    """Writes the report of one file, and warns without flooding.

    Parameters
    ----------
    path
        The file.
    report
        Where to count.
    """

    def __init__(self, path: str, report: ReadReport) -> None:
        self.path = path
        self.report = report
        self._say = logger.debug if report.is_quiet else logger.warning
        self._n_unreadable = 0
        self._n_contradictions = 0
        self._n_split = 0

    def unreadable(self, block: int, feature_id: str, reason: str) -> UnreadableBlock:
        """Count a block that cannot be read, and say so."""
        found = UnreadableBlock(self.path, block, feature_id, " ".join(reason.split())[:300])
        self.report.unreadable.append(found)
        self._n_unreadable += 1
        if self._n_unreadable <= MAX_SHOWN:
            self._say("%s", found)
        return found

    def contradiction(self, block: int, feature_id: str, message: str) -> None:
        """Count a spectrum whose sources for the ion mode do not agree; the first one is shown."""
        self.report.contradictions += 1
        self._n_contradictions += 1
        if self._n_contradictions == 1:
            self._say(
                "%s: block %d (feature %s): %s (further ones are only counted)", self.path, block, feature_id, message
            )

    def split(self, block: int, feature_id: str, new_id: str, reason: str) -> None:
        """Count a feature that had the id of another one; the first one is shown."""
        self.report.split += 1
        self._n_split += 1
        if self._n_split == 1:
            self._say(
                "%s: block %d has the id of feature %s but the %s, so it is kept apart as feature %s (further ones are"
                " only counted)",
                *(self.path, block, feature_id, reason, new_id),
            )

    def close(self) -> None:
        """Say how much was not shown."""
        hidden = self._n_unreadable - MAX_SHOWN
        if hidden > 0:
            self._say("%s: %d further blocks cannot be read", self.path, hidden)
        if self._n_contradictions > 1:
            self._say("%s: %d spectra have contradictory ion modes", self.path, self._n_contradictions)
        if self._n_split > 1:
            self._say("%s: %d features had the id of another feature", self.path, self._n_split)

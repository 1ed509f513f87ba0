"""Which row of MZmine's feature table a feature is, and where that row lies."""

from __future__ import annotations

import logging
import re
from dataclasses import dataclass, replace

from matchms_fingerprint.io.quant_table import QuantTable
from matchms_fingerprint.records import Annotation

logger = logging.getLogger("matchms_fingerprint")

_ROW_ID = re.compile(r"[0-9]{1,10}")
_MAX_ROW_ID = (1 << 31) - 1
"""MZmine counts rows with a Java int."""


@dataclass(frozen=True, slots=True)
class FeatureRow:
    """A row of MZmine's feature table.

    Parameters
    ----------
    row_id
        Its id, or None where it is not known.
    mz
        Its m/z, or None.
    retention_time_s
        Its retention time in seconds, or None.
    place
        Its place in the quant table, or None.
    """

    row_id: int | None
    mz: float | None
    retention_time_s: float | None
    place: int | None = None


def row_id_of(feature_id: str) -> int | None:
    """Return the row id that a FEATURE_ID of MZmine is; None for one that is no row id, such as `1#2` or `run7:12`."""
    if not _ROW_ID.fullmatch(feature_id):
        return None
    row_id = int(feature_id)
    return row_id if row_id <= _MAX_ROW_ID else None


class FeatureRows:
    """Finds the row of each feature; no two features get the same one.

    Parameters
    ----------
    quant
        The table that MZmine wrote beside the spectra. It gives m/z and retention time with more digits, and the row id
        of features whose FEATURE_ID is none. A feature that it does not hold has no row id, since it is no row.
    """

    def __init__(self, quant: QuantTable | None = None) -> None:
        self._quant = quant
        self._given: set[int] = set()
        self._without: list[str] = []

    def of(self, annotation: Annotation) -> FeatureRow:
        """Return the row of a feature: as the quantification table has it where it does, else as its spectrum says."""
        row = self._found(annotation)
        if row.row_id is None or row.row_id in self._given:
            self._without.append(annotation.feature_id)
            return replace(row, row_id=None)
        self._given.add(row.row_id)
        return row

    def _found(self, annotation: Annotation) -> FeatureRow:
        row_id = row_id_of(annotation.feature_id)
        mz, time = annotation.precursor_mz, annotation.retention_time_s
        quant = self._quant
        if quant is None:
            return FeatureRow(row_id, mz, time)
        place = quant.find(row_id, mz, time)
        if place is None:
            return FeatureRow(None, mz, time)
        return FeatureRow(
            row_id=int(quant.row_ids[place]),
            mz=float(quant.mz[place]),
            retention_time_s=float(quant.retention_times_s[place]),
            place=place,
        )

    def warn(self) -> None:
        """Say in one warning which features have no row id, if any."""
        if not self._without:
            return
        reason = "their ids are no whole numbers, or come twice"
        if self._quant is not None:
            reason = f"{self._quant.path} has no row of their id and m/z; is it of the same export?"
        logger.warning(
            "%d features are no rows of MZmine's feature list that can be told apart, the first of them %s (%s); what"
            " goes by row id leaves them out, mzmine_compounds.csv has them",
            *(len(self._without), self._without[0], reason),
        )

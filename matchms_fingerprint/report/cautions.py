"""What speaks for care with a feature, in words."""

from __future__ import annotations

import re

import numpy as np

from matchms_fingerprint.records import Annotation
from matchms_fingerprint.report.items import ReportItem

FEW_PEAKS = 6
"""Spectra with fewer peaks say little."""
ABOVE_PRECURSOR_DA = 3.0
ABOVE_PRECURSOR_SHARE = 0.1
"""Share of the intensity above the precursor's isotopes from which on a spectrum is suspected to be mixed."""
EXPLAINED_SHARE = 0.3
"""Share of the intensity that a good candidate explains at least."""
NOMINAL_DA = 0.3
LIKELY = 0.05
"""Adducts whose candidates hold less of the probability are not named."""
_ONLY_DA = re.compile(r"([\d.]+) Da")


def cautions(item: ReportItem) -> tuple[str, ...]:
    """Return what the reader should know before believing the answer, in one line each."""
    annotation = item.annotation
    found = [*annotation.warnings, *item.warnings]
    if annotation.message:
        found.append(annotation.message)
    if 0 < annotation.n_peaks < FEW_PEAKS:
        found.append(f"few peaks: {annotation.n_peaks}")
    if annotation.adduct is None and len(adducts := _likely_adducts(annotation)) > 1:
        found.append(f"unknown adduct: {', '.join(adducts[:-1])} and {adducts[-1]} are possible")
    only_da = _ONLY_DA.fullmatch(annotation.mass_tolerance)
    if only_da and float(only_da[1]) >= NOMINAL_DA:
        found.append("nominal masses: the peaks are known to the unit only")
    return tuple(dict.fromkeys([*found, *_of_the_peaks(item), *_of_the_hits(item)]))


def _likely_adducts(annotation: Annotation) -> list[str]:
    """Return the adducts under which candidates have some probability, in the order of the hits."""
    totals: dict[str, float] = {}
    for hit in annotation.hits:
        totals[hit.adduct] = totals.get(hit.adduct, 0.0) + hit.probability
    return [adduct for adduct, total in totals.items() if total >= LIKELY]


def _of_the_peaks(item: ReportItem) -> list[str]:
    total = float(item.intensity.sum())
    precursor = item.annotation.precursor_mz
    if not total or precursor is None:
        return []
    above = float(item.intensity[item.mz > precursor + ABOVE_PRECURSOR_DA].sum()) / total
    if above < ABOVE_PRECURSOR_SHARE:
        return []
    return [f"{above:.0%} of the intensity lies above the precursor: chimeric, or multiply charged"]


def _of_the_hits(item: ReportItem) -> list[str]:
    hits = item.annotation.hits
    if not hits:
        return []
    found = []
    if hits[0].n_tied > 1:
        found.append(f"{hits[0].n_tied} candidates cannot be told apart by this spectrum")
    total = float(item.intensity.sum())
    if hits[0].peaks and total:
        explained = {round(peak.mz, 4) for peak in hits[0].peaks}
        is_explained = np.array([round(mz, 4) in explained for mz in item.mz.tolist()])
        share = float(item.intensity[is_explained].sum()) / total
        if share < EXPLAINED_SHARE:
            found.append(f"the best candidate explains {share:.0%} of the intensity: chimeric, or another compound")
    return found

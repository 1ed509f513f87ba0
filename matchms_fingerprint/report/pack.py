"""A feature as compact JSON: one row of the table, and what is shown when it is opened."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from matchms_fingerprint.records import Annotation, ExplainedPeak, Hit, Share
from matchms_fingerprint.report.cautions import cautions
from matchms_fingerprint.report.drawings import (
    as_bits,
    atoms_of_part,
    atoms_of_pattern,
    drawing_of,
    drawing_of_part,
)
from matchms_fingerprint.report.items import LibrarySpectrum, ReportItem
from matchms_fingerprint.report.part_names import name_of_part

MOST_HITS = 5
"""Hits that are drawn; the others are listed."""
MOST_PEAKS = 120
MOST_EXPLAINED = 20
"""Peaks that are drawn, and of those that a hit explains; the strongest."""
MOST_SHARES = 8
_SAME_PEAK_DA = 0.002

Packed = dict[str, Any]


def pack_row(item: ReportItem) -> Packed:
    """Return what the table and the overview need of a feature."""
    annotation = item.annotation
    best = annotation.hits[0] if annotation.hits else None
    minutes = None if annotation.retention_time_s is None else annotation.retention_time_s / 60
    return {
        "id": annotation.feature_id,
        "mz": _number(annotation.precursor_mz, 4),
        "rt": _number(minutes, 3),
        "mode": {"positive": "+", "negative": "−"}.get(annotation.ion_mode or "", ""),
        "adduct": best.adduct if best else annotation.adduct or "",
        "name": (best.candidate.name or best.candidate.formula) if best else "",
        "formula": best.candidate.formula if best else "",
        "key": best.candidate.inchikey14 if best else "",
        "p": _number(best.probability, 4) if best else None,
        "none": _number(annotation.probability_none, 4),
        "ppm": _number(best.mass_error_ppm, 2) if best else None,
        "peaks": annotation.n_peaks,
        "classes": _flat(annotation.classes),
        "warn": len(cautions(item)),
        "status": annotation.status,
    }


def pack_feature(item: ReportItem) -> Packed:
    """Return what is shown of a feature when it is opened; what is not there is left out."""
    annotation = item.annotation
    shown = _strongest(item.mz, item.intensity, MOST_PEAKS)
    mz, intensity = item.mz[shown], item.intensity[shown]
    hits = [_hit(hit, annotation, mz, place < MOST_HITS) for place, hit in enumerate(annotation.hits)]
    best_expected = annotation.best_expected
    packed = {
        "scans": annotation.scans,
        "given": annotation.adduct or "",
        "accuracy": annotation.mass_tolerance,
        "warn": list(cautions(item)),
        "mz": [round(x, 4) for x in mz.tolist()],
        "int": _per_mille(intensity),
        "hits": hits,
        "similar": best_expected.rank if best_expected else None,
        "subs": _substructures(annotation),
        "seen": _predicted(item.predicted),
        "lib": _library(item.library_spectrum),
        "amounts": [[str(name), _significant(value)] for name, value in item.quantities.items()],
    }
    return {name: value for name, value in packed.items() if value not in (None, "", [])}


def _hit(hit: Hit, annotation: Annotation, mz: NDArray[np.float64], is_drawn: bool) -> Packed:
    candidate = hit.candidate
    packed: Packed = {
        "name": candidate.name,
        "names": list(candidate.names[1:4]),
        "formula": candidate.formula,
        "smiles": candidate.smiles,
        "key": candidate.inchikey,
        "sources": list(candidate.sources[:6]),
        "p": _number(hit.probability, 4),
        "sim": _number(hit.expected_similarity, 3),
        "adduct": hit.adduct,
        "ppm": _number(hit.mass_error_ppm, 2),
        "tied": hit.n_tied if hit.n_tied > 1 else None,
    }
    if is_drawn:
        packed["mol"] = drawing_of(candidate.smiles)
        packed["ev"] = {name: value for name, x in hit.evidence.items() if (value := _significant(x)) is not None}
        packed["frag"] = _explained(candidate.smiles, hit.peaks, mz)
        packed["in"] = [
            as_bits(atoms_of_pattern(candidate.smiles, share.smarts)) if share.smarts else ""
            for share in annotation.substructures[:MOST_SHARES]
        ]
    return {name: value for name, value in packed.items() if value not in (None, "", [], {})}


def _explained(smiles: str, peaks: Sequence[ExplainedPeak], mz: NDArray[np.float64]) -> list[Any]:
    """Return place, formula, error in ppm, hydrogens and atoms of each explained peak, one after another."""
    packed: list[Any] = []
    strongest = sorted(peaks, key=lambda peak: -peak.intensity)[:MOST_EXPLAINED]
    for peak in sorted(strongest, key=lambda peak: peak.mz):
        place = int(np.abs(mz - peak.mz).argmin()) if mz.size else -1
        if place >= 0 and abs(mz[place] - peak.mz) < _SAME_PEAK_DA:
            atoms = as_bits(atoms_of_part(smiles, peak.smiles))
            packed += [place, peak.formula, _number(peak.mass_error_ppm, 1), peak.hydrogens, atoms]
    return packed


def _substructures(annotation: Annotation) -> list[list[Any]]:
    """Return name and probability of each shared substructure, in the order of the hits' `in`."""
    return [[share.name, _number(share.probability, 3)] for share in annotation.substructures[:MOST_SHARES]]


def _predicted(shares: Sequence[Share]) -> list[list[Any]]:
    """Return SMILES, probability, drawing and words of each substructure."""
    return [
        [share.name, _number(share.probability, 3), drawing_of_part(share.name), name_of_part(share.name)]
        for share in shares[:MOST_SHARES]
    ]


def _library(spectrum: LibrarySpectrum | None) -> Packed | None:
    if spectrum is None:
        return None
    shown = _strongest(spectrum.mz, spectrum.intensity, MOST_PEAKS)
    return {
        "name": spectrum.name,
        "sim": _number(spectrum.similarity, 3),
        "mz": [round(x, 4) for x in spectrum.mz[shown].tolist()],
        "int": _per_mille(spectrum.intensity[shown]),
        "mol": drawing_of(spectrum.smiles) if spectrum.smiles else None,
    }


def _strongest(mz: NDArray[np.float64], intensity: NDArray[np.float64], most: int) -> NDArray[np.intp]:
    """Return the strongest peaks above 0, in ascending m/z."""
    order = np.argsort(-intensity, kind="stable")[:most]
    order = order[intensity[order] > 0]
    return order[np.argsort(mz[order], kind="stable")]


def _per_mille(intensity: NDArray[np.float64]) -> list[float]:
    return np.round(1000 * intensity / intensity.max(), 1).tolist() if intensity.size else []


def _flat(shares: Iterable[Share]) -> list[Any]:
    return [value for share in shares for value in (share.name, _number(share.probability, 3))]


def _number(value: float | None, digits: int) -> float | None:
    """Return a rounded number; None for what is not there or no number, which JSON does not know."""
    return None if value is None or not math.isfinite(value) else round(float(value), digits)


def _significant(value: float) -> float | None:
    return float(f"{value:.4g}") if math.isfinite(value) else None

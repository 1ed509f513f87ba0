"""Annotations for the tests of files that are written from them, among them all that trips a file format."""

from dataclasses import replace
from typing import Any

from matchms_fingerprint import Annotation, Candidate, Hit

CAFFEINE = Candidate("Cn1c(=O)c2c(ncn2C)n(C)c1=O", "RYYVLZVUVIJVGH-UHFFFAOYSA-N", "C8H10N4O2", 194.080376)

AWKWARD_NAMES = (
    'a "quoted", name',
    "two\nlines\r\nor more\rlines",
    "=HYPERLINK(1)",
    "β-carotene µ 茶素 ☕",
    "tab\there",
    "<b>&amp; ]]> 'x'",
    "(+)-catechin; A|B",
    "nul\x00, bell\x07 and \ufffe",
    "ends with M+Na",
    "",
)
"""Names that a careless writer breaks its format with."""


def make_hit(rank: int = 1, name: str = "caffeine", **values: Any) -> Hit:
    """Return a hit; of lower probability the higher its rank."""
    candidate = replace(CAFFEINE, names=(name,), sources=("tests",))
    known = {"score": 0.9 - rank / 10, "probability": 0.6 / rank, "adduct": "[M+H]+", "mass_error_ppm": 1.5}
    return Hit(rank=rank, **(known | {"candidate": candidate} | values))


def make_annotation(feature_id: str = "1", hits: tuple[Hit, ...] | None = None, **values: Any) -> Annotation:
    """Return an annotated feature of caffeine with two hits, unless told otherwise."""
    hits = (make_hit(1), make_hit(2, "isocaffeine")) if hits is None else hits
    known = {
        "precursor_mz": 195.0877,
        "retention_time_s": 121.98,
        "ion_mode": "positive",
        "adduct": None,
        "n_peaks": 4,
        "status": "annotated" if hits else "no_candidates",
    }
    return Annotation(feature_id=feature_id, hits=hits, **(known | values))


def awkward_annotations() -> list[Annotation]:
    """Return features that have an awkward name each, and others without a hit, a retention time or a row id."""
    annotations = [make_annotation(str(place), (make_hit(1, name),)) for place, name in enumerate(AWKWARD_NAMES, 1)]
    return [
        *annotations,
        make_annotation("20", ()),
        make_annotation("21", retention_time_s=None),
        make_annotation("22", (make_hit(adduct="[M-H]-"),), ion_mode="negative", precursor_mz=193.0731),
        make_annotation("1#2"),
        make_annotation("run 7, list:3"),
        make_annotation("block9"),
        make_annotation("99999999999"),
        make_annotation("23", precursor_mz=None, retention_time_s=None, ion_mode=None, hits=()),
    ]

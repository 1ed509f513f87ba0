"""Molecular fingerprints, structure candidates and embeddings from tandem mass spectra, beside the scores of matchms.

The names below are imported when they are first used, so that `import matchms_fingerprint` costs nothing and torch is
loaded only by what needs it.
"""

from importlib import import_module
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from matchms_fingerprint import filters, kernels
    from matchms_fingerprint.annotation import annotate
    from matchms_fingerprint.candidates import CandidateLibrary
    from matchms_fingerprint.errors import MatchmsFingerprintError
    from matchms_fingerprint.io import load_spectra
    from matchms_fingerprint.models import FingerprintModel, load_model
    from matchms_fingerprint.records import Annotation, Candidate, Hit
    from matchms_fingerprint.similarity import (
        EmbeddingSimilarity,
        FastCosineGreedy,
        FastModifiedCosineGreedy,
        FingerprintRetrieval,
        register_with_matchms,
    )

__version__ = version("matchms_fingerprint")

_HOMES = {
    "Annotation": "records",
    "Candidate": "records",
    "CandidateLibrary": "candidates",
    "EmbeddingSimilarity": "similarity",
    "FastCosineGreedy": "similarity",
    "FastModifiedCosineGreedy": "similarity",
    "FingerprintModel": "models",
    "FingerprintRetrieval": "similarity",
    "Hit": "records",
    "MatchmsFingerprintError": "errors",
    "annotate": "annotation",
    "load_model": "models",
    "load_spectra": "io",
    "register_with_matchms": "similarity",
}
_PACKAGES = ("filters", "kernels")

__all__ = [
    "Annotation",
    "Candidate",
    "CandidateLibrary",
    "EmbeddingSimilarity",
    "FastCosineGreedy",
    "FastModifiedCosineGreedy",
    "FingerprintModel",
    "FingerprintRetrieval",
    "Hit",
    "MatchmsFingerprintError",
    "annotate",
    "filters",
    "kernels",
    "load_model",
    "load_spectra",
    "register_with_matchms",
]


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
    if name in _PACKAGES:
        return import_module(f"{__name__}.{name}")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])

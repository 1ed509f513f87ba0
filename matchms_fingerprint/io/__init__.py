"""Bytes to records and back: spectra, tables, artifacts.

The names below are imported when they are first used: reading spectra needs matchms, which takes seconds to import, and
writing a file does not.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from matchms_fingerprint.io.merging import PER_FEATURE
    from matchms_fingerprint.io.report import ReadReport, UnreadableBlock
    from matchms_fingerprint.io.spectra import iter_features, load_spectra

__all__ = ["PER_FEATURE", "ReadReport", "UnreadableBlock", "iter_features", "load_spectra"]

_HOMES = {
    "PER_FEATURE": "merging",
    "ReadReport": "report",
    "UnreadableBlock": "report",
    "iter_features": "spectra",
    "load_spectra": "spectra",
}


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")

"""matchms filters, one public function per file."""

from matchms_fingerprint.filters.add_fragmentation_level import add_fragmentation_level
from matchms_fingerprint.filters.add_neutral_losses_summary import add_neutral_losses_summary
from matchms_fingerprint.filters.add_predicted_fingerprint_summary import add_predicted_fingerprint_summary
from matchms_fingerprint.filters.normalize_collision_energy import normalize_collision_energy
from matchms_fingerprint.filters.remove_precursor_window import remove_precursor_window
from matchms_fingerprint.filters.require_ms2 import require_ms2

__all__ = [
    "add_fragmentation_level",
    "add_neutral_losses_summary",
    "add_predicted_fingerprint_summary",
    "normalize_collision_energy",
    "remove_precursor_window",
    "require_ms2",
]

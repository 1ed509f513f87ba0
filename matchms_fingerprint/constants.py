"""Physical constants and the few defaults that several layers share."""

PROTON_MASS = 1.007276466621
"""Mass of a proton in Da (CODATA 2018)."""

ELECTRON_MASS = 0.000548579909065
"""Mass of an electron in Da (CODATA 2018)."""

DEFAULT_FINGERPRINT = "morgan:radius=2,bits=4096"
"""Specification of the fingerprint that the default model predicts."""

DEFAULT_TOLERANCE_PPM = 10.0
"""Precursor tolerance in parts per million, as in the benchmark protocol."""

MIN_PEAKS = 3
"""Spectra with fewer peaks are not annotated; the benchmark protocol leaves them out as well."""

ION_MODES = ("positive", "negative")
"""The two polarities, spelled as matchms spells them."""

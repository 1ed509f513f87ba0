"""The main job: spectra, a library and a model to annotations."""

from matchms_fingerprint.annotation.annotate import annotate

__all__ = ["annotate"]

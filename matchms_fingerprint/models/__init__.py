"""Encoders, their registry, and the bundles they are shipped in."""

from matchms_fingerprint.models.fingerprint_model import FingerprintModel, load_model

__all__ = ["FingerprintModel", "load_model"]

"""Structures, fingerprints and adducts."""

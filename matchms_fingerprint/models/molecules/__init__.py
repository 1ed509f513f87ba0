"""Encoders of structures, for embeddings that spectra and structures share; by name in `molecules.registry`."""

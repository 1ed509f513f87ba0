"""Retrieval-augmented prediction: a compact memory of the training spectra, and what decides how far to trust it."""

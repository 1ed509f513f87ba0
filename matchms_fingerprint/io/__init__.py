"""Bytes to records and back: spectra, tables, artifacts."""

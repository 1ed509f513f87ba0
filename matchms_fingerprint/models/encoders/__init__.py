"""Encoders: from spectra to embeddings, one idea a file, registered in `models.registry`."""

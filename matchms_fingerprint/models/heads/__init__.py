"""Heads: from embeddings to fingerprint bits, one idea a file, registered in `models.registry`."""

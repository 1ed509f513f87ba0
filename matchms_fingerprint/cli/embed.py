"""`matchms-fingerprint embed`: a learned vector for each spectrum."""

from __future__ import annotations

from typing import Any

import rich_click as click

from matchms_fingerprint.cli import options


@click.command(name="embed")
@options.input_file
@options.output("FILE", "File to write; its ending .tsv, .npz or .parquet says the format.")
@options.reading
@options.model
@options.quiet
def command(**given: Any) -> None:
    """Embed each feature of FILE as a unit vector; the dot product of two of them is their cosine similarity.

    Writes one row per feature, in the order of FILE: feature_id, scans, precursor_mz, retention_time_s, ion_mode,
    adduct, n_peaks, status, and the embedding. In a .tsv that is one column per number (embedding_0, embedding_1,
    ...), in a .parquet one column of lists, in an .npz the array `embedding` of shape (n_features, n_dimensions)
    beside one array for each other column.

    status is "predicted", or the reason why there is no embedding (see `annotate`); it is empty then, NaN in an
    .npz.
    """
    from matchms_fingerprint.cli.vectors import write_vectors

    write_vectors("embedding", **given)

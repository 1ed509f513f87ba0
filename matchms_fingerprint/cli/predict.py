"""`matchms-fingerprint predict`: a molecular fingerprint for each spectrum."""

from __future__ import annotations

from typing import Any

import rich_click as click

from matchms_fingerprint.cli import options


@click.command(name="predict")
@options.input_file
@options.output("FILE", "File to write; its ending .tsv, .npz or .parquet says the format.")
@click.option("--binary", is_flag=True, help="Write bits (0 or 1) at the model's threshold instead of probabilities.")
@options.reading
@options.model
@options.quiet
def command(binary: bool, **given: Any) -> None:
    """Predict the molecular fingerprint of the compound behind each feature of FILE.

    Writes one row per feature, in the order of FILE: feature_id, scans, precursor_mz, retention_time_s, ion_mode,
    adduct, n_peaks, status, and the fingerprint. In a .tsv that is one column per number (fingerprint_0,
    fingerprint_1, ...), in a .parquet one column of lists, in an .npz the array `fingerprint` of shape (n_features,
    n_bits) beside one array for each other column.

    status is "predicted", or the reason why there is no fingerprint (see `annotate`); it is empty then, NaN in an
    .npz (0 with --binary).
    """
    from matchms_fingerprint.cli.vectors import write_vectors

    write_vectors("fingerprint", binary=binary, **given)

"""`matchms-fingerprint candidates conflict`: how alike the candidates of spectra are, and which loss suits them."""

from __future__ import annotations

from pathlib import Path

import rich_click as click

from matchms_fingerprint.cli import options
from matchms_fingerprint.constants import DEFAULT_TOLERANCE_PPM

_MOST_STRUCTURES = 1000


@click.command(name="conflict")
@click.argument("library", type=click.Path(path_type=Path))
@click.option(
    "--spectra", type=click.Path(path_type=Path), required=True, help="Spectra with structures, as for training."
)
@click.option("--by", type=click.Choice(["mass", "formula"]), default="mass", help="What the candidates share.")
@click.option("--ppm", type=click.FloatRange(min=0), default=DEFAULT_TOLERANCE_PPM, help="Mass window in ppm.")
@click.option(
    "--goal",
    type=click.Choice(["hit_rate", "similar_structure", "both"]),
    default="hit_rate",
    help="What counts: the right structure first, a similar one first, or both.",
)
@click.option("--library-changes", is_flag=True, help="Other candidates will be ranked later on.")
@options.quiet
def command(library: Path, spectra: Path, by: str, ppm: float, goal: str, library_changes: bool, quiet: bool) -> None:
    """Measure how hit rate and similarity conflict among the candidates that LIBRARY has for spectra.

    LIBRARY is a folder, or `starter` for the shipped one. The conflict index is 0 where all candidates are equally
    similar, and 1 where near-duplicates stand beside strangers. The recommended losses are settings of `train`.
    """
    import numpy as np

    from matchms_fingerprint.candidates import CandidateLibrary
    from matchms_fingerprint.evaluation.conflict import summarize_conflict
    from matchms_fingerprint.evaluation.recommend_loss import recommend_loss
    from matchms_fingerprint.features.labelled import read_labelled_spectra

    opened = CandidateLibrary.open(library)
    data = read_labelled_spectra(spectra, opened.fingerprint)
    structures = np.random.default_rng(0).permutation(len(data.smiles))[:_MOST_STRUCTURES]
    summary = summarize_conflict(
        opened.search(formula=data.formulas[i]).fingerprints
        if by == "formula"
        else opened.search(neutral_mass=float(data.masses[i]), tolerance_ppm=ppm).fingerprints
        for i in structures.tolist()
    )
    found = recommend_loss(summary, goal, library_changes)
    lines = [
        ("structures", str(summary.n_lists)),
        ("with_several_candidates", str(summary.n_lists - summary.n_single)),
        ("median_candidates", f"{summary.median_candidates:.0f}"),
        ("similarity", f"{summary.low:.3f} to {summary.high:.3f}"),
        ("conflict_index", f"{summary.kappa:.3f}"),
        ("conflict_index_quartiles", f"{summary.kappa_low:.3f} to {summary.kappa_high:.3f}"),
        ("recommended_losses", ", ".join(found.losses)),
        ("rank_by", found.score),
        ("reason", found.reason),
    ]
    for name, value in lines:
        click.echo(f"{name}\t{value}")

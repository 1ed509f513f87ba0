"""`matchms-fingerprint evaluate`: a model on held-out spectra, beside the nearest neighbour and the controls."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import rich_click as click

from matchms_fingerprint.cli.options import require_train_extra

if TYPE_CHECKING:
    from rich.console import Console


@click.command(name="evaluate")
@click.argument("spectra", type=click.Path(path_type=Path))
@click.option("--model", default="default", help="Name of a shipped model, or the folder of a model.")
@click.option("--folds", type=click.Path(path_type=Path), required=True, help="Table with the fold of each spectrum.")
@click.option("--fold-column", default="fold_scaffold", help="Its column with the fold (train, val, test).")
@click.option("--id-column", default="accession", help="Its column with the spectrum id (SPECTRUM_ID or FEATURE_ID).")
@click.option("--fold", type=click.Choice(["val", "test"]), default="test", help="Fold to measure.")
@click.option("--candidates", type=click.Path(path_type=Path), help="Library for retrieval; without it no hit rates.")
@click.option("-o", "--output", type=click.Path(path_type=Path), required=True, help="JSON file to write.")
@click.option("--overwrite", is_flag=True, help="Replace an existing file.")
@click.option("--quiet", is_flag=True, help="No table on stderr.")
def command(
    spectra: Path,
    model: str,
    folds: Path,
    fold_column: str,
    id_column: str,
    fold: str,
    candidates: Path | None,
    output: Path,
    overwrite: bool,
    quiet: bool,
) -> None:
    """Measure a model on SPECTRA with known structures.

    The nearest neighbour takes its answers from the fold `train` of the same file. Needs the extra `train`.
    """
    from matchms_fingerprint.cli.terminal import open_terminal
    from matchms_fingerprint.errors import OutputError

    require_train_extra()
    console = open_terminal(quiet)
    if output.is_dir():
        raise OutputError(f"{output}: is a folder; name a file with -o")
    if output.exists() and not overwrite:
        raise OutputError(f"{output}: exists; give another file with -o, or replace it with --overwrite")
    from matchms_fingerprint.candidates import CandidateLibrary
    from matchms_fingerprint.evaluation.benchmark import check_fingerprint, evaluate_model
    from matchms_fingerprint.features.labelled import read_labelled_spectra
    from matchms_fingerprint.io.artifacts import write_json
    from matchms_fingerprint.models import load_model
    from matchms_fingerprint.training.splits import FoldSource

    chosen = load_model(model)
    library = CandidateLibrary.open(candidates) if candidates else None
    if library is not None:
        check_fingerprint(library, chosen.fingerprint)
    data = read_labelled_spectra(spectra, chosen.fingerprint)
    assigned = FoldSource(folds, fold_column, id_column).folds_of(data)
    result = evaluate_model(chosen, data, assigned, fold, library)
    write_json(output, result)
    _show(console, result)
    console.print(f"Wrote {output}", soft_wrap=True, style="bold")


def _show(console: Console, result: dict[str, Any]) -> None:
    from matchms_fingerprint.cli.terminal import plain_table
    from matchms_fingerprint.evaluation.metrics import format_interval

    headers = ("spectra of", "n", "model", "nearest neighbour", "difference")
    table = plain_table(*headers, title=f"Mean Tanimoto on {result['fold']}, 95 % intervals")
    for group, row in result["fingerprint"].items():
        cells = [format_interval(row[key]) for key in ("model", "nearest_neighbour", "difference")]
        table.add_row(group, f"{row['n_spectra']:,}", *cells)
    console.print(table)
    for kind, found in result.get("retrieval", {}).items():
        title = f"Candidates of equal {kind}, {found['n_spectra']:,} spectra, median {found['median_candidates']:.0f}"
        table = plain_table("ranking", "hit@1", "hit@5", "hit@20", "MRR", title=title)
        for name, row in found["rankings"].items():
            table.add_row(name, *[format_interval(row[f"hit@{k}"]) for k in (1, 5, 20)], f"{row['mrr']:.3f}")
        console.print(table)

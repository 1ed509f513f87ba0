"""`matchms-fingerprint compare`: evaluated runs side by side."""

from __future__ import annotations

from pathlib import Path

import rich_click as click

from matchms_fingerprint.cli.options import output, quiet, require_train_extra

_SHOWN = ("tanimoto", "tanimoto, per structure", "hit@1, mass", "hit@1, mass bio", "hit@1, formula")


@click.command(name="compare")
@click.argument("runs", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="RUN [RUN...]")
@output("FOLDER", "Folder for comparison.tsv, .md and .json, differences.tsv, index.html and a picture.")
@quiet
def command(runs: tuple[Path, ...], output: Path, overwrite: bool, quiet: bool) -> None:
    """Put RUNs, folders that `evaluate -o` wrote, side by side.

    All measures in one table; differences to the first RUN are paired where the spectra are the same.
    """
    require_train_extra()
    from matchms_fingerprint.cli.terminal import open_terminal, plain_table
    from matchms_fingerprint.evaluation.comparison import check_comparison_folder, write_comparison
    from matchms_fingerprint.evaluation.estimates import format_interval

    console = open_terminal(quiet)
    check_comparison_folder(output, overwrite)
    comparison = write_comparison(output, runs, overwrite)
    shown = [measure for measure in _SHOWN if measure in comparison.measures]
    table = plain_table("run", *shown, title="Means with 95 % intervals")
    for row in [*comparison.rows, *comparison.baseline]:
        estimates = row["estimates"]
        table.add_row(row["run"], *(format_interval(estimates[m]) if m in estimates else "" for m in shown))
    console.print(table)
    console.print(f"Wrote {output}, see {output / 'index.html'}", soft_wrap=True, style="bold")

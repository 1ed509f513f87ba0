"""`matchms-fingerprint tune`: a search for training settings."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

import rich_click as click

from matchms_fingerprint.cli import options

if TYPE_CHECKING:
    from rich.console import Console

    from matchms_fingerprint.training.tune import TuneProgress


def _print_space(ctx: click.Context, _: click.Parameter, is_asked: bool) -> None:
    if is_asked:
        click.echo(files("matchms_fingerprint.training").joinpath("search_space.json").read_text("utf-8"), nl=False)
        ctx.exit()


@click.command(name="tune")
@click.argument("spectra", type=click.Path(path_type=Path))
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path),
    required=True,
    metavar="FOLDER",
    help="Folder for trials.tsv, best_settings.json, history.png and the trials.",
)
@click.option("--space", type=click.Path(path_type=Path), help="JSON file with the search space  [default: built in]")
@click.option(
    "--show-space",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=_print_space,
    help="Print the built-in search space, which explains itself, and stop.",
)
@click.option("--settings", type=click.Path(path_type=Path), help="JSON file with the settings that are not searched.")
@click.option("--trials", type=click.IntRange(min=1), default=50, help="Trials in all, those before --resume included.")
@click.option("--timeout", type=click.FloatRange(min=0, min_open=True), help="Stop after so many minutes.")
@click.option("--epochs", type=click.IntRange(min=1), help="Most epochs of a trial; replaces the one of the settings.")
@click.option("--seed", type=click.IntRange(min=0), help="Seed of search and trials; replaces the one of the settings.")
@options.folds
@click.option(
    "--candidates", type=click.Path(path_type=Path), help="Library whose candidates a loss that ranks them learns from."
)
@click.option("--resume", is_flag=True, help="Go on with the search in FOLDER.")
@click.option("--devices", default="auto", help="Devices for Lightning, such as 1 or auto.")
@options.quiet
def command(spectra: Path, output: Path, **given: Any) -> None:
    """Search for the training settings that do best on the fold `val` of SPECTRA with known structures.

    `test` is not touched. Trials that fall behind the median of the others are given up. The result is a file for
    `train --settings`. Needs the extra `tune`.
    """
    options.require_tune_extra()
    from matchms_fingerprint.candidates import CandidateLibrary
    from matchms_fingerprint.chem.fingerprints import FingerprintSpec
    from matchms_fingerprint.cli.terminal import open_terminal
    from matchms_fingerprint.features.labelled import read_labelled_spectra
    from matchms_fingerprint.training.search_space import parse_space, read_space
    from matchms_fingerprint.training.tune import check_tune_folder, tune
    from matchms_fingerprint.training.tune_results import BEST

    console = open_terminal(given["quiet"])
    check_tune_folder(output, given["resume"])
    base = options.training_settings(given)
    space = read_space(given["space"])
    parse_space(space)
    data = read_labelled_spectra(spectra, FingerprintSpec.parse(base.fingerprint))
    folds = options.fold_source(given).folds_of(data, base.seed)
    with _progress(console) as advance:
        tune(
            data,
            folds,
            base,
            space,
            output,
            n_trials=given["trials"],
            timeout_min=given["timeout"],
            resume=given["resume"],
            on_progress=advance,
            library=CandidateLibrary.open(given["candidates"]) if given["candidates"] else None,
            devices=given["devices"],
        )
    _show(console, output)
    console.print(f"Wrote {output}; use {output / BEST} with train --settings", soft_wrap=True, style="bold")


@contextmanager
def _progress(console: Console) -> Iterator[Callable[[TuneProgress], None]]:
    """Show trials done, the epoch of the present one, and the best value."""
    from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    columns = (
        SpinnerColumn(),
        TextColumn("[bold]trial {task.fields[trial]} of {task.total:.0f}, epoch {task.fields[epoch]}"),
        BarColumn(bar_width=30),
        TextColumn("best {task.fields[best]}"),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as progress:
        task = progress.add_task("tune", total=1, trial=1, epoch=0, best="-")

        def advance(now: TuneProgress) -> None:
            progress.update(
                task,
                total=now.n_trials,
                completed=min(now.n_trials, now.n_done + now.epoch / now.epochs),
                trial=min(now.n_trials, now.n_done + 1),
                epoch=now.epoch,
                best=f"{now.best:.4f}" if now.best == now.best else "-",
            )

        yield advance


def _show(console: Console, folder: Path) -> None:
    import csv

    from matchms_fingerprint.cli.terminal import plain_table
    from matchms_fingerprint.training.tune_results import TABLE

    with open(folder / TABLE, encoding="utf-8", newline="") as handle:
        rows = [row for row in csv.DictReader(handle, delimiter="\t") if row["state"] == "complete"]
    rows = sorted(rows, key=lambda row: -float(row["value"]))[:5]
    searched = [name for name in rows[0] if name not in ("trial", "state", "best_epoch", "epochs", "seconds", "error")]
    table = plain_table("trial", *searched, title="The best trials")
    for row in rows:
        table.add_row(row["trial"], *(row[name] for name in searched))
    console.print(table)

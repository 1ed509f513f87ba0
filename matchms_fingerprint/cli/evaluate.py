"""`matchms-fingerprint evaluate`: models on held-out spectra, beside baselines and controls."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import rich_click as click

from matchms_fingerprint.cli.options import output, quiet, require_train_extra
from matchms_fingerprint.errors import SettingsError

if TYPE_CHECKING:
    from rich.console import Console

    from matchms_fingerprint.evaluation.competition import Advance

SCORE_NAMES = ("cosine", "tanimoto", "vector_tanimoto", "log_likelihood")


@click.command(name="evaluate")
@click.argument("spectra", type=click.Path(path_type=Path), required=False)
@click.option(
    "--model",
    "models",
    multiple=True,
    default=("default",),
    help="Name of a shipped model, or the folder of a model; give it again for further models.",
)
@click.option("--folds", type=click.Path(path_type=Path), help="Table with the fold of each spectrum.")
@click.option("--fold-column", default="fold_scaffold", help="Its column with the fold (train, val, test).")
@click.option("--id-column", default="accession", help="Its column with the spectrum id (SPECTRUM_ID or FEATURE_ID).")
@click.option("--fold", type=click.Choice(["val", "test"]), default="test", help="Fold to measure.")
@click.option("--candidates", type=click.Path(path_type=Path), help="Library for retrieval; without it no hit rates.")
@click.option("--source", default="bio", help="Source of the library that is also ranked alone; an empty text: none.")
@click.option(
    "--massspecgym",
    type=click.Path(path_type=Path),
    metavar="FOLDER",
    help="Folder with MassSpecGym.tsv and its lists of candidates, in place of SPECTRA, --folds and --candidates.",
)
@click.option(
    "--baseline",
    "baselines",
    multiple=True,
    default=("nearest",),
    help="What to compare with: nearest, nearest-formula, nearest-conditions, nearest-entropy, nearest-modified, "
    "nearest-ten, nearest-modified-ten, mean. Give it again for further ones; differences are to the first.",
)
@click.option("--score", type=click.Choice(SCORE_NAMES), default="cosine", help="Score that stands for the model.")
@output(
    "FOLDER", "Folder for evaluation.json, spectra.tsv, bits.tsv, index.html and pictures; of several models one each."
)
@click.option("--json", "as_json", is_flag=True, help="Print all figures as JSON on stdout.")
@quiet
def command(spectra: Path | None, models: tuple[str, ...], output: Path, **options: Any) -> None:
    """Measure models on SPECTRA with known structures.

    The baselines take their answers from the fold `train` of the same file. With several models the folder gets one
    folder for each, and a comparison of them. Needs the extra `train`.
    """
    require_train_extra()
    from matchms_fingerprint.cli.terminal import open_terminal
    from matchms_fingerprint.evaluation.run_folder import check_run_folder, write_run

    console = open_terminal(options["quiet"])
    _check_inputs(spectra, options)
    folders = _folders(output, models)
    for folder in folders:
        check_run_folder(folder, options["overwrite"])
    results = []
    with stage_progress(console) as advance:
        for folder, evaluation in zip(folders, _evaluations(spectra, models, options, advance), strict=True):
            advance("drawing", 0, 1)
            write_run(folder, evaluation, options["overwrite"])
            results.append(evaluation.summary)
    for folder, summary in zip(folders, results, strict=True):
        show_summary(console, summary)
        console.print(f"Wrote {folder}, see {folder / 'index.html'}", soft_wrap=True, style="bold")
    if len(folders) > 1:
        from matchms_fingerprint.evaluation.comparison import write_comparison

        write_comparison(output / "comparison", folders, options["overwrite"])
        console.print(f"Wrote {output / 'comparison'}", soft_wrap=True, style="bold")
    if options["as_json"]:
        click.echo(json.dumps(results[0] if len(results) == 1 else results, indent=2, ensure_ascii=False))


def _check_inputs(spectra: Path | None, options: dict[str, Any]) -> None:
    if options["massspecgym"] is not None:
        if spectra is not None or options["folds"] is not None:
            raise SettingsError("MassSpecGym brings its own spectra and folds; leave out SPECTRA and --folds")
    elif spectra is None:
        raise SettingsError("no spectra given; name a file, or a folder with --massspecgym")
    elif options["folds"] is None:
        raise SettingsError("no folds given; name a table with --folds")


def _folders(output: Path, models: tuple[str, ...]) -> list[Path]:
    if len(models) == 1:
        return [output]
    names = [Path(model).name for model in models]
    if len(set(names)) < len(names):
        raise SettingsError(f"two models of one name: {', '.join(names)}; evaluate them one by one")
    return [output / name for name in names]


def _evaluations(
    spectra: Path | None, models: tuple[str, ...], options: dict[str, Any], advance: Advance
) -> Iterator[Any]:
    """Yield the evaluation of each model; data and baselines are read and asked once."""
    from matchms_fingerprint.evaluation.sessions import evaluate_model
    from matchms_fingerprint.models import load_model

    loaded = [load_model(model) for model in models]
    if len({str(model.fingerprint) for model in loaded}) > 1:
        raise SettingsError("the models predict different fingerprints; evaluate them one by one")
    session = _session(spectra, loaded[0].fingerprint, options, advance)
    for model in loaded:
        yield evaluate_model(model, session, options["score"])


def _session(spectra: Path | None, fingerprint: Any, options: dict[str, Any], advance: Advance) -> Any:
    """Read the data and prepare the baselines."""
    from matchms_fingerprint.candidates import CandidateLibrary
    from matchms_fingerprint.evaluation.benchmark import check_fingerprint
    from matchms_fingerprint.evaluation.sessions import open_massspecgym, open_session
    from matchms_fingerprint.features.labelled import read_labelled_spectra
    from matchms_fingerprint.training.splits import FoldSource

    library = CandidateLibrary.open(options["candidates"]) if options["candidates"] else None
    if library is not None:
        check_fingerprint(library, fingerprint)
    shared = {"fold": options["fold"], "baselines": options["baselines"], "library": library, "advance": advance}
    if spectra is None:
        return open_massspecgym(options["massspecgym"], fingerprint, **shared)
    data = read_labelled_spectra(spectra, fingerprint)
    folds = FoldSource(options["folds"], options["fold_column"], options["id_column"])
    return open_session(
        data,
        folds.folds_of(data),
        file=spectra.name,
        folds_from=folds.describe(0),
        source=options["source"] or None,
        **shared,
    )


@contextmanager
def stage_progress(console: Console) -> Iterator[Callable[[str, int, int], None]]:
    """Show what is being done, with a bar; a stage begins when it is first named."""
    from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    columns = (SpinnerColumn(), TextColumn("[bold]{task.description}"), BarColumn(bar_width=30), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as progress:
        task = progress.add_task("reading", total=None)

        def advance(stage: str, done: int, total: int) -> None:
            progress.update(task, description=stage, completed=done, total=total)

        yield advance


def show_summary(console: Console, summary: dict[str, Any]) -> None:
    """Show the figures of one evaluation as tables."""
    from matchms_fingerprint.cli.terminal import plain_table
    from matchms_fingerprint.evaluation.estimates import format_interval

    headers = ("fingerprints", "mean Tanimoto", "of structures", f"to {summary['baseline']}", "p")
    title = f"{summary['model']['name']} on {summary['fold']}: {summary['n_spectra']:,} spectra of "
    table = plain_table(*headers, title=f"{title}{summary['n_structures']:,} structures, 95 % intervals")
    for name, row in summary["fingerprints"].items():
        cells = [row["tanimoto"], row["per_structure"]["tanimoto"], row["difference"]["tanimoto"]]
        is_baseline = name == summary["baseline"]
        compared = ("", "") if is_baseline else (format_interval(cells[2]), _p_value(row["p_value"]["tanimoto"]))
        table.add_row(name, *map(format_interval, cells[:2]), *compared)
    console.print(table)
    for kind, found in summary.get("retrieval", {}).items():
        size = f"median {found['median_candidates']:.0f}, {found['n_spectra']:,} spectra"
        title = f"{kind}: {found['description']} ({size})"
        table = plain_table("ranking", "hit@1", "of structures", "@5", "@20", "MRR", "p", title=title)
        for name, row in found["rankings"].items():
            rest = [f"{value['mean']:.3f}" for value in (row["hit@5"], row["hit@20"], row["mrr"])]
            p = "" if name == summary["baseline_ranking"] else _p_value(row["p_value"]["hit@1"])
            hits = map(format_interval, (row["hit@1"], row["per_structure"]["hit@1"]))
            table.add_row(name, *hits, *rest, p, style="bold" if name == summary["ranking"] else None)
        console.print(table)


def _p_value(value: float) -> str:
    return "<.001" if value < 0.001 else f"{value:.3f}"

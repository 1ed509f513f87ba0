"""`matchms-fingerprint posterior`: fit what turns evidence into probabilities, and measure it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import rich_click as click

from matchms_fingerprint.cli import options

if TYPE_CHECKING:
    from rich.console import Console

    from matchms_fingerprint.evaluation.posterior.collect import Advance
    from matchms_fingerprint.training.posterior_run import PosteriorRun


@click.group(name="posterior")
def command() -> None:
    """Fit what turns evidence into probabilities, and measure it."""


def _shared(function: options.Decorated) -> options.Decorated:
    """Add what both commands ask for."""
    for option in (
        options.quiet,
        click.option(
            "--cache", type=click.Path(path_type=Path), help="Folder where evidence is kept, to go on after a stop."
        ),
        click.option(
            "--candidates", type=click.Path(path_type=Path), required=True, help="Library where candidates come from."
        ),
        click.option(
            "--known-fold-column",
            default="fold_random",
            help="Column of --folds in which spectra of one compound may be in `train` and `val`, for --known-model.",
        ),
        click.option(
            "--known-model",
            help="Model that was trained on that fold: evidence is weighed on known compounds as well.",
        ),
        click.option("--model", default="default", help="Model that was trained on the fold `train`, name or folder."),
        options.folds,
        click.argument("spectra", type=click.Path(path_type=Path)),
    ):
        function = option(function)
    return function


@command.command(name="fit")
@_shared
@options.output("FOLDER", "Folder of the posterior to write.")
@click.option(
    "--missing-share",
    type=click.FloatRange(min=0, max=1, min_open=True, max_open=True),
    default=0.1,
    help="How often the right structure is taken to be missing from a library.",
)
@click.option(
    "--for-model", help="Model to use the posterior with, trained again on `train` and `val`.  [default: --model]"
)
@click.option("--name", help="Name of the posterior  [default: the name of the output folder]")
@click.option("--posterior-version", default="1", help="Version of the posterior.")
def fit(spectra: Path, output: Path, **given: Any) -> None:
    """Learn fragments on the fold `train` of SPECTRA, and weigh all evidence on `val`."""
    options.require_train_extra()
    from matchms_fingerprint.annotation.posterior.artifact import PosteriorCard, check_posterior_folder
    from matchms_fingerprint.cli.evaluate import stage_progress
    from matchms_fingerprint.cli.terminal import open_terminal
    from matchms_fingerprint.models import load_model
    from matchms_fingerprint.training.posterior_run import fit_run, learn_fragments, write_posterior

    console = open_terminal(given["quiet"])
    check_posterior_folder(output, given["overwrite"])
    used_with = load_model(given["for_model"] or given["model"])
    with stage_progress(console) as advance:
        run = _open(spectra, given, advance)
        fragments = learn_fragments(run)
        fitted, figures = fit_run(run, fragments, given["missing_share"])
    card = PosteriorCard(
        name=given["name"] or output.name,
        version=given["posterior_version"],
        model_name=used_with.name,
        model_sha256=used_with.sha256,
        fitted_on={
            "spectra": spectra.name,
            "folds": options.fold_source(given).describe(0),
            "model": {"name": run.model.name, "sha256": run.model.sha256},
            "known": None if run.known is None else {"name": run.known.model.name, "sha256": run.known.model.sha256},
            "candidates": {"name": run.library.path.name, "n": len(run.library)},
        },
        figures=figures,
    )
    write_posterior(output, fitted, fragments, card, given["overwrite"])
    console.print(
        f"On left-out structures of val: hit@1 {figures['hit@1']:.3f}, expected calibration error "
        f"{figures['ece']:.3f}, area of known against missing {figures['auroc_none']}."
    )
    console.print(f"Wrote {output}", soft_wrap=True, style="bold")


@command.command(name="evaluate")
@_shared
@click.option("--posterior", "folder", default="default", help="Name of a shipped posterior, or its folder.")
@click.option("--fold", type=click.Choice(["val", "test"]), default="test", help="Fold to measure.")
@options.output("FOLDER", "Folder for posterior_evaluation.json, tables, index.html and pictures.")
@click.option("--json", "as_json", is_flag=True, help="Print all figures as JSON on stdout.")
def evaluate(spectra: Path, output: Path, **given: Any) -> None:
    """Measure a posterior on SPECTRA: each evidence, probabilities, isomers, noise."""
    options.require_train_extra()
    from matchms_fingerprint.annotation.posterior.artifact import load_posterior
    from matchms_fingerprint.cli.evaluate import stage_progress
    from matchms_fingerprint.cli.terminal import open_terminal
    from matchms_fingerprint.evaluation.posterior.run_folder import check_posterior_run, write_posterior_run
    from matchms_fingerprint.training.posterior_evaluation import evaluate_run

    console = open_terminal(given["quiet"])
    check_posterior_run(output, given["overwrite"])
    artifact = load_posterior(given["folder"])
    with stage_progress(console) as advance:
        run = _open(spectra, given, advance)
        artifact.check_model(run.model.name, run.model.sha256)
        measured = evaluate_run(run, artifact, given["fold"])
        advance("drawing", 0, 1)
        write_posterior_run(output, measured.summary, measured.spectra, given["overwrite"])
    _show(console, measured.summary)
    console.print(f"Wrote {output}, see {output / 'index.html'}", soft_wrap=True, style="bold")
    if given["as_json"]:
        click.echo(json.dumps(measured.summary, indent=2, ensure_ascii=False))


def _open(spectra: Path, given: dict[str, Any], advance: Advance) -> PosteriorRun:
    """Read spectra and folds, and open model and library."""
    from matchms_fingerprint.candidates import CandidateLibrary
    from matchms_fingerprint.evaluation.benchmark import check_fingerprint, check_folds
    from matchms_fingerprint.features.labelled import read_labelled_spectra
    from matchms_fingerprint.models import load_model
    from matchms_fingerprint.training.posterior_run import PosteriorRun

    model, library = load_model(given["model"]), CandidateLibrary.open(given["candidates"])
    check_fingerprint(library, model.fingerprint)
    data = read_labelled_spectra(spectra, model.fingerprint)
    folds = options.fold_source(given).folds_of(data)
    check_folds(folds, "val")
    known = None
    if given["known_model"]:
        of_known = options.fold_source(given | {"fold_column": given["known_fold_column"]}).folds_of(data)
        known = PosteriorRun(data, of_known, load_model(given["known_model"]), library, given["cache"], advance)
    return PosteriorRun(data, folds, model, library, given["cache"], advance, known)


def _show(console: Console, summary: dict[str, Any]) -> None:
    """Show the main figures as a table."""
    from matchms_fingerprint.cli.terminal import plain_table
    from matchms_fingerprint.evaluation.estimates import format_interval
    from matchms_fingerprint.evaluation.posterior.ablation import ALL

    retrieval, confidence = summary["retrieval"], summary["confidence"]
    title = f"{retrieval['n_spectra']:,} spectra of {retrieval['n_structures']:,} structures of {summary['fold']}"
    table = plain_table("ranking", "hit@1", "@5", "@20", "MRR", title=title)
    for name, row in retrieval["rankings"].items():
        rest = [f"{row[measure]['mean']:.3f}" for measure in ("hit@5", "hit@20", "mrr")]
        table.add_row(name, format_interval(row["hit@1"]), *rest, style="bold" if name == ALL else None)
    console.print(table)
    console.print(
        f"{retrieval['times_best_single']:.2f} times {retrieval['best_single']}, "
        f"{retrieval['times_baseline']:.2f} times the {retrieval['baseline']}; expected calibration error "
        f"{confidence['reliability']['ece']:.3f}; area of known against missing {confidence['none']['auroc']}."
    )

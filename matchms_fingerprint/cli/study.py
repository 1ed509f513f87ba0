"""`matchms-fingerprint study`: whole samples by their embeddings, on a map and tested for groups."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import rich_click as click

from matchms_fingerprint.cli import options
from matchms_fingerprint.cli.config import config
from matchms_fingerprint.errors import SettingsError

if TYPE_CHECKING:
    from rich.console import Console

    from matchms_fingerprint.annotation.study import SampleLabels, Study, StudySamples
    from matchms_fingerprint.io import ReadReport
    from matchms_fingerprint.io.quant_table import QuantTable
    from matchms_fingerprint.models import FingerprintModel


@click.command(name="study")
@config
@options.input_file
@click.option(
    "--quant",
    type=click.Path(path_type=Path),
    required=True,
    help="Quantification table of the features (X_quant.csv of MZmine) with the peak areas of each sample.",
)
@click.option(
    "--metadata",
    type=click.Path(path_type=Path),
    help="Table with a row for each sample, named in its column `filename`, as MZmine and GNPS have it.",
)
@click.option("--column", help="Column of --metadata: groups of samples, or numbers.")
@options.output("FOLDER", "Folder for samples.tsv, embeddings.npz, study.json and the pictures.")
@click.option(
    "--method",
    type=click.Choice(["pca", "umap"]),
    default="pca",
    help="How the map is made: principal components, or UMAP (extra `umap`), for some dozens of samples or more.",
)
@click.option(
    "--permutations",
    type=click.IntRange(min=0),
    default=199,
    help="How often labels are shuffled to test the groups; the smallest p value is 1 / (this + 1). 0: no test.",
)
@click.option("--seed", type=click.IntRange(min=0), default=0, help="Of UMAP, folds and permutations.")
@options.reading
@options.model
@click.option("--json", "as_json", is_flag=True, help="Print what was found as JSON on stdout.")
@options.quiet
def command(**given: Any) -> None:
    """Embed whole samples: the features of FILE in each of them, weighted by the square roots of their peak areas.

    Draws the samples on a map, coloured by a column of a metadata table, and tests whether its groups can be told
    apart: a classifier predicts the group of each sample from the others, and shuffled labels say what chance gives.

    Writes FOLDER/samples.tsv (label, features and place of each sample), embeddings.npz, study.png, study.json (all
    figures, versions, checksums), and permutations.tsv and .png where groups are tested.
    """
    from matchms_fingerprint.cli.terminal import open_terminal
    from matchms_fingerprint.io.sources import detect_format

    detect_format(given["file"])  # before the seconds that the imports below take
    _check_options(given)
    console = open_terminal(given["quiet"])
    from matchms_fingerprint.models import load_model
    from matchms_fingerprint.report.of_study import check_study_folder, packages_of, write_study

    start = time.monotonic()
    # what is wrong shows before the model is loaded
    check_study_folder(given["output"], given["overwrite"])
    quant, labels = _read_tables(given)
    model = load_model(given["model"])
    console.print(f"Model: {model.name} {model.version}")
    samples, report = _embed(console, given, model, quant)
    study = _analyse(console, given, samples, labels)
    made_from = _made_from(given, model) | {"packages": packages_of(study, given["method"]), "read": report.summary()}
    files = write_study(given["output"], study, made_from, given["overwrite"])
    _show(console, study, report)
    _say_what_is_not_in_the_table(console, study, given["quant"])
    console.print(f"Wrote {given['output']}: {', '.join(files)}", soft_wrap=True, style="bold")
    if given["as_json"]:
        click.echo(_as_json(given["output"], files, study, time.monotonic() - start))


def _check_options(given: dict[str, Any]) -> None:
    if (given["metadata"] is None) != (given["column"] is None):
        raise SettingsError("--metadata and --column belong together: a table of samples, and its column to look at")
    if given["method"] == "umap":
        options.require_umap_extra()
    if given["metadata"] is not None and given["permutations"]:
        options.require_study_extra()


def _read_tables(given: dict[str, Any]) -> tuple[QuantTable, SampleLabels | None]:
    """Read quantification table and metadata, and see whether there is something to test."""
    from matchms_fingerprint.annotation.study import check_samples, check_study, read_sample_labels
    from matchms_fingerprint.io.quant_table import QuantTable

    quant = QuantTable.read(given["quant"])
    check_samples(quant)
    if given["metadata"] is None:
        return quant, None
    labels = read_sample_labels(given["metadata"], given["column"], quant.samples)
    check_study(labels, given["permutations"])
    return quant, labels


def _embed(
    console: Console, given: dict[str, Any], model: FingerprintModel, quant: QuantTable
) -> tuple[StudySamples, ReadReport]:
    from matchms_fingerprint.annotation.results import features_of
    from matchms_fingerprint.annotation.settings import AnnotationSettings
    from matchms_fingerprint.annotation.study import embed_samples
    from matchms_fingerprint.cli.terminal import count_blocks, feature_progress
    from matchms_fingerprint.io import ReadReport

    report = ReadReport()
    settings = AnnotationSettings(
        **{name: given[name] for name in ("ion_mode", "per_feature", "min_peaks", "batch_size")}
    )
    with feature_progress(console, "embedding", count_blocks(given["file"])) as advance:
        features = features_of(given["file"], settings, report, quant)
        samples = embed_samples(features, model, quant, given["batch_size"], lambda: advance(report))
    return samples, report


def _analyse(console: Console, given: dict[str, Any], samples: StudySamples, labels: SampleLabels | None) -> Study:
    from matchms_fingerprint.annotation.study import analyse_study
    from matchms_fingerprint.cli.evaluate import stage_progress

    with stage_progress(console) as advance:
        advance("drawing the map", 0, 1)

        def shuffled(done: int, total: int) -> None:
            advance("shuffling labels", done, total)

        return analyse_study(samples, labels, given["method"], given["permutations"], given["seed"], shuffled)


def _made_from(given: dict[str, Any], model: FingerprintModel) -> dict[str, Any]:
    from matchms_fingerprint.annotation.results import made_from
    from matchms_fingerprint.io.artifacts import sha256_of

    names = ("method", "permutations", "seed", "ion_mode", "per_feature", "min_peaks")
    tables: dict[str, Any] = {
        name: {"file": str(given[name]), "sha256": sha256_of(given[name])} if given[name] else None
        for name in ("quant", "metadata")
    }
    return (
        made_from(given["file"], model)
        | tables
        | {"column": given["column"]}
        | {"settings": {name: given[name] for name in names}}
    )


def _show(console: Console, study: Study, report: ReadReport) -> None:
    """Show what became of the features, and how well groups are told apart."""
    from matchms_fingerprint.cli.summary import show_statuses
    from matchms_fingerprint.cli.terminal import plain_table

    show_statuses(console, study.samples.statuses, "used")
    console.print(f"Read {report.summary()}.")
    empty = [name for name, n in zip(study.samples.names, study.samples.n_features, strict=True) if not n]
    if empty:
        console.print(f"Without features, so nowhere on the map: {', '.join(empty)}", soft_wrap=True, style="yellow")
    axes = " and ".join(study.projection.axis_names)
    console.print(f"{len(study.samples.names):,} samples on a map of {axes}.")
    test = study.test
    if test is None:
        console.print(f"No test: {study.no_test}.", soft_wrap=True)
        return
    column = study.labels.column if study.labels is not None else ""
    table = plain_table(column, "samples", "predicted right")
    for place in (1, 2):
        table.columns[place].justify = "right"
    for name, count, recall in zip(test.groups, test.counts, test.recalls, strict=True):
        table.add_row(name, f"{count:,}", f"{round(recall * count):,} ({recall:.0%})")
    console.print(table)
    for title, tested in (("Balanced accuracy", test.accuracy), ("Area under the ROC curve", test.auroc)):
        console.print(
            f"{title} {tested.value:.2f}; chance {tested.chance:.2f}, shuffled labels "
            f"{tested.permuted.mean():.2f} in the mean: p = {tested.p_value:.3g}"
        )


def _say_what_is_not_in_the_table(console: Console, study: Study, quant: Path) -> None:
    from matchms_fingerprint.annotation.study.samples import NOT_IN_TABLE

    missing = study.samples.statuses.get(NOT_IN_TABLE, 0)
    if missing:
        console.print(
            f"{missing:,} of {sum(study.samples.statuses.values()):,} features are not in {quant}; is it of the same "
            "export?",
            soft_wrap=True,
            style="yellow",
        )


def _as_json(folder: Path, files: list[str], study: Study, seconds: float) -> str:
    from matchms_fingerprint.report.of_study import summary_of

    content = {"folder": str(folder), "files": files} | summary_of(study) | {"seconds": round(seconds, 3)}
    return json.dumps(content, indent=2, ensure_ascii=False)

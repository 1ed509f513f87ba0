"""`matchms-fingerprint annotate`: from an export of MZmine to ranked structures."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import rich_click as click

from matchms_fingerprint.cli import options
from matchms_fingerprint.cli.config import config
from matchms_fingerprint.cli.outputs import STARTER_CAUTION, outputs, read_quant, writers_of
from matchms_fingerprint.cli.summary import CONFIDENCES
from matchms_fingerprint.constants import DEFAULT_TOLERANCE_PPM

if TYPE_CHECKING:
    from rich.console import Console

    from matchms_fingerprint.annotation.annotator import Annotator
    from matchms_fingerprint.annotation.results import RunSummary, Writer
    from matchms_fingerprint.annotation.settings import AnnotationSettings
    from matchms_fingerprint.io.quant_table import QuantTable

STARTER = "starter"


@click.command(name="annotate")
@config
@options.input_file
@click.option(
    "--candidates",
    type=str,
    default=STARTER,
    metavar="LIBRARY",
    help="Folder of a candidate library, made by `candidates build`; or the small one inside the package.",
)
@options.output("FOLDER", "New folder for report.html, annotations.tsv and all other files.")
@options.reading
@click.option(
    "--adduct",
    "adducts",
    multiple=True,
    help="Adduct such as [M+Na]+ to try where FILE gives none; repeat it for several.  [default: the common ones]",
)
@click.option(
    "--ppm",
    type=click.FloatRange(min=0, min_open=True),
    default=DEFAULT_TOLERANCE_PPM,
    help="Tolerance of the precursor m/z in parts per million.",
)
@click.option(
    "--da",
    type=click.FloatRange(min=0, min_open=True),
    default=None,
    help="Tolerance of the precursor m/z in Da, in place of --ppm.",
)
@click.option(
    "--score",
    type=click.Choice(["cosine", "tanimoto", "vector_tanimoto", "log_likelihood"]),
    default="cosine",
    help="Score of predicted fingerprint and candidate that ranks where there is no posterior.",
)
@click.option(
    "--posterior",
    default="auto",
    metavar="FOLDER",
    help="What weighs all evidence, made by `posterior fit`; `auto`: the one fitted for the model; `none`: rank by the "
    "fingerprint alone.",
)
@click.option(
    "--library",
    type=click.Path(path_type=Path),
    metavar="SPECTRA",
    help="Spectra with structures to compare with, beside those that the model remembers.",
)
@click.option("--popular", is_flag=True, help="Prefer structures that many sources hold: odds times 1 + their number.")
@click.option("--formula", help="Molecular formula that all candidates must have, such as C8H10N4O2.")
@click.option(
    "--min-probability", type=click.FloatRange(0, 1), default=0.0, help="Leave out hits below this probability."
)
@click.option("--top-k", type=click.IntRange(min=1), default=10, help="Hits kept for each feature.")
@outputs
@options.model
@click.option("--threads", type=click.IntRange(min=1), help="Features ranked at the same time  [default: all cores]")
@click.option(
    "--resume", is_flag=True, help="Go on with a run into this folder that was stopped; gives the same files."
)
@click.option("--json", "as_json", is_flag=True, help="Print what the run gave as JSON on stdout.")
@options.quiet
def command(**given: Any) -> None:
    """Rank candidate structures for each feature of FILE (MGF, MSP, mzML, mzXML or JSON, also gzipped).

    Writes FOLDER/annotations.tsv with one row for each feature and rank, best first, and one row with a status for each
    feature without a hit; FOLDER/report.html, the same to look at; FOLDER/run.json with versions, checksums, settings
    and counts; and the files of --format.
    """
    from matchms_fingerprint.cli.terminal import open_terminal
    from matchms_fingerprint.io.sources import detect_format

    detect_format(given["file"])  # before the seconds that the imports below take
    console = open_terminal(given["quiet"])
    from matchms_fingerprint.annotation.results import RUN
    from matchms_fingerprint.annotation.settings import AnnotationSettings
    from matchms_fingerprint.io.artifacts import check_replaceable

    settings = AnnotationSettings(
        top_k=given["top_k"],
        score=given["score"],
        tolerance_ppm=given["ppm"],
        tolerance_da=given["da"],
        adducts=tuple(given["adducts"]),
        ion_mode=given["ion_mode"],
        per_feature=given["per_feature"],
        min_peaks=given["min_peaks"],
        batch_size=given["batch_size"],
        formula=given["formula"],
        min_probability=given["min_probability"],
    )
    # what is wrong shows before the model is loaded
    check_replaceable(given["output"], RUN, given["overwrite"] or given["resume"])
    quant = read_quant(given)
    ranking = {
        "posterior": given["posterior"],
        "references": given["library"],
        "popular": given["popular"],
    }
    annotator = open_annotator(console, given["candidates"], given["model"], settings, given["threads"], **ranking)
    summary = run(
        console,
        given["file"],
        annotator,
        given["output"],
        overwrite=given["overwrite"],
        resume=given["resume"],
        writers=writers_of(given, annotator, quant),
        quant=quant,
    )
    is_calibrated = annotator.ranker.describe()["kind"] == "posterior"
    show_summary(console, summary, is_calibrated)
    if given["as_json"]:
        click.echo(as_json(summary, is_calibrated))


def open_annotator(
    console: Console,
    candidates: str | Path,
    model_name: str | Path,
    settings: AnnotationSettings,
    n_threads: int | None = None,
    **ranking: Any,
) -> Annotator:
    """Open library and model, and say which they are; `ranking` goes to `choose_ranker`."""
    from matchms_fingerprint.annotation.annotator import Annotator
    from matchms_fingerprint.annotation.choose_ranker import choose_ranker
    from matchms_fingerprint.candidates import CandidateLibrary
    from matchms_fingerprint.candidates.parallel import available_cores
    from matchms_fingerprint.models import load_model

    library = CandidateLibrary.open(candidates)
    if str(candidates) == STARTER:
        console.print(
            f"Library: the starter library inside the package ({len(library):,} well-known compounds). "
            f"{STARTER_CAUTION} For your own, see `matchms-fingerprint candidates build --help`."
        )
    else:
        console.print(f"Library: {candidates} ({len(library):,} structures)", soft_wrap=True)
    model = load_model(model_name)
    ranker = choose_ranker(model, settings.score, **ranking)
    console.print(f"Model: {model.name} {model.version}, ranking by {ranker.describe()['kind']}")
    return Annotator(library, model, settings, ranker, n_threads or available_cores())


def run(
    console: Console,
    file: Path,
    annotator: Annotator,
    output: Path,
    overwrite: bool = False,
    resume: bool = False,
    writers: Sequence[Writer] = (),
    quant: QuantTable | None = None,
) -> RunSummary:
    """Annotate a file into a folder while showing how far it is."""
    from matchms_fingerprint.annotation.results import annotate_to_folder
    from matchms_fingerprint.cli.terminal import count_blocks, feature_progress

    with feature_progress(console, "annotating", count_blocks(file)) as advance:
        return annotate_to_folder(file, annotator, output, overwrite, advance, resume, writers, quant)


def show_summary(console: Console, summary: RunSummary, is_calibrated: bool = False) -> None:
    """Show how many features got which status and how sure they are, what was read, and what was written."""
    from matchms_fingerprint.cli.summary import show_confidence, show_statuses
    from matchms_fingerprint.cli.terminal import rate_in_words

    show_statuses(console, summary.statuses, "annotated")
    if summary.probabilities:
        show_confidence(console, summary.probabilities, is_calibrated)
    rate = rate_in_words(summary.n_features, summary.seconds)
    console.print(f"Read {summary.read_report.summary()}.")
    console.print(f"{summary.n_features:,} features in {summary.seconds:.1f} s ({rate} per second).")
    names = ", ".join(summary.files)
    console.print(f"Wrote {summary.folder}: {names}", soft_wrap=True, style="bold")


def as_json(summary: RunSummary, is_calibrated: bool) -> str:
    """Return what a run gave, for machines."""
    import numpy as np

    from matchms_fingerprint.annotation.posterior.false_discoveries import expected_false

    at_least = {}
    for least in CONFIDENCES:
        n, false = expected_false(np.array(summary.probabilities), least)
        at_least[f"{least:g}"] = {"features": n} | ({"expected_false": round(false, 3)} if is_calibrated else {})
    content = {
        "folder": str(summary.folder),
        "files": summary.files,
        "features": summary.n_features,
        "statuses": summary.statuses,
        "probability_at_least": at_least,
        "seconds": round(summary.seconds, 3),
    }
    return json.dumps(content, indent=2, ensure_ascii=False)

"""Options on what `annotate` writes beside its table, and what writes it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import rich_click as click

if TYPE_CHECKING:
    from matchms_fingerprint.annotation.annotator import Annotator
    from matchms_fingerprint.annotation.results import Writer
    from matchms_fingerprint.annotation.round_trip import RoundTripSettings
    from matchms_fingerprint.io.mztab_metadata import MzTabSource
    from matchms_fingerprint.io.quant_table import QuantTable
    from matchms_fingerprint.report.items import RunAbout

Decorated = TypeVar("Decorated", bound=Callable[..., Any])

STARTER_CAUTION = (
    "The starter library is for a first look: most compounds are missing from it, so the probabilities are too high."
)

FORMATS = ("compounds", "graphml", "edges", "mgf", "msp", "mztab")


def outputs(function: Decorated) -> Decorated:
    """Add the options --report, --format, --quant, --graphml-rank, --edges-knn and --edges-min-score."""
    for option in (
        click.option(
            "--edges-min-score",
            type=click.FloatRange(-1, 1),
            default=0.9,
            help="Least cosine of the embeddings of two features with an edge in network_edges.csv.",
        ),
        click.option(
            "--edges-knn",
            type=click.IntRange(min=1),
            default=10,
            help="Neighbours of a feature that may get an edge to it in network_edges.csv.",
        ),
        click.option(
            "--graphml-rank",
            type=click.IntRange(1, 10),
            default=1,
            help="Hits of a feature for GraphML, the k-th in a file of its own: MZmine takes one from each.",
        ),
        click.option(
            "--quant",
            type=click.Path(path_type=Path),
            help="Quantification table of the features (X_quant.csv of MZmine), for m/z, retention times and row ids.",
        ),
        click.option(
            "--format",
            "formats",
            multiple=True,
            type=click.Choice([*FORMATS, "none"]),
            help="Further files to write: for MZmine (compounds, graphml, edges), spectral libraries (mgf, msp), "
            "mzTab-M; repeat it for several.  [default: all]",
        ),
        click.option("--report/--no-report", default=True, help="Write report.html, to be looked at in a browser."),
    ):
        function = option(function)
    return function


def read_quant(given: Mapping[str, Any]) -> QuantTable | None:
    """Read the quantification table, if there is one."""
    from matchms_fingerprint.io.quant_table import QuantTable

    return QuantTable.read(given["quant"]) if given["quant"] else None


def writers_of(given: Mapping[str, Any], annotator: Annotator, quant: QuantTable | None) -> list[Writer]:
    """Return what writes the files that the options ask for."""
    from matchms_fingerprint.annotation.round_trip import round_trip
    from matchms_fingerprint.io import load_spectra
    from matchms_fingerprint.report.of_run import report_writer

    formats = tuple(name for name in FORMATS if name in (given["formats"] or FORMATS))
    writers = [round_trip(_source(given, annotator, quant), _settings(given, formats))] if formats else []
    if given["report"]:
        library = list(load_spectra(given["library"], per_feature="all")) if given["library"] else []
        writers.append(report_writer(_about(given, annotator), quant, library))
    return writers


def _source(given: Mapping[str, Any], annotator: Annotator, quant: QuantTable | None) -> MzTabSource:
    from matchms_fingerprint.io.mztab_metadata import MzTabSource

    library = annotator.library
    return MzTabSource(
        spectra=given["file"],
        library=str(given["candidates"]),
        version=version("matchms_fingerprint"),
        library_version=library.manifest.sha256,
        settings=tuple(f"{name} = {value}" for name, value in annotator.settings.to_dict().items()),
        quant=quant,
    )


def _settings(given: Mapping[str, Any], formats: tuple[str, ...]) -> RoundTripSettings:
    from matchms_fingerprint.annotation.round_trip import RoundTripSettings

    return RoundTripSettings(
        formats=formats,
        graphml_ranks=given["graphml_rank"],
        edges_knn=given["edges_knn"],
        edges_min_score=given["edges_min_score"],
    )


def _about(given: Mapping[str, Any], annotator: Annotator) -> RunAbout:
    from matchms_fingerprint.candidates.library import STARTER
    from matchms_fingerprint.report.items import RunAbout

    model, library, ranking = annotator.model, annotator.library, annotator.ranker.describe()
    posterior = "all evidence" if ranking["kind"] == "posterior" else f"the predicted fingerprint ({ranking['score']})"
    name = "starter library" if library.path == STARTER else library.path.name
    facts = {
        "input": given["file"].name,
        "candidates": f"{name}, {len(library):,} structures",
        "model": f"{model.name} {model.version}",
        "ranked by": posterior,
        "precursor tolerance": annotator.settings.tolerance,
        "software": f"matchms_fingerprint {version('matchms_fingerprint')}",
    }
    return RunAbout(given["file"].name, facts, STARTER_CAUTION if library.path == STARTER else "")

"""Annotate an export of MZmine, and draw what speaks for the best candidates of one feature.

    python examples/01_annotate_an_mzmine_export.py [EXPORT.mgf] [--candidates LIBRARY] [--feature ID] [-o FOLDER]

Without an export six reference spectra of matchms stand in for one, written as MZmine writes them. The folder gets what
`matchms-fingerprint annotate` writes, and `evidence.png` and `spectrum.png` of the feature.
"""

import argparse
from pathlib import Path

import matplotlib

from matchms_fingerprint import annotate, load_spectra
from matchms_fingerprint.cli.app import app
from matchms_fingerprint.cli.demo import write_mgf
from matchms_fingerprint.records import Annotation
from matchms_fingerprint.report.figures.evidence_plot import evidence_plot
from matchms_fingerprint.report.figures.mirror_plot import mirror_plot

matplotlib.use("Agg")


def read_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Annotate an export of MZmine and draw the evidence on a feature.")
    parser.add_argument("export", nargs="?", type=Path, help="MGF file; without it some spectra of matchms")
    parser.add_argument("--candidates", default="starter", help="folder of a candidate library")
    parser.add_argument("--feature", help="id of the feature to draw; by default the first that is annotated")
    parser.add_argument("-o", "--output", type=Path, default=Path("annotated"), help="folder for all that is written")
    return parser.parse_args()


def draw(found: Annotation, export: Path, folder: Path) -> None:
    """Draw the evidence on the candidates, and the spectrum above what the first one explains of it."""
    evidence_plot(found).figure.savefig(folder / "evidence.png", dpi=150, bbox_inches="tight")
    spectrum = next(one for one in load_spectra(export) if one.get("feature_id") == found.feature_id)
    first = found.hits[0]
    measured = (spectrum.peaks.mz, spectrum.peaks.intensities)
    explained = ([peak.mz for peak in first.peaks], [peak.intensity for peak in first.peaks])
    names = (f"feature {found.feature_id}", f"explained by {first.candidate.name or first.candidate.formula}")
    axes = mirror_plot(measured, explained, explained=first.peaks, names=names)
    axes.figure.savefig(folder / "spectrum.png", dpi=150, bbox_inches="tight")


def main() -> None:
    """Run what the command line runs, then look at one feature from Python."""
    asked = read_arguments()
    export = asked.export
    if export is None:
        asked.output.mkdir(parents=True, exist_ok=True)
        export = asked.output / "like_mzmine.mgf"
        write_mgf(export)
    results = asked.output / "results"
    app(
        ["annotate", str(export), "--candidates", asked.candidates, "-o", str(results), "--overwrite"],
        standalone_mode=False,
    )
    for found in annotate(export, asked.candidates):
        if found.hits and found.hits[0].peaks and asked.feature in (None, found.feature_id):
            draw(found, export, asked.output)
            for hit in found.hits[:3]:
                print(f"{hit.rank}  {hit.probability:.2f}  {hit.candidate.formula:12}  {hit.candidate.name}")
            print(f"Drew feature {found.feature_id} into {asked.output}; {results / 'report.html'} has all of them.")
            return
    print("No such feature has a candidate that explains a peak; try a larger library.")


if __name__ == "__main__":
    main()

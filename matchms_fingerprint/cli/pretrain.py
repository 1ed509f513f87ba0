"""`matchms-fingerprint pretrain`: a peak transformer that has seen many spectra, before it sees structures."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import rich_click as click

from matchms_fingerprint.cli import options

if TYPE_CHECKING:
    from matchms import Spectrum


@click.command(name="pretrain")
@click.argument("spectra", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option(
    "-o", "--output", type=click.Path(path_type=Path), required=True, metavar="FOLDER", help="Folder for the encoder."
)
@click.option("--settings", type=click.Path(path_type=Path), help="JSON file with settings of the pre-training.")
@click.option("--epochs", type=click.IntRange(min=1), help="Most epochs; replaces the one of the settings.")
@click.option("--seed", type=click.IntRange(min=0), help="Seed of all draws; replaces the one of the settings.")
@click.option("--folds", type=click.Path(path_type=Path), help="Table of folds; spectra that it calls `test` stay out.")
@click.option("--fold-column", default="fold_scaffold", help="Its column with the fold.")
@click.option("--id-column", default="accession", help="Its column with the spectrum id (SPECTRUM_ID or FEATURE_ID).")
@click.option("--accelerator", default="auto", help="What to train on: cpu, gpu, or auto.")
@click.option("--devices", default="auto", help="How many of them, or auto for all; a step has a batch on each.")
@click.option("--resume", is_flag=True, help="Continue from the last checkpoint in FOLDER.")
@options.quiet
def command(spectra: tuple[Path, ...], output: Path, **given: Any) -> None:
    """Teach a peak transformer on SPECTRA without structures to say what m/z hidden peaks have.

    SPECTRA are files of any kind that can be read; structures in them are not looked at. FOLDER is what
    `train --pretrained` starts from. Needs the extra `train`.
    """
    options.require_train_extra()
    from matchms_fingerprint.cli.terminal import open_terminal
    from matchms_fingerprint.errors import OutputError
    from matchms_fingerprint.features.arrays import spectrum_arrays
    from matchms_fingerprint.io.artifacts import read_json
    from matchms_fingerprint.training.masked_peaks import PretrainingSettings
    from matchms_fingerprint.training.pretrain import DESCRIPTION, IDENTITY, pretrain
    from matchms_fingerprint.training.splits import read_folds

    console = open_terminal(given["quiet"])
    if (output / IDENTITY).is_file() and not given["resume"]:
        raise OutputError(f"{output}: holds a pre-training; continue it with --resume, or give another folder")
    changes = {key: given[key] for key in ("epochs", "seed") if given[key] is not None}
    settings = PretrainingSettings.from_dict((read_json(given["settings"]) if given["settings"] else {}) | changes)
    folds = read_folds(given["folds"], given["fold_column"], given["id_column"]) if given["folds"] else {}
    pretrain(
        spectrum_arrays(_spectra(spectra, folds)),
        settings,
        output,
        progress=not given["quiet"],
        accelerator=given["accelerator"],
        devices=given["devices"],
    )
    best, counts = (read_json(output / DESCRIPTION)[name] for name in ("best", "n_spectra"))
    console.print(
        f"Trained on {counts['train']} spectra. Of the hidden peaks of {counts['held_out']} others "
        f"{best['val_accuracy']:.1%} are found, {best['constant_accuracy']:.1%} by the best constant answer."
    )
    console.print(f"Wrote {output}; use it with train --pretrained", soft_wrap=True, style="bold")


def _spectra(files: tuple[Path, ...], folds: dict[str, str]) -> Iterator[Spectrum]:
    """Yield the spectra of some files, without those of the fold `test`."""
    from matchms_fingerprint.io import load_spectra

    for path in files:
        for spectrum in load_spectra(path, per_feature="all"):
            if folds.get(str(spectrum.get("spectrum_id") or spectrum.get("feature_id") or "")) != "test":
                yield spectrum

"""`matchms-fingerprint splits`: make folds, and say how much of what is tested is trained on."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import rich_click as click

from matchms_fingerprint.cli import options
from matchms_fingerprint.constants import DEFAULT_FINGERPRINT

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import Console

    from matchms_fingerprint.training.overlap import OverlapReport

_MADE = ("random", "inchikey", "scaffold", "formula")


@click.command(name="splits")
@click.argument("spectra", type=click.Path(path_type=Path))
@options.output("FOLDER", "Folder for folds.tsv, overlap.json, spectra.tsv and a picture.")
@click.option(
    "--split",
    "splits",
    multiple=True,
    type=click.Choice(options.SPLITS),
    help=f"Split to make, 80/10/10; may be given several times.  [default: {', '.join(_MADE)}; none with --folds]",
)
@click.option("--folds", type=click.Path(path_type=Path), help="Table with folds to report on.")
@click.option(
    "--fold-column",
    "fold_columns",
    multiple=True,
    default=("fold_scaffold",),
    help="Its column with the fold (train, val, test); may be given several times.",
)
@click.option("--id-column", default="accession", help="Its column with the spectrum id (SPECTRUM_ID or FEATURE_ID).")
@click.option("--seed", type=click.IntRange(min=0), default=0, help="Seed of the splits made here.")
@click.option("--fingerprint", default=DEFAULT_FINGERPRINT, help="Fingerprint for the Tanimoto similarity.")
@options.quiet
def command(spectra: Path, output: Path, **given: Any) -> None:
    """Split SPECTRA with known structures, and report how the folds overlap.

    Folds go to folds.tsv, which `train --folds` reads: column accession, and fold_random, fold_scaffold and so on. The
    report holds val and test against train: shared structures (first InChIKey block), Murcko scaffolds, formulas,
    highest Tanimoto, and fragments that no training spectrum of the ion mode has, by mass (bins of 0.01 Da) and by
    formula. `learned` searches for a split that is hard to generalise over, which takes minutes. Needs the extra
    `train`.
    """
    options.require_train_extra()
    from matchms_fingerprint.chem.fingerprints import FingerprintSpec
    from matchms_fingerprint.cli.terminal import open_terminal
    from matchms_fingerprint.errors import SettingsError
    from matchms_fingerprint.features.labelled import read_labelled_spectra
    from matchms_fingerprint.training.overlap_folder import check_overlap_folder, write_overlap
    from matchms_fingerprint.training.splits import FoldSource, make_folds

    console = open_terminal(given["quiet"])
    check_overlap_folder(output, given["overwrite"])
    with console.status("reading spectra", spinner="dots") as status:
        data = read_labelled_spectra(spectra, FingerprintSpec.parse(given["fingerprint"]))
        columns = {}
        if given["folds"]:
            for name in given["fold_columns"]:
                columns[name] = FoldSource(given["folds"], name, given["id_column"]).folds_of(data)
        for split in given["splits"] or (() if given["folds"] else _MADE):
            if f"fold_{split}" in columns:
                raise SettingsError(f"fold_{split} is given by the table already; leave out --split {split}")
            status.update(f"making the split {split}")
            columns[f"fold_{split}"] = make_folds(split, data, given["seed"])
        status.update("measuring the overlap")
        reports = write_overlap(output, data, columns, given["overwrite"])
    _show(console, reports)
    console.print(f"Wrote {output}", soft_wrap=True, style="bold")


def _show(console: Console, reports: Sequence[OverlapReport]) -> None:
    from matchms_fingerprint.cli.terminal import plain_table

    shared = plain_table(
        "split", "fold", "spectra", "structures", "in train", "scaffolds", "in train", "formulas", "in train",
        title="What val and test share with train",
    )  # fmt: skip
    unseen = plain_table(
        "split", "fold", "highest Tanimoto, mean", "median", "unseen masses", "of intensity", "unseen formulas",
        "of intensity", title="How far val and test are from train",
    )  # fmt: skip
    for report in reports:
        for fold, found in report.overlaps.items():
            groups = (found.structures, found.scaffolds, found.formulas)
            counts = [f"{number:,}" for group in groups for number in (group.groups, group.shared)]
            shared.add_row(report.split, fold, f"{found.n_spectra:,}", *counts)
            shares = (
                found.unseen_mass_peaks, found.unseen_mass_intensity,
                found.unseen_formula_peaks, found.unseen_formula_intensity,
            )  # fmt: skip
            tanimoto = found.highest_tanimoto
            cells = [f"{100 * share.mean:.1f} %" if share.n else "" for share in shares]
            unseen.add_row(report.split, fold, f"{tanimoto.mean:.3f}", f"{tanimoto.quantiles[2]:.3f}", *cells)
    console.print(shared, unseen)

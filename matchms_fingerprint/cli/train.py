"""`matchms-fingerprint train`: from spectra with structures to a model bundle."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import rich_click as click

from matchms_fingerprint.cli.options import require_train_extra


@click.command(name="train")
@click.argument("spectra", type=click.Path(path_type=Path))
@click.option("-o", "--output", type=click.Path(path_type=Path), required=True, help="Folder of the model to write.")
@click.option(
    "--folds", type=click.Path(path_type=Path), help="Table with the fold (train, val, test) of each spectrum."
)
@click.option("--fold-column", default="fold_scaffold", help="Its column with the fold.")
@click.option("--id-column", default="accession", help="Its column with the spectrum id (SPECTRUM_ID or FEATURE_ID).")
@click.option(
    "--split",
    type=click.Choice(["random", "inchikey", "scaffold", "formula", "learned"]),
    default="scaffold",
    help="How to split 80/10/10 where no --folds are given.",
)
@click.option("--candidates", type=click.Path(path_type=Path), help="Library for the temperatures and hit rates.")
@click.option("--settings", type=click.Path(path_type=Path), help="JSON file with training settings.")
@click.option("--epochs", type=click.IntRange(min=1), help="Most epochs; replaces the one of the settings.")
@click.option("--seed", type=click.IntRange(min=0), help="Seed of all draws; replaces the one of the settings.")
@click.option("--run-folder", type=click.Path(path_type=Path), help="Checkpoints and curve  [default: OUTPUT.run]")
@click.option(
    "--refit", is_flag=True, help="After measuring, train the written model again on `train` and `val` in the same way."
)
@click.option("--resume", is_flag=True, help="Continue from the last checkpoint in the run folder.")
@click.option(
    "--allow-shared-structures",
    is_flag=True,
    help="Train although structures of `test` are in `train`, as a random split has them.",
)
@click.option("--name", help="Name of the model  [default: the name of the output folder]")
@click.option("--model-version", default="1", help="Version of the model.")
@click.option("--data-description", default="not described", help="Name and release of the data, for the card.")
@click.option("--data-licences", default="not stated", help="Licences of the data, for the card.")
@click.option("--devices", default="auto", help="Devices for Lightning, such as 1 or auto.")
@click.option("--overwrite", is_flag=True, help="Replace an existing model.")
@click.option("--quiet", is_flag=True, help="No progress bar.")
def command(spectra: Path, output: Path, **options: Any) -> None:
    """Train a model on SPECTRA with known structures (SMILES or INCHI), choose on `val`, measure on `test` once.

    Writes a model folder for `--model`, with its card. Needs the extra `train`.
    """
    require_train_extra()
    from matchms_fingerprint.candidates import CandidateLibrary
    from matchms_fingerprint.cli.terminal import open_terminal
    from matchms_fingerprint.io.artifacts import check_replaceable, read_json
    from matchms_fingerprint.models.bundle import MANIFEST
    from matchms_fingerprint.training.finish import About
    from matchms_fingerprint.training.run import train
    from matchms_fingerprint.training.settings import TrainingSettings
    from matchms_fingerprint.training.splits import FoldSource

    console = open_terminal(options["quiet"])
    check_replaceable(output, MANIFEST, options["overwrite"])
    changes = {key: options[key] for key in ("epochs", "seed") if options[key] is not None}
    values = read_json(options["settings"]) if options["settings"] else {}
    settings = TrainingSettings.from_dict(values | changes)
    folds = FoldSource(options["folds"], options["fold_column"], options["id_column"], options["split"])
    about = About(
        name=options["name"] or output.name,
        version=options["model_version"],
        data=options["data_description"],
        licences=options["data_licences"],
        split=folds.describe(settings.seed),
        source=spectra,
    )
    card = train(
        spectra,
        folds,
        settings,
        about,
        output,
        run_folder=options["run_folder"] or output.with_name(output.name + ".run"),
        library=CandidateLibrary.open(options["candidates"]) if options["candidates"] else None,
        refit=options["refit"],
        resume=options["resume"],
        allow_shared_structures=options["allow_shared_structures"],
        overwrite=options["overwrite"],
        progress=not options["quiet"],
        devices=options["devices"],
    )
    if tested := card["measured"].get("test"):
        row = tested["fingerprint"]["all"]
        model, neighbour = row["model"]["mean"], row["nearest_neighbour"]["mean"]
        console.print(f"Mean Tanimoto on test: {model}, of the nearest neighbour {neighbour}.")
    console.print(f"Wrote {output}", soft_wrap=True, style="bold")

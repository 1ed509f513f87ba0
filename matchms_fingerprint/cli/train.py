"""`matchms-fingerprint train`: from spectra with structures to a model bundle."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import rich_click as click

from matchms_fingerprint.cli import options

if TYPE_CHECKING:
    from matchms_fingerprint.training.settings import TrainingSettings


@click.command(name="train")
@click.argument("spectra", type=click.Path(path_type=Path))
@click.option("-o", "--output", type=click.Path(path_type=Path), required=True, help="Folder of the model to write.")
@options.folds
@click.option("--candidates", type=click.Path(path_type=Path), help="Library for the temperatures and hit rates.")
@click.option("--settings", type=click.Path(path_type=Path), help="JSON file with training settings.")
@click.option("--epochs", type=click.IntRange(min=1), help="Most epochs; replaces the one of the settings.")
@click.option("--seed", type=click.IntRange(min=0), help="Seed of all draws; replaces the one of the settings.")
@click.option(
    "--head",
    help="What predicts the bits; replaces the one of the settings. With `siamese`, the cosine of embeddings learns "
    "to be the Tanimoto similarity of the structures.",
)
@click.option("--pretrained", type=click.Path(path_type=Path), help="Folder of `pretrain` to start from.")
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
@click.option("--accelerator", default="auto", help="What to train on: cpu, gpu, or auto.")
@click.option("--devices", default="auto", help="How many of them, or auto for all; a step has a batch on each.")
@click.option("--overwrite", is_flag=True, help="Replace an existing model.")
@click.option("--quiet", is_flag=True, help="No progress bar.")
def command(spectra: Path, output: Path, **given: Any) -> None:
    """Train a model on SPECTRA with known structures (SMILES or INCHI), choose on `val`, measure on `test` once.

    Writes a model folder for `--model`, with its card. Needs the extra `train`.
    """
    options.require_train_extra()
    from matchms_fingerprint.candidates import CandidateLibrary
    from matchms_fingerprint.cli.terminal import open_terminal
    from matchms_fingerprint.io.artifacts import check_replaceable
    from matchms_fingerprint.models.bundle import MANIFEST
    from matchms_fingerprint.training.finish import About
    from matchms_fingerprint.training.run import train

    console = open_terminal(given["quiet"])
    check_replaceable(output, MANIFEST, given["overwrite"])
    settings, folds = _settings(given), options.fold_source(given)
    about = About(
        name=given["name"] or output.name,
        version=given["model_version"],
        data=given["data_description"],
        licences=given["data_licences"],
        split=folds.describe(settings.seed),
        source=spectra,
    )
    card = train(
        spectra,
        folds,
        settings,
        about,
        output,
        run_folder=given["run_folder"] or output.with_name(output.name + ".run"),
        library=CandidateLibrary.open(given["candidates"]) if given["candidates"] else None,
        refit=given["refit"],
        resume=given["resume"],
        allow_shared_structures=given["allow_shared_structures"],
        overwrite=given["overwrite"],
        progress=not given["quiet"],
        accelerator=given["accelerator"],
        devices=given["devices"],
    )
    if tested := card["measured"].get("test"):
        row = tested["fingerprint"]["all"]
        model, neighbour = row["model"]["mean"], row["nearest_neighbour"]["mean"]
        console.print(f"Mean Tanimoto on test: {model}, of the nearest neighbour {neighbour}.")
    console.print(f"Wrote {output}", soft_wrap=True, style="bold")


def _settings(given: dict[str, Any]) -> TrainingSettings:
    """Return the settings, with what the command line says in place of their own."""
    from matchms_fingerprint.training.pretrain import describe_pretrained

    settings = options.training_settings(given)
    changes: dict[str, Any] = {}
    if given["head"] and given["head"] != settings.head:
        changes |= {"head": given["head"], "head_settings": {}}
    if given["pretrained"]:
        found = describe_pretrained(given["pretrained"])
        sizes = found["encoder_settings"] | (settings.encoder_settings if settings.encoder == found["encoder"] else {})
        changes |= {"pretrained": str(given["pretrained"]), "encoder": found["encoder"], "encoder_settings": sizes}
    return replace(settings, **changes)

"""A table of models: encoders, heads and losses under one protocol, beside the nearest neighbour and the controls.

Each run is trained on `train` with the same number of draws, its best epoch, bit threshold and score are chosen on
`val`, and `test` is asked once. A run is named by its parts, such as

    formula_bag/independent_bits/combined+memory+synthetic

which is encoder, head and loss, then what goes along: a memory of the training spectra, and simulated spectra of
library structures. Any combination may be given to `--runs`; without it a list of 16 is run that covers all encoders,
all heads, and the losses that matter. On two cores and 70,000 spectra this takes about 45 minutes:

    python examples/07_model_zoo.py SPECTRA --library LIBRARY --folds TABLE \
        --epochs 4 --spectra-per-epoch 10000 --synthetic-structures 20000 -o zoo

The table `zoo/ZOO.md` is written anew after each run. Stop at any time and start again: what is done is not repeated,
and a training goes on after its last epoch. More `--runs` and `--seeds` are added to the same table.

Without SPECTRA a few small runs on simulated ones show the way; what comes out says nothing of real spectra.
"""

import argparse
import hashlib
import os
import platform
import runpy
import sys
from pathlib import Path
from typing import Any

from matchms_fingerprint import CandidateLibrary
from matchms_fingerprint.chem.fingerprints import FingerprintSpec
from matchms_fingerprint.constants import DEFAULT_FINGERPRINT
from matchms_fingerprint.errors import MatchmsFingerprintError
from matchms_fingerprint.evaluation.benchmark import check_fingerprint, check_folds
from matchms_fingerprint.features.labelled import read_labelled_spectra
from matchms_fingerprint.io.artifacts import atomic_file, read_json, sha256_of
from matchms_fingerprint.training.model_zoo import FOLDS, ModelZoo, ZooRun
from matchms_fingerprint.training.settings import TrainingSettings
from matchms_fingerprint.training.splits import FoldSource
from matchms_fingerprint.training.zoo_table import zoo_text

RUNS = [
    *(
        f"{encoder}/independent_bits/bce_iou"
        for encoder in ("binned_mlp", "formula_bag", "deep_sets", "peak_transformer", "formula_transformer")
    ),
    "formula_bag/independent_bits/listwise_fingerprint",
    "formula_bag/independent_bits/listwise_fingerprint+memory",
    "formula_bag/independent_bits/listwise_fingerprint+synthetic",
    "formula_bag/independent_bits/listwise_fingerprint+memory+synthetic",  # as the default model is trained
    "formula_bag/independent_bits/bce_iou+memory",
    *(f"formula_bag/independent_bits/{loss}" for loss in ("bce", "cosine", "combined", "listwise_embedding")),
    *(f"formula_bag/{head}/bce_iou" for head in ("grouped_bits", "unfolding")),
]

INVENTED_RUNS = ["binned_mlp/independent_bits/bce_iou+memory", "binned_mlp/independent_bits/listwise_embedding"]
_SMALL_BINNED = {"n_input": 32, "n_hidden": 64, "n_embedding": 32, "n_blocks": 1, "dropout": 0.1}
INVENTED = {
    "epochs": 2,
    "spectra_per_epoch": 512,
    "batch_size": 64,
    "learning_rate": 1e-2,
    "gate_steps": 50,
    "synthetic_structures": 200,
    "encoder_settings": {"binned_mlp": _SMALL_BINNED, "formula_bag": _SMALL_BINNED},
}
"""Small and quick, for simulated spectra."""


def read_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Train and measure many models under one protocol.")
    parser.add_argument("spectra", nargs="?", type=Path, help="spectra with structures; without them some are invented")
    parser.add_argument("--library", default="starter", help="folder of a candidate library")
    parser.add_argument("--folds", type=Path, help="table with the fold of each spectrum; without it, by scaffold")
    parser.add_argument("--fold-column", default="fold_scaffold")
    parser.add_argument("--id-column", default="accession")
    parser.add_argument("--runs", nargs="+", metavar="RUN", help="ENCODER/HEAD/LOSS[+memory][+synthetic]")
    parser.add_argument("--seeds", nargs="+", type=int, default=[0])
    parser.add_argument("--epochs", type=int, help="epochs of each run")
    parser.add_argument("--spectra-per-epoch", type=int, help="spectra drawn in an epoch")
    parser.add_argument("--synthetic-structures", type=int, help="structures to simulate spectra of, for +synthetic")
    parser.add_argument(
        "--settings", type=Path, help="JSON file with more training settings; those of encoders and heads by name"
    )
    parser.add_argument("--quiet", action="store_true", help="no progress bars")
    parser.add_argument("-o", "--output", type=Path, default=Path("zoo"), help="folder for all that is written")
    return parser.parse_args()


def shared_settings(asked: argparse.Namespace) -> dict[str, Any]:
    """Return the training settings of all runs; a fifth of few epochs goes without simulated spectra."""
    shared = read_json(asked.settings) if asked.settings else {} if asked.spectra else INVENTED
    for name in ("epochs", "spectra_per_epoch", "synthetic_structures"):
        if getattr(asked, name) is not None:
            shared = shared | {name: getattr(asked, name)}
    return {"real_epochs": round(0.2 * shared.get("epochs", TrainingSettings().epochs))} | shared


def open_zoo(asked: argparse.Namespace) -> ModelZoo:
    """Read everything that the runs share."""
    shared = shared_settings(asked)
    asked.output.mkdir(parents=True, exist_ok=True)
    spectra = asked.spectra or asked.output / "invented.mgf"
    if not asked.spectra and not spectra.is_file():
        neighbour = runpy.run_path(str(Path(__file__).with_name("04_train_on_your_own_spectra.py")))
        neighbour["invent_spectra"](spectra)
    library = CandidateLibrary.open(asked.library)
    fingerprint = FingerprintSpec.parse(shared.get("fingerprint", DEFAULT_FINGERPRINT))
    check_fingerprint(library, fingerprint)
    data = read_labelled_spectra(spectra, fingerprint)
    folds = FoldSource(asked.folds, asked.fold_column, asked.id_column).folds_of(data)
    for fold in FOLDS:
        check_folds(folds, fold)
    zoo = ModelZoo(data, folds, library, asked.output, shared, not asked.quiet)
    zoo.claim(
        {
            "spectra": sha256_of(spectra),
            "folds": hashlib.sha256("\n".join(folds.tolist()).encode()).hexdigest(),
            "library": library.manifest.sha256,
            "settings": shared,
        }
    )
    return zoo


def main() -> None:
    """Run what is still to be done, and write the table after each."""
    asked = read_arguments()
    table = asked.output / "ZOO.md"
    source = f"Spectra of {asked.spectra.name}" if asked.spectra else "Simulated spectra"
    machine = f"{os.cpu_count()} cores ({platform.machine()})"
    try:
        runs = [ZooRun.parse(name) for name in asked.runs or (RUNS if asked.spectra else INVENTED_RUNS)]
        for run in runs:
            run.settings(shared_settings(asked), 0)  # a mistake shows before the work
        zoo = open_zoo(asked)
        zoo.measure_references()
        for seed in asked.seeds:
            for run in runs:
                print(f"{run.name}, seed {seed}", file=sys.stderr)
                zoo.train_and_measure(run, seed)
                with atomic_file(table) as partial:
                    partial.write_text(zoo_text(zoo, source, machine), encoding="utf-8")
    except MatchmsFingerprintError as error:
        sys.exit(f"error: {error}")
    print(table.read_text(encoding="utf-8"), end="")


if __name__ == "__main__":
    main()

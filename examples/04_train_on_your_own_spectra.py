"""From spectra of your own with structures to a model that is trained, measured, and used.

What you need is one file (MGF, MSP, JSON, ...) whose spectra have SMILES or INCHI, PEPMASS, ADDUCT or IONMODE, and a
SPECTRUM_ID each. Four steps, each a command that this script prints as you would type it:

1. `splits` makes folds and reports how much of what is tested was trained on. By scaffold, so that the figures hold
   for compounds unlike those that you have; by `inchikey` for new compounds of known kinds.
2. `train` reads a JSON file with settings: encoder, loss, sizes, memory. It learns from `train`, chooses on `val`, and
   writes a folder with the weights and a card.
3. `evaluate` measures it on `test` beside the nearest neighbour and controls, and draws the page `index.html`.
4. The folder is a model: here it predicts the fingerprint behind one spectrum and ranks candidate structures for it;
   `annotate --model FOLDER` does that for a whole file.

Run it with

    python examples/04_train_on_your_own_spectra.py SPECTRA --candidates LIBRARY -o my_model

LIBRARY is a folder that `candidates build` made of the structures among which yours are to be found; without it the
small one of the package serves. A thousand spectra take minutes. Without SPECTRA the script simulates some, by
breaking molecules of the package's library: that shows the way in less than a minute, and nothing about real spectra.
"""

import argparse
import json
import shlex
import sys
from pathlib import Path

import numpy as np
from matchms import Spectrum
from matchms.exporting import save_as_mgf

from matchms_fingerprint import CandidateLibrary, annotate, load_model, load_spectra
from matchms_fingerprint.cli.app import PROGRAM, app
from matchms_fingerprint.errors import MatchmsFingerprintError
from matchms_fingerprint.features.arrays import ADDUCTS
from matchms_fingerprint.training.breakable_molecules import breakable_molecules
from matchms_fingerprint.training.splits import read_folds
from matchms_fingerprint.training.synthetic import simulate

SETTINGS = {
    # reads m/z, losses and sub-formulas; see models.registry.ENCODERS for the others
    "encoder": "formula_bag",
    # fingerprints that are similar and rank well; `candidates conflict` says which loss suits your candidates
    "loss": "combined",
    "negatives": "mass",
    # the model keeps so many peaks of each training spectrum, and copies from them where they fit better; 0: none
    "memory_peaks": 16,
    "epochs": 20,
    "spectra_per_epoch": 4000,
}
"""What is not named keeps its default, see `training.settings.TrainingSettings`."""

QUICK = {
    "encoder_settings": {"n_input": 64, "n_hidden": 128, "n_embedding": 64, "n_blocks": 1, "dropout": 0.1},
    "epochs": 8,
    "spectra_per_epoch": 1024,
    "batch_size": 64,
    "learning_rate": 1e-2,
    "gate_steps": 50,
}
"""For simulated spectra: a small network, and few steps."""


def invent_spectra(path: Path, n_molecules: int = 300) -> Path:
    """Write two simulated spectra of each of some molecules of the shipped library, as [M+H]+ or [M-H]-."""
    rng = np.random.default_rng(0)
    pool = CandidateLibrary.open("starter").search(neutral_mass=300.0, tolerance_da=130.0)
    _, formula, n_isomers = np.unique(pool.formulas, return_inverse=True, return_counts=True)
    rows = np.flatnonzero(n_isomers[formula] >= 2)  # without isomers there is nothing to rank
    smiles = np.array(pool.smiles)[np.sort(rng.choice(rows, min(n_molecules, rows.size), replace=False))]
    molecules, usable = breakable_molecules(smiles.tolist())
    chosen = np.repeat(np.arange(len(molecules)), 2)
    arrays = simulate(molecules, chosen, rng.choice([1, -1], chosen.size), rng)
    spectra = []
    for i, text in enumerate(np.repeat(smiles[usable], 2).tolist()):
        peaks = slice(*arrays.offsets[i : i + 2])
        metadata = {
            "spectrum_id": f"invented{i}",
            "smiles": text,
            "precursor_mz": float(arrays.precursor_mz[i]),
            "adduct": ADDUCTS[arrays.adduct[i]],
            "ionmode": "positive" if arrays.ion_mode[i] > 0 else "negative",
        }
        spectra.append(Spectrum(arrays.mz[peaks], arrays.intensity[peaks].astype(float), metadata))
    save_as_mgf(spectra, str(path))
    return path


def command(*arguments: object) -> None:
    """Print a command as it is typed in a terminal, and run it."""
    words = [str(argument) for argument in arguments]
    print(f"\n$ {PROGRAM} {shlex.join(words)}", flush=True)
    app(words, prog_name=PROGRAM, standalone_mode=False)


def train_and_measure(spectra: Path, candidates: str, settings: dict[str, object], split: str, folder: Path) -> Path:
    """Make folds, train on them and evaluate; return the folder of the model."""
    (folder / "settings.json").write_text(json.dumps(settings, indent=2) + "\n", encoding="utf-8")
    folds = ("--folds", folder / "splits" / "folds.tsv", "--fold-column", f"fold_{split}")
    command("splits", spectra, "--split", split, "-o", folder / "splits")
    shared = (*folds, "--candidates", candidates)
    command("train", spectra, *shared, "--settings", folder / "settings.json", "-o", folder / "model")
    baselines = ("--baseline", "nearest", "--baseline", "mean")
    command("evaluate", spectra, *shared, *baselines, "--model", folder / "model", "-o", folder / "evaluation")
    return folder / "model"


def summarize(folder: Path, split: str) -> None:
    """Print what matters: how hard the test was, and whether the model beats the nearest neighbour on it."""
    [report] = json.loads((folder / "splits" / "overlap.json").read_text(encoding="utf-8"))
    test = report["overlaps"]["test"]
    print(
        f"\nThe split by {split} leaves {test['formulas']['shared']} of {test['formulas']['groups']} test formulas ",
        end="",
    )
    print(
        f"in train; the most similar training structure has a mean Tanimoto of {test['highest_tanimoto']['mean']:.2f}."
    )
    measured = json.loads((folder / "evaluation" / "evaluation.json").read_text(encoding="utf-8"))
    print(f"{measured['n_spectra']} test spectra of {measured['n_structures']} structures, means with 95 % intervals:")
    for name, row in measured["fingerprints"].items():
        print(f"  mean Tanimoto of predicted bits, {name}: {interval(row['tanimoto'])}")
    mass = measured["retrieval"]["mass"]
    for name in (measured["ranking"], mass["baseline"], "control: spectrum-blind", "random order, expected"):
        if name in mass["rankings"]:
            print(f"  hit@1 among {mass['median_candidates']:.0f} candidates (median), {name}: ", end="")
            print(interval(mass["rankings"][name]["hit@1"]))
    print(f"All figures and pictures: {folder / 'evaluation' / 'index.html'}")


def interval(estimate: dict[str, float]) -> str:
    return f"{estimate['mean']:.3f} [{estimate['low']:.3f}, {estimate['high']:.3f}]"


def use(model_folder: Path, spectra: Path, folds: dict[str, str], candidates: str) -> None:
    """Load the model, and ask it about the first test spectrum that has candidates."""
    model = load_model(model_folder)
    tested = (s for s in load_spectra(spectra, per_feature="all") if folds.get(str(s.get("spectrum_id"))) == "test")
    for spectrum in tested:
        [annotation] = annotate([spectrum], candidates, model, top_k=3)
        if annotation.hits:
            break
    else:
        print("No test spectrum has a candidate in this library.")
        return
    [probabilities] = model.predict_fingerprints([spectrum])
    surest = np.argsort(-probabilities)[:5].tolist()
    print(f"\n{spectrum.get('spectrum_id')}, m/z {annotation.precursor_mz:.4f}, is {spectrum.get('smiles')}")
    print("  surest substructures: ", end="")
    print(", ".join(f"{model.bit_meanings.get(bit, f'bit {bit}')} ({probabilities[bit]:.2f})" for bit in surest))
    for hit in annotation.hits:
        names = hit.candidate.names[:1] or (hit.candidate.smiles,)
        print(f"  {hit.rank}. {names[0]}: score {hit.score:.3f}, probability {hit.probability:.2f}")


def read_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Train, measure and use a model of your own.")
    parser.add_argument("spectra", nargs="?", type=Path, help="spectra with structures; without them some are invented")
    parser.add_argument("--candidates", default="starter", help="folder of a candidate library")
    parser.add_argument("--split", choices=["random", "inchikey", "scaffold", "formula"], default="scaffold")
    parser.add_argument("--epochs", type=int, help="most epochs")
    parser.add_argument("-o", "--output", type=Path, default=Path("my_model"), help="folder for all that is written")
    return parser.parse_args()


def main() -> None:
    """Go the whole way."""
    asked = read_arguments()
    if asked.output.exists():
        sys.exit(f"{asked.output} is there already; give another folder with -o")
    asked.output.mkdir(parents=True)
    settings = SETTINGS if asked.spectra else SETTINGS | QUICK
    settings = settings | ({"epochs": asked.epochs} if asked.epochs else {})
    spectra = asked.spectra or invent_spectra(asked.output / "invented.mgf")
    try:
        model_folder = train_and_measure(spectra, asked.candidates, settings, asked.split, asked.output)
        summarize(asked.output, asked.split)
        folds = read_folds(asked.output / "splits" / "folds.tsv", f"fold_{asked.split}", "accession")
        use(model_folder, spectra, folds, asked.candidates)
    except MatchmsFingerprintError as error:
        sys.exit(f"error: {error}")


if __name__ == "__main__":
    main()

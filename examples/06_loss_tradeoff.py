"""What a loss is good for: similarity of predicted fingerprints against hit rate, over losses.

One small model is trained with each loss, on the same spectra and with the same seed. Losses of bits give more similar
fingerprints, losses of rankings more hits; which of them pays depends on how alike the candidates are, and that is
measured first (De Waele et al. 2026, arXiv 2602.16507). The figure has a point for each loss, with 95 % intervals.

Run it with `python examples/06_loss_tradeoff.py`. It then invents spectra of molecules of the shipped library by
cutting their bonds, which shows the way and takes less than a minute; what comes out says nothing of real spectra. With
spectra of your own that have structures, and a library made by `matchms-fingerprint candidates build`:

    python examples/06_loss_tradeoff.py SPECTRA LIBRARY --epochs 15 -o tradeoff.png

Add `--folds TABLE` where the folds are given. Choose by the fold `val`; look at `--fold test` once. Losses of
embeddings and cross-scorers need a scorer of their own and are left out here.
"""

import argparse
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import matplotlib
import numpy as np
from matchms import Spectrum
from matchms.exporting import save_as_mgf
from rdkit import Chem
from rdkit.Chem.Descriptors import ExactMolWt
from rich.console import Console
from rich.table import Table

from matchms_fingerprint import CandidateLibrary
from matchms_fingerprint.chem.fingerprints import FingerprintSpec
from matchms_fingerprint.constants import DEFAULT_FINGERPRINT, PROTON_MASS
from matchms_fingerprint.evaluation.conflict import summarize_conflict
from matchms_fingerprint.evaluation.estimates import bootstrap_mean
from matchms_fingerprint.evaluation.metrics import best_bit_threshold, tanimoto_of_bits
from matchms_fingerprint.evaluation.predictions import predict_rows
from matchms_fingerprint.evaluation.recommend_loss import recommend_loss
from matchms_fingerprint.evaluation.retrieval import benchmark_rows, candidate_list, ranks
from matchms_fingerprint.features.labelled import LabelledSpectra, read_labelled_spectra
from matchms_fingerprint.kernels.tanimoto import SCORES
from matchms_fingerprint.models.losses.registry import LOSSES
from matchms_fingerprint.training.fit import fit
from matchms_fingerprint.training.negatives import Negatives, find_negatives
from matchms_fingerprint.training.settings import TrainingSettings
from matchms_fingerprint.training.splits import FoldSource

matplotlib.use("Agg")

SHOWN = [name for name, spec in LOSSES.items() if spec.scorer in (None, "cosine")]
FEW = ["bce", "cosine", "iou", "listwise_fingerprint", "combined"]
"""Enough to see the trade-off."""

COLOURS = {"bits": "tab:blue", "listwise": "tab:red", "pairwise": "tab:orange", "combined": "tab:purple"}
INVENTED = TrainingSettings(
    encoder_settings={"n_input": 64, "n_hidden": 128, "n_embedding": 128, "n_blocks": 1},
    epochs=3,
    spectra_per_epoch=1024,
    batch_size=64,
    learning_rate=1e-2,
)
INVENTED_WINDOW_PPM = 1000.0
"""As an instrument of nominal mass would ask: the shipped library is small."""


def fragments(mol: Chem.Mol) -> Iterator[float]:
    """Yield the masses in Da of what is left when one or two single bonds outside of rings are cut."""
    cuts = [bond.GetIdx() for bond in mol.GetBonds() if not bond.IsInRing() and bond.GetBondTypeAsDouble() == 1.0]
    for chosen in [[one] for one in cuts] + [list(pair) for pair in pairwise(cuts)]:
        pieces = Chem.GetMolFrags(Chem.FragmentOnBonds(mol, chosen, addDummies=False), asMols=True)
        yield from (ExactMolWt(piece) for piece in pieces)


def invent_spectra(path: Path, n: int = 400) -> None:
    """Write invented spectra of molecules of the shipped library: protonated pieces of random intensity."""
    library, rng = CandidateLibrary.open("starter"), np.random.default_rng(0)
    candidates = library.search(neutral_mass=300.0, tolerance_da=130.0)
    chosen = candidates.take(np.sort(rng.choice(len(candidates), n, replace=False)))
    for i, candidate in enumerate(chosen):
        masses = np.unique(np.round([*fragments(Chem.MolFromSmiles(candidate.smiles)), candidate.exact_mass], 4))
        mz = masses + PROTON_MASS
        metadata = {
            "spectrum_id": f"invented{i}",
            "smiles": candidate.smiles,
            "precursor_mz": candidate.exact_mass + PROTON_MASS,
            "adduct": "[M+H]+",
            "ionmode": "positive",
        }
        save_as_mgf(Spectrum(mz, rng.uniform(0.05, 1.0, mz.size), metadata), str(path))


def measure(
    probabilities: np.ndarray,
    val_probabilities: np.ndarray,
    data: LabelledSpectra,
    rows: np.ndarray,
    val_rows: np.ndarray,
    lists: list[Any],
) -> dict[str, Any]:
    """Return mean Tanimoto and hit@1 with their intervals; the bit threshold is chosen on `val`."""
    threshold, _ = best_bit_threshold(val_probabilities, data.bits(val_rows))
    structures = data.structure[rows]
    tanimoto = tanimoto_of_bits(probabilities > threshold, data.bits(rows))
    hits = (ranks(probabilities, lists, SCORES["cosine"]) <= 1).astype(float)
    return {"tanimoto": bootstrap_mean(tanimoto, structures), "hit@1": bootstrap_mean(hits, structures)}


def compare_losses(
    data: LabelledSpectra,
    folds: np.ndarray,
    negatives: Negatives,
    lists: list[Any],
    rows: np.ndarray,
    settings: TrainingSettings,
    names: list[str],
) -> dict[str, dict[str, Any]]:
    """Train with each loss and measure."""
    val_rows, found = np.flatnonzero(folds == "val"), {}
    for name in names:
        with tempfile.TemporaryDirectory() as folder:
            chosen = replace(settings, loss=name)
            network = fit(data, folds, chosen, folder, negatives=negatives, progress=False)
        predicted = [predict_rows(network, data, some) for some in (rows, val_rows)]
        found[name] = measure(*predicted, data, rows, val_rows, lists)
    return found


def draw(found: dict[str, dict[str, Any]], fold: str, path: Path) -> None:
    """Draw a point for each loss."""
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(figsize=(7, 5), layout="constrained")
    for name, measured in found.items():
        x, y = measured["tanimoto"], measured["hit@1"]
        bars = {"xerr": [[x.mean - x.low], [x.high - x.mean]], "yerr": [[y.mean - y.low], [y.high - y.mean]]}
        axes.errorbar(x.mean, y.mean, **bars, fmt="o", color=COLOURS[LOSSES[name].kind], elinewidth=0.6, alpha=0.8)
        axes.annotate(name, (x.mean, y.mean), xytext=(5, 5), textcoords="offset points", fontsize=8)
    axes.set_xlabel(f"mean Tanimoto of the predicted bits, {fold}")
    axes.set_ylabel("hit@1 of the cosine")
    axes.grid(alpha=0.3)
    figure.savefig(path, dpi=150)
    pyplot.close(figure)


def table_of(found: dict[str, dict[str, Any]], fold: str) -> Table:
    """Return the figures as a table, the most hits first."""
    table = Table(title=f"Losses on {fold}, with 95 % intervals")
    for header in ("loss", "kind", "mean Tanimoto", "hit@1"):
        table.add_column(header)
    for name, measured in sorted(found.items(), key=lambda item: -item[1]["hit@1"].mean):
        cells = [f"{part.mean:.3f} [{part.low:.3f}, {part.high:.3f}]" for part in measured.values()]
        table.add_row(name, LOSSES[name].kind, *cells)
    return table


def read_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Fingerprint similarity against hit rate, over losses.")
    parser.add_argument("spectra", nargs="?", help="spectra with structures; without them some are invented")
    parser.add_argument("library", nargs="?", default="starter", help="folder of a candidate library")
    parser.add_argument("--folds", type=Path, help="table with the fold of each spectrum; without it, by scaffold")
    parser.add_argument("--fold-column", default="fold_scaffold")
    parser.add_argument("--id-column", default="accession")
    parser.add_argument("--fold", choices=["val", "test"], default="val", help="what to measure on")
    parser.add_argument("--losses", nargs="+", choices=SHOWN, metavar="LOSS", help=", ".join(SHOWN))
    parser.add_argument("--epochs", type=int, help="epochs for each loss")
    parser.add_argument("--spectra-per-epoch", type=int, help="spectra drawn in an epoch")
    parser.add_argument("-o", "--output", type=Path, default=Path("loss_tradeoff.png"), help="figure to write")
    return parser.parse_args()


def main() -> None:
    """Train, measure, print and draw."""
    asked = read_arguments()
    given = {"epochs": asked.epochs, "spectra_per_epoch": asked.spectra_per_epoch}
    settings = replace(
        TrainingSettings(epochs=15) if asked.spectra else INVENTED, **{k: v for k, v in given.items() if v}
    )
    library, tolerance_ppm = CandidateLibrary.open(asked.library), 10.0 if asked.spectra else INVENTED_WINDOW_PPM
    fingerprint = FingerprintSpec.parse(DEFAULT_FINGERPRINT)
    with tempfile.TemporaryDirectory() as folder:
        spectra = Path(asked.spectra) if asked.spectra else Path(folder) / "invented.mgf"
        if not asked.spectra:
            invent_spectra(spectra)
        data = read_labelled_spectra(spectra, fingerprint)
    folds = FoldSource(asked.folds, asked.fold_column, asked.id_column).folds_of(data)
    negatives = find_negatives(library, data, tolerance_ppm=tolerance_ppm)
    # who is held out must not be taught as a wrong answer
    negatives = negatives.without(np.setdiff1d(data.structure, data.structure[folds == "train"]))
    rows = benchmark_rows(np.flatnonzero(folds == asked.fold), data.structure, np.diff(data.spectra.offsets))
    lists = [
        candidate_list(library, float(data.masses[i]), data.inchikeys[i], tolerance_ppm=tolerance_ppm)
        for i in data.structure[rows].tolist()
    ]
    conflict = summarize_conflict([item.fingerprints for item in lists])
    console = Console(width=110, highlight=False)
    for_hits, for_similarity = (recommend_loss(conflict, goal) for goal in ("hit_rate", "similar_structure"))
    console.print(
        f"{len(lists)} spectra of {asked.fold} with {conflict.median_candidates:.0f} candidates (median); conflict "
        f"index {conflict.kappa:.2f}. Recommended for hits: {', '.join(for_hits.losses)}; for similarity: "
        f"{', '.join(for_similarity.losses)}."
    )
    names = asked.losses or (SHOWN if asked.spectra else FEW)
    found = compare_losses(data, folds, negatives, lists, rows, settings, names)
    console.print(table_of(found, asked.fold))
    draw(found, asked.fold, asked.output)
    console.print(f"Wrote {asked.output}", soft_wrap=True)


if __name__ == "__main__":
    main()

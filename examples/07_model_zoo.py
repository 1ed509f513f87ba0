"""A table of models: encoders, heads and losses under one protocol, beside the nearest neighbour.

Each run is trained on `train` with the same number of draws, its best epoch, bit threshold and score are chosen on
`val`, and `test` is asked once. A run is named by its parts, such as

    formula_bag/independent_bits/combined+memory+synthetic

which is encoder, head and loss, then what goes along: a memory of the training spectra, and simulated spectra of
library structures. Any combination may be given to `--runs`; without it a list of 21 is run that covers all encoders,
all heads, and the losses that matter.

    python examples/07_model_zoo.py SPECTRA --library LIBRARY --folds TABLE --epochs 15 --seeds 0 1 -o zoo

The table `zoo/ZOO.md` is written anew after each run: parameters, seeds, CPU minutes a seed, means with 95 %
intervals over structures (over several seeds, of the mean over the seeds), and paired differences to the nearest
neighbour. Stop at any time and start again: what is done is not repeated, and a training goes on after its last epoch.

Without SPECTRA a few small runs on simulated ones show the way; what comes out says nothing of real spectra.
"""

import argparse
import hashlib
import os
import runpy
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import torch
from lightning.pytorch.callbacks import Callback

from matchms_fingerprint import CandidateLibrary
from matchms_fingerprint.chem.fingerprints import FingerprintSpec
from matchms_fingerprint.constants import DEFAULT_FINGERPRINT
from matchms_fingerprint.errors import MatchmsFingerprintError, SettingsError
from matchms_fingerprint.evaluation.baseline_choice import build_baseline
from matchms_fingerprint.evaluation.benchmark import check_fingerprint, check_folds
from matchms_fingerprint.evaluation.estimates import StructureBootstrap, format_interval
from matchms_fingerprint.evaluation.metrics import rank_of_truth, tanimoto_of_bits
from matchms_fingerprint.evaluation.retrieval import HITS, CandidateList, benchmark_rows
from matchms_fingerprint.features.labelled import LabelledSpectra, read_labelled_spectra
from matchms_fingerprint.features.molecules import Molecules, molecules_of
from matchms_fingerprint.io.artifacts import atomic_file, read_json, sha256_of, write_json
from matchms_fingerprint.kernels.tanimoto import SCORES
from matchms_fingerprint.models.encoders.encoder import Encoder
from matchms_fingerprint.models.losses.registry import find_loss
from matchms_fingerprint.models.network import Network
from matchms_fingerprint.models.registry import find_encoder, find_head
from matchms_fingerprint.training.finish import measure
from matchms_fingerprint.training.fit import fit, negatives_for
from matchms_fingerprint.training.negatives import Negatives
from matchms_fingerprint.training.settings import TrainingSettings
from matchms_fingerprint.training.splits import FoldSource
from matchms_fingerprint.training.synthetic import N_STRUCTURES

BITS_LOSSES = ("bce", "focal", "cosine", "iou", "bce_iou")
RANKING_LOSSES = ("listwise_fingerprint", "listwise_embedding", "listwise_cross", "pairwise_fingerprint", "combined")
RUNS = [
    *(f"binned_mlp/independent_bits/{loss}" for loss in (*BITS_LOSSES, *RANKING_LOSSES)),
    *(f"binned_mlp/{head}/bce_iou" for head in ("grouped_bits", "unfolding")),
    *(
        f"{encoder}/independent_bits/bce_iou"
        for encoder in ("deep_sets", "peak_transformer", "formula_transformer", "formula_bag")
    ),
    "binned_mlp/independent_bits/bce_iou+memory",
    "formula_bag/independent_bits/bce_iou+memory",
    "formula_bag/independent_bits/bce_iou+synthetic",
    "formula_bag/independent_bits/bce_iou+memory+synthetic",
    "formula_bag/independent_bits/combined+memory",
]
NEAREST = "nearest neighbour"
FOLDS = ("val", "test")

INVENTED_RUNS = ["binned_mlp/independent_bits/bce_iou+memory", "binned_mlp/independent_bits/listwise_embedding"]
_SMALL_BINNED = {"n_input": 32, "n_hidden": 64, "n_embedding": 32, "n_blocks": 1, "dropout": 0.1}
INVENTED = {
    "epochs": 2,
    "spectra_per_epoch": 512,
    "batch_size": 64,
    "learning_rate": 1e-2,
    "gate_steps": 50,
    "real_epochs": 1,
    "synthetic_structures": 200,
    "encoder_settings": {"binned_mlp": _SMALL_BINNED, "formula_bag": _SMALL_BINNED},
}
"""Small and quick, for simulated spectra."""


class CpuClock(Callback):
    """Counts the processor time of a training in seconds, across restarts."""

    def __init__(self) -> None:
        self.seconds, self._since = 0.0, 0.0

    def on_train_start(self, *_: Any) -> None:
        """Begin to count."""
        self._since = cpu_seconds()

    def on_validation_end(self, *_: Any) -> None:
        """Count an epoch, before its checkpoint is written."""
        self.seconds, self._since = self.seconds + cpu_seconds() - self._since, cpu_seconds()

    def state_dict(self) -> dict[str, float]:
        """Return what a checkpoint remembers."""
        return {"seconds": self.seconds}

    def load_state_dict(self, state_dict: dict[str, float]) -> None:
        """Take up what a checkpoint remembered."""
        self.seconds = state_dict["seconds"]


def cpu_seconds() -> float:
    """Return the processor time of this process and of those that it started."""
    return sum(os.times()[:4])


@dataclass(frozen=True)
class Run:
    """One row of the table."""

    name: str
    parts: tuple[str, str, str]
    extras: frozenset[str]

    @classmethod
    def parse(cls, name: str) -> "Run":
        """Read the name of a run; raise an error where a part of it is not known."""
        head, *extras = name.split("+")
        parts = tuple(head.split("/"))
        if len(parts) != 3 or not {"memory", "synthetic"}.issuperset(extras):
            raise SettingsError(f"run {name!r}: expected ENCODER/HEAD/LOSS, then +memory, +synthetic or both")
        find_encoder(parts[0]), find_head(parts[1]), find_loss(parts[2])
        return cls(name, parts, frozenset(extras))

    def settings(self, shared: dict[str, Any], seed: int) -> TrainingSettings:
        """Return the settings of a training; those of encoders and heads are given by their names."""
        encoder, head, loss = self.parts
        values = dict(shared) | {"encoder": encoder, "head": head, "loss": loss, "seed": seed}
        for kind, name in (("encoder_settings", encoder), ("head_settings", head)):
            values[kind] = shared.get(kind, {}).get(name, {})
        if "memory" not in self.extras:
            values["memory_peaks"] = 0
        synthetic = values.get("synthetic_structures", N_STRUCTURES)
        values["synthetic_structures"] = synthetic if "synthetic" in self.extras else 0
        settings = TrainingSettings.from_dict(values)
        return replace(settings, patience=settings.epochs)  # all see the same number of spectra

    def training_folder(self, folder: Path, seed: int) -> Path:
        """Return the folder of the training, which does not depend on a memory: that is given afterwards."""
        synthetic = "+synthetic" if "synthetic" in self.extras else ""
        return folder / "training" / ("-".join(self.parts) + f"{synthetic}-seed{seed}")


@dataclass
class Zoo:
    """Spectra, folds and candidates that all runs share, and the folder of the results."""

    data: LabelledSpectra
    folds: np.ndarray
    library: CandidateLibrary
    folder: Path
    shared: dict[str, Any]
    progress: bool = True
    _negatives: dict[str, Negatives] = field(default_factory=dict)
    _lists: dict[int, tuple[CandidateList, list[str]]] = field(default_factory=dict)

    @cached_property
    def with_formulas(self) -> LabelledSpectra:
        """The data with the formulas that take minutes to find; kept in a file."""
        path = self.folder / "formulas.npz"
        if not path.is_file():
            found = find_encoder("formula_bag").complete(self.data.spectra)
            with atomic_file(path) as partial, open(partial, "wb") as handle:
                np.savez(handle, formula=found.formula, formula_confidence=found.formula_confidence)
        with np.load(path) as arrays:
            return replace(self.data, spectra=replace(self.data.spectra, **arrays))

    def data_for(self, encoder: str) -> LabelledSpectra:
        """Return the data as an encoder reads them."""
        reads_formulas = find_encoder(encoder).complete.__func__ is not Encoder.complete.__func__
        return self.with_formulas if reads_formulas else self.data

    def rows(self, fold: str, ranked: bool = False) -> np.ndarray:
        """Return the spectra of a fold, or those of them that rank candidates."""
        rows = np.flatnonzero(self.folds == fold)
        return benchmark_rows(rows, self.data.structure, np.diff(self.data.spectra.offsets)) if ranked else rows

    def candidates(self, structure: int) -> tuple[CandidateList, list[str]]:
        """Return the candidates within 10 ppm of a structure, and their SMILES."""
        if structure not in self._lists:
            found = self.library.search(neutral_mass=float(self.data.masses[structure]))
            block = self.data.inchikeys[structure][:14]
            correct = np.array([key[:14] == block for key in found.inchikeys], bool)
            self._lists[structure] = CandidateList(found.fingerprints, correct), list(found.smiles)
        return self._lists[structure]

    def negatives(self, settings: TrainingSettings) -> Negatives | None:
        """Return the wrong candidates for a loss that ranks them; found once."""
        if not find_loss(settings.loss).needs_candidates:
            return None
        if settings.negatives not in self._negatives:
            found = negatives_for(self.data, self.folds, replace(settings, seed=0), self.library)
            self._negatives[settings.negatives] = found[1]
        return self._negatives[settings.negatives]

    def results(self, name: str, seed: int) -> Path:
        """Return the folder of what was measured."""
        return self.folder / "measured" / f"{name.replace('/', '-').replace(' ', '-')}-seed{seed}"

    def measure_nearest(self) -> None:
        """Measure the nearest neighbour, if that is still to be done."""
        if (self.results(NEAREST, 0) / "run.json").is_file():
            return
        train, values = self.rows("train"), {}
        nearest = build_baseline("nearest", self.data, train, np.empty(0, np.int64))
        for fold in FOLDS:
            predicted = nearest.predict(self.data.spectra.take(self.rows(fold)))
            values |= self.measured_values(fold, predicted, nearest.bit_threshold, {"tanimoto": SCORES["tanimoto"]})
        self.write(NEAREST, 0, values, {"parameters": None, "cpu_seconds": None})

    def train_and_measure(self, run: Run, seed: int) -> None:
        """Train and measure, if that is still to be done."""
        if (self.results(run.name, seed) / "run.json").is_file():
            return
        settings, data = run.settings(self.shared, seed), self.data_for(run.parts[0])
        clock = CpuClock()
        network = fit(
            data,
            self.folds,
            settings,
            run.training_folder(self.folder, seed),
            self.library,
            self.negatives(settings),
            progress=self.progress,
            extra_callbacks=[clock],
        )
        # memory and threshold come from `train` and `val`
        done = measure(network, data, np.where(self.folds == "test", "", self.folds), settings)
        values = {}
        for fold in FOLDS:
            rows = self.rows(fold)
            logits, embedding = outputs(done.network, data, rows)
            predicted = torch.sigmoid(logits).numpy()
            values |= self.measured_values(fold, predicted, done.bit_threshold, SCORES)
            if find_loss(settings.loss).scorer in ("joint", "cross"):
                ranked = np.isin(rows, self.rows(fold, ranked=True))
                values[f"{fold}_ranks_own"] = self.own_ranks(done.network, logits[ranked], embedding[ranked], fold)
        n_parameters = sum(parameter.numel() for parameter in done.network.parameters())
        self.write(run.name, seed, values, {"parameters": n_parameters, "cpu_seconds": round(clock.seconds, 1)})

    def measured_values(
        self, fold: str, predicted: np.ndarray, threshold: float, scores: dict[str, Any]
    ) -> dict[str, np.ndarray]:
        """Return the Tanimoto similarity of each spectrum of a fold, and the ranks by each score of those that rank."""
        rows, ranked = self.rows(fold), self.rows(fold, ranked=True)
        values = {f"{fold}_tanimoto": tanimoto_of_bits(predicted > threshold, self.data.bits(rows))}
        chosen = predicted[np.isin(rows, ranked)]
        lists = [self.candidates(i)[0] for i in self.data.structure[ranked].tolist()]
        for name, score in scores.items():
            pairs = zip(chosen, lists, strict=True)
            values[f"{fold}_ranks_{name}"] = np.array(
                [rank_of_truth(score(p, found.fingerprints), found.correct) for p, found in pairs]
            )
        return values

    def own_ranks(self, network: Network, logits: torch.Tensor, embedding: torch.Tensor, fold: str) -> np.ndarray:
        """Return the ranks by the score that the network has learned, of a joint embedding or of pairs."""
        ranks, structures = [], self.data.structure[self.rows(fold, ranked=True)].tolist()
        for i, structure in enumerate(structures):
            found, smiles = self.candidates(structure)
            molecules = Molecules(found.fingerprints)
            if network.scorer.needs_graphs:
                molecules = molecules_of(smiles, self.data.fingerprint)
            scores = network.scorer.score_lists(logits[i : i + 1], embedding[i : i + 1], [molecules])[0]
            ranks.append(rank_of_truth(scores.astype(np.float64), found.correct))
        return np.array(ranks)

    def write(self, name: str, seed: int, values: dict[str, np.ndarray], described: dict[str, Any]) -> None:
        """Write what was measured; `run.json` comes last and says that it is all there."""
        folder = self.results(name, seed)
        with atomic_file(folder / "values.npz") as partial, open(partial, "wb") as handle:
            np.savez(handle, **values)
        write_json(folder / "run.json", {"name": name, "seed": seed} | described)

    def finished(self) -> list[str]:
        """Return the names of all runs that have a result."""
        return sorted({read_json(path)["name"] for path in (self.folder / "measured").glob("*/run.json")})

    def read(self, name: str) -> tuple[list[dict[str, Any]], dict[str, np.ndarray]]:
        """Return the descriptions of a run's finished seeds, and their values side by side, shape (n_seeds, n)."""
        folders = [path.parent for path in sorted(self.results(name, 0).parent.glob("*/run.json"))]
        described = [(folder, read_json(folder / "run.json")) for folder in folders]
        mine = [(folder, one) for folder, one in described if one["name"] == name]
        values = [dict(np.load(folder / "values.npz")) for folder, _ in mine]
        return [one for _, one in mine], {key: np.stack([one[key] for one in values]) for key in values[0]}


def outputs(network: Network, data: LabelledSpectra, rows: np.ndarray) -> tuple[torch.Tensor, torch.Tensor]:
    """Return logits and embeddings of some spectra."""
    parts = []
    with torch.inference_mode():
        for start in range(0, rows.size, 512):
            parts.append(network(network.prepare(data.spectra.take(rows[start : start + 512]))))
    return torch.cat([part[0] for part in parts]), torch.cat([part[1] for part in parts])


COLUMNS = (
    "run | parameters | seeds | CPU minutes | val Tanimoto | test Tanimoto | difference to nearest | score | val hit@1 "
    "| test hit@1 | difference to nearest | test hit@5 | test hit@20"
)


def table(zoo: Zoo, by: str) -> Iterator[str]:
    """Yield the lines of the Markdown table, best on `val` first."""
    everything = {fold: StructureBootstrap(zoo.data.structure[zoo.rows(fold)]) for fold in FOLDS}
    ranked = {fold: StructureBootstrap(zoo.data.structure[zoo.rows(fold, ranked=True)]) for fold in FOLDS}
    _, nearest = zoo.read(NEAREST)
    rows = []
    for name in zoo.finished():
        described, values = zoo.read(name)
        scores = [key.removeprefix("val_ranks_") for key in values if key.startswith("val_ranks_")]
        best = max(scores, key=lambda score: (values[f"val_ranks_{score}"] <= 1).mean())
        hits = {(f, k): (values[f"{f}_ranks_{best}"] <= k).mean(axis=0) for f in FOLDS for k in HITS}
        tanimoto = {fold: values[f"{fold}_tanimoto"].mean(axis=0) for fold in FOLDS}
        gain = ["", ""]
        if name != NEAREST:
            found = tanimoto["test"] - nearest["test_tanimoto"][0]
            found_hits = hits["test", 1] - (nearest["test_ranks_tanimoto"][0] <= 1)
            gain = [show(everything["test"], found), show(ranked["test"], found_hits)]
        seconds = [one["cpu_seconds"] for one in described if one["cpu_seconds"] is not None]
        parameters = described[0]["parameters"]
        cells = [
            name,
            f"{parameters / 1e6:.2f} M" if parameters else "",
            ", ".join(str(one["seed"]) for one in described) if parameters else "",
            f"{np.mean(seconds) / 60:.1f}" if seconds else "",
            *(show(everything[fold], tanimoto[fold]) for fold in FOLDS),
            gain[0],
            best,
            *(show(ranked[fold], hits[fold, 1]) for fold in FOLDS),
            gain[1],
            *(f"{hits['test', k].mean():.3f}" for k in HITS[1:]),
        ]
        rows.append((float((tanimoto["val"] if by == "tanimoto" else hits["val", 1]).mean()), cells))
    yield f"| {COLUMNS} |"
    yield "|" + "---|" * len(COLUMNS.split(" | "))
    for _, cells in sorted(rows, key=lambda row: -row[0]):
        yield "| " + " | ".join(cells) + " |"


def show(bootstrap: StructureBootstrap, values: np.ndarray) -> str:
    return format_interval(bootstrap.over_spectra(values).to_dict())


def describe(zoo: Zoo, source: str) -> str:
    """Say under which protocol the table was made."""
    rows = {fold: zoo.rows(fold) for fold in ("train", *FOLDS)}
    counts = ", ".join(
        f"{one.size:,} spectra of {np.unique(zoo.data.structure[one]).size:,} structures in {fold}"
        for fold, one in rows.items()
    )
    settings = TrainingSettings.from_dict({k: v for k, v in zoo.shared.items() if not k.endswith("_settings")})
    ranked = {fold: zoo.rows(fold, ranked=True) for fold in FOLDS}
    sizes = [zoo.candidates(i)[0].correct.size for i in zoo.data.structure[ranked["test"]].tolist()]
    return (
        f"# Models under one protocol\n\n{source}: {counts}. {settings.epochs} epochs of "
        f"{settings.spectra_per_epoch:,} draws for each run; epoch, bit threshold and score are chosen on val. "
        f"Tanimoto is that of the predicted bits (`{zoo.data.fingerprint}`), its mean over all spectra. hit@k is among "
        f"the candidates of {zoo.library.path.name} within 10 ppm (median {np.median(sizes):.0f} in test), on "
        f"{ranked['val'].size:,} and {ranked['test'].size:,} spectra, at most 3 a structure. 95 % intervals over "
        "structures; several seeds are averaged spectrum by spectrum. Sorted by val.\n"
    )


def claim(folder: Path, identity: dict[str, Any]) -> None:
    """Begin the folder, or check that it holds runs of the same protocol."""
    described = folder / "protocol.json"
    if not described.is_file():
        write_json(described, identity)
    elif read_json(described) != identity:
        raise SettingsError(f"{folder}: holds runs on other spectra, folds, candidates or draws; give another -o")


def read_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Train and measure many models under one protocol.")
    parser.add_argument("spectra", nargs="?", type=Path, help="spectra with structures; without them some are invented")
    parser.add_argument("--library", default="starter", help="folder of a candidate library")
    parser.add_argument("--folds", type=Path, help="table with the fold of each spectrum; without it, by scaffold")
    parser.add_argument("--fold-column", default="fold_scaffold")
    parser.add_argument("--id-column", default="accession")
    parser.add_argument("--runs", nargs="+", metavar="RUN", help="ENCODER/HEAD/LOSS[+memory][+synthetic]")
    parser.add_argument("--epochs", type=int, help="epochs of each run")
    parser.add_argument("--spectra-per-epoch", type=int, help="spectra drawn in an epoch")
    parser.add_argument("--seeds", nargs="+", type=int, default=[0])
    parser.add_argument(
        "--settings", type=Path, help="JSON file with more training settings; those of encoders and heads by name"
    )
    parser.add_argument("--sort", choices=["tanimoto", "hit@1"], default="tanimoto", help="measure on val to sort by")
    parser.add_argument("--quiet", action="store_true", help="no progress bars")
    parser.add_argument("-o", "--output", type=Path, default=Path("zoo"), help="folder for all that is written")
    return parser.parse_args()


def open_zoo(asked: argparse.Namespace) -> Zoo:
    """Read everything that the runs share."""
    given = {"epochs": asked.epochs, "spectra_per_epoch": asked.spectra_per_epoch}
    shared = read_json(asked.settings) if asked.settings else {} if asked.spectra else INVENTED
    shared = shared | {name: value for name, value in given.items() if value}
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
    identity = {
        "spectra": sha256_of(spectra),
        "folds": hashlib.sha256("\n".join(folds.tolist()).encode()).hexdigest(),
        "library": library.manifest.sha256,
        "settings": shared,
    }
    claim(asked.output, identity)
    return Zoo(data, folds, library, asked.output, shared, not asked.quiet)


def main() -> None:
    """Run what is still to be done, and write the table after each."""
    asked = read_arguments()
    try:
        runs = [Run.parse(name) for name in asked.runs or (RUNS if asked.spectra else INVENTED_RUNS)]
        zoo = open_zoo(asked)
        for run in runs:
            run.settings(zoo.shared, 0)  # a mistake shows before the work
        source = f"Spectra of {asked.spectra.name}" if asked.spectra else "Simulated spectra"
        text = describe(zoo, source)
        zoo.measure_nearest()
        for seed in asked.seeds:
            for run in runs:
                print(f"{run.name}, seed {seed}", file=sys.stderr)
                zoo.train_and_measure(run, seed)
                lines = "\n".join(table(zoo, asked.sort))
                (asked.output / "ZOO.md").write_text(f"{text}\n{lines}\n", encoding="utf-8")
    except MatchmsFingerprintError as error:
        sys.exit(f"error: {error}")
    print((asked.output / "ZOO.md").read_text(encoding="utf-8"), end="")


if __name__ == "__main__":
    main()

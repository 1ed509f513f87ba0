"""Many models under one protocol: encoders, heads and losses, trained and measured alike beside what is no model.

A run is named by its parts, such as `formula_bag/independent_bits/combined+memory+synthetic`: encoder, head and loss,
then what goes along, a memory of the training spectra and simulated spectra of library structures. Each run is trained
on `train` with the same number of draws; its epoch, bit threshold and score are chosen on `val`, and `test` is asked
once. What is done is not repeated, and a training goes on after its last epoch.

    protocol.json           spectra, folds, candidates and draws that all runs share
    once.json               processor time in seconds of what is done once for several runs
    training/               checkpoint and curve of each training
    measured/*/values.npz   one value a spectrum
    measured/*/run.json     what the run was; written last
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import lightning
import numpy as np
import torch
from lightning.pytorch.callbacks import Callback
from numpy.typing import NDArray
from torch import Tensor

from matchms_fingerprint.candidates import CandidateLibrary
from matchms_fingerprint.errors import SettingsError
from matchms_fingerprint.evaluation.baseline_choice import build_baseline
from matchms_fingerprint.evaluation.contestants import BLIND
from matchms_fingerprint.evaluation.controls import SpectrumBlind, foreign_spectra
from matchms_fingerprint.evaluation.metrics import rank_of_truth, tanimoto_of_bits
from matchms_fingerprint.evaluation.retrieval import CandidateList, benchmark_rows, ranks
from matchms_fingerprint.features.arrays import SpectrumArrays
from matchms_fingerprint.features.labelled import LabelledSpectra
from matchms_fingerprint.features.molecules import Molecules, molecules_of
from matchms_fingerprint.io.artifacts import atomic_file, read_json, write_json
from matchms_fingerprint.kernels.tanimoto import SCORES
from matchms_fingerprint.models.encoders.encoder import Encoder
from matchms_fingerprint.models.losses.registry import find_loss
from matchms_fingerprint.models.network import Network
from matchms_fingerprint.models.registry import find_encoder, find_head
from matchms_fingerprint.training.finish import measure
from matchms_fingerprint.training.fit import SYNTHETIC, fit, negatives_for, synthetic_for
from matchms_fingerprint.training.negatives import Negatives
from matchms_fingerprint.training.settings import TrainingSettings
from matchms_fingerprint.training.synthetic import N_STRUCTURES

NEAREST = "nearest neighbour"
FOLDS = ("val", "test")
OWN_SCORE = "own"
"""Name of the score that a network has learned itself, of a joint embedding or of pairs."""
_PROTOCOL = "protocol.json"
_ONCE = "once.json"


@dataclass(frozen=True)
class ZooRun:
    """One row of the table.

    Parameters
    ----------
    name
        Its full name.
    parts
        Names of encoder, head and loss.
    extras
        "memory", "synthetic", both or none.
    """

    name: str
    parts: tuple[str, str, str]
    extras: frozenset[str]

    @classmethod
    def parse(cls, name: str) -> ZooRun:
        """Read the name of a run.

        Raises
        ------
        SettingsError, ModelError
            If it has other parts, or one of them is not known.
        """
        first, *extras = name.split("+")
        parts = first.split("/")
        if len(parts) != 3 or not {"memory", "synthetic"}.issuperset(extras):
            raise SettingsError(f"run {name!r}: expected ENCODER/HEAD/LOSS, then +memory, +synthetic or both")
        find_encoder(parts[0]), find_head(parts[1]), find_loss(parts[2])
        return cls(name, (parts[0], parts[1], parts[2]), frozenset(extras))

    def settings(self, shared: Mapping[str, Any], seed: int) -> TrainingSettings:
        """Return the settings of the training.

        Parameters
        ----------
        shared
            Training settings of all runs; those of encoders and heads are given by their names.
        seed
            Of this training.
        """
        encoder, head, loss = self.parts
        values = dict(shared) | {"encoder": encoder, "head": head, "loss": loss, "seed": seed}
        for kind, name in (("encoder_settings", encoder), ("head_settings", head)):
            values[kind] = shared.get(kind, {}).get(name, {})
        if "memory" not in self.extras:
            values["memory_peaks"] = 0
        n_synthetic = values.get("synthetic_structures", N_STRUCTURES)
        values["synthetic_structures"] = n_synthetic if "synthetic" in self.extras else 0
        settings = TrainingSettings.from_dict(values)
        return replace(settings, patience=settings.epochs)  # all see the same number of spectra

    @property
    def training(self) -> str:
        """Name of the training, which does not depend on a memory: that is given afterwards."""
        return "-".join(self.parts) + ("+synthetic" if "synthetic" in self.extras else "")


class RunClock(Callback):
    """Counts the processor time of a training in seconds, and remembers its best epoch, across restarts."""

    def __init__(self, metric: str) -> None:
        self.metric = metric
        self.seconds, self.best, self.best_epoch = 0.0, -1.0, -1
        self._since = 0.0

    def on_train_start(self, *_: Any) -> None:
        """Begin to count."""
        self._since = cpu_seconds()

    def on_validation_end(self, trainer: lightning.Trainer, pl_module: lightning.LightningModule) -> None:
        """Count an epoch, before its checkpoint is written."""
        self.seconds, self._since = self.seconds + cpu_seconds() - self._since, cpu_seconds()
        value = float(trainer.callback_metrics[self.metric])
        if value > self.best:
            self.best, self.best_epoch = value, trainer.current_epoch

    def state_dict(self) -> dict[str, Any]:
        """Return what a checkpoint remembers."""
        return {"seconds": self.seconds, "best": self.best, "best_epoch": self.best_epoch}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Take up what a checkpoint remembered."""
        self.seconds, self.best, self.best_epoch = (state_dict[name] for name in ("seconds", "best", "best_epoch"))


def cpu_seconds() -> float:
    """Return the processor time of this process and of those that it started."""
    return sum(os.times()[:4])


@dataclass
class ModelZoo:
    """Spectra, folds and candidates that all runs share, and the folder of the results.

    Parameters
    ----------
    data, folds
        Labelled spectra, and train, val or test for each.
    library
        Candidates within 10 ppm of the true mass compete.
    folder
        For all that is written.
    shared
        Training settings of all runs; see `ZooRun.settings`.
    progress
        Show progress bars.
    """

    data: LabelledSpectra
    folds: NDArray[np.str_]
    library: CandidateLibrary
    folder: Path
    shared: Mapping[str, Any]
    progress: bool = True
    _negatives: dict[str, Negatives] = field(default_factory=dict)
    _lists: dict[int, tuple[CandidateList, list[str]]] = field(default_factory=dict)

    def claim(self, identity: Mapping[str, Any]) -> None:
        """Begin the folder, or check that it holds runs of the same protocol.

        Raises
        ------
        SettingsError
            If it holds others.
        """
        described = self.folder / _PROTOCOL
        if not described.is_file():
            write_json(described, dict(identity))
        elif read_json(described) != identity:
            raise SettingsError(f"{self.folder}: holds runs on other spectra, folds, candidates or draws; give another")

    def rows(self, fold: str, ranked: bool = False) -> NDArray[np.int64]:
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

    def measure_references(self) -> None:
        """Measure the nearest neighbour, and the ranking that looks at the candidates alone, where still to be done."""
        train = self.rows("train")
        if not self._is_done(NEAREST, 0):
            nearest, values = build_baseline("nearest", self.data, train, np.empty(0, np.int64)), {}
            before = cpu_seconds()
            for fold in FOLDS:
                predicted = nearest.predict(self.data.spectra.take(self.rows(fold)))
                values[f"{fold}_tanimoto"] = self._tanimoto(predicted > nearest.bit_threshold, fold)
                chosen = predicted[np.isin(self.rows(fold), self.rows(fold, ranked=True))]
                values[f"{fold}_ranks_tanimoto"] = ranks(chosen, self._candidate_lists(fold), SCORES["tanimoto"])
            self._write(NEAREST, 0, values, {"cpu_seconds": round(cpu_seconds() - before, 1)})
        if not self._is_done(BLIND, 0):
            trained, before = np.unique(self.data.structure[train]), cpu_seconds()
            measured, masses = self.data.fingerprints[trained], self.data.masses[trained]
            blind, values = SpectrumBlind(measured, masses, self.data.fingerprints, self.library), {}
            for fold in FOLDS:
                lists = self._candidate_lists(fold)
                values[f"{fold}_ranks_blind"] = ranks(np.zeros((len(lists), 0), np.float32), lists, blind.score)
            self._write(BLIND, 0, values, {"cpu_seconds": round(cpu_seconds() - before, 1)})

    def train_and_measure(self, run: ZooRun, seed: int) -> None:
        """Train and measure, if that is still to be done."""
        if self._is_done(run.name, seed):
            return
        settings, data = run.settings(self.shared, seed), self._data_for(run.parts[0])
        folder = self.folder / "training" / f"{run.training}-seed{seed}"
        everywhere, clock = self._negatives_for(settings), RunClock(f"val_{settings.monitor}")
        self._share_synthetic(folder, settings)
        network = fit(
            data, self.folds, settings, folder, self.library, everywhere, self.progress, extra_callbacks=[clock]
        )
        of_train, _ = negatives_for(data, self.folds, settings, self.library, everywhere) or (None, None)
        # memory and threshold come from `train` and `val`
        known = np.where(self.folds == "test", "", self.folds)
        done = measure(network, data, known, settings, negatives=of_train)
        own = () if find_loss(settings.loss).scorer in (None, "cosine") else (OWN_SCORE,)
        values: dict[str, NDArray[np.float64]] = {}
        for fold in FOLDS:
            spectra = data.spectra.take(self.rows(fold))
            predicted = np.concatenate([part.numpy() for part, _ in done.network.outputs(spectra)])
            values[f"{fold}_tanimoto"] = self._tanimoto(predicted > done.bit_threshold, fold)
            shown = data.spectra.take(self.rows(fold, ranked=True))
            for name, found in self._ranks(done.network, fold, shown, (*SCORES, *own)).items():
                values[f"{fold}_ranks_{name}"] = found
        best = best_score(values)
        rows = self.rows("test", ranked=True)
        foreign = foreign_spectra(data.spectra.precursor_mz, data.structure, data.spectra.ion_mode, rows)
        [values["test_foreign_ranks"]] = self._ranks(done.network, "test", data.spectra.take(foreign), [best]).values()
        described = {
            "parameters": sum(parameter.numel() for parameter in done.network.parameters()),
            "cpu_seconds": round(clock.seconds, 1),
            "epochs": settings.epochs,
            "best_epoch": clock.best_epoch,
            "score": best,
        }
        self._write(run.name, seed, values, described)

    def _tanimoto(self, predicted: NDArray[np.bool_], fold: str) -> NDArray[np.float64]:
        return tanimoto_of_bits(predicted, self.data.bits(self.rows(fold)))

    def _candidate_lists(self, fold: str) -> list[CandidateList]:
        return [self.candidates(i)[0] for i in self.data.structure[self.rows(fold, ranked=True)].tolist()]

    def _ranks(
        self, network: Network, fold: str, shown: SpectrumArrays, scores: Sequence[str]
    ) -> dict[str, NDArray[np.float64]]:
        """Rank by each score the candidates of the spectra of a fold that rank, each `shown` a spectrum."""
        logits, embedding = _outputs(network, shown)
        predicted, lists = torch.sigmoid(logits).numpy(), self._candidate_lists(fold)
        found = {name: ranks(predicted, lists, SCORES[name]) for name in scores if name != OWN_SCORE}
        if OWN_SCORE in scores:
            found[OWN_SCORE] = self._own_ranks(network, logits, embedding, fold)
        return found

    def _own_ranks(self, network: Network, logits: Tensor, embedding: Tensor, fold: str) -> NDArray[np.float64]:
        scorer, found = network.scorer, []
        assert scorer is not None
        for i, structure in enumerate(self.data.structure[self.rows(fold, ranked=True)].tolist()):
            candidates, smiles = self.candidates(structure)
            molecules = Molecules(candidates.fingerprints)
            if scorer.needs_graphs:
                molecules = molecules_of(smiles, self.data.fingerprint)
            scores = scorer.score_lists(logits[i : i + 1], embedding[i : i + 1], [molecules])[0]
            found.append(rank_of_truth(scores.astype(np.float64), candidates.correct))
        return np.array(found)

    def _data_for(self, encoder: str) -> LabelledSpectra:
        """Return the data as an encoder reads them."""
        reads_formulas = find_encoder(encoder).complete.__func__ is not Encoder.complete.__func__  # type: ignore[attr-defined]
        return self._with_formulas if reads_formulas else self.data

    @cached_property
    def _with_formulas(self) -> LabelledSpectra:
        """The data with the formulas that take minutes to find; kept in a file."""
        path = self.folder / "formulas.npz"
        if not path.is_file():
            with self._once("formulas"):
                found = find_encoder("formula_bag").complete(self.data.spectra)
            with atomic_file(path) as partial, open(partial, "wb") as handle:
                np.savez(handle, formula=found.formula, formula_confidence=found.formula_confidence)
        with np.load(path) as arrays:
            return replace(self.data, spectra=replace(self.data.spectra, **arrays))

    def _negatives_for(self, settings: TrainingSettings) -> Negatives | None:
        """Return the wrong candidates for a loss that ranks them; found once."""
        if not find_loss(settings.loss).needs_candidates:
            return None
        if settings.negatives not in self._negatives:
            with self._once("wrong candidates"):
                both = negatives_for(self.data, self.folds, replace(settings, seed=0), self.library)
            assert both is not None
            self._negatives[settings.negatives] = both[1]
        return self._negatives[settings.negatives]

    def _share_synthetic(self, folder: Path, settings: TrainingSettings) -> None:
        """Put what simulates spectra into the folder of a training; made once a seed."""
        if not settings.synthetic_structures or (folder / SYNTHETIC).is_file():
            return
        shared = self.folder / f"synthetic-seed{settings.seed}"
        if not (shared / SYNTHETIC).is_file():
            with self._once("simulated spectra"):
                synthetic_for(self.data, self.folds, settings, shared, self.library, self.progress)
        with atomic_file(folder / SYNTHETIC) as partial:
            shutil.copyfile(shared / SYNTHETIC, partial)

    @contextmanager
    def _once(self, name: str) -> Iterator[None]:
        """Note the processor time of something that several runs share."""
        before = cpu_seconds()
        yield
        noted = self.seconds_of_once()
        noted[name] = round(noted.get(name, 0.0) + cpu_seconds() - before, 1)
        write_json(self.folder / _ONCE, noted)

    def seconds_of_once(self) -> dict[str, float]:
        """Return the processor time in seconds of what several runs share."""
        path = self.folder / _ONCE
        return dict(read_json(path)) if path.is_file() else {}

    def _results(self, name: str, seed: int) -> Path:
        plain = name.replace("/", "-").replace(" ", "-").replace(":", "")
        return self.folder / "measured" / f"{plain}-seed{seed}"

    def _is_done(self, name: str, seed: int) -> bool:
        return (self._results(name, seed) / "run.json").is_file()

    def _write(self, name: str, seed: int, values: dict[str, NDArray[np.float64]], described: dict[str, Any]) -> None:
        folder = self._results(name, seed)
        with atomic_file(folder / "values.npz") as partial, open(partial, "wb") as handle:
            np.savez(handle, **values)  # type: ignore[arg-type]
        write_json(folder / "run.json", {"name": name, "seed": seed} | described)


def best_score(values: Mapping[str, NDArray[np.float64]]) -> str:
    """Return the score with the highest hit@1 on `val`, the first of equals."""
    names = [key.removeprefix("val_ranks_") for key in values if key.startswith("val_ranks_")]
    return max(names, key=lambda name: float((values[f"val_ranks_{name}"] <= 1).mean()))


def _outputs(network: Network, spectra: SpectrumArrays) -> tuple[Tensor, Tensor]:
    """Return logits and embeddings of spectra, as the scorer of a network takes them."""
    network.eval()
    with torch.inference_mode():
        parts = [network(network.prepare(batch)) for batch in spectra.batches(512)]
    return torch.cat([part[0] for part in parts]), torch.cat([part[1] for part in parts])

"""The table of `training.model_zoo` in Markdown, from the files that the runs left."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from matchms_fingerprint.evaluation.contestants import BLIND
from matchms_fingerprint.evaluation.estimates import StructureBootstrap, format_interval
from matchms_fingerprint.evaluation.retrieval import HITS
from matchms_fingerprint.io.artifacts import read_json
from matchms_fingerprint.training.model_zoo import FOLDS, NEAREST, ModelZoo, best_score
from matchms_fingerprint.training.settings import TrainingSettings

COLUMNS = (
    "run",
    "val hit@1",
    "test hit@1",
    "difference to nearest",
    "with another spectrum of this mass",
    "score",
    *(f"test hit@{k}" for k in HITS[1:]),
    "val Tanimoto",
    "test Tanimoto",
    "difference to nearest",
    "parameters",
    "best epoch",
    "seeds",
    "CPU s",
)


@dataclass(frozen=True)
class Measured:
    """The finished seeds of a run.

    Parameters
    ----------
    name
        Its name.
    described
        Content of `run.json` of each seed.
    values
        One value a spectrum, seeds side by side: shape (n_seeds, n_spectra).
    """

    name: str
    described: list[dict[str, Any]]
    values: dict[str, NDArray[np.float64]]

    def hits(self, fold: str, k: int) -> NDArray[np.float64]:
        """Return the share of seeds in which a spectrum has its structure among the first k, shape (n_spectra,)."""
        ranks: NDArray[np.float64] = self.values[f"{fold}_ranks_{best_score(self.values)}"]
        return (ranks <= k).mean(axis=0)

    def tanimoto(self, fold: str) -> NDArray[np.float64] | None:
        """Return the mean Tanimoto similarity over the seeds, shape (n_spectra,); None where no bits are predicted."""
        found = self.values.get(f"{fold}_tanimoto")
        return None if found is None else found.mean(axis=0)


def read_measured(folder: Path) -> list[Measured]:
    """Read all runs of a zoo that are finished, best hit@1 on `val` first."""
    found: dict[str, list[tuple[dict[str, Any], Path]]] = {}
    for path in sorted((folder / "measured").glob("*/run.json")):
        described = read_json(path)
        found.setdefault(described["name"], []).append((described, path.with_name("values.npz")))
    runs = []
    for name, seeds in found.items():
        seeds.sort(key=lambda pair: pair[0]["seed"])
        arrays = [dict(np.load(path)) for _, path in seeds]
        values = {key: np.stack([one[key] for one in arrays]) for key in arrays[0]}
        runs.append(Measured(name, [described for described, _ in seeds], values))
    return sorted(runs, key=lambda run: -float(run.hits("val", 1).mean()))


def zoo_text(zoo: ModelZoo, source: str, machine: str) -> str:
    """Return the table with a head that says under which protocol it was made.

    Parameters
    ----------
    zoo
        With the nearest neighbour and at least one run measured.
    source
        What the spectra are, in words.
    machine
        On what the processor time was counted, in words.
    """
    return f"{_head(zoo, source, machine)}\n" + "\n".join(_table(zoo)) + "\n"


def _head(zoo: ModelZoo, source: str, machine: str) -> str:
    structure = zoo.data.structure
    counts = ", ".join(
        f"{rows.size:,} spectra of {np.unique(structure[rows]).size:,} structures in {fold}"
        for fold, rows in ((fold, zoo.rows(fold)) for fold in ("train", *FOLDS))
    )
    settings = TrainingSettings.from_dict({k: v for k, v in zoo.shared.items() if not k.endswith("_settings")})
    ranked = {fold: zoo.rows(fold, ranked=True) for fold in FOLDS}
    sizes = [zoo.candidates(i)[0].correct.size for i in structure[ranked["test"]].tolist()]
    once = ", ".join(f"{name} {seconds:.0f} s" for name, seconds in sorted(zoo.seconds_of_once().items()))
    return (
        f"# Models under one protocol\n\n{source}: {counts}. {settings.epochs} epochs of "
        f"{settings.spectra_per_epoch:,} draws for each run, far fewer than a model to be used is trained with; epoch, "
        "bit threshold and score are chosen on val, and the rows are sorted by hit@1 there. hit@k is among the "
        f"candidates of {zoo.library.path.name} within 10 ppm (median {np.median(sizes):.0f} in test), on "
        f"{ranked['val'].size:,} and {ranked['test'].size:,} spectra, at most 3 a structure. Tanimoto is that of the "
        f"predicted bits (`{zoo.data.fingerprint}`), its mean over all spectra. 95 % intervals over structures; a "
        "difference smaller than what another seed makes says nothing, and several seeds are averaged spectrum by "
        "spectrum. *With another spectrum of this mass* is hit@1 on test where each spectrum is that of another "
        "compound, nearest in precursor m/z; the spectrum-blind control looks at the candidates alone.\n\n"
        f"Processor time a seed is that of the training, on {machine}; a run with a memory has the training of the one "
        f"without. Done once for all runs: {once or 'nothing'}.\n"
    )


def _table(zoo: ModelZoo) -> Iterator[str]:
    everything = {fold: StructureBootstrap(zoo.data.structure[zoo.rows(fold)]) for fold in FOLDS}
    ranked = {fold: StructureBootstrap(zoo.data.structure[zoo.rows(fold, ranked=True)]) for fold in FOLDS}
    runs = read_measured(zoo.folder)
    [nearest] = [run for run in runs if run.name == NEAREST]
    yield "| " + " | ".join(COLUMNS) + " |"
    yield "|" + "---|" * len(COLUMNS)
    for run in runs:
        is_model = run.name not in (NEAREST, BLIND)
        first, tanimoto = run.described[0], {fold: run.tanimoto(fold) for fold in FOLDS}
        of_nearest, of_test = nearest.tanimoto("test"), tanimoto["test"]
        gain = None if of_nearest is None or of_test is None or not is_model else of_test - of_nearest
        foreign = (run.values["test_foreign_ranks"] <= 1).mean() if is_model else None
        cells = [
            run.name,
            *(_show(ranked[fold], run.hits(fold, 1)) for fold in FOLDS),
            _show(ranked["test"], None if run is nearest else run.hits("test", 1) - nearest.hits("test", 1)),
            "" if foreign is None else f"{foreign:.3f}",
            best_score(run.values),
            *(f"{run.hits('test', k).mean():.3f}" for k in HITS[1:]),
            *(_show(everything[fold], tanimoto[fold]) for fold in FOLDS),
            _show(everything["test"], gain),
            f"{first['parameters'] / 1e6:.2f} M" if is_model else "",
            ", ".join(f"{one['best_epoch'] + 1} of {one['epochs']}" for one in run.described) if is_model else "",
            ", ".join(str(one["seed"]) for one in run.described) if is_model else "",
            f"{np.mean([one['cpu_seconds'] for one in run.described]):.0f}",
        ]
        yield "| " + " | ".join(cells) + " |"


def _show(bootstrap: StructureBootstrap, values: NDArray[np.float64] | None) -> str:
    return "" if values is None else format_interval(bootstrap.over_spectra(values).to_dict())

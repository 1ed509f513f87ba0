"""From data, library and a model to an evaluation: what the command line and scripts call."""

from __future__ import annotations

import platform
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from matchms_fingerprint.candidates import CandidateLibrary
from matchms_fingerprint.chem.fingerprints import FingerprintSpec
from matchms_fingerprint.evaluation.baseline_choice import build_baseline
from matchms_fingerprint.evaluation.benchmark import Benchmark, Evaluation, check_folds
from matchms_fingerprint.evaluation.candidate_lists import ONE_SOURCE, CandidateSource, LibraryCandidates
from matchms_fingerprint.evaluation.competition import Advance
from matchms_fingerprint.evaluation.contestants import Contestant
from matchms_fingerprint.evaluation.embedding import describe_embedding
from matchms_fingerprint.evaluation.learned_score import LearnedScore
from matchms_fingerprint.evaluation.massspecgym import MassSpecGymCandidates, MassSpecGymFiles, read_massspecgym
from matchms_fingerprint.features.labelled import LabelledSpectra
from matchms_fingerprint.kernels.tanimoto import SCORES
from matchms_fingerprint.models import FingerprintModel

_PROTOCOL = (
    "Right is a candidate with the first InChIKey block of the truth; equal scores share their mean rank. "
    "Intervals and tests draw whole structures. "
)
_CHOSEN = "At most 3 spectra a structure count, drawn with seed 0, and none with fewer than 3 peaks."
_ALL = "Every spectrum of the fold counts once, as on the leaderboard of MassSpecGym."


@dataclass(frozen=True)
class Session:
    """A benchmark, and what a report says of it.

    Parameters
    ----------
    benchmark
        Data, folds, candidates and baselines.
    about
        `data`, `candidates` and `protocol` of the summary.
    """

    benchmark: Benchmark
    about: dict[str, Any]


def open_session(
    data: LabelledSpectra,
    folds: NDArray[np.str_],
    fold: str,
    file: str,
    folds_from: str,
    baselines: Sequence[str] = ("nearest",),
    library: CandidateLibrary | None = None,
    source: str | None = ONE_SOURCE,
    advance: Advance = lambda *_: None,
) -> Session:
    """Prepare the evaluation of models on spectra of one's own.

    Parameters
    ----------
    data, folds, fold
        Spectra, the fold of each, and the fold to measure.
    file, folds_from
        Where the spectra and the folds come from, in words.
    baselines
        Names of `BASELINES`; the first is what models are compared with.
    library
        Library for retrieval, with the fingerprint of the data; None measures fingerprints alone.
    source
        Source of the library that is also ranked alone.
    advance
        Told about the progress.

    Raises
    ------
    SettingsError
        If a fold is empty or a baseline unknown.
    """
    candidates = LibraryCandidates(library, data, source=source) if library is not None else None
    benchmark = _benchmark(data, folds, fold, baselines, candidates, library, False, advance)
    about = {
        "data": {"file": file, "folds": folds_from},
        "candidates": None if library is None else {"name": library.path.name, "n": len(library)},
        "protocol": _PROTOCOL + _CHOSEN,
    }
    return Session(benchmark, about)


def open_massspecgym(
    folder: str | Path,
    fingerprint: FingerprintSpec,
    fold: str = "test",
    baselines: Sequence[str] = ("nearest",),
    library: CandidateLibrary | None = None,
    n_jobs: int | None = None,
    advance: Advance = lambda *_: None,
) -> Session:
    """Prepare the evaluation of models on MassSpecGym, by the protocol of its leaderboard.

    Parameters
    ----------
    folder
        Holds `MassSpecGym.tsv` and at least one list of candidates, at any depth.
    fingerprint
        Fingerprint that the models predict.
    fold
        The fold to measure.
    baselines
        Names of `BASELINES`.
    library
        Where the decoys of the spectrum-blind control come from; None leaves that control out.
    n_jobs
        Number of worker processes that compute fingerprints of candidates; None takes all cores.
    advance
        Told about the progress.

    Raises
    ------
    InputFileError
        If files are missing or cannot be read.
    """
    files = MassSpecGymFiles.find(folder)
    found = read_massspecgym(files.spectra, fingerprint)
    candidates = MassSpecGymCandidates(files, found, fold, n_jobs, advance)
    benchmark = _benchmark(found.data, found.folds, fold, baselines, candidates, library, True, advance)
    about = {
        "data": {"file": files.spectra.name, "folds": "column fold"},
        "candidates": {"name": ", ".join(path.name for path in files.candidates.values()), "n": None},
        "protocol": _PROTOCOL + _ALL,
    }
    return Session(benchmark, about)


def _benchmark(
    data: LabelledSpectra,
    folds: NDArray[np.str_],
    fold: str,
    baselines: Sequence[str],
    candidates: CandidateSource | None,
    library: CandidateLibrary | None,
    whole_fold: bool,
    advance: Advance,
) -> Benchmark:
    check_folds(folds, fold)
    train, val = (np.flatnonzero(folds == name) for name in ("train", "val"))
    validation = val if fold != "val" else np.empty(0, np.int64)
    advance("preparing baselines", 0, 1)
    contestants = [build_baseline(name, data, train, validation) for name in baselines]
    return Benchmark(data, folds, fold, contestants, candidates, library, whole_fold, advance)


def evaluate_model(model: FingerprintModel, session: Session, score: str = "cosine") -> Evaluation:
    """Measure a model.

    Parameters
    ----------
    model
        The model.
    session
        From `open_session` or `open_massspecgym`.
    score
        The score, of `SCORES`, that stands for the model where one has to.
    """
    benchmark = session.benchmark
    scores = (score, *(name for name in SCORES if name != score))
    contestant = Contestant(
        "model",
        model.predict_probabilities,
        model.bit_threshold,
        scores,
        model.temperatures,
        learned=LearnedScore.of_network(model.network),
    )
    evaluation = benchmark.measure(contestant, model.bit_meanings)
    summary = {
        "model": {"name": model.name, "version": model.version, "sha256": model.sha256},
        **session.about,
        **evaluation.summary,
        "embedding": describe_embedding(model.network, benchmark.data, benchmark.rows),
        "software": {name: version(name) for name in ("matchms_fingerprint", "torch", "rdkit", "numpy")}
        | {"python": platform.python_version()},
    }
    return Evaluation(summary, evaluation.spectra, evaluation.bits)

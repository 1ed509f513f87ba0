"""The candidate lists of a training batch: the right structure first, then wrong ones."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from matchms_fingerprint.features.labelled import LabelledSpectra
from matchms_fingerprint.features.molecule_graphs import graphs_of
from matchms_fingerprint.features.molecules import Molecules
from matchms_fingerprint.models.scorers.candidate_batch import CandidateBatch, only_used
from matchms_fingerprint.models.scorers.scorer import Scorer
from matchms_fingerprint.training.negatives import NOBODY, NOT_MEASURED, Negatives
from matchms_fingerprint.training.settings import TrainingSettings


def draw_candidates(
    scorer: Scorer,
    negatives: Negatives,
    data: LabelledSpectra,
    rows: NDArray[np.int64],
    settings: TrainingSettings,
    rng: np.random.Generator,
) -> CandidateBatch:
    """Draw the candidate lists of the spectra at `rows` as the settings say, and prepare them for a scorer."""
    molecules, candidates = ranking_batch(
        negatives,
        data,
        data.structure[rows],
        settings.n_negatives,
        rng,
        repeat=settings.matched_negatives,
        with_graphs=scorer.needs_graphs,
    )
    return scorer.prepare(molecules, candidates)


def ranking_batch(
    negatives: Negatives,
    data: LabelledSpectra,
    structures: NDArray[np.int64],
    n: int,
    rng: np.random.Generator,
    repeat: bool = False,
    with_graphs: bool = False,
) -> tuple[Molecules, NDArray[np.int64]]:
    """Draw the candidate lists of some spectra, for `models.scorers.scorer.Scorer.prepare`.

    Parameters
    ----------
    negatives
        Wrong candidates of the structures of the data.
    data
        The data.
    structures
        Structure of each spectrum, shape (n_spectra,).
    n
        Wrong candidates to draw for each spectrum.
    rng, repeat
        As in `Negatives.draw_rows`.
    with_graphs
        Whether the molecules need atoms and bonds.

    Returns
    -------
    molecules : Molecules
        The distinct structures of all lists.
    rows : ndarray of shape (n_spectra, 1 + n), int64
        Candidates of each spectrum as positions among them, -1 in the padding. The right one is the first.
    """
    drawn = negatives.draw_rows(structures, n, rng, repeat).astype(np.int64)
    n_known = len(data.smiles)
    measured = negatives.measured[drawn] if negatives.measured.size else drawn
    # a structure of the data has one number, be it right for one spectrum or wrong for another
    numbers = np.where(measured == NOT_MEASURED, n_known + drawn, measured)
    numbers[drawn == NOBODY] = NOBODY
    used, rows = only_used(np.column_stack([structures, numbers]))
    of_data, of_library = used[used < n_known], used[used >= n_known] - n_known
    molecules = Molecules(np.concatenate([data.fingerprints[of_data], negatives.fingerprints[of_library]]))
    if with_graphs:
        smiles = [*(data.smiles[i] for i in of_data.tolist()), *negatives.smiles(of_library)]
        molecules = Molecules(molecules.fingerprints, graphs_of(smiles))
    return molecules, rows

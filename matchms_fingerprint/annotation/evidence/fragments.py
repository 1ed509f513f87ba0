"""Evidence from fragments: which peaks of the spectrum a candidate explains, and which it should show but does not."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from rdkit import Chem

from matchms_fingerprint.annotation.evidence.evidence import Candidates, Query
from matchms_fingerprint.annotation.evidence.expected_fragments import expect
from matchms_fingerprint.annotation.evidence.fragment_items import (
    Explanations,
    PeakList,
    charge_carriers,
    explain,
    peak_list,
)
from matchms_fingerprint.annotation.evidence.fragment_scores import FragmentScores
from matchms_fingerprint.chem import Adduct, hill_formula
from matchms_fingerprint.chem.fragments import FragmentedMolecule, read_fragments, remembered_fragments
from matchms_fingerprint.chem.ions import adduct_atoms
from matchms_fingerprint.kernels.fragmenter_matching import HYDROGEN_MASS
from matchms_fingerprint.records import ExplainedPeak

_COST_SCALE = 2.0  # a fragment that costs this much more explains a peak e times less
_CARRIED_DA = 2.0


class FragmentEvidence:
    """How well the fragments of each candidate explain the peaks.

    `fragments_score` is what was learned, `fragments_explained` the share of the peaks (by the square roots of their
    intensities) that is explained, each weighted down by the cost of its explanation, with nothing learned.

    Parameters
    ----------
    scores
        Tables and network; see `training.fragment_scores`.
    """

    columns = ("fragments_score", "fragments_explained")

    def __init__(self, scores: FragmentScores) -> None:
        self.scores = scores

    def of(self, query: Query, candidates: Candidates) -> NDArray[np.float64]:
        """Return `columns` of each candidate, shape (n_candidates, 2); NaN where a structure cannot be read."""
        peaks = peaks_of(query)
        molecules = [read_fragments(smiles) for smiles in candidates.smiles]
        of_adduct = [charge_carriers(adduct) for adduct in candidates.adducts]
        carriers = [of_adduct[i] for i in candidates.adduct_of]
        found, expected = explain(peaks, molecules, carriers), expect(peaks, molecules, carriers)
        scores = self.scores.of_candidates(found, expected, len(candidates), peaks.mz.size)
        result = np.stack([scores, explained_share(peaks, found, len(candidates))], axis=1)
        result[[molecule is None for molecule in molecules]] = np.nan
        return result

    def explain(self, query: Query, smiles: str, adduct: Adduct) -> tuple[ExplainedPeak, ...]:
        """Return the peaks that a candidate explains, by m/z.

        Parameters
        ----------
        query
            The spectrum.
        smiles
            The candidate.
        adduct
            Under which it fits.

        Raises
        ------
        StructureError
            If the SMILES cannot be read.
        """
        peaks, molecule = peaks_of(query), remembered_fragments(smiles)
        found = explain(peaks, [molecule], [charge_carriers(adduct)])
        mol = Chem.MolFromSmiles(smiles, sanitize=False)
        return tuple(_explained_peak(peaks, molecule, mol, adduct, found, i) for i in range(found.peaks.size))


def peaks_of(query: Query) -> PeakList:
    """Return the peaks of a query that are to be explained."""
    energy = float(query.spectrum.collision_energy[0])
    return peak_list(query.mz, query.intensity, query.precursor_mz, query.ion_mode, query.accuracy, energy)


def explained_share(peaks: PeakList, found: Explanations, n_candidates: int) -> NDArray[np.float64]:
    """Return the share of the peaks that each candidate explains, weighted by cost, shape (n_candidates,)."""
    weights = np.sqrt(peaks.intensity)
    explained = weights[found.peaks] * np.exp(-found.totals / _COST_SCALE)
    share = np.bincount(found.candidates, explained, minlength=n_candidates) / max(float(weights.sum()), 1e-12)
    return share.astype(np.float64)


def _explained_peak(
    peaks: PeakList, molecule: FragmentedMolecule, mol: Chem.Mol, adduct: Adduct, found: Explanations, i: int
) -> ExplainedPeak:
    fragment, shift, carrier = int(found.fragments[i]), int(found.shifts[i]), float(found.carriers[i])
    mask = molecule.masks[fragment]
    atoms = [atom for atom in range(len(molecule.graph)) if int(mask[atom // 64]) >> atom % 64 & 1]
    counts: dict[str, int] = {"H": int(molecule.n_hydrogens[fragment]) + shift}
    for atom in atoms:
        symbol = mol.GetAtomWithIdx(atom).GetSymbol()
        counts[symbol] = counts.get(symbol, 0) + 1
    for symbol, count in _carried_atoms(carrier, adduct):
        counts[symbol] = counts.get(symbol, 0) + count
    mz = float(peaks.mz[found.peaks[i]])
    calculated = float(molecule.masses[fragment]) + carrier + shift * HYDROGEN_MASS
    return ExplainedPeak(
        mz=mz,
        intensity=float(peaks.intensity[found.peaks[i]]),
        formula=hill_formula({symbol: count for symbol, count in counts.items() if count}),
        smiles=Chem.MolFragmentToSmiles(mol, atoms),
        mass_error_ppm=(mz - calculated) / calculated * 1e6,
        hydrogens=shift,
        cost=float(molecule.costs[fragment]),
    )


def _carried_atoms(carrier: float, adduct: Adduct) -> tuple[tuple[str, int], ...]:
    if abs(carrier) > _CARRIED_DA:
        return adduct_atoms(adduct.name)[1]
    return (("H", round(carrier)),)

"""How well the isotope pattern of a candidate's formula fits the MS1 peaks about the precursor.

The intensities of M-4 to M+4 relative to M are compared with those that the formula of the ion leads one to expect, as
in SIRIUS (Boecker et al., Bioinformatics 25, 218 (2009), doi 10.1093/bioinformatics/btn603): errors of strong peaks are
relative, those of weak ones absolute. Each peak is looked for where the formula has it, so that M+2 of a chlorine is
told from that of two carbons by its mass. MS1 spectra hold other ions and lack weak isotopes, so nothing in one peak
settles the matter: each may be an outlier. A peak that is expected and not there counts by how far it would have stood
above the weakest peak that is there. A peak that is there and not expected costs what one outlier costs, however
strong; so does one half or a third of a unit above M, which tells an ion of more charges than the candidate has.
"""

from __future__ import annotations

from typing import ClassVar

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr

from matchms_fingerprint.annotation.evidence.evidence import Candidates, Query
from matchms_fingerprint.chem.ions import ion_atoms
from matchms_fingerprint.chem.isotopes import isotope_pattern
from matchms_fingerprint.errors import AdductError, StructureError
from matchms_fingerprint.io.isotope_peaks import IsotopePeaks
from matchms_fingerprint.kernels.isotopes import MOST_OFFSET

TOLERANCE_PPM, LEAST_TOLERANCE_DA = 10.0, 0.003
"""How far an isotope peak may lie from where the formula has it, measured from M; also M from the precursor m/z."""

_OFFSETS = np.array([-4, -3, -2, -1, 1, 2, 3, 4])
_SPACING = np.array([0.9970, 1.0034])  # Da a unit: from nitrogen, chlorine and sulphur to carbon
_OTHER_CHARGES = (2, 3)  # whose M+1 is told from peaks of singly charged ions by its place
_TWINS_DA = 0.002

# Of 52 features of an Orbitrap run whose formula is known well, half have an M+1 off by less than 2 % of (M + 10 % of
# the base), nine in ten by less than 6 %; other instruments are worse
_RELATIVE_ERROR, _ABSOLUTE_ERROR = 0.06, 0.006
_EQUAL_AT = _ABSOLUTE_ERROR / _RELATIVE_ERROR  # the height at which both errors are the same
_OUTLIERS, _OUTLIER_DENSITY = 0.05, 0.05  # the density relative to that of no error
_LEAST_UNEXPECTED = 0.02
_OF_ANOTHER_ION = 0.02


class IsotopeEvidence:
    """Isotope patterns beside MS1 peaks; computed once a formula and adduct.

    `isotopes` is the logarithm of the likelihood of the intensities relative to that of a perfect fit, which has 0. It
    is missing where there are no MS1 peaks, where the precursor is not among them or nothing else is, where no peak
    lies on an isotope of carbon, chlorine or the like although others lie beside it (masses that are known to the unit
    only), and for a formula that cannot form the adduct.
    """

    columns: ClassVar[tuple[str, ...]] = ("isotopes",)

    def of(self, query: Query, candidates: Candidates) -> NDArray[np.float64]:
        """See `Evidence`."""
        scores = np.full((len(candidates), 1), np.nan)
        if query.isotope_peaks is None or not len(candidates):
            return scores
        pairs = list(zip(candidates.formulas, candidates.adduct_of.tolist(), strict=True))
        ions: dict[tuple[str, int], tuple[dict[str, int], int]] = {}
        for formula, number in dict.fromkeys(pairs):
            adduct = candidates.adducts[number]
            try:
                ions[formula, number] = ion_atoms(formula, adduct.name), abs(adduct.charge)
            except (AdductError, StructureError):
                continue
        found = pattern_scores(query.isotope_peaks, query.precursor_mz, list(ions.values())) if ions else None
        if found is not None:
            place = {pair: i for i, pair in enumerate(ions)}
            rows = np.array([place.get(pair, -1) for pair in pairs])
            scores[rows >= 0, 0] = found[rows[rows >= 0]]
        return scores


def bounded(scores: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return what the evidence adds to the logits of candidates, shape (n_candidates,).

    It counts as it is, relative to the best of the candidates, since that is what it was computed as: a likelihood. But
    the MS1 peaks may be of another ion altogether (a feature that was split, an isotope taken for the precursor, a
    pattern put together wrongly); we take that for so in one feature of 50. Then they say nothing, so that no candidate
    loses more than a factor of 50 in odds: a logit of 3.9.

    Parameters
    ----------
    scores
        The evidence; where all are NaN nothing is added, where some are NaN these lose most.
    """
    if not np.isfinite(scores).any():
        return np.zeros(scores.size)
    ratios = np.where(np.isfinite(scores), np.exp(scores - np.nanmax(scores)), 0.0)
    return np.asarray(np.log((1.0 - _OF_ANOTHER_ION) * ratios + _OF_ANOTHER_ION))


def pattern_scores(
    peaks: IsotopePeaks, precursor_mz: float, ions: list[tuple[dict[str, int], int]]
) -> NDArray[np.float64] | None:
    """Return the log-likelihood of each ion relative to a perfect fit, shape (n_ions,); None where peaks tell nothing.

    Parameters
    ----------
    peaks
        About the precursor.
    precursor_mz
        m/z of the ions.
    ions
        Atoms and number of charges of each, one at least.
    """
    mz, heights = _without_twins(peaks)
    tolerance = max(TOLERANCE_PPM * 1e-6 * precursor_mz, LEAST_TOLERANCE_DA)
    first = int(np.argmin(np.abs(mz - precursor_mz)))
    if abs(mz[first] - precursor_mz) > tolerance:
        return None
    heights = heights / heights[first]
    charges = np.array([charge for _, charge in ions], np.float64)[:, None, None]
    shifts = (mz - mz[first]) * charges  # (n_ions, 1, n_peaks), Da
    reach = tolerance * charges
    patterns = [isotope_pattern(atoms) for atoms, _ in ions]
    columns = MOST_OFFSET + _OFFSETS
    expected = np.stack([pattern.shares[columns] / pattern.shares[MOST_OFFSET] for pattern in patterns])
    centres = np.stack([pattern.mass_shifts[columns] for pattern in patterns])[:, :, None]
    spreads = np.stack([pattern.spreads[columns] for pattern in patterns])[:, :, None]
    # of two isotopologues that are told apart by mass, such as 34S and 13C2, two spreads leave out one below 20 %
    is_there = np.abs(shifts - centres) <= reach + 2.0 * spreads
    low, high = np.sort(_OFFSETS[:, None] * _SPACING, axis=1).T[:, :, None]
    is_near = (shifts >= low - reach) & (shifts <= high + reach)
    others = np.array(_OTHER_CHARGES)[:, None]
    is_of_other = (np.abs(shifts - charges * _SPACING[1] / others) <= reach) & (charges % others != 0)
    if not is_near.any() and not is_of_other.any():
        return None
    observed = np.where(is_there, heights, 0.0).sum(axis=2)
    unexpected = np.where(is_near & ~is_there, heights, 0.0).sum(axis=2)
    n_unexpected = (unexpected > expected / 2.0 + _LEAST_UNEXPECTED).sum(axis=1)
    n_unexpected += (np.where(is_of_other, heights, 0.0).sum(axis=2) > _LEAST_UNEXPECTED).sum(axis=1)
    scores = _of_peaks(observed, expected, float(heights.min())).sum(axis=1)
    return np.asarray(scores + n_unexpected * np.log(_OUTLIERS))


def _without_twins(peaks: IsotopePeaks) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return m/z and intensities but for peaks beside a higher one: MZmine writes a peak of two features twice."""
    order = np.argsort(-peaks.intensities, kind="stable")
    mz = peaks.mz[order]
    is_beside = np.tril(np.abs(mz[:, None] - mz) < _TWINS_DA, -1)
    kept = order[~is_beside.any(axis=1)]
    return peaks.mz[kept], peaks.intensities[kept]


def _of_peaks(observed: NDArray[np.float64], expected: NDArray[np.float64], floor: float) -> NDArray[np.float64]:
    """Return the log-likelihood of each peak; 0 observed is one below the floor."""

    def errors(height: NDArray[np.float64] | float, likely: NDArray[np.float64] | float) -> NDArray[np.float64]:
        return np.asarray(np.log((height + _EQUAL_AT) / (likely + _EQUAL_AT)) / _RELATIVE_ERROR)

    density = (1.0 - _OUTLIERS) * np.exp(-0.5 * errors(observed, expected) ** 2) + _OUTLIERS * _OUTLIER_DENSITY
    there = np.log(density / (1.0 - _OUTLIERS + _OUTLIERS * _OUTLIER_DENSITY))
    below = ndtr(errors(floor, expected)) / ndtr(errors(floor, 0.0))
    missing = np.log((1.0 - _OUTLIERS) * below + _OUTLIERS)
    return np.where(observed > 0.0, there, missing)

"""Candidates as molecules: which of them are worth a look, and each read once."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from rdkit import Chem, rdBase
from rdkit.Chem import Mol

from matchms_fingerprint.chem.structures import read_as_written

_HYDROGENS_AND_RINGS = Chem.SanitizeFlags.SANITIZE_PROPERTIES | Chem.SanitizeFlags.SANITIZE_SYMMRINGS


def likely_first(probabilities: NDArray[np.float64], share: float, most: int) -> list[int]:
    """Return the fewest candidates that hold a share of the probability, the most probable first.

    Parameters
    ----------
    probabilities
        Shape (n_candidates,), float64; their sum may be below 1.
    share
        Of the sum, 0 to 1.
    most
        No more candidates than that.
    """
    p = np.nan_to_num(probabilities)
    order = np.argsort(-p, kind="stable")
    order = order[p[order] > 0]
    reached = np.searchsorted(np.cumsum(p[order]), share * p[order].sum() - 1e-12) + 1
    chosen: list[int] = order[: min(int(reached), most)].tolist()
    return chosen


@lru_cache(maxsize=1024)
def read_smiles(smiles: str) -> Mol | None:
    """Read a SMILES as a candidate library holds it: canonical, with aromatic atoms in small letters.

    What such a SMILES says already is not looked for again, which takes a third of the time of a full reading.

    Returns
    -------
    Mol or None
        To be looked at, not to be changed; None where the SMILES cannot be read.
    """
    mol = read_as_written(smiles)
    with rdBase.BlockLogs():
        if mol is not None and Chem.SanitizeMol(mol, _HYDROGENS_AND_RINGS, catchErrors=True):
            return None
    return mol

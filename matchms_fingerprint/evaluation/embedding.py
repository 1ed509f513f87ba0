"""What the cosine of two embeddings says about two structures."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.stats import spearmanr
from torch.nn import functional

from matchms_fingerprint.evaluation.metrics import tanimoto_of_bits
from matchms_fingerprint.features.labelled import LabelledSpectra
from matchms_fingerprint.models.network import Network

N_PAIRS = 20_000


def describe_embedding(
    network: Network, data: LabelledSpectra, rows: NDArray[np.int64], seed: int = 0
) -> dict[str, Any]:
    """Describe the cosine of embeddings over pairs of spectra of the same ion mode.

    Parameters
    ----------
    network
        Trained network.
    data, rows
        The spectra to draw pairs from.
    seed
        Seed of the draw of pairs.

    Returns
    -------
    dict
        Quantiles (5, 50 and 95 %) of the cosine for pairs of the same structure and of different ones, and Spearman's
        correlation of the cosine with the Tanimoto similarity of the structures for the latter; empty where there are
        fewer than 20 structures, or 20 pairs of the same one.
    """
    if np.unique(data.structure[rows]).size < 20:
        return {}
    network.eval()
    with torch.inference_mode():
        _, embedding = network(network.prepare(data.spectra.take(rows)))
    unit = functional.normalize(embedding, dim=1).numpy()
    one, other = np.random.default_rng(seed).integers(0, rows.size, (2, 20 * N_PAIRS))
    usable = (one != other) & (data.spectra.ion_mode[rows[one]] == data.spectra.ion_mode[rows[other]])
    one, other = one[usable], other[usable]
    same = data.structure[rows[one]] == data.structure[rows[other]]
    pairs = {name: np.flatnonzero(chosen)[:N_PAIRS] for name, chosen in (("same", same), ("different", ~same))}
    if min(places.size for places in pairs.values()) < 20:
        return {}
    cosine = {name: np.sum(unit[one[i]] * unit[other[i]], axis=1) for name, i in pairs.items()}
    far = pairs["different"]
    tanimoto = tanimoto_of_bits(data.bits(rows[one[far]]), data.bits(rows[other[far]]))
    result: dict[str, Any] = {
        f"{name} structure": [round(float(q), 3) for q in np.quantile(values, [0.05, 0.5, 0.95])]
        for name, values in cosine.items()
    }
    return result | {"spearman": round(float(spearmanr(cosine["different"], tanimoto).statistic), 3)}

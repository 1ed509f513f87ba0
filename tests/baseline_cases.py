"""Labelled spectra with many peaks in common, and their neighbours by naive loops over peaks and spectra."""

from dataclasses import replace
from functools import cache

import numpy as np
from builders import make_spectrum
from oracles import naive_greedy_cosine, naive_spectral_entropy

from matchms_fingerprint.chem.fingerprints import FingerprintSpec, fingerprints
from matchms_fingerprint.chem.structures import read_molecule
from matchms_fingerprint.evaluation.baselines import BY_ALL, BY_MEAN, BY_RESTRICTION
from matchms_fingerprint.features.arrays import spectrum_arrays
from matchms_fingerprint.features.labelled import LabelledSpectra

SPEC = FingerprintSpec.parse("morgan:radius=2,bits=256")
SMILES = ("CCO", "COC", "CC(=O)O", "CN1C=NC2=C1C(=O)N(C(=O)N2C)C", "NC(Cc1ccccc1)C(=O)O", "OCC1OC(O)C(O)C(O)C1O", "CCN")
FORMULAS = ("C2H6O", "C2H6O", "C2H4O2", "C8H10N4O2", "C9H11NO2", "C6H12O6", "C2H7N")
N_TRAIN = 50


def labelled(spectra, structure):
    molecules = [read_molecule(text) for text in SMILES]
    return LabelledSpectra(
        spectra=spectra,
        ids=np.arange(len(spectra)).astype(str),
        structure=np.asarray(structure, np.int64),
        smiles=list(SMILES),
        inchikeys=[f"{text:A<14}" for text in SMILES],
        formulas=list(FORMULAS),
        masses=np.array([46.041865, 46.041865, 60.021129, 194.080376, 165.078979, 180.063388, 45.057849]),
        fingerprints=fingerprints(molecules, SPEC),
        fingerprint=SPEC,
    )


@cache
def make_data():
    """Spectra with few distinct m/z, so that many have peaks in common; structures 5 and 6 are not in training."""
    rng = np.random.default_rng(0)
    spectra = []
    for _ in range(74):
        positive = bool(rng.random() < 0.6)
        mz = np.sort(rng.choice(np.arange(60, 90), rng.integers(2, 9), replace=False)) + rng.normal(0, 0.004)
        adduct = rng.choice(["[M+H]+", "[M+Na]+"]) if positive else "[M-H]-"
        spectra.append(
            make_spectrum(
                mz.tolist(),
                rng.uniform(0.0005, 1, mz.size).tolist(),
                precursor_mz=float(rng.integers(95, 120)) if rng.random() < 0.9 else None,
                adduct=str(adduct),
                ionmode="positive" if positive else "negative",
                charge=1 if positive else -1,
                instrument_type=str(rng.choice(["LC-ESI-QTOF", "LC-ESI-ITFT", ""])),
            )
        )
    structure = np.where(np.arange(74) < N_TRAIN, np.arange(74) % 5, rng.integers(0, 7, 74))
    return labelled(spectrum_arrays(spectra), structure)


TRAIN = np.arange(N_TRAIN)[::-1].copy()
QUERIES = np.arange(N_TRAIN, 74)


def given(data, rows=QUERIES):
    """Return spectra with their formula, atoms in no order."""
    names = [data.formulas[i].replace("C2H6O", "O1H6C2") for i in data.structure[rows]]
    return replace(data.spectra.take(rows), formula=np.array(names))


def peaks_of(spectra, i, least=0.001):
    some = slice(spectra.offsets[i], spectra.offsets[i + 1])
    return [
        (mz, float(x)) for mz, x in zip(spectra.mz[some].tolist(), spectra.intensity[some], strict=True) if x >= least
    ]


def weighed_by_entropy(peaks):
    """Li et al. 2021: intensities of a spectrum with an entropy S below 3 to the power of 0.25 + 0.25 S."""
    strong = [(mz, x) for mz, x in peaks if x >= 0.01 * max(y for _, y in peaks)]
    shares = np.array([x for _, x in strong]) / sum(x for _, x in strong)
    entropy = -(shares * np.log(shares)).sum()
    power = 0.25 + 0.25 * entropy if entropy < 3 else 1.0
    return [(mz, share**power) for (mz, _), share in zip(strong, shares, strict=True)]


def naive_similarity(name, spectra, reference, query):
    one, other = peaks_of(spectra, reference), peaks_of(spectra, query)
    shift = float(spectra.precursor_mz[reference] - spectra.precursor_mz[query])
    if name == "binned_cosine":
        vectors = []
        for peaks in (one, other):
            bins: dict[int, float] = {}
            for mz, x in peaks:
                bins[round(mz / 0.02)] = bins.get(round(mz / 0.02), 0.0) + x**0.5
            vectors.append(bins)
        norm = np.prod([sum(v * v for v in bins.values()) for bins in vectors]) ** 0.5
        return sum(v * vectors[1].get(k, 0.0) for k, v in vectors[0].items()) / norm if norm else 0.0
    if name == "entropy":
        return naive_spectral_entropy(weighed_by_entropy(one), weighed_by_entropy(other), 0.01)[0]
    shifts = [0.0] if name != "neutral_losses" else []
    shifts += [shift] if name != "cosine" and np.isfinite(shift) else []
    return naive_greedy_cosine(one, other, 0.01, shifts, powers=(0.0, 0.5))[0]


def may_be_neighbours(restriction, data, reference, query):
    spectra = data.spectra
    if spectra.ion_mode[reference] != spectra.ion_mode[query]:
        return False
    if restriction == "same_formula":
        return data.formulas[data.structure[reference]] == data.formulas[data.structure[query]]
    if restriction == "same_conditions":
        pairs = [(spectra.adduct[i], spectra.analyzer[i]) for i in (reference, query)]
        return pairs[0] == pairs[1] and all(pairs[0])
    return True


@cache
def all_similarities(name):
    """Return the similarity of each pair of a training spectrum and a query."""
    spectra = make_data().spectra
    return {(r, q): naive_similarity(name, spectra, r, q) for r in TRAIN.tolist() for q in QUERIES.tolist()}


def naive_neighbours(data, name, restriction, query, k, distinct):
    """Return (similarity, position) of the neighbours, those in the restriction or else all, and what answered."""
    similarities = all_similarities(name)
    for level, rule in ((BY_RESTRICTION, restriction), (BY_ALL, "all")):
        scored = [
            (similarities[reference, query], -place, reference)
            for place, reference in enumerate(TRAIN.tolist())
            if may_be_neighbours(rule, data, reference, query)
        ]
        ranked = [(s, r) for s, _, r in sorted(scored, reverse=True) if s > 1e-12]
        if distinct:
            firsts = {data.structure[r]: (s, r) for s, r in reversed(ranked)}
            ranked = [hit for hit in ranked if firsts[data.structure[hit[1]]] == hit]
        if ranked:
            return ranked[:k], level
    return [], BY_MEAN

"""Made-up runs for the tests of the report: structures of the starter library, random spectra and probabilities."""

from collections.abc import Iterator

import numpy as np
from rdkit import Chem

from matchms_fingerprint.annotation.answers.classes import class_shares
from matchms_fingerprint.annotation.answers.substructures import shared_substructures
from matchms_fingerprint.candidates import CandidateLibrary
from matchms_fingerprint.records import Annotation, Candidate, ExplainedPeak, Hit, Share
from matchms_fingerprint.report.items import LibrarySpectrum, ReportItem

EVIDENCE = ("fingerprint_cosine", "fragments_score", "neighbours", "formula_log_ratio", "mass_error")


def many_items(n_features: int, seed: int = 0, n_hits: int = 6, n_peaks: int = 60) -> Iterator[ReportItem]:
    """Yield features with candidates of about equal mass; one in ten has no candidate."""
    rng = np.random.default_rng(seed)
    found = CandidateLibrary.open("starter").search(neutral_mass=450.0, tolerance_da=250.0)
    candidates = found.take(range(len(found.smiles)))
    for number in range(1, n_features + 1):
        start = int(rng.integers(0, len(candidates) - n_hits))
        hits = [] if number % 10 == 0 else candidates[start : start + n_hits]
        yield item_of(number, hits, rng, n_peaks)


def item_of(number: int, candidates: list[Candidate], rng: np.random.Generator, n_peaks: int) -> ReportItem:
    """Return one feature with these candidates."""
    mass = candidates[0].exact_mass if candidates else float(rng.uniform(150, 900))
    mz = np.sort(rng.uniform(50, mass, n_peaks)).round(4)
    intensity = rng.exponential(100.0, n_peaks)
    share = rng.dirichlet(np.full(len(candidates) + 1, 0.35))
    probabilities = np.sort(share[:-1])[::-1]
    smiles = [candidate.smiles for candidate in candidates]
    hits = tuple(
        Hit(
            rank=rank,
            score=float(rng.uniform(0.2, 0.9)),
            probability=float(p),
            candidate=candidate,
            adduct="[M+H]+",
            mass_error_ppm=float(rng.normal(0, 2)),
            evidence={name: float(rng.normal(0.5, 0.2)) for name in EVIDENCE},
            expected_similarity=float(rng.uniform(0.2, 0.9)),
            peaks=explained_peaks(candidate.smiles, mz, intensity, rng) if rank <= 5 else (),
        )
        for rank, (candidate, p) in enumerate(zip(candidates, probabilities, strict=True), start=1)
    )
    annotation = Annotation(
        feature_id=str(number),
        precursor_mz=mass + 1.00728,
        retention_time_s=float(rng.uniform(30, 900)),
        ion_mode="positive" if number % 3 else "negative",
        adduct="[M+H]+" if number % 4 else None,
        n_peaks=n_peaks,
        status="annotated" if hits else "no_candidates",
        hits=hits,
        message="" if hits else "none within 10 ppm",
        probability_none=float(share[-1]) if hits else None,
        mass_tolerance="5 ppm or 0.0006 Da",
        classes=class_shares(smiles, probabilities),
        substructures=shared_substructures(smiles, probabilities),
    )
    predicted = tuple(Share(part, float(rng.uniform(0.5, 1))) for part in ("COC", "c1ccccc1", "cc(c)O", "CC(N)=O"))
    library = None
    if hits and number % 5 == 1:
        library = LibrarySpectrum(candidates[0].name, mz[::2], intensity[::2], 0.87, candidates[0].smiles)
    quantities = {f"sample_{i:02d}": float(rng.lognormal(10, 1)) for i in range(8)}
    return ReportItem(annotation, mz, intensity, predicted, quantities, library)


def explained_peaks(
    smiles: str, mz: np.ndarray, intensity: np.ndarray, rng: np.random.Generator
) -> tuple[ExplainedPeak, ...]:
    """Return explanations of a few peaks by neighbourhoods of random atoms."""
    mol = Chem.MolFromSmiles(smiles)
    peaks = []
    for place in sorted(rng.choice(mz.size, min(12, mz.size), replace=False).tolist()):
        atom = int(rng.integers(0, mol.GetNumAtoms()))
        bonds = Chem.FindAtomEnvironmentOfRadiusN(mol, 2, atom, enforceSize=False)
        atoms = {
            end
            for i in bonds
            for end in (mol.GetBondWithIdx(i).GetBeginAtomIdx(), mol.GetBondWithIdx(i).GetEndAtomIdx())
        }
        part = Chem.MolFragmentToSmiles(mol, sorted(atoms) or [atom])
        peaks.append(ExplainedPeak(float(mz[place]), float(intensity[place]), "C7H7O", part, 1.2, -1, 1.6))
    return tuple(peaks)

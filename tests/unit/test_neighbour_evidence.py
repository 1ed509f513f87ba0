"""Reference spectra as evidence, against sums over single neighbours."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from matchms import Spectrum
from matchms.exporting import save_as_mgf
from matchms.similarity import CosineGreedy, ModifiedCosineGreedy

from matchms_fingerprint import load_model
from matchms_fingerprint.annotation.evidence.evidence import Query
from matchms_fingerprint.annotation.evidence.neighbours import NeighbourEvidence
from matchms_fingerprint.annotation.evidence.reference_spectra import ReferenceSpectra
from matchms_fingerprint.chem import FingerprintSpec
from matchms_fingerprint.errors import InputFileError, SettingsError
from matchms_fingerprint.features.arrays import spectrum_arrays
from matchms_fingerprint.features.labelled import LabelledSpectra, label_spectra
from matchms_fingerprint.kernels import packed_similarity
from matchms_fingerprint.models import FingerprintModel
from tests.builders import TINY_FINGERPRINT, make_spectrum, tiny_memory_model, tiny_model
from tests.candidate_cases import ACCURATE, NOMINAL, make_candidates

ASPIRIN, CAFFEINE, PHENYLALANINE = "CC(=O)Oc1ccccc1C(=O)O", "CN1C=NC2=C1C(=O)N(C(=O)N2C)C", "NC(Cc1ccccc1)C(=O)O"
THEOPHYLLINE, TYROSINE = "CN1C(=O)c2[nH]cnc2N(C)C1=O", "NC(Cc1ccc(O)cc1)C(=O)O"
LIBRARY = (
    (ASPIRIN, 181.0495, [121.0284, 139.0390, 163.0390], [1.0, 0.4, 0.6]),
    (CAFFEINE, 195.0877, [83.0604, 110.0713, 138.0662], [0.2, 0.5, 1.0]),
    (PHENYLALANINE, 166.0863, [103.0542, 120.0808, 149.0597], [0.3, 1.0, 0.2]),
)


def library_spectra() -> list[Spectrum]:
    return [make_spectrum(mz, it, precursor_mz=p, smiles=smiles) for smiles, p, mz, it in LIBRARY]


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> FingerprintModel:
    return load_model(tiny_model(tmp_path_factory.mktemp("model")))


@pytest.fixture(scope="module")
def references(model: FingerprintModel, tmp_path_factory: pytest.TempPathFactory) -> ReferenceSpectra:
    path = tmp_path_factory.mktemp("library") / "library.mgf"
    save_as_mgf(library_spectra(), str(path))
    return ReferenceSpectra.read(path, model)


def asked(spectrum: Spectrum, model: FingerprintModel) -> Query:
    """Return the query that a spectrum makes."""
    arrays = spectrum_arrays([spectrum])
    return Query(
        mz=arrays.mz,
        intensity=arrays.intensity.astype(float),
        precursor_mz=float(arrays.precursor_mz[0]),
        ion_mode=int(arrays.ion_mode[0]),
        accuracy=ACCURATE,
        spectrum=arrays,
        fingerprint=np.zeros(256, np.float32),
        embedding=model.embed([spectrum])[0],
    )


def labelled_library() -> LabelledSpectra:
    return label_spectra(library_spectra(), FingerprintSpec.parse(TINY_FINGERPRINT), "three spectra")


def squared(spectrum: Spectrum) -> Spectrum:
    """Return a spectrum with the square roots of its intensities."""
    return Spectrum(spectrum.peaks.mz, np.sqrt(spectrum.peaks.intensities), metadata=spectrum.metadata)


def test_a_known_compound_is_found(model: FingerprintModel, references: ReferenceSpectra) -> None:
    candidates = make_candidates([CAFFEINE, THEOPHYLLINE, ASPIRIN])
    found = NeighbourEvidence(references).of(asked(library_spectra()[1], model), candidates)
    assert (found.argmax(axis=0) == 0).all()
    np.testing.assert_allclose(found[0, [0, 1, 2, 5]], 1.0, atol=2e-3)  # intensities are kept in 255 steps
    assert found[1, 5] == 0.0


def test_columns_are_those_of_single_neighbours(model: FingerprintModel, references: ReferenceSpectra) -> None:
    query_spectrum = make_spectrum(
        [110.0713, 120.0808, 121.0284, 138.0662], [0.9, 0.7, 0.3, 1.0], precursor_mz=181.0721
    )
    candidates = make_candidates([THEOPHYLLINE, TYROSINE, CAFFEINE])
    found = NeighbourEvidence(references).of(asked(query_spectrum, model), candidates)
    library = library_spectra()
    similarity = np.column_stack(
        [
            [float(score.pair(squared(s), squared(query_spectrum))["score"]) for s in library]
            for score in (CosineGreedy(0.02), ModifiedCosineGreedy(0.02))
        ]
        + [model.embed(library) @ model.embed([query_spectrum])[0]]
    )
    known = make_candidates([smiles for smiles, *_ in LIBRARY])
    tanimoto = packed_similarity(candidates.fingerprints, known.fingerprints)
    together = similarity.mean(axis=1)
    expected = np.column_stack([(tanimoto * similarity[:, i]).max(axis=1) for i in range(3)])
    np.testing.assert_allclose(found[:, :3], expected, atol=3e-3)
    soft = np.log(np.exp(20 * tanimoto * together).mean(axis=1)) / 20
    np.testing.assert_allclose(found[:, 3], soft, atol=3e-3)
    weights = np.exp(10 * together) / np.exp(10 * together).sum()
    np.testing.assert_allclose(found[:, 4], tanimoto**2 @ weights, atol=3e-3)
    np.testing.assert_allclose(found[:, 5], [0.0, 0.0, similarity[1].max()], atol=3e-3)


def test_an_equal_fingerprint_of_another_mass_is_not_exact(model: FingerprintModel) -> None:
    """Long chains differ in mass, not in bits."""
    long, longer = ("C" * n + "O" for n in (14, 15))
    candidates = make_candidates([long, longer])
    np.testing.assert_array_equal(candidates.fingerprints[0], candidates.fingerprints[1])
    memory = replace(
        ReferenceSpectra.of_labelled(labelled_library(), model).memory,
        fingerprints=np.repeat(candidates.fingerprints[:1], 3, axis=0).view(np.int64),
    )
    query = asked(library_spectra()[0], model)
    known = NeighbourEvidence(ReferenceSpectra(memory, np.full(3, candidates.masses[0]))).of(query, candidates)
    assert known[0, 5] > 0.9
    assert known[1, 5] == 0.0
    unknown = NeighbourEvidence(ReferenceSpectra(memory, np.full(3, np.nan))).of(query, candidates)
    assert (unknown[:, 5] > 0.9).all()


def test_many_spectra_at_once_give_what_one_by_one_gives(model: FingerprintModel, references: ReferenceSpectra) -> None:
    spectra = [
        *library_spectra(),
        make_spectrum([110.0, 138.0], [0.5, 1.0], precursor_mz=195.1),
        make_spectrum(precursor_mz=179.05, adduct="[M-H]-", ionmode="negative", charge=-1),
    ]
    queries = [asked(s, model) for s in spectra]
    queries[3] = replace(queries[3], accuracy=NOMINAL)
    candidates = make_candidates([CAFFEINE, ASPIRIN])
    evidence = NeighbourEvidence(references)
    arrays, embedding = spectrum_arrays(spectra), np.stack([q.embedding for q in queries])
    together = evidence.begin(arrays, embedding, [q.accuracy for q in queries])
    for query, one in zip(queries, together, strict=True):
        np.testing.assert_allclose(one.of(query, candidates), evidence.of(query, candidates), rtol=1e-5)
    assert np.isnan(together[4].of(queries[4], candidates)).all(), "there is no reference of negative mode"


def test_nominal_masses_match_accurate_ones(model: FingerprintModel, references: ReferenceSpectra) -> None:
    query = asked(make_spectrum([83.0, 110.0, 138.0], [0.2, 0.5, 1.0], precursor_mz=195.1), model)
    candidates = make_candidates([CAFFEINE])
    evidence = NeighbourEvidence(references)
    assert evidence.of(query, candidates)[0, 0] == 0.0
    assert evidence.of(replace(query, accuracy=NOMINAL), candidates)[0, 0] > 0.99


def test_a_model_with_a_memory_serves_as_references(tmp_path: Path) -> None:
    remembering = load_model(tiny_memory_model(tmp_path))
    references = ReferenceSpectra.of_model(remembering)
    assert references is not None
    assert len(references) == 40
    memory = references.memory
    for compound in range(memory.n_compounds):
        rows = np.flatnonzero(memory.compound == compound)
        shift = np.where(memory.ion_mode[rows] > 0, -1.007276, 1.007276)
        assert np.abs(memory.precursor_mz[rows] + shift - references.masses[compound]).min() < 1e-3


def test_a_model_without_a_memory_has_none(model: FingerprintModel) -> None:
    assert ReferenceSpectra.of_model(model) is None


def test_two_sets_together_find_what_each_finds(
    model: FingerprintModel, references: ReferenceSpectra, tmp_path: Path
) -> None:
    other = [make_spectrum([107.0491, 136.0757, 165.0546], [0.2, 1.0, 0.4], precursor_mz=182.0812, smiles=TYROSINE)]
    save_as_mgf(other, str(tmp_path / "other.mgf"))
    joined = references.joined(ReferenceSpectra.read(tmp_path / "other.mgf", model))
    assert len(joined) == 4
    candidates = make_candidates([CAFFEINE, TYROSINE])
    evidence = NeighbourEvidence(joined)
    for spectrum, right in ((library_spectra()[1], 0), (other[0], 1)):
        found = evidence.of(asked(spectrum, model), candidates)
        assert found[right, 5] > 0.99
        assert found[1 - right, 5] < found[right, 5]


def test_sets_of_different_models_are_not_joined(references: ReferenceSpectra) -> None:
    short = replace(references.memory, embedding=references.memory.embedding[:, :5])
    with pytest.raises(SettingsError, match="one model"):
        references.joined(ReferenceSpectra(short, references.masses))


def test_a_library_without_structures_is_refused(model: FingerprintModel, tmp_path: Path) -> None:
    save_as_mgf([make_spectrum()], str(tmp_path / "bare.mgf"))
    with pytest.raises(InputFileError, match="structure"):
        ReferenceSpectra.read(tmp_path / "bare.mgf", model)

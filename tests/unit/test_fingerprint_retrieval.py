"""FingerprintRetrieval: its numbers, its references without a structure, and how often it works."""

import logging
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from builders import tiny_model
from known_spectra import STRUCTURES, known_spectra, known_spectrum
from matchms import Spectrum
from rdkit import Chem
from rdkit.Chem import rdFingerprintGenerator

from matchms_fingerprint import FingerprintRetrieval, load_model
from matchms_fingerprint.errors import ModelError, SettingsError, StructureError
from matchms_fingerprint.similarity import model_score, structure_fingerprints

BENZENE_INCHI = "InChI=1S/C6H6/c1-2-4-6-5-3-1/h1-6H"


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> str:
    return str(tiny_model(tmp_path_factory.mktemp("model") / "tiny"))


def structure(**metadata: object) -> Spectrum:
    return Spectrum(np.empty(0), np.empty(0), metadata)


def own_messages(caplog: pytest.LogCaptureFixture) -> list[str]:
    """Return the beginning of each message of this package; matchms warns on its own of spectra without precursor."""
    names = [(record.name, record.getMessage()) for record in caplog.records]
    return [message.split(" have ")[0] for name, message in names if name == "matchms_fingerprint"]


def oracle(name: str, p: np.ndarray, c: np.ndarray) -> float:
    """Score one predicted fingerprint against one vector of bits, straight from the definition."""
    if name == "cosine":
        return float(p @ c / np.sqrt((p @ p) * (c @ c)))
    if name == "tanimoto":
        return float(np.sum(p * c) / (np.sum(p) + np.sum(c) - np.sum(p * c)))
    if name == "vector_tanimoto":
        return float(p @ c / (p @ p + c @ c - p @ c))
    q = np.clip(p, 1e-4, 1 - 1e-4)
    likelihood = np.sum(np.where(c > 0, np.log(q), np.log(1 - q)))
    best = np.sum(np.log(np.maximum(q, 1 - q)))
    return float(np.exp((likelihood - best) / max(1.0, p.sum())))


@pytest.mark.parametrize("name", ["cosine", "tanimoto", "vector_tanimoto", "log_likelihood"])
def test_scores_follow_their_definition(model: str, name: str) -> None:
    """Against RDKit's own fingerprints and the formulas of the docstring."""
    queries = [known_spectrum("cocaine"), known_spectrum("glucose"), known_spectrum("salicin")]
    loaded = load_model(model)
    generator = rdFingerprintGenerator.GetMorganGenerator(radius=2, fpSize=loaded.fingerprint.n_bits)
    bits = [generator.GetFingerprintAsNumPy(Chem.MolFromSmiles(smiles)) for smiles, *_ in STRUCTURES.values()]
    predicted = loaded.predict_fingerprints(queries).astype(np.float64)
    expected = [[oracle(name, p, c.astype(np.float64)) for p in predicted] for c in bits]
    scores = FingerprintRetrieval(model, score=name).matrix(known_spectra(), queries, progress_bar=False)
    np.testing.assert_allclose(scores, expected, rtol=1e-6)


def test_only_the_structure_of_the_reference_counts(model: str) -> None:
    score, query = FingerprintRetrieval(model), known_spectrum("cocaine")
    measured = known_spectrum("salicin")
    assert score.pair(measured, query) == score.pair(structure(smiles=measured.get("smiles")), query)


def test_inchi_serves_where_the_smiles_is_missing_or_invalid(model: str) -> None:
    score, query = FingerprintRetrieval(model), known_spectrum("cocaine")
    expected = score.pair(structure(smiles="c1ccccc1"), query)
    assert expected > 0
    assert score.pair(structure(inchi=BENZENE_INCHI), query) == expected
    assert score.pair(structure(smiles="not a structure", inchi=BENZENE_INCHI), query) == expected
    assert score.pair(structure(smiles=" ", inchi=BENZENE_INCHI), query) == expected


def test_salts_and_charges_do_not_matter(model: str) -> None:
    score, query = FingerprintRetrieval(model), known_spectrum("cocaine")
    assert score.pair(structure(smiles="[Na+].CC(=O)[O-]"), query) == score.pair(structure(smiles="CC(=O)O"), query)


UNUSABLE: list[dict[str, Any]] = [{}, {"smiles": "C1CC"}, {"inchi": "InChI=1S/nonsense"}, {"smiles": float("nan")}]


@pytest.mark.parametrize("metadata", UNUSABLE, ids=str)
def test_raise_names_the_reference_and_the_remedy(model: str, metadata: dict[str, Any]) -> None:
    score = FingerprintRetrieval(model, on_missing_structure="raise")
    references = [structure(smiles="CCO"), structure(**metadata)]
    with pytest.raises(StructureError, match=r"^reference spectrum 1: .*; add a smiles or inchi, or set on_missing"):
        score.matrix(references, [known_spectrum("cocaine")], progress_bar=False)
    with pytest.raises(StructureError, match="reference spectrum 1"):
        score.sparse_array(references, [known_spectrum("cocaine")], [1], [0], progress_bar=False)


def test_raise_looks_only_at_references_that_are_asked_for(model: str) -> None:
    score = FingerprintRetrieval(model, on_missing_structure="raise")
    references = [structure(smiles="CCO"), structure()]
    assert score.sparse_array(references, [known_spectrum("cocaine")], [0], [0], progress_bar=False)[0] > 0


def test_skip_scores_zero_and_warns_once_with_the_count(model: str, caplog: pytest.LogCaptureFixture) -> None:
    score = FingerprintRetrieval(model)
    references = [structure(smiles="CCO"), *(structure(**metadata) for metadata in UNUSABLE)]
    queries = [known_spectrum("cocaine"), known_spectrum("glucose")]
    with caplog.at_level(logging.WARNING, logger="matchms_fingerprint"):
        scores = score.matrix(references, queries, progress_bar=False)
    assert (scores[0] > 0).all()
    assert not scores[1:].any()
    assert own_messages(caplog) == ["4 of 5 reference spectra"]
    caplog.clear()
    with caplog.at_level(logging.WARNING, logger="matchms_fingerprint"):
        score.sparse_array(references, queries, [0, 1, 1], [0, 0, 1], progress_bar=False)
    assert own_messages(caplog) == ["1 of 2 reference spectra"]


def test_no_warning_where_nothing_is_missing(model: str, caplog: pytest.LogCaptureFixture) -> None:
    FingerprintRetrieval(model).matrix(known_spectra(), known_spectra(), progress_bar=False)
    assert own_messages(caplog) == []


class CountingModel:
    """Passes everything on to a model and notes the spectra that it is asked to predict."""

    def __init__(self, model: Any) -> None:
        self.model = model
        self.seen: list[Spectrum] = []

    def __getattr__(self, name: str) -> Any:
        return getattr(self.model, name)

    def predict_fingerprints(self, spectra: list[Spectrum]) -> np.ndarray:
        self.seen += spectra
        predicted: np.ndarray = self.model.predict_fingerprints(spectra)
        return predicted


def test_each_query_is_predicted_once(model: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(model_score, "BATCH_SIZE", 2)
    score = FingerprintRetrieval(model)
    counting = CountingModel(load_model(model))
    score._loaded = counting  # type: ignore[assignment]
    references, queries = known_spectra(), known_spectra()[:5]
    dense = score.matrix(references, queries, progress_bar=False)
    assert counting.seen == queries
    counting.seen.clear()
    rows, columns = np.array([0, 1, 2, 3, 5]), np.array([4, 1, 4, 4, 1])
    scores = score.sparse_array(references, queries, rows, columns, progress_bar=False)
    assert counting.seen == [queries[1], queries[4]]
    np.testing.assert_allclose(scores, dense[rows, columns], atol=1e-5)


def test_queries_without_a_partner_that_has_a_structure_are_not_predicted(model: str) -> None:
    score = FingerprintRetrieval(model)
    counting = CountingModel(load_model(model))
    score._loaded = counting  # type: ignore[assignment]
    references = [structure(smiles="CCO"), structure()]
    scores = score.sparse_array(references, known_spectra(), [1, 0], [2, 3], progress_bar=False)
    assert len(counting.seen) == 1
    assert scores[0] == 0
    assert scores[1] > 0


def test_each_structure_becomes_a_fingerprint_once(model: str, monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[str] = []
    read_molecule = structure_fingerprints.read_molecule

    def noting(text: str) -> Any:
        read.append(text)
        return read_molecule(text)

    monkeypatch.setattr(structure_fingerprints, "read_molecule", noting)
    references = [structure(smiles=smiles) for smiles in ("CCO", "c1ccccc1", "CCO", "nonsense", "nonsense", "CCO")]
    scores = FingerprintRetrieval(model).matrix(references, known_spectra(), progress_bar=False)
    assert read == ["CCO", "c1ccccc1", "nonsense"]
    np.testing.assert_array_equal(scores[0], scores[5])


def test_peaks_without_intensity_are_no_peaks(model: str) -> None:
    query = Spectrum(np.array([100.0, 150.0]), np.zeros(2), {"precursor_mz": 200.0})
    assert FingerprintRetrieval(model, score="log_likelihood").pair(structure(smiles="CCO"), query) == 0


def test_model_is_loaded_when_it_is_needed(tmp_path: Path) -> None:
    score = FingerprintRetrieval(str(tmp_path / "nowhere"))
    assert score.sparse_array([], [], [], []).size == 0
    with pytest.raises(ModelError, match="nowhere"):
        score.pair(structure(smiles="CCO"), known_spectrum("cocaine"))
    with pytest.raises(ModelError, match="nowhere"):
        score.to_dict()


@pytest.mark.parametrize(
    ("queries", "words"),
    [
        ([known_spectrum("cocaine"), None], "query spectrum 1 is None"),
        (known_spectrum("cocaine"), "query spectra: one spectrum was given; give a list"),
    ],
)
def test_what_is_no_spectrum_is_named_by_its_position(model: str, queries: Any, words: str) -> None:
    score, references = FingerprintRetrieval(model), [structure(smiles="CCO")]
    with pytest.raises(SettingsError, match=words):
        score.matrix(references, queries, progress_bar=False)
    with pytest.raises(SettingsError, match=words.replace("query", "reference")):
        score.sparse_array(queries, references, [0], [0], progress_bar=False)

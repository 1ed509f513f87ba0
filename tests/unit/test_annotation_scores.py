"""Annotations as matchms `Scores`, and networks of embeddings."""

from pathlib import Path

import networkx as nx
import numpy as np
import pytest
from annotated_features import make_annotation, make_hit
from builders import make_spectrum, random_spectra, tiny_model
from matchms import Spectrum
from matchms.importing import scores_from_json

from matchms_fingerprint import Candidate, EmbeddingSimilarity, Hit
from matchms_fingerprint.errors import SettingsError
from matchms_fingerprint.io.annotated_spectra import annotated_spectra
from matchms_fingerprint.similarity import annotations_to_scores, embedding_network
from matchms_fingerprint.similarity.embedding_network import NODE_KEYS


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> str:
    return str(tiny_model(tmp_path_factory.mktemp("model")))


def hit_of(rank: int, key: str, **values: float) -> Hit:
    return make_hit(rank, candidate=Candidate("C" * rank, key, "CH4", 16.03, (key,)), **values)


ANNOTATIONS = [
    make_annotation("1", (hit_of(1, "B"), hit_of(2, "A"))),
    make_annotation("2", ()),
    make_annotation("3", (hit_of(1, "A", score=0.0, probability=0.9),)),
]
SPECTRA = [make_spectrum(feature_id=str(number)) for number in (1, 2, 3)]


def test_each_hit_stands_at_its_candidate_and_feature() -> None:
    scores = annotations_to_scores(ANNOTATIONS, SPECTRA)
    assert scores.score_names == ("Annotation_score", "Annotation_probability", "Annotation_rank")
    assert [reference.get("inchikey") for reference in scores.references] == ["B", "A"]
    assert list(scores.queries) == SPECTRA
    np.testing.assert_allclose(scores.to_array("Annotation_score"), [[0.8, 0, 0], [0.7, 0, 0]])
    np.testing.assert_allclose(scores.to_array("Annotation_probability"), [[0.6, 0, 0], [0.3, 0, 0.9]])
    np.testing.assert_array_equal(scores.to_array("Annotation_rank"), [[1, 0, 0], [2, 0, 1]])


def test_matchms_sorts_the_candidates_of_a_query() -> None:
    scores = annotations_to_scores(ANNOTATIONS, SPECTRA)
    found = scores.scores_by_query(SPECTRA[0], "Annotation_probability", sort=True)
    assert [reference.get("compound_name") for reference, _ in found] == ["B", "A"]
    scores.filter_by_range(name="Annotation_probability", low=0.5)
    assert list(zip(scores.scores.row, scores.scores.col, strict=True)) == [(0, 0), (1, 2)]


def test_without_spectra_the_features_are_queries() -> None:
    scores = annotations_to_scores(iter(ANNOTATIONS))
    assert [query.get("feature_id") for query in scores.queries] == ["1", "2", "3"]
    assert scores.queries[0].get("retention_time") == 121.98
    assert scores.to_array("Annotation_rank").shape == (2, 3)


def test_scores_come_back_from_json(tmp_path: Path) -> None:
    """The numbers and the queries; matchms itself reads no spectrum without peaks, which is what candidates are."""
    scores = annotations_to_scores(ANNOTATIONS, SPECTRA)
    scores.to_json(str(tmp_path / "scores.json"))
    read = scores_from_json(str(tmp_path / "scores.json"))
    for name in scores.score_names:
        np.testing.assert_allclose(read.to_array(name), scores.to_array(name))
    assert [query.get("feature_id") for query in read.queries] == ["1", "2", "3"]


def test_no_hits_and_no_features() -> None:
    assert not annotations_to_scores([make_annotation("1", ())]).score_names
    assert annotations_to_scores([]).n_cols == 0


def test_spectra_have_to_be_as_many_as_annotations() -> None:
    with pytest.raises(SettingsError, match="1 spectra were given for 3"):
        annotations_to_scores(ANNOTATIONS, SPECTRA[:1])


def test_annotated_spectra_are_those_with_a_hit() -> None:
    assert [one.get("compound_name") for one in annotated_spectra(ANNOTATIONS, SPECTRA)] == ["B", "A"]
    assert [one.get("compound_name") for one in annotated_spectra(ANNOTATIONS, SPECTRA, rank=2)] == ["A"]
    with pytest.raises(ValueError):
        list(annotated_spectra(ANNOTATIONS, SPECTRA[:1]))


def test_network_has_the_edges_of_the_scores(model: str, tmp_path: Path) -> None:
    spectra = random_spectra(12)
    spectra[0] = next(annotated_spectra([make_annotation("1")], spectra[:1]))
    network = embedding_network(spectra, model, k=3, min_score=0.5)
    assert set(network.graph.nodes) == {spectrum.get("feature_id") for spectrum in spectra}
    cosines = EmbeddingSimilarity(model).matrix(spectra, spectra, is_symmetric=True, progress_bar=False)
    np.fill_diagonal(cosines, -1)
    expected = set()
    for row, scores in enumerate(cosines):
        for column in np.argsort(-scores, kind="stable")[:3]:
            if scores[column] >= 0.5:
                expected.add(frozenset((str(row + 1), str(column + 1))))
    assert {frozenset(edge) for edge in network.graph.edges} == expected
    assert network.graph.nodes["1"]["compound_name"] == "caffeine"
    assert network.graph.nodes["1"].keys() <= set(NODE_KEYS)
    network.export_to_file(str(tmp_path / "network.graphml"))
    read = nx.read_graphml(tmp_path / "network.graphml")
    assert {frozenset(edge) for edge in read.edges} == expected


@pytest.mark.parametrize(
    "spectra",
    [
        [make_spectrum(feature_id="1"), make_spectrum(feature_id="1")],
        [make_spectrum(), make_spectrum(feature_id="1")],
        [make_spectrum(feature_id=1), make_spectrum(feature_id=2)],  # matchms names one end of an edge "1", the other 1
    ],
)
def test_nodes_need_names(spectra: list[Spectrum], model: str) -> None:
    with pytest.raises(SettingsError, match="identifier_key 'feature_id'"):
        embedding_network(spectra, model)


def test_network_settings_are_checked(model: str) -> None:
    with pytest.raises(SettingsError, match="k 0"):
        embedding_network(random_spectra(3), model, k=0)

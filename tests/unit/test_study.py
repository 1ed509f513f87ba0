"""Samples by what is in them."""

from pathlib import Path

import numpy as np
import pytest

from matchms_fingerprint.annotation.study import read_sample_labels, sample_embeddings, tell_groups_apart
from matchms_fingerprint.errors import InputFileError, SettingsError

pytest.importorskip("sklearn", reason="scikit-learn is not installed")


def a_study(n_samples: int = 16, effect: float = 3.0, seed: int = 0) -> tuple[np.ndarray, list[str]]:
    """Return sample embeddings of two groups; in the second one some features are stronger by the effect."""
    rng = np.random.default_rng(seed)
    embeddings = rng.normal(size=(60, 12))
    intensities = rng.lognormal(5, 1, size=(60, n_samples))
    labels = ["control", "treated"] * (n_samples // 2)
    intensities[:10, 1::2] *= np.exp(effect)
    return sample_embeddings(embeddings, intensities), labels


def test_sample_embeddings_are_weighted_means_of_unit_length() -> None:
    rng = np.random.default_rng(0)
    embeddings, intensities = rng.normal(size=(5, 3)), rng.random((5, 2))
    found = sample_embeddings(embeddings, intensities)
    for sample in range(2):
        mean = sum(np.sqrt(intensities[i, sample]) * embeddings[i] for i in range(5))
        assert np.allclose(found[sample], mean / np.linalg.norm(mean))


def test_missing_features_count_nothing_and_empty_samples_are_zeros() -> None:
    embeddings = np.eye(3)
    found = sample_embeddings(embeddings, np.array([[1.0, 0], [np.nan, np.nan], [0, 0]]))
    assert found.tolist() == [[1, 0, 0], [0, 0, 0]]


def test_shapes_and_signs_are_checked() -> None:
    with pytest.raises(SettingsError, match="one row a feature in both"):
        sample_embeddings(np.eye(3), np.ones((4, 2)))
    with pytest.raises(SettingsError, match="negative"):
        sample_embeddings(np.eye(3), -np.ones((3, 2)))


def test_groups_that_differ_are_told_apart() -> None:
    result = tell_groups_apart(*a_study(), n_permutations=19)
    assert result.groups == ("control", "treated")
    assert result.accuracy > 0.9
    assert result.p_value == 1 / 20
    assert np.all(np.diff(result.permuted) >= 0)


def test_groups_that_do_not_differ_are_not() -> None:
    # p values of nothing are spread over 0 to 1: their mean over a few studies is far from 0
    p_values = [tell_groups_apart(*a_study(effect=0.0, seed=seed), n_permutations=9).p_value for seed in range(4)]
    assert np.mean(p_values) > 0.15


def test_the_same_seed_gives_the_same_result() -> None:
    first, second = (tell_groups_apart(*a_study(), n_permutations=5, seed=3) for _ in range(2))
    assert first.predicted == second.predicted
    assert np.array_equal(first.permuted, second.permuted)


@pytest.mark.parametrize(
    ("labels", "words"),
    [
        (["a"] * 16, "one group"),
        (["a", "b"] + ["a"] * 14, r"too few samples in b \(1\)"),
        (["a", "b"], "2 labels for 16 samples"),
    ],
)
def test_groups_that_cannot_be_tested_are_refused(labels: list[str], words: str) -> None:
    with pytest.raises(SettingsError, match=words):
        tell_groups_apart(a_study()[0], labels)


def test_labels_are_read_in_the_order_of_the_samples(tmp_path: Path) -> None:
    path = tmp_path / "metadata.tsv"
    path.write_text("filename\tATTRIBUTE_Tissue\tother\nB.mzML\tleaf\t1\nA.mzXML\troot\t2\n", encoding="utf-8")
    assert read_sample_labels(path, "tissue", ["A.mzML", "b.raw"]) == ["root", "leaf"]
    with pytest.raises(InputFileError, match="has no column age; it has filename, ATTRIBUTE_Tissue, other"):
        read_sample_labels(path, "age", ["A"])
    with pytest.raises(InputFileError, match=r"does not hold the samples C\.mzML"):
        read_sample_labels(path, "other", ["A", "C.mzML"])
    with pytest.raises(InputFileError, match="no such file"):
        read_sample_labels(tmp_path / "missing.tsv", "other", [])


def test_a_table_without_rows_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "metadata.csv"
    path.write_text("sample,tissue\n", encoding="utf-8")
    with pytest.raises(InputFileError, match="holds no rows"):
        read_sample_labels(path, "tissue", ["A"])
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(InputFileError, match="not a text file"):
        read_sample_labels(path, "tissue", ["A"])

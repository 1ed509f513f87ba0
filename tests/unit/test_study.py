"""Samples by what is in them."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from builders import make_spectrum
from matchms import Spectrum

from matchms_fingerprint.annotation.features import Feature, read_features
from matchms_fingerprint.annotation.settings import AnnotationSettings
from matchms_fingerprint.annotation.study import (
    AgainstChance,
    SampleLabels,
    StudySamples,
    analyse_study,
    embed_samples,
    read_sample_labels,
    sample_embeddings,
    tell_groups_apart,
)
from matchms_fingerprint.annotation.study.groups import PENALTY
from matchms_fingerprint.errors import InputFileError, SettingsError
from matchms_fingerprint.io.quant_table import QuantTable

pytest.importorskip("sklearn", reason="scikit-learn is not installed")
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold


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
    assert result.counts == (8, 8)
    assert result.n_folds == 5
    assert result.accuracy.value > 0.9
    assert result.auroc.value > 0.9
    assert result.accuracy.p_value == result.auroc.p_value == 1 / 20
    assert np.all(np.diff(result.accuracy.permuted) >= 0)
    assert result.accuracy.chance == 0.5


def test_groups_that_do_not_differ_are_not() -> None:
    # p values of nothing are spread over 0 to 1: their mean over a few studies is far from 0
    tests = [tell_groups_apart(*a_study(effect=0.0, seed=seed), n_permutations=9) for seed in range(4)]
    assert np.mean([test.accuracy.p_value for test in tests]) > 0.15
    assert np.mean([test.auroc.p_value for test in tests]) > 0.15


def test_the_p_value_counts_the_real_labels_and_all_that_are_as_good() -> None:
    # 2 of 4 shuffled labels are as good or better: (1 + 2) / (1 + 4)
    assert AgainstChance(0.6, 0.5, np.array([0.1, 0.5, 0.6, 0.9])).p_value == 3 / 5
    assert AgainstChance(0.95, 0.5, np.array([0.1, 0.5, 0.6, 0.9])).p_value == 1 / 5
    assert AgainstChance(0.1 + 0.2, 0.5, np.array([0.3])).p_value == 1  # equal but for rounding


def test_accuracy_is_balanced_and_so_chance_does_not_follow_the_larger_group() -> None:
    embeddings = np.random.default_rng(0).normal(size=(24, 6))
    labels = ["rare"] * 4 + ["common"] * 20
    result = tell_groups_apart(embeddings, labels, n_permutations=30)
    assert result.n_folds == 4  # each fold has one of the rare group
    expected = [np.mean([result.predicted[i] == label for i, label in enumerate(labels) if label == group])
                for group in result.groups]  # fmt: skip
    assert np.allclose(result.recalls, expected)
    assert result.accuracy.value == pytest.approx(np.mean(expected))
    # always "common" would be right in 20 of 24 cases, balanced in half of them
    assert 0.35 < result.accuracy.permuted.mean() < 0.65


def test_three_groups_have_a_third_as_chance() -> None:
    rng = np.random.default_rng(0)
    labels = ["a", "b", "c"] * 5
    centres = np.array([[4.0, 0, 0], [0, 4, 0], [0, 0, 4]])
    result = tell_groups_apart(rng.normal(size=(15, 3)) + np.tile(centres, (5, 1)), labels, n_permutations=19)
    assert result.accuracy.chance == 1 / 3
    assert result.auroc.chance == 0.5
    assert result.accuracy.value > 0.8
    assert result.auroc.value > 0.9


def test_each_fold_is_scaled_and_predicted_by_the_others_alone() -> None:
    embeddings, labels = a_study(effect=0.6)
    y = np.array(labels)
    expected = np.empty_like(y)
    for seen, left_out in StratifiedKFold(5, shuffle=True, random_state=7).split(embeddings, y):
        mean, deviation = embeddings[seen].mean(axis=0), embeddings[seen].std(axis=0)
        model = LogisticRegression(C=PENALTY, class_weight="balanced", max_iter=1000)
        model.fit((embeddings[seen] - mean) / deviation, y[seen])
        expected[left_out] = model.predict((embeddings[left_out] - mean) / deviation)
    result = tell_groups_apart(embeddings, labels, n_permutations=1, seed=7)
    assert result.predicted == tuple(expected.tolist())
    assert 0.5 < result.accuracy.value < 1  # neither trivial


def test_the_same_seed_gives_the_same_result() -> None:
    first, second = (tell_groups_apart(*a_study(), n_permutations=5, seed=3) for _ in range(2))
    assert first.predicted == second.predicted
    assert np.array_equal(first.accuracy.permuted, second.accuracy.permuted)


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


def write_table(folder: Path, *lines: str, name: str = "metadata.tsv") -> Path:
    path = folder / name
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def test_labels_are_read_in_the_order_of_the_samples(tmp_path: Path) -> None:
    path = write_table(tmp_path, "filename\tATTRIBUTE_Tissue\tother", "B.mzML\tleaf\t1", "x/A.mzXML\troot\t2")
    labels = read_sample_labels(path, "tissue", ["A.mzML", "b.raw"])
    assert (labels.column, labels.values) == ("Tissue", ("root", "leaf"))
    assert labels.numbers is None
    with pytest.raises(InputFileError, match="has no column 'age'; it has filename, ATTRIBUTE_Tissue, other"):
        read_sample_labels(path, "age", ["A"])
    with pytest.raises(InputFileError, match=r"does not hold the samples C\.mzML in its column filename"):
        read_sample_labels(path, "other", ["A", "C.mzML"])
    with pytest.raises(InputFileError, match=r"S1, S2, S3, S4, S5 and 2 more"):
        read_sample_labels(path, "other", [f"S{i}" for i in range(1, 8)])
    with pytest.raises(InputFileError, match="no such file"):
        read_sample_labels(tmp_path / "missing.tsv", "other", [])


def test_numbers_and_what_is_missing(tmp_path: Path) -> None:
    rows = ("a;1.5;N/A;;1_1", "b;-2e1;leaf;NA;1_2", "c;NA;root", "d;3;root;nan;2_1")
    path = write_table(tmp_path, "sample;dose;part;empty;batch", *rows)
    samples = ["a", "b", "c", "d"]
    dose = read_sample_labels(path, "dose", samples)
    assert dose.numbers is not None
    np.testing.assert_array_equal(dose.numbers, [1.5, -20, np.nan, 3])
    part = read_sample_labels(path, "part", samples)
    assert part.values == ("", "leaf", "root", "root")
    assert part.is_known.tolist() == [False, True, True, True]
    assert read_sample_labels(path, "batch", samples).numbers is None  # Python would read 1_1 as 11
    with pytest.raises(InputFileError, match="has no value in its column empty"):
        read_sample_labels(path, "empty", samples)


def test_a_sample_with_two_labels_is_refused(tmp_path: Path) -> None:
    path = write_table(tmp_path, "sample,part", "a.mzML,leaf", "b,root", "A.raw,leaf")
    assert read_sample_labels(path, "part", ["a", "b"]).values == ("leaf", "root")
    path = write_table(tmp_path, "sample,part", "a.mzML,leaf", "A.raw,root")
    with pytest.raises(InputFileError, match=r"holds the sample A\.raw twice, with different values of part"):
        read_sample_labels(path, "part", ["a"])


def test_a_table_without_rows_is_refused(tmp_path: Path) -> None:
    path = write_table(tmp_path, "sample,tissue", name="metadata.csv")
    with pytest.raises(InputFileError, match="holds no rows"):
        read_sample_labels(path, "tissue", ["A"])
    path.write_text("")
    with pytest.raises(InputFileError, match="holds no rows"):
        read_sample_labels(path, "tissue", ["A"])
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(InputFileError, match="not a text file"):
        read_sample_labels(path, "tissue", ["A"])


class EmbedsMass:
    """Stands for a model: the embedding of a spectrum is its precursor m/z and 1."""

    def embed(self, spectra: list[Spectrum]) -> np.ndarray:
        return np.array([[spectrum.get("precursor_mz"), 1.0] for spectrum in spectra], np.float32)


def features_of(*masses: float, **metadata: object) -> list[Feature]:
    spectra = [make_spectrum(precursor_mz=mz, feature_id=str(i), **metadata) for i, mz in enumerate(masses, start=1)]
    return list(read_features(spectra, AnnotationSettings()))


def quant_of(masses: list[float], intensities: list[list[float]], first_id: int = 1) -> QuantTable:
    n_samples = len(intensities[0])
    return QuantTable(
        Path("quant.csv"),
        np.arange(first_id, first_id + len(masses)),
        np.array(masses),
        np.full(len(masses), 60.0),
        tuple(f"s{i}.mzML" for i in range(n_samples)),
        np.array(intensities, np.float32),
        "area",
    )


def test_samples_are_embedded_by_the_rows_of_their_features() -> None:
    quant = quant_of([200.0, 300.0, 400.0], [[4, 0, 9], [1, 0, 0], [1, 1, 1]])
    seen = []
    samples = embed_samples(features_of(200, 300, 999), EmbedsMass(), quant, 2, lambda: seen.append(1))  # type: ignore[arg-type]
    assert samples.names == ("s0.mzML", "s1.mzML", "s2.mzML")
    assert samples.statuses == {"used": 2, "not_in_table": 1}  # the third row has another m/z
    assert samples.n_features.tolist() == [2, 0, 1]
    first = 2 * np.array([200, 1]) + np.array([300, 1])
    assert np.allclose(samples.embeddings[0], first / np.linalg.norm(first))
    assert samples.embeddings[1].tolist() == [0, 0]
    assert len(seen) == 3


def test_a_row_counts_once() -> None:
    quant = quant_of([200.0], [[1, 1, 1]])
    twice = [*features_of(200), *features_of(200)]
    assert embed_samples(twice, EmbedsMass(), quant).statuses == {"used": 1, "not_in_table": 1}  # type: ignore[arg-type]


def test_studies_without_samples_or_features_are_refused() -> None:
    model: Any = EmbedsMass()
    with pytest.raises(InputFileError, match=r"quant\.csv: has no column with the area or height of a sample"):
        embed_samples([], model, quant_of([200.0], [[]]))
    with pytest.raises(InputFileError, match=r"has 2 columns with the area .* a study needs 3 or more"):
        embed_samples([], model, quant_of([200.0], [[1, 1]]))
    quant = quant_of([200.0], [[1, 1, 1]])
    with pytest.raises(InputFileError, match=r"holds none of the features of the spectra: not_in_table \(1\)"):
        embed_samples(features_of(500), model, quant)
    with pytest.raises(InputFileError, match=r"unknown_ion_mode \(1\); give the ion mode"):
        embed_samples(features_of(200, adduct=None, ionmode=None, charge=0), model, quant)
    with pytest.raises(InputFileError, match="none of the features can be embedded: there are none"):
        embed_samples([], model, quant)


def some_samples(n: int = 8) -> StudySamples:
    """Return samples of which the last one has no features."""
    embeddings = np.random.default_rng(0).normal(size=(n, 4))
    embeddings[-1] = 0
    counts = np.array([5] * (n - 1) + [0])
    return StudySamples(tuple(f"s{i}" for i in range(n)), embeddings, counts, {"used": 5})


def test_samples_without_features_or_label_are_not_tested() -> None:
    labels = SampleLabels("part", ("leaf", "root", "leaf", "root", "leaf", "root", "", "leaf"))
    study = analyse_study(some_samples(), labels, n_permutations=3)
    assert np.isnan(study.projection.points[-1]).all()
    assert np.isfinite(study.projection.points[:-1]).all()
    assert study.is_tested.tolist() == [True] * 6 + [False] * 2
    assert study.test is not None
    assert len(study.test.predicted) == 6
    assert study.no_test == ""


def test_what_cannot_be_tested_is_mapped_and_said() -> None:
    numbers = SampleLabels("dose", ("1", "2", "3", "", "5", "6", "7", "8"))
    cases = ((None, 9, "no metadata"), (numbers, 9, "dose holds numbers"), (numbers, 0, "no permutations"))
    for labels, n_permutations, words in cases:
        study = analyse_study(some_samples(), labels, n_permutations=n_permutations)
        assert study.test is None
        assert words in study.no_test
        assert not study.is_tested.any()
    with pytest.raises(InputFileError, match="2 samples have features with a spectrum, a map needs 3"):
        analyse_study(some_samples(3))

"""The figures for papers: what is drawn where, and what is refused."""

import builtins
import dataclasses
from typing import Any

import numpy as np
import pytest
from matplotlib.colors import to_hex
from matplotlib.figure import Figure
from report_cases import many_items

from matchms_fingerprint.annotation.projection import project
from matchms_fingerprint.errors import SettingsError
from matchms_fingerprint.records import ExplainedPeak
from matchms_fingerprint.report.figures import embedding_map, evidence_plot, mirror_plot
from matchms_fingerprint.report.figures.style import MUTED, SECOND, STRONG

UPPER = (np.array([100.0, 150.0, 200.0]), np.array([5.0, 10.0, 2.5]))
LOWER = (np.array([100.004, 180.0]), np.array([1.0, 4.0]))


def sticks(axes: Any) -> dict[str, list[tuple[float, float]]]:
    """Return colour -> m/z and height of the sticks."""
    found: dict[str, list[tuple[float, float]]] = {}
    for collection in axes.collections:
        ends = [(float(segment[1][0]), float(segment[1][1])) for segment in collection.get_segments()]
        found.setdefault(to_hex(collection.get_color()[0]), []).extend(ends)
    return found


def test_mirror_plot_has_shared_peaks_in_colour() -> None:
    found = sticks(mirror_plot(UPPER, LOWER))
    assert found[STRONG] == [(100.0, 50.0)]
    assert found[SECOND] == [(100.004, -25.0)]
    assert sorted(found[MUTED]) == [(150.0, 100.0), (180.0, -100.0), (200.0, 25.0)]
    assert STRONG not in {
        color for color, ends in sticks(mirror_plot(UPPER, LOWER, tolerance_da=0.001)).items() if ends
    }


def test_mirror_plot_labels_explained_peaks_with_their_formula() -> None:
    peak = ExplainedPeak(150.0, 1.0, "C8H8NO2", "c1ccccc1", 1.0, 0, 1.0)
    texts = [text.get_text() for text in mirror_plot(UPPER, LOWER, explained=[peak]).texts]
    assert "C$_{8}$H$_{8}$NO$_{2}$" in texts
    assert "100.0000" in texts
    assert {"measured", "library"} <= set(texts)


def test_figures_draw_into_given_axes() -> None:
    axes = Figure().subplots()
    assert mirror_plot(UPPER, LOWER, axes=axes) is axes


def test_mirror_plot_needs_peaks() -> None:
    with pytest.raises(SettingsError, match="the library spectrum has no peaks"):
        mirror_plot(UPPER, (np.array([1.0]), np.array([0.0])))


def test_evidence_plot_scales_each_line_by_itself() -> None:
    annotation = next(iter(many_items(1))).annotation
    hits = tuple(dataclasses.replace(hit, evidence={"a": float(hit.rank), "b": 7.0}) for hit in annotation.hits[:3])
    axes = evidence_plot(dataclasses.replace(annotation, hits=hits))
    drawn = {(float(line.get_xdata()[0]), float(line.get_ydata()[0])) for line in axes.lines if len(line.get_xdata())}
    assert drawn == {(0.0, 0.0), (0.5, 0.0), (1.0, 0.0), (1.0, 1.0)}
    assert [label.get_text() for label in axes.get_yticklabels()] == ["a", "b"]
    assert len(axes.get_legend().get_texts()) == 3


def test_evidence_plot_passes_over_what_is_missing() -> None:
    annotation = next(iter(many_items(1))).annotation
    first, second = annotation.hits[:2]
    hits = (dataclasses.replace(first, evidence={"a": float("nan")}), dataclasses.replace(second, evidence={}))
    evidence_plot(dataclasses.replace(annotation, hits=hits))
    with pytest.raises(SettingsError, match="feature 1: has no candidates with evidence"):
        evidence_plot(dataclasses.replace(annotation, hits=(hits[1],)))


def test_embedding_map_has_groups_or_a_scale() -> None:
    x = np.random.default_rng(0).normal(size=(30, 5))
    grouped = embedding_map(x, ["a", "b", "b"] * 10, title="tissue")
    assert [text.get_text() for text in grouped.get_legend().get_texts()] == ["b", "a"]
    assert sum(len(collection.get_offsets()) for collection in grouped.collections) == 30
    scaled = embedding_map(x, list(range(30)), title="m/z")
    assert len(scaled.figure.axes) == 2  # and the colour bar
    assert embedding_map(x).get_legend() is None


def test_rare_groups_are_drawn_as_others() -> None:
    x = np.random.default_rng(0).normal(size=(30, 5))
    axes = embedding_map(x, [f"group {i % 15}" for i in range(30)])
    assert axes.get_legend().get_texts()[0].get_text() == "others"


def test_principal_components_are_those_of_the_covariance() -> None:
    rng = np.random.default_rng(1)
    x = rng.normal(size=(50, 4)) * (5.0, 2.0, 0.5, 0.1)
    projection = project(x)
    values, vectors = np.linalg.eigh(np.cov(x.T))
    expected = (x - x.mean(axis=0)) @ vectors[:, ::-1][:, :2]
    assert np.allclose(np.abs(projection.points), np.abs(expected))
    assert projection.axis_names[0] == f"PC 1 ({values[-1] / values.sum():.0%})"


def test_points_on_a_line_and_on_one_spot_have_a_place() -> None:
    assert np.allclose(project(np.arange(5.0)[:, None]).points[:, 1], 0)
    assert np.allclose(project(np.ones((4, 3))).points, 0)


def test_wrong_input_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    x = np.random.default_rng(0).normal(size=(10, 3))
    with pytest.raises(SettingsError, match="2 values for 10 embeddings"):
        embedding_map(x, ["a", "b"])
    with pytest.raises(SettingsError, match="must be one of pca, umap"):
        project(x, "tsne")
    with pytest.raises(SettingsError, match="three points or more"):
        project(x[:2])
    original = builtins.__import__

    def without_umap(name: str, *arguments: Any, **named: Any) -> Any:
        if name == "umap":
            raise ImportError(name)
        return original(name, *arguments, **named)

    monkeypatch.setattr(builtins, "__import__", without_umap)
    with pytest.raises(SettingsError, match=r"pip install 'matchms_fingerprint\[umap\]'"):
        project(x, "umap")

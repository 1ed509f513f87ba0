"""The figures for papers: what is drawn where, and what is refused."""

import builtins
import dataclasses
import math
from typing import Any

import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.colors import to_hex, to_rgb
from matplotlib.figure import Figure
from report_cases import many_items

from matchms_fingerprint.annotation.projection import Projection, project
from matchms_fingerprint.annotation.study import AgainstChance
from matchms_fingerprint.errors import SettingsError
from matchms_fingerprint.records import ExplainedPeak
from matchms_fingerprint.report.figures import embedding_map, evidence_plot, mirror_plot, permutation_plot
from matchms_fingerprint.report.figures.point_names import MOST_LETTERS
from matchms_fingerprint.report.figures.style import GROUPS, MARKERS, MUTED, SECOND, STRONG

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
    assert [text.get_text() for text in grouped.get_legend().get_texts()] == ["b (20)", "a (10)"]
    assert sum(len(collection.get_offsets()) for collection in grouped.collections) == 30
    scaled = embedding_map(x, list(range(30)), title="m/z")
    assert len(scaled.figure.axes) == 2  # and the colour bar
    assert embedding_map(x).get_legend() is None


def test_rare_groups_are_drawn_as_others() -> None:
    x = np.random.default_rng(0).normal(size=(30, 5))
    axes = embedding_map(x, [f"group {i % 15}" for i in range(30)])
    texts = [text.get_text() for text in axes.get_legend().get_texts()]
    assert len(texts) == len(GROUPS) + 1
    assert texts[-1] == "others (16)"  # 8 of 15 groups, of 2 points each


def test_what_is_not_known_is_grey() -> None:
    x = np.random.default_rng(0).normal(size=(6, 5))
    grouped = embedding_map(x, ["a", "", "a", "b", "", "b"])
    assert [text.get_text() for text in grouped.get_legend().get_texts()] == ["a (2)", "b (2)", "not known (2)"]
    scaled = embedding_map(x, [1.0, math.nan, 2.0, 3.0, 4.0, 5.0])
    drawn = {to_hex(collection.get_facecolor()[0]): len(collection.get_offsets()) for collection in scaled.collections}
    assert drawn[MUTED] == 1
    assert sum(drawn.values()) == 6


def test_a_map_of_what_was_projected_before() -> None:
    x = np.random.default_rng(0).normal(size=(6, 5))
    projection = project(x)
    drawn = embedding_map(projection).collections[0].get_offsets()
    np.testing.assert_allclose(drawn, projection.points)
    assert projection.explained is not None
    assert 0 < projection.explained[1] < projection.explained[0] < 1


def names_on(axes: Axes) -> dict[str, Any]:
    """Return name -> box of what is written at points."""
    axes.get_figure(root=True).draw_without_rendering()
    return {text.get_text(): text.get_window_extent() for text in axes.texts}


def test_names_do_not_lie_on_each_other() -> None:
    rng = np.random.default_rng(0)
    points = np.concatenate([rng.normal(size=(20, 2)), [[0, 0]] * 10])  # ten on one spot: not all have room
    names = [f"sample number {i}" for i in range(29)] + ["a name that is far too long for a map"]
    found = names_on(embedding_map(Projection(points, ("x", "y")), names=names))
    assert 12 <= len(found) < 30
    boxes = list(found.values())
    assert not any(one.overlaps(other) for i, one in enumerate(boxes) for other in boxes[:i])
    assert all(len(name) <= MOST_LETTERS for name in found)
    assert names_on(embedding_map(rng.normal(size=(50, 3)), names=["a"] * 50)) == {}
    with pytest.raises(SettingsError, match="2 names for 30 embeddings"):
        embedding_map(Projection(points, ("x", "y")), names=["a", "b"])


def test_points_without_a_place_are_not_named() -> None:
    points = np.array([[0.0, 0], [1, 1], [np.nan, np.nan], [2, 0]])
    assert set(names_on(embedding_map(Projection(points, ("x", "y")), names=list("abcd")))) == {"a", "b", "d"}


# what colour-blind readers see of linear RGB (Machado, Oliveira and Fernandes, IEEE TVCG 2009, severity 1)
DEUTERANOPIA = ((0.367322, 0.860646, -0.227968), (0.280085, 0.672501, 0.047413), (-0.011820, 0.042940, 0.968881))
PROTANOPIA = ((0.152286, 1.052583, -0.204868), (0.114503, 0.786281, 0.099216), (-0.003882, -0.048116, 1.051998))
TRITANOPIA = ((1.255528, -0.076749, -0.178779), (-0.078411, 0.930809, 0.147602), (0.004733, 0.691367, 0.303900))


def lab_of(color: str, seen_as: Any) -> np.ndarray:
    """Return CIELAB coordinates (D65) of a colour as somebody sees it."""
    rgb = np.array(to_rgb(color))
    linear = np.asarray(seen_as) @ np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    to_xyz = ((0.4124, 0.3576, 0.1805), (0.2126, 0.7152, 0.0722), (0.0193, 0.1192, 0.9505))
    x, y, z = np.cbrt(np.array(to_xyz) @ np.clip(linear, 1e-4, 1) / (0.9505, 1, 1.089))
    return np.array([116 * y - 16, 500 * (x - y), 200 * (y - z)])


@pytest.mark.parametrize("seen_as", [np.eye(3), DEUTERANOPIA, PROTANOPIA, TRITANOPIA])
def test_colours_and_shapes_of_groups_are_told_apart(seen_as: Any) -> None:
    labs = [lab_of(color, seen_as) for color in GROUPS]
    distances = [np.linalg.norm(one - other) for i, one in enumerate(labs) for other in labs[:i]]
    assert min(distances) > 10  # about 2 is just noticeable
    assert len(set(MARKERS)) == len(MARKERS) == len(GROUPS)


def test_permutation_plot_has_chance_and_the_real_labels() -> None:
    axes = permutation_plot(AgainstChance(0.9, 0.5, np.array([0.4, 0.5, 0.55, 0.9])))
    assert [float(line.get_xdata()[0]) for line in axes.lines] == [0.5, 0.9]
    heights = [(round(bar.get_x() + bar.get_width() / 2, 3), bar.get_height()) for bar in axes.patches]
    assert [(x, height) for x, height in heights if height] == [(0.4, 1), (0.5, 1), (0.55, 1), (0.9, 1)]
    assert axes.get_title(loc="left") == "p = 0.4"


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


@pytest.mark.slow  # its first use compiles
def test_umap_keeps_neighbourhoods() -> None:
    pytest.importorskip("umap", reason="the extra umap is not installed")
    rng = np.random.default_rng(0)
    x = np.concatenate([rng.normal(size=(20, 6)), rng.normal(size=(20, 6)) + 30])
    projection = project(x, "umap", seed=1)
    assert projection.axis_names == ("UMAP 1", "UMAP 2")
    assert projection.explained is None
    first, second = projection.points[:20], projection.points[20:]
    between = np.linalg.norm(first[:, None] - second[None], axis=2)
    within = np.linalg.norm(first[:, None] - first[None], axis=2)
    assert between.min() > within.max()
    assert np.array_equal(project(x, "umap", seed=1).points, projection.points)
    axes = embedding_map(x, ["a"] * 20 + ["b"] * 20, method="umap", seed=1)
    assert axes.get_xlabel() == "UMAP 1"


@pytest.mark.slow
@pytest.mark.parametrize("n", [3, 4, 5])
def test_umap_lays_out_few_points_and_equal_ones(n: int, recwarn: pytest.WarningsRecorder) -> None:
    pytest.importorskip("umap", reason="the extra umap is not installed")
    recwarn.clear()
    assert np.isfinite(project(np.random.default_rng(0).normal(size=(n, 6)), "umap").points).all()
    assert np.isfinite(project(np.ones((n, 6)), "umap").points).all()
    assert [str(warning.message) for warning in recwarn.list if "umap" in warning.filename] == []


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

"""Spectra or samples as points on a plane."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from numpy.typing import NDArray

from matchms_fingerprint.annotation.projection import Projection, project
from matchms_fingerprint.errors import SettingsError
from matchms_fingerprint.report.figures.point_names import name_points
from matchms_fingerprint.report.figures.style import GROUPS, MARKERS, MUTED, prepared

Points = NDArray[np.float64]

UNKNOWN = "not known"
"""In the legend, for points without a value."""


def embedding_map(
    embeddings: NDArray[np.floating] | Projection,
    values: Sequence[str] | Sequence[float] | None = None,
    method: str = "pca",
    title: str = "",
    names: Sequence[str] = (),
    seed: int = 0,
    axes: Axes | None = None,
) -> Axes:
    """Draw embeddings as points, coloured by what is known of them.

    Parameters
    ----------
    embeddings
        Shape (n_points, n_embedding): of spectra (`model.embed`) or of samples (`annotation.study.sample_embeddings`);
        or what `project` made of them. Points with NaN are not drawn.
    values
        Of each point: texts for groups, of which the most frequent have a colour and a shape of their own, or numbers
        for a scale. Empty texts and NaN stand for what is not known.
    method
        "pca", or "umap" with the extra `umap`.
    title
        Name of the values, which stands at the legend.
    names
        Of the points, written beside them where there is room; none by default.
    seed
        Of UMAP.
    axes
        Axes to draw into; None makes a new figure.

    Returns
    -------
    Axes

    Raises
    ------
    SettingsError
        If there are not as many values or names as points, fewer than three points, or UMAP is asked for and not
        installed.
    """
    n = len(embeddings.points if isinstance(embeddings, Projection) else embeddings)
    for kind, given in (("values", values), ("names", names or None)):
        if given is not None and len(given) != n:
            raise SettingsError(f"{len(given)} {kind} for {n} embeddings; give one for each")
    projection = embeddings if isinstance(embeddings, Projection) else project(embeddings, method, seed)
    axes = prepared(axes, 6.4, 4.4)
    points = projection.points
    size = float(np.clip(4000 / len(points), 6, 42))
    if values is None:
        axes.scatter(points[:, 0], points[:, 1], s=size, color=GROUPS[0], alpha=0.8, linewidths=0)
    elif all(isinstance(value, str) for value in values):
        _draw_groups(axes, points, [str(value) for value in values], size, title)
    else:
        _draw_scale(axes, points, np.asarray(values, np.float64), size, title)
    axes.set(xlabel=projection.axis_names[0], ylabel=projection.axis_names[1])
    axes.set_xticks([])
    axes.set_yticks([])
    axes.margins(0.08)
    name_points(axes, points, names)
    return axes


def _draw_groups(axes: Axes, points: Points, values: list[str], size: float, title: str) -> None:
    groups = np.asarray(values)
    names, counts = np.unique(groups[groups != ""], return_counts=True)
    frequent = names[np.argsort(-counts, kind="stable")][: len(GROUPS)]
    is_other = ~np.isin(groups, frequent) & (groups != "")
    for is_in, label in ((is_other, "others"), (groups == "", UNKNOWN)):
        if is_in.any():
            x, y = points[is_in].T
            label = f"{label} ({is_in.sum()})"
            axes.scatter(x, y, s=size, color=MUTED, alpha=0.4, linewidths=0, label=label)
    for name, color, marker in zip(frequent, GROUPS, MARKERS, strict=False):
        is_in = groups == name
        x, y = points[is_in].T
        label = f"{name} ({is_in.sum()})"
        axes.scatter(x, y, s=size, color=color, marker=marker, alpha=0.85, linewidths=0, label=label)
    handles, labels = axes.get_legend_handles_labels()
    n_muted = len(handles) - len(frequent)  # drawn first, named last
    axes.legend(
        handles[n_muted:] + handles[:n_muted],
        labels[n_muted:] + labels[:n_muted],
        title=title or None,
        frameon=False,
        fontsize=8,
        title_fontsize=9,
        loc="center left",
        bbox_to_anchor=(1.0, 0.5),
        alignment="left",
    )


def _draw_scale(axes: Axes, points: Points, numbers: NDArray[np.float64], size: float, title: str) -> None:
    is_known = np.isfinite(numbers)
    if not is_known.all():
        x, y = points[~is_known].T
        axes.scatter(x, y, s=size, color=MUTED, alpha=0.4, linewidths=0, label=UNKNOWN)
        axes.legend(frameon=False, fontsize=8, loc="upper left", bbox_to_anchor=(0.0, -0.04))
    x, y = points[is_known].T
    drawn = axes.scatter(x, y, s=size, c=numbers[is_known], cmap="viridis", alpha=0.9, linewidths=0)
    figure = axes.get_figure(root=True)
    if figure is not None:
        bar = figure.colorbar(drawn, ax=axes, fraction=0.05)
        bar.set_label(title, size=9)
        bar.ax.tick_params(labelsize=8)
        bar.outline.set_visible(False)

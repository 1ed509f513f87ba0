"""Spectra or samples as points on a plane."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from numpy.typing import NDArray

from matchms_fingerprint.annotation.projection import project
from matchms_fingerprint.errors import SettingsError
from matchms_fingerprint.report.figures.style import MUTED, SERIES, prepared


def embedding_map(
    embeddings: NDArray[np.floating],
    values: Sequence[str] | Sequence[float] | None = None,
    method: str = "pca",
    title: str = "",
    seed: int = 0,
    axes: Axes | None = None,
) -> Axes:
    """Draw embeddings as points, coloured by what is known of them.

    Parameters
    ----------
    embeddings
        Shape (n_points, n_embedding): of spectra (`model.embed`) or of samples (`annotation.study.sample_embeddings`).
    values
        Of each point: texts for groups, of which the most frequent have a colour of their own, or numbers for a scale.
    method
        "pca", or "umap" with the extra `umap`.
    title
        Name of the values, which stands at the legend.
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
        If there are not as many values as points, fewer than three points, or UMAP is asked for and not installed.
    """
    if values is not None and len(values) != len(embeddings):
        raise SettingsError(f"{len(values)} values for {len(embeddings)} embeddings; give one for each")
    projection = project(embeddings, method, seed)
    axes = prepared(axes, 5.2, 4.2)
    x, y = projection.points.T
    size = float(np.clip(4000 / len(x), 6, 42))
    if values is None:
        axes.scatter(x, y, s=size, color=SERIES[0], alpha=0.8, linewidths=0)
    elif all(isinstance(value, str) for value in values):
        _draw_groups(axes, x, y, [str(value) for value in values], size, title)
    else:
        numbers = np.asarray(values, np.float64)
        drawn = axes.scatter(x, y, s=size, c=numbers, cmap="viridis", alpha=0.9, linewidths=0, plotnonfinite=True)
        axes.get_figure(root=True).colorbar(drawn, ax=axes, label=title)  # type: ignore[union-attr]
    axes.set(xlabel=projection.axis_names[0], ylabel=projection.axis_names[1])
    axes.set_xticks([])
    axes.set_yticks([])
    return axes


def _draw_groups(
    axes: Axes, x: NDArray[np.float64], y: NDArray[np.float64], values: list[str], size: float, title: str
) -> None:
    names, counts = np.unique(values, return_counts=True)
    frequent = names[np.argsort(-counts, kind="stable")][: len(SERIES)]
    groups = np.asarray(values)
    is_other = ~np.isin(groups, frequent)
    if is_other.any():
        axes.scatter(x[is_other], y[is_other], s=size, color=MUTED, alpha=0.4, linewidths=0, label="others")
    for name, color in zip(frequent, SERIES, strict=False):
        is_in = groups == name
        axes.scatter(x[is_in], y[is_in], s=size, color=color, alpha=0.85, linewidths=0, label=str(name))
    axes.legend(
        title=title or None, frameon=False, fontsize=8, title_fontsize=9, loc="center left", bbox_to_anchor=(1.0, 0.5)
    )

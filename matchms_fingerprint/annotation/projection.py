"""Embeddings on a plane."""

from __future__ import annotations

import warnings
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from matchms_fingerprint.errors import SettingsError

METHODS = ("pca", "umap")
_NEIGHBOURS = 15
"""Of a point in UMAP; fewer where points are few, since neighbours of all are neighbours of none."""
_N_AXES = 2


@dataclass(frozen=True, eq=False)
class Projection:
    """Points on a plane.

    Parameters
    ----------
    points
        Shape (n_points, 2), float64.
    axis_names
        What the two axes are.
    explained
        Share of the variance along each axis of a PCA; None for other methods.
    """

    points: NDArray[np.float64]
    axis_names: tuple[str, str]
    explained: tuple[float, float] | None = None


def project(embeddings: NDArray[np.floating], method: str = "pca", seed: int = 0) -> Projection:
    """Lay embeddings out on a plane.

    Parameters
    ----------
    embeddings
        Shape (n_points, n_embedding).
    method
        "pca" for principal components, which keep distances as far as two axes can; "umap" for neighbourhoods (McInnes
        et al., J. Open Source Softw. 2018, 3, 861), which needs the extra `umap`.
    seed
        Of UMAP.

    Raises
    ------
    SettingsError
        If the method is not known or not installed, or there are fewer than three points.
    """
    if method not in METHODS:
        raise SettingsError(f"method {method!r}: must be one of {', '.join(METHODS)}")
    x = np.asarray(embeddings, np.float64)
    if x.ndim != 2 or len(x) < 3:
        raise SettingsError(f"embeddings of shape {x.shape}: give three points or more, one in each row")
    return _pca(x) if method == "pca" else _umap(x, seed)


def _pca(x: NDArray[np.float64]) -> Projection:
    u, lengths, axes = np.linalg.svd(x - x.mean(axis=0), full_matrices=False)
    points = np.zeros((len(x), 2))
    n_axes = min(2, lengths.size)
    # the sign of an axis is arbitrary: its largest coefficient is made positive, so that a picture comes out alike
    signs = np.sign(axes[np.arange(n_axes), np.abs(axes[:n_axes]).argmax(axis=1)])
    points[:, :n_axes] = u[:, :n_axes] * lengths[:n_axes] * signs
    shares = np.zeros(2)
    shares[:n_axes] = lengths[:n_axes] ** 2 / max((lengths**2).sum(), np.finfo(float).tiny)
    first, second = shares.tolist()
    return Projection(points, (f"PC 1 ({first:.0%})", f"PC 2 ({second:.0%})"), (first, second))


def _umap(x: NDArray[np.float64], seed: int) -> Projection:
    try:
        from umap import UMAP  # type: ignore[import-not-found,unused-ignore]
    except ImportError:
        raise SettingsError(
            "method 'umap': UMAP is not installed; pip install 'matchms_fingerprint[umap]', or take method 'pca'"
        ) from None
    # the spectral start needs more points than it finds axes
    start = "spectral" if len(x) > _N_AXES + 1 else "random"
    neighbours = max(2, min(_NEIGHBOURS, (len(x) - 1) // 2))
    umap = UMAP(n_neighbors=neighbours, init=start, random_state=seed, n_jobs=1)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # how it goes on where neighbourhoods fall apart
        points = umap.fit_transform(x)
    return Projection(np.asarray(points, np.float64), ("UMAP 1", "UMAP 2"))

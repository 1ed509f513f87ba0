"""Names of points that do not lie on each other."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.transforms import Bbox
from numpy.typing import NDArray

from matchms_fingerprint.report.figures.style import INK

MOST_NAMED = 40
"""Points beyond which none is named: there would be room for a few by chance."""
MOST_LETTERS = 28
_SIZE = 6
_PLACES = ((5, 0, "left", "center"), (-5, 0, "right", "center"), (0, 5, "center", "bottom"), (0, -5, "center", "top"))
"""Where a name may stand: points to the right of and above the middle of its point, and how it is aligned."""
_POINT = 3.0
"""Half the width of a point, in points (1/72 inch)."""


def name_points(axes: Axes, points: NDArray[np.float64], names: Sequence[str]) -> None:
    """Write the name of each point beside it, where it hides no other name or point; long ones are cut.

    Parameters
    ----------
    axes
        In which the points have been drawn; it is laid out first, as it will be saved.
    points
        Shape (n_points, 2); those with NaN have no name.
    names
        One for each; none if there are more than 40.
    """
    if not 0 < len(names) <= MOST_NAMED:
        return
    figure = axes.get_figure(root=True)
    if figure is None:
        return
    figure.draw_without_rendering()
    figure_points = axes.transData.transform(points)
    half = _POINT * figure.dpi / 72
    taken = [Bbox([(x - half, y - half), (x + half, y + half)]) for x, y in figure_points if np.isfinite(x)]
    limits = axes.get_window_extent()
    for point, name in zip(points, names, strict=True):
        if np.isfinite(point).all():
            box = _write(axes, (float(point[0]), float(point[1])), _shortened(name), taken, limits)
            taken += [] if box is None else [box]


def _write(axes: Axes, point: tuple[float, float], name: str, taken: list[Bbox], limits: Bbox) -> Bbox | None:
    """Write a name at the first place that is free, and return what it covers; None where none is."""
    for right, above, align, baseline in _PLACES:
        text = axes.annotate(
            name, point, (right, above), textcoords="offset points", ha=align, va=baseline, fontsize=_SIZE, color=INK
        )
        text.set_in_layout(False)
        box = text.get_window_extent()
        if limits.x0 <= box.x0 and box.x1 <= limits.x1 and not any(box.overlaps(other) for other in taken):
            return box
        text.remove()
    return None


def _shortened(name: str) -> str:
    return name if len(name) <= MOST_LETTERS else f"{name[: MOST_LETTERS - 1]}…"

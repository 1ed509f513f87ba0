"""A figure beside those of shuffled labels."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes

from matchms_fingerprint.annotation.study.groups import AgainstChance
from matchms_fingerprint.report.figures.style import GROUPS, INK, MUTED, prepared

_BINS = 21


def permutation_plot(tested: AgainstChance, title: str = "balanced accuracy", axes: Axes | None = None) -> Axes:
    """Draw what shuffled labels give as a histogram, with chance and the real labels as lines.

    Parameters
    ----------
    tested
        Such as `GroupTest.accuracy`, a figure between 0 and 1.
    title
        What the figure is.
    axes
        Axes to draw into; None makes a new figure.

    Returns
    -------
    Axes
    """
    axes = prepared(axes, 5.2, 3.4)
    # a bin has its middle on each twentieth, so that no value lies on an edge that rounding can cross
    edges = np.linspace(-0.5, _BINS - 0.5, _BINS + 1) / (_BINS - 1)
    axes.hist(
        tested.permuted, bins=edges.tolist(), color=MUTED, alpha=0.6, label=f"{len(tested.permuted):,} shuffled labels"
    )
    axes.axvline(tested.chance, color=INK, linestyle=":", linewidth=1.2, label=f"chance ({tested.chance:.2f})")
    axes.axvline(tested.value, color=GROUPS[1], linewidth=2, label=f"real labels ({tested.value:.2f})")
    axes.set(xlim=(-0.03, 1.03), xlabel=f"cross-validated {title}", ylabel="shuffled labels")
    axes.set_title(f"p = {tested.p_value:.3g}", loc="left", fontsize=10)
    axes.legend(frameon=False, fontsize=8, loc="upper left")
    return axes

"""The look that the figures share with the report."""

from __future__ import annotations

import re

from matplotlib.axes import Axes
from matplotlib.figure import Figure

STRONG, SECOND, MUTED, INK, FAINT = "#136a73", "#b4552d", "#8a949b", "#20292f", "#e5e2da"
SERIES = (STRONG, SECOND, "#5b6bb0", "#b08a1e", "#8a4f7d", "#4f8f5b", "#3a7ca5", "#a23b3b", "#7a7a7a")
GROUPS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#000000")
"""Colours of groups of points, told apart by colour-blind readers too (Okabe and Ito, Color Universal Design 2008)."""
MARKERS = ("o", "s", "^", "D", "v", "P", "X")
"""Of the same groups."""
_DIGITS = re.compile(r"(\d+)")


def prepared(axes: Axes | None, width: float, height: float) -> Axes:
    """Return axes with the look of the house: those given, or those of a new figure of this size in inches."""
    if axes is None:
        axes = Figure(figsize=(width, height), layout="constrained").subplots()
    axes.spines[["top", "right"]].set_visible(False)
    axes.spines[["left", "bottom"]].set_color(MUTED)
    axes.tick_params(colors=INK, labelsize=8)
    axes.xaxis.label.set_fontsize(9)
    axes.yaxis.label.set_fontsize(9)
    axes.set_axisbelow(True)
    return axes


def formula_text(formula: str) -> str:
    """Return a formula with its numbers as subscripts, for matplotlib."""
    return _DIGITS.sub(r"$_{\1}$", formula)

"""How the pictures look."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from io import BytesIO
from typing import Any, Concatenate, ParamSpec

import matplotlib
from matplotlib.figure import Figure

Given = ParamSpec("Given")

MODEL, BASELINE, THIRD = "#1b5e9b", "#d9822b", "#4f8f5b"
OTHER_SCORES = ("#6ea3d1", "#8cb6db", "#a9c8e4")
CONTROLS = ("#7a7a7a", "#9a8c98", "#b0b0b0", "#c7c7c7")
INK, FAINT = "#22303c", "#d7dde3"
SERIES = (MODEL, BASELINE, THIRD, "#9c4a6b", "#6b6bb5", "#3a9aa8", "#b3a125", "#8a5a3b", "#5b6770")

_SETTINGS: Any = {
    "font.size": 9.0,
    "axes.titlesize": 10.0,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.labelsize": 9.0,
    "axes.edgecolor": "#9aa5af",
    "axes.labelcolor": INK,
    "axes.titlecolor": INK,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": FAINT,
    "grid.linewidth": 0.6,
    "xtick.color": INK,
    "ytick.color": INK,
    "text.color": INK,
    "legend.frameon": False,
    "legend.fontsize": 8.5,
    "figure.dpi": 160,
    "svg.hashsalt": "matchms_fingerprint",
}


@contextmanager
def house_style() -> Iterator[None]:
    """Set the look of pictures within the block."""
    with matplotlib.rc_context(_SETTINGS):
        yield


def picture(draw: Callable[Concatenate[Figure, Given], None]) -> Callable[Given, bytes]:
    """Return a function that draws into a new figure and gives the PNG; equal results give equal files.

    Parameters
    ----------
    draw
        Takes an empty figure and whatever it draws.
    """

    def make(*args: Given.args, **kwargs: Given.kwargs) -> bytes:
        with house_style():
            figure = Figure(figsize=(7.4, 4.0), layout="constrained")
            draw(figure, *args, **kwargs)
            buffer = BytesIO()
            figure.savefig(buffer, format="png", dpi=160, metadata={"Software": None})
        return buffer.getvalue()

    make.__doc__, make.__name__ = draw.__doc__, draw.__name__
    return make

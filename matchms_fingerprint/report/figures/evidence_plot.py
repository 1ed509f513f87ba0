"""What speaks for which candidate."""

from __future__ import annotations

import math

from matplotlib.axes import Axes

from matchms_fingerprint.errors import SettingsError
from matchms_fingerprint.records import Annotation, Hit
from matchms_fingerprint.report.figures.style import FAINT, INK, SERIES, prepared


def evidence_plot(annotation: Annotation, n_hits: int = 5, axes: Axes | None = None) -> Axes:
    """Draw each kind of evidence as a line on which the candidates of a feature stand, the best on the right.

    Every line is scaled by itself, from the lowest to the highest candidate that is drawn, whose values stand at its
    ends.

    Parameters
    ----------
    annotation
        Of one feature.
    n_hits
        Candidates to draw, the first ones.
    axes
        Axes to draw into; None makes a new figure.

    Returns
    -------
    Axes

    Raises
    ------
    SettingsError
        If the feature has no candidates with evidence.
    """
    hits = [hit for hit in annotation.hits[:n_hits] if hit.evidence]
    if not hits:
        raise SettingsError(f"feature {annotation.feature_id}: has no candidates with evidence to draw")
    names = list(dict.fromkeys(name for hit in hits for name in hit.evidence))
    axes = prepared(axes, 6.5, 1.2 + 0.36 * len(names))
    for y, name in enumerate(names):
        axes.hlines(y, 0, 1, color=FAINT, linewidth=2, zorder=1)
        _draw_line(axes, y, name, hits)
    for place in reversed(range(len(hits))):
        axes.plot([], [], "o", color=SERIES[place % len(SERIES)], label=_title(hits[place]))
    handles, labels = axes.get_legend_handles_labels()
    axes.legend(handles[::-1], labels[::-1], loc="center left", bbox_to_anchor=(1.16, 0.5), frameon=False, fontsize=8)
    axes.set(xlim=(-0.2, 1.16), ylim=(len(names) - 0.5, -0.5))
    axes.set_title(f"Feature {annotation.feature_id}", loc="left", fontsize=10)
    axes.set_yticks(range(len(names)), [name.replace("_", " ") for name in names])
    axes.set_xticks([])
    axes.spines[["left", "bottom"]].set_visible(False)
    axes.tick_params(length=0)
    return axes


def _draw_line(axes: Axes, y: int, name: str, hits: list[Hit]) -> None:
    """Draw one kind of evidence; the first candidates are drawn last, so that they lie on top."""
    values = [hit.evidence.get(name, math.nan) for hit in hits]
    known = [value for value in values if math.isfinite(value)]
    if not known:
        return
    low, high = min(known), max(known)
    for place in reversed(range(len(hits))):
        value = values[place]
        if math.isfinite(value):
            x = (value - low) / (high - low) if high > low else 1.0
            color = SERIES[place % len(SERIES)]
            axes.plot(x, y, "o", color=color, markersize=9, markeredgecolor="white", zorder=3)
            rank = str(hits[place].rank)
            axes.text(x, y, rank, ha="center", va="center_baseline", fontsize=6, color="white", zorder=4)
    if high > low:
        axes.text(-0.04, y, f"{low:.2g}", ha="right", va="center_baseline", fontsize=7, color=INK)
    axes.text(1.04, y, f"{high:.2g}", ha="left", va="center_baseline", fontsize=7, color=INK)


def _title(hit: Hit) -> str:
    return f"{hit.rank}  {hit.candidate.name or hit.candidate.formula} ({hit.probability:.2f})"

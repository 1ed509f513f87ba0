"""The page of a comparison of runs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from matplotlib.figure import Figure

from matchms_fingerprint.evaluation.report.page import Pictures, embed, environment
from matchms_fingerprint.evaluation.report.style import SERIES, picture

Rows = Sequence[Mapping[str, Any]]


@picture
def draw_runs(figure: Figure, rows: Rows, baselines: Rows) -> None:
    """Draw hit@1 over the similarity of fingerprints, one point a run with its intervals; baselines are diamonds."""
    measure = _hit_measure([*rows, *baselines])
    figure.set_size_inches(7.4, 4.6 if measure else 0.8 + 0.35 * len(rows))
    axes = figure.subplots()
    points = [(row, "o", SERIES[i % len(SERIES)]) for i, row in enumerate(rows)]
    points += [(row, "D", "#6b7680") for row in baselines]
    for i, (row, marker, color) in enumerate(points):
        x = row["estimates"]["tanimoto"]
        y = row["estimates"].get(measure) if measure else {"mean": i, "low": i, "high": i}
        if y is None:
            continue
        axes.plot([x["low"], x["high"]], [y["mean"]] * 2, color=color, linewidth=1.2, alpha=0.6)
        axes.plot([x["mean"]] * 2, [y["low"], y["high"]], color=color, linewidth=1.2, alpha=0.6)
        axes.plot(x["mean"], y["mean"], marker, color=color, markersize=7, label=row["run"])
        axes.annotate(row["run"], (x["mean"], y["mean"]), xytext=(7, 5), textcoords="offset points", fontsize=8)
    axes.set_xlabel("mean Tanimoto similarity of the fingerprints")
    if measure:
        axes.set_ylabel(f"{measure} candidates")
    else:
        axes.set_yticks([])
    axes.margins(0.18)


def _hit_measure(rows: Rows) -> str | None:
    """Return the first hit@1 that any run has."""
    return next((name for row in rows for name in row["estimates"] if name.startswith("hit@1, ")), None)


def render_comparison(
    rows: Rows, baselines: Rows, measures: Sequence[str], differences: Rows, pictures: Pictures
) -> str:
    """Return the page as HTML that needs no other file.

    Parameters
    ----------
    rows, baselines, measures, differences
        See `comparison.Comparison`.
    pictures
        The picture that `draw_runs` gave.
    """
    best = {
        measure: max((row["estimates"][measure]["mean"] for row in rows if measure in row["estimates"]), default=None)
        for measure in measures
    }
    paired: dict[str, dict[str, Mapping[str, Any]]] = {}
    for row in differences:
        paired.setdefault(row["measure"], {})[row["run"]] = row
    return (
        environment()
        .get_template("comparison.html.j2")
        .render(
            rows=rows,
            baselines=baselines,
            overall=[measure for measure in measures if not measure.endswith("per structure")],
            by_structure=[measure for measure in measures if measure.endswith("per structure")],
            best=best,
            paired=paired,
            picture=lambda name, text: embed(name, text, pictures),
        )
    )

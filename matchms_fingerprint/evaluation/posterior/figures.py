"""The pictures of the evaluation of a posterior, each from its summary."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter

from matchms_fingerprint.evaluation.posterior.ablation import ALL
from matchms_fingerprint.evaluation.report.figures import draw_breakdown, draw_confidence
from matchms_fingerprint.evaluation.report.style import BASELINE, CONTROLS, MODEL, THIRD, picture

_KINDS = {"all": MODEL, "alone": THIRD, "without": "#6ea3d1", "baseline": BASELINE, "control": CONTROLS[0]}


def draw_pictures(summary: Mapping[str, Any]) -> dict[str, bytes]:
    """Draw all pictures: name of a PNG file -> its content."""
    confidence = summary["confidence"]
    return {
        "ablation.png": draw_ablation(summary["retrieval"]),
        "confidence.png": draw_confidence(confidence),
        "thresholds.png": draw_thresholds(confidence),
        "isomers.png": draw_isomers(summary["isomers"]),
        "dilution.png": draw_dilution(summary["dilution"]),
        "breakdown.png": draw_breakdown(
            summary["breakdown"], "hit@1", summary["retrieval"]["baseline"], "hit@1, mass candidates"
        ),
    }


def kind_of(name: str, baseline: str) -> str:
    """Return what a ranking is: all evidence, some alone, all but some, the baseline or a control."""
    if name == ALL:
        return "all"
    if name.startswith("control"):
        return "control"
    if name.endswith(" alone"):
        return "alone"
    if name.startswith("without "):
        return "without"
    return "baseline" if name.startswith("nearest") or name == baseline else "column"


def _draw_bars(axes: Axes, rows: Mapping[str, Mapping[str, float]], baseline: str) -> None:
    """Draw estimates with their intervals, one row each."""
    for i, (name, value) in enumerate(rows.items()):
        color = _KINDS[kind_of(name, baseline)]
        axes.barh(i, value["mean"], color=color, height=0.7)
        axes.plot([value["low"], value["high"]], [i, i], color="#22303c", linewidth=1.2)
        axes.text(value["high"] + 0.008, i, f"{value['mean']:.3f}", va="center", fontsize=7.5)
    axes.set_yticks(range(len(rows)), list(rows), fontsize=8)
    axes.set_ylim(len(rows) - 0.4, -0.6)
    axes.grid(axis="y", visible=False)
    axes.tick_params(axis="y", length=0)


@picture
def draw_ablation(figure: Figure, retrieval: Mapping[str, Any]) -> None:
    """Draw hit@1 of all evidence, of each group alone, without each, and of baselines and controls."""
    baseline = retrieval["baseline"]
    rows = {name: row["hit@1"] for name, row in retrieval["rankings"].items() if kind_of(name, baseline) != "column"}
    figure.set_size_inches(7.4, 0.7 + 0.24 * len(rows))
    axes = figure.subplots()
    _draw_bars(axes, rows, baseline)
    axes.set(xlabel="hit@1, mass candidates, 95 % intervals over structures", xlim=(0, None))


@picture
def draw_isomers(figure: Figure, isomers: Mapping[str, Any]) -> None:
    """Draw how often the right structure is the first of its isomers."""
    rows = {name: row["hit@1"] for name, row in isomers.items() if row["n_lists"]}
    figure.set_size_inches(7.4, 0.9 + 0.24 * len(rows))
    axes = figure.subplots()
    _draw_bars(axes, rows, "")
    if rows:
        axes.axvline(isomers[ALL]["at_random"], color="#9aa5af", linestyle="--", linewidth=1)
    axes.set(xlabel="first among the candidates of its formula; dashed: at random", xlim=(0, 1))


@picture
def draw_thresholds(figure: Figure, confidence: Mapping[str, Any]) -> None:
    """Draw true and spurious hits over the threshold, and the false discovery rates that are promised and true."""
    figure.set_size_inches(7.4, 3.4)
    left, right = figure.subplots(1, 2)
    curve = confidence["thresholds"]
    x = [one["threshold"] for one in curve]
    for name, text, color in (
        ("true", "true hits", MODEL),
        ("spurious", "spurious, structure there", BASELINE),
        ("spurious_removed", "spurious, structure missing", CONTROLS[0]),
        ("f1", "F1", THIRD),
    ):
        left.plot(x, [one[name] for one in curve], color=color, label=text, linewidth=1.8)
    left.set(title="hits above a probability", xlabel="least probability", xlim=(0, 0.95), ylim=(0, 1))
    left.legend()
    rates = [row for row in confidence["fdr"] if row["true"] is not None]
    right.plot([0, 1], [0, 1], color="#9aa5af", linewidth=1, linestyle="--")
    right.plot([row["expected"] for row in rates], [row["true"] for row in rates], "o-", color=MODEL)
    for row in rates:
        at = (row["expected"], row["true"])
        right.annotate(f"{100 * row['kept']:.0f} % kept", at, xytext=(6, -9), textcoords="offset points", fontsize=7.5)
    top = max([0.1, *(max(row["expected"], row["true"]) for row in rates)]) * 1.15
    right.set(title="false discovery rate", xlabel="expected", ylabel="true", xlim=(0, top), ylim=(0, top))


@picture
def draw_dilution(figure: Figure, dilution: Mapping[str, Any]) -> None:
    """Draw what is left of hits as spectra are diluted."""
    figure.set_size_inches(5.2, 3.2)
    axes = figure.subplots()
    levels = dilution["levels"]
    places = range(len(levels))
    for name, text, color in (
        ("hit@1", "right top hits", MODEL),
        ("recall", "right top hits above the threshold", THIRD),
        ("precision", "precision above the threshold", BASELINE),
        ("probability_none", "mean probability of none", CONTROLS[0]),
    ):
        axes.plot(places, [row[name] for row in levels], "o-", color=color, label=text, linewidth=1.8, markersize=4)
    axes.set_xticks(places, [f"{row['noise_level']:g}" for row in levels])
    axes.set(xlabel="noise relative to the base peak", ylim=(0, 1))
    axes.yaxis.set_major_formatter(PercentFormatter(xmax=1, decimals=0))
    axes.legend(fontsize=7.5)

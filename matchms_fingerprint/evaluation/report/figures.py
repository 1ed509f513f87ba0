"""The pictures of one evaluation, each from its summary or its tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter

from matchms_fingerprint.evaluation.competition import column_name
from matchms_fingerprint.evaluation.report.style import BASELINE, CONTROLS, FAINT, INK, MODEL, OTHER_SCORES, picture
from matchms_fingerprint.evaluation.result_table import ResultTable

_MOST_HITS = 100
FEWEST_DRAWN = 5
"""Groups of fewer spectra are in the figures of a run, but not drawn."""


def _percent(axis: Any) -> None:
    axis.set_major_formatter(PercentFormatter(xmax=1, decimals=0))


@picture
def draw_tanimoto(figure: Figure, table: ResultTable, contestants: Sequence[str]) -> None:
    """Draw how the Tanimoto similarity of predicted and true fingerprints is distributed, model and baselines."""
    figure.set_size_inches(7.4, 3.4)
    axes = figure.subplots()
    bins = np.linspace(0, 1, 41).tolist()
    for name, color in zip(contestants, (MODEL, BASELINE, *CONTROLS), strict=False):
        values = table[f"tanimoto_{column_name(name)}"]
        weights = np.full(values.size, 1 / max(1, values.size))
        filled = {"alpha": 0.18} if color in (MODEL, BASELINE) else {"fill": False}
        axes.hist(values, bins, weights=weights, color=color, histtype="stepfilled", **filled)
        axes.hist(values, bins, weights=weights, color=color, histtype="step", linewidth=1.6, label=name)
        axes.axvline(float(values.mean()), color=color, linestyle="--", linewidth=1.2)
    axes.set(xlabel="Tanimoto similarity of predicted and true fingerprint", ylabel="share of spectra", xlim=(0, 1))
    _percent(axes.yaxis)
    axes.legend(title="dashed: mean")


@picture
def draw_hits(figure: Figure, table: ResultTable, summary: Mapping[str, Any]) -> None:
    """Draw the hit rate over k for each kind of candidates, all rankings."""
    retrieval = summary["retrieval"]
    n_rows = -(-len(retrieval) // 2)
    figure.set_size_inches(7.4, 0.7 + 2.7 * n_rows)
    grid = figure.subplots(n_rows, min(2, len(retrieval)), squeeze=False, sharex=True, sharey=True).ravel()
    chosen = table["in_benchmark"] > 0
    ks = np.arange(1, _MOST_HITS + 1)
    styles = _ranking_styles(summary)
    for axes, (kind, found) in zip(grid, retrieval.items(), strict=False):
        for name, style in styles.items():
            column = f"rank_{column_name(kind)}_{column_name(name)}"
            if column in table.columns:
                ranks = table[column][chosen].astype(np.float64)
                axes.plot(ks, [(ranks <= k).mean() for k in ks], label=name, **style)
        sizes, right = (table[f"{what}_{column_name(kind)}"][chosen] for what in ("n_candidates", "n_correct"))
        expected = [(np.minimum(k / np.maximum(sizes, 1), 1) * (right > 0)).mean() for k in ks]
        axes.plot(ks, expected, color=INK, linestyle=":", linewidth=1, label="random order, expected")
        axes.set(title=f"{kind} candidates (median {found['median_candidates']:.0f})", xscale="log", ylim=(0, 1))
        axes.set_xticks([1, 2, 5, 10, 20, 50, 100], ["1", "2", "5", "10", "20", "50", "100"])
        axes.minorticks_off()
        _percent(axes.yaxis)
    for axes in grid[-2:]:
        axes.set_xlabel("k")
    for axes in grid[::2]:
        axes.set_ylabel("hit@k")
    handles, labels = grid[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=2)


def _ranking_styles(summary: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """Return a line style for each ranking: model and baseline in colour, the controls in grey."""
    names = next(iter(summary["retrieval"].values()))["rankings"]
    styles: dict[str, dict[str, Any]] = {}
    others, controls = iter(OTHER_SCORES), iter(CONTROLS)
    dashes = iter([(5, 2), (3, 2), (1.5, 1.5), (6, 2, 1, 2)])
    for name in names:
        if name == summary["ranking"]:
            styles[name] = {"color": MODEL, "linewidth": 2.4, "zorder": 5}
        elif name == summary["baseline_ranking"]:
            styles[name] = {"color": BASELINE, "linewidth": 2.4, "zorder": 4}
        elif name.startswith("control"):
            styles[name] = {"color": next(controls, "#b0b0b0"), "linewidth": 1.3, "dashes": next(dashes, (2, 2))}
        elif not name.startswith("random"):
            styles[name] = {"color": next(others, "#c8b08a"), "linewidth": 1.2}
    return styles


@picture
def draw_breakdown(figure: Figure, breakdown: Mapping[str, Any], measure: str, baseline: str, label: str) -> None:
    """Draw a measure of model and baseline, with intervals, group by group of each property."""
    parts = {
        name: [row for row in rows if measure in row and row[measure]["n_spectra"] >= FEWEST_DRAWN]
        for name, rows in breakdown.items()
    }
    if not any(parts.values()):
        return
    columns = _two_columns({name: len(rows) for name, rows in parts.items() if rows})
    tallest = max(sum(len(parts[name]) + 2.2 for name in column) for column in columns)
    figure.set_size_inches(7.4, 0.6 + 0.215 * tallest)
    highest = max(row[measure][who]["high"] for rows in parts.values() for row in rows for who in ("model", "baseline"))
    for subfigure, names in zip(figure.subfigures(1, len(columns), squeeze=False)[0], columns, strict=True):
        grid = subfigure.subplots(
            len(names), 1, squeeze=False, sharex=True, height_ratios=[len(parts[name]) + 0.6 for name in names]
        )[:, 0]
        for axes, name in zip(grid, names, strict=True):
            _draw_groups(axes, parts[name], measure)
            axes.set_title(name)
            axes.set_xlim(0, min(1.0, highest * 1.05))
        grid[-1].set_xlabel(label)
    handles = [
        axes.plot([], [], "o", color=color, label=who)[0] for color, who in ((MODEL, "model"), (BASELINE, baseline))
    ]
    figure.legend(handles=handles, loc="outside upper right", ncols=2)


def _two_columns(sizes: Mapping[str, int]) -> list[list[str]]:
    """Split the names, in their order, into two columns of about the same height."""
    names = list(sizes)
    if len(names) < 2:
        return [names]
    heights = np.cumsum([sizes[name] + 2 for name in names])
    cut = 1 + int(np.argmin(np.abs(heights[:-1] - heights[-1] / 2)))
    return [names[:cut], names[cut:]]


def _draw_groups(axes: Axes, rows: Sequence[Mapping[str, Any]], measure: str) -> None:
    for i, row in enumerate(rows):
        for who, color, shift in (("model", MODEL, -0.15), ("baseline", BASELINE, 0.15)):
            value = row[measure][who]
            ends = [value["low"], value["high"]]
            axes.plot(ends, [i + shift] * 2, color=color, linewidth=1.6, solid_capstyle="round")
            axes.plot(value["mean"], i + shift, "o", color=color, markersize=4.5)
    labels = [f"{row['group']}  ({row[measure]['n_spectra']:,})" for row in rows]
    axes.set_yticks(range(len(rows)), labels, fontsize=8)
    axes.set_ylim(len(rows) - 0.5, -0.5)
    axes.grid(axis="y", visible=False)
    axes.tick_params(axis="y", length=0)


@picture
def draw_confidence(figure: Figure, found: Mapping[str, Any]) -> None:
    """Draw whether probabilities mean what they say, and how accuracy rises where doubtful answers are left out."""
    has_reliability = "reliability" in found
    figure.set_size_inches(7.4 if has_reliability else 4.6, 3.4)
    grid = figure.subplots(1, 1 + has_reliability, squeeze=False)[0]
    if has_reliability:
        axes, bins = grid[0], found["reliability"]["bins"]
        axes.plot([0, 1], [0, 1], color="#9aa5af", linewidth=1, linestyle="--")
        axes.plot([b["confidence"] for b in bins], [b["accuracy"] for b in bins], "o-", color=MODEL)
        for b in bins:
            at = (b["confidence"], b["accuracy"])
            axes.annotate(f"{b['n']:,}", at, xytext=(5, -9), textcoords="offset points", fontsize=7.5)
        axes.set(title="reliability", xlabel="probability of the top hit", ylabel="share that is right")
        _note(axes, f"expected calibration error {found['reliability']['ece']:.3f}", 0.04, "left")
        axes.set(xlim=(0, 1), ylim=(0, 1))
    axes, curve = grid[-1], found["risk_coverage"]["curve"]
    axes.plot([p["coverage"] for p in curve], [p["accuracy"] for p in curve], "o-", color=MODEL, markersize=3.5)
    if curve:
        axes.axhline(curve[-1]["accuracy"], color="#9aa5af", linewidth=1, linestyle="--")
    axes.set(title="coverage and accuracy", xlabel="share of spectra answered, most confident first")
    axes.set(xlim=(0, 1), ylim=(0, 1))
    _note(axes, f"area under risk {found['risk_coverage']['area_under_risk']:.3f}", 0.96, "right")
    axes.set_ylabel("share that is right")
    _percent(axes.xaxis)


def _note(axes: Axes, text: str, x: float, side: str) -> None:
    axes.text(x, 0.94, text, transform=axes.transAxes, horizontalalignment=side, verticalalignment="top", fontsize=8)


@picture
def draw_errors(figure: Figure, table: ResultTable, contestants: Sequence[str]) -> None:
    """Draw the Tanimoto similarity of the model against that of the baseline, by spectrum and by structure."""
    figure.set_size_inches(7.4, 3.7)
    left, right = figure.subplots(1, 2, sharex=True, sharey=True)
    model, baseline = (table[f"tanimoto_{column_name(name)}"] for name in contestants[:2])
    shown = left.hexbin(baseline, model, gridsize=34, extent=(0, 1, 0, 1), cmap="Blues", bins="log", mincnt=1)
    figure.colorbar(shown, ax=left, label="number of spectra", shrink=0.8)
    _, place = np.unique(table["structure"], return_inverse=True)
    sizes = np.bincount(place)
    x, y = np.bincount(place, baseline) / sizes, np.bincount(place, model) / sizes
    right.scatter(x, y, s=10, color=np.where(y >= x, MODEL, BASELINE), alpha=0.6, linewidths=0)
    for axes, what in ((left, "spectra"), (right, "structures (mean of their spectra)")):
        axes.plot([0, 1], [0, 1], color="#9aa5af", linewidth=1)
        axes.set(title=what, xlabel=f"Tanimoto of the {contestants[1]}", xlim=(0, 1), ylim=(0, 1), aspect="equal")
    left.set_ylabel(f"Tanimoto of the {contestants[0]}")


@picture
def draw_bits(figure: Figure, bits: ResultTable, contestants: Sequence[str]) -> None:
    """Draw the skill of each bit over how common it is, and how many bits reach which skill."""
    figure.set_size_inches(7.4, 3.4)
    left, right = figure.subplots(1, 2)
    for name, color in zip(contestants[:2], (MODEL, BASELINE), strict=False):
        values = bits[f"skill_{column_name(name)}"]
        left.scatter(bits["share"], values, s=7, color=color, alpha=0.45, linewidths=0)
        ordered = np.sort(values)
        right.plot(ordered, 1 - np.arange(ordered.size) / max(1, ordered.size), color=color, linewidth=2, label=name)
    left.set(title="each bit", xscale="log", xlabel="share of spectra that have the bit", ylabel="skill")
    left.set_ylim(-0.1, 1)
    right.set(title="bits of at least this skill", xlabel="skill", xlim=(-0.1, 1), ylim=(0, 1))
    _percent(right.yaxis)
    left.axhline(0, color="#9aa5af", linewidth=1)
    right.axvline(0, color=FAINT, linewidth=1)
    right.legend()

"""The page of one evaluation."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Mapping
from html import escape
from typing import Any

import numpy as np
from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from matchms_fingerprint.evaluation.competition import column_name
from matchms_fingerprint.evaluation.report.figures import (
    draw_bits,
    draw_breakdown,
    draw_confidence,
    draw_errors,
    draw_hits,
    draw_tanimoto,
)
from matchms_fingerprint.evaluation.report.substructures import draw_substructure
from matchms_fingerprint.evaluation.result_table import ResultTable

N_BITS_SHOWN = 12
FEWEST_STRUCTURES = 5
"""Bits of fewer structures say more of these structures than of the bit, and are not shown."""
MEASURES = {
    "hit@1": "hit@1",
    "hit@5": "hit@5",
    "hit@20": "hit@20",
    "mrr": "MRR",
    "top_tanimoto": "Tanimoto of the top hit",
}

Pictures = dict[str, bytes]
"""Name of a PNG file -> its content."""


def draw_pictures(summary: Mapping[str, Any], spectra: ResultTable, bits: ResultTable) -> Pictures:
    """Draw all pictures for which there are results."""
    names = summary["contestants"]
    pictures = {
        "tanimoto.png": draw_tanimoto(spectra, names),
        "breakdown_tanimoto.png": draw_breakdown(
            summary["breakdown"], "tanimoto", summary["baseline"], "mean Tanimoto similarity"
        ),
        "errors.png": draw_errors(spectra, names),
    }
    if len(bits):
        pictures["bits.png"] = draw_bits(bits, names)
    if retrieval := summary.get("retrieval"):
        kind, first = next(iter(retrieval.items()))
        pictures["hits.png"] = draw_hits(spectra, summary)
        pictures["breakdown_hits.png"] = draw_breakdown(
            summary["breakdown"], f"hit@1, {kind}", summary["baseline"], f"hit@1, {kind} candidates"
        )
        if "risk_coverage" in first:
            pictures["confidence.png"] = draw_confidence(first)
    return pictures


def render_page(summary: Mapping[str, Any], bits: ResultTable, pictures: Pictures) -> str:
    """Return the page as HTML that needs no other file: its pictures are inside.

    Parameters
    ----------
    summary
        What stands in `evaluation.json`.
    bits
        One row a bit.
    pictures
        From `draw_pictures`.
    """
    template = environment().get_template("evaluation.html.j2")
    return template.render(
        run=summary,
        measures=MEASURES,
        headlines=headlines(summary),
        bits=_extreme_bits(summary, bits),
        picture=lambda name, text: embed(name, text, pictures),
        picture_names=sorted(pictures),
        version=summary.get("software", {}).get("matchms_fingerprint", ""),
    )


def environment() -> Environment:
    """Return the Jinja environment of the templates, with the filters for numbers."""
    templates = Environment(
        loader=PackageLoader("matchms_fingerprint.evaluation.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    templates.filters.update(interval=interval, p_value=p_value, signed=signed, verdict=verdict)
    return templates


def embed(name: str, text: str, pictures: Pictures) -> Markup:
    """Return a picture as an element of the page, or nothing where it was not drawn."""
    if name not in pictures:
        return Markup()
    source = "data:image/png;base64," + b64encode(pictures[name]).decode("ascii")
    return Markup(f'<figure><img src="{source}" alt="{escape(text)}"><figcaption>{escape(text)}</figcaption></figure>')


def interval(estimate: Mapping[str, float]) -> Markup:
    """Return an estimate with its interval in small print."""
    low, high = f"{estimate['low']:.3f}", f"{estimate['high']:.3f}"
    return Markup(f'{estimate["mean"]:.3f} <span class="ci">{low}–{high}</span>')


def signed(estimate: Mapping[str, float]) -> Markup:
    """Return a difference with its sign and its interval."""
    low, high = f"{estimate['low']:+.3f}", f"{estimate['high']:+.3f}"
    return Markup(f'{estimate["mean"]:+.3f} <span class="ci">{low} to {high}</span>'.replace("-", "−"))


def p_value(value: float) -> str:
    """Return a p value as text."""
    return "< 0.001" if value < 0.001 else f"{value:.3f}"


def verdict(difference: Mapping[str, float]) -> str:
    """Say which way a difference goes: better, worse, or open where its interval holds zero."""
    if difference["low"] > 0:
        return "better"
    return "worse" if difference["high"] < 0 else "open"


def headlines(summary: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the few figures that stand at the top: model, baseline, best control, and the difference."""
    model, baseline = summary["contestants"][0], summary["baseline"]
    found = summary["fingerprints"]
    lines = [
        {
            "title": "mean Tanimoto",
            "model": found[model]["tanimoto"],
            "baseline": found[baseline]["tanimoto"],
            "difference": found[model]["difference"]["tanimoto"],
            "p": found[model]["p_value"]["tanimoto"],
            "control": None,
        }
    ]
    for kind, part in summary.get("retrieval", {}).items():
        rankings = part["rankings"]
        own = rankings[summary["ranking"]]
        controls = [rankings[name]["hit@1"]["mean"] for name in rankings if name.startswith("control")]
        lines.append(
            {
                "title": f"hit@1, {kind} candidates",
                "model": own["hit@1"],
                "baseline": rankings[summary["baseline_ranking"]]["hit@1"],
                "difference": own["difference"]["hit@1"],
                "p": own["p_value"]["hit@1"],
                "control": max(controls) if controls else None,
            }
        )
    return lines


def _extreme_bits(summary: Mapping[str, Any], bits: ResultTable) -> dict[str, list[dict[str, Any]]]:
    """Return the bits of highest and of lowest skill, of those with a known substructure in enough structures."""
    model, baseline = (column_name(name) for name in summary["contestants"][:2])
    known = np.flatnonzero((bits["substructure"] != "") & (bits["n_structures"] >= FEWEST_STRUCTURES))
    order = known[np.argsort(-bits[f"skill_{model}"][known], kind="stable")]
    n_shown = min(N_BITS_SHOWN, order.size // 2)
    return {
        title: [_describe_bit(bits, int(i), model, baseline) for i in chosen]
        for title, chosen in (("best", order[:n_shown]), ("worst", order[::-1][:n_shown]))
    }


def _describe_bit(bits: ResultTable, i: int, model: str, baseline: str) -> dict[str, Any]:
    smiles = str(bits["substructure"][i])
    return {
        "bit": int(bits["bit"][i]),
        "smiles": smiles,
        "drawing": Markup(draw_substructure(smiles)),
        "n_structures": int(bits["n_structures"][i]),
        "share": float(bits["share"][i]),
        "model": float(bits[f"average_precision_{model}"][i]),
        "baseline": float(bits[f"average_precision_{baseline}"][i]),
    }

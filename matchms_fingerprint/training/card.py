"""The model card for people."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from matchms_fingerprint.evaluation.metrics import format_interval
from matchms_fingerprint.models.bundle import BundleManifest

_LIMITS = """- It was trained on a few thousand structures, mostly drugs, pesticides, natural products and environmental
  contaminants. On compounds unlike those the predicted bits are a hint, not an answer: see the figures above, which are
  for scaffolds that were not seen in training.
- A fingerprint ranks isomers poorly: many share most of their bits.
- A known compound is found more surely by a search in a spectral library than by its predicted fingerprint.
- Adducts other than [M+H]+ and [M-H]- are rare in the training data, multiply charged ions rarer still.
- Spectra of unit mass accuracy are a few per cent of the training data.
- `probability` is a softmax over the candidates at hand. It takes the right structure to be among them."""


def card_text(manifest: BundleManifest, pictures: Sequence[str] = ()) -> str:
    """Return the card of a model as Markdown, with pictures that lie beside it."""
    card = manifest.card
    parts = [
        f"# {manifest.name} {manifest.version}",
        f"Predicts the fingerprint `{manifest.fingerprint}` and an embedding from a tandem mass spectrum of either ion "
        f"mode. Architecture `{manifest.architecture}`, {card['n_parameters'] / 1e6:.1f} million parameters, stored as "
        "16-bit floats.",
        "## Data",
        f"{card['data']}. Licences: {card['licences']}. File `{card['data_file']['name']}`, sha256 "
        f"`{card['data_file']['sha256']}`.",
        f"Split: {card['split']}. Trained on {card['trained_on']}.",
        _table(
            ["fold", "spectra", "structures", "used for"],
            [
                [fold, card["spectra"][fold], card["structures"][fold], use]
                for fold, use in (
                    ("train", "the weights"),
                    ("val", "early stopping, bit threshold, temperatures"),
                    ("test", "the figures below, once"),
                )
            ],
        ),
        *(f"![The course of the training]({name})" for name in pictures),
        "## Figures",
        f"A bit counts as set above {manifest.bit_threshold} (chosen on `val`, mean Tanimoto "
        f"{card['measured']['val']['mean_tanimoto']}).",
        *_figures(card["measured"].get("test", {})),
        "## What it is bad at",
        _LIMITS,
        "## Software",
        ", ".join(f"{name} {number}" for name, number in card["software"].items()),
    ]
    return "\n\n".join(parts) + "\n"


def _figures(test: dict[str, Any]) -> list[str]:
    parts = []
    if "fingerprint" in test:
        parts += [
            "Mean Tanimoto of predicted and true bits on `test`, 95 % bootstrap intervals over structures. The nearest "
            "neighbour copies the fingerprint of the training spectrum with the highest cosine.",
            _table(
                ["spectra of", "n", "structures", "this model", "nearest neighbour", "difference"],
                [
                    [group, row["n_spectra"], row["n_structures"]]
                    + [format_interval(row[key]) for key in ("model", "nearest_neighbour", "difference")]
                    for group, row in test["fingerprint"].items()
                ],
            ),
        ]
    if "retrieval" in test:
        found = test["retrieval"]
        parts += [
            f"Retrieval among candidates within 10 ppm (median {found['median_candidates']:.0f}), {found['n_spectra']} "
            f"spectra of {found['n_structures']} structures, at most 3 a structure; the structure is among the "
            f"candidates of {100 * found['covered']:.1f} % of them.",
            _table(
                ["ranking", "hit@1", "hit@5", "hit@20", "MRR"],
                [
                    [name] + [format_interval(row[key]) for key in ("hit@1", "hit@5", "hit@20")] + [f"{row['mrr']:.3f}"]
                    for name, row in found["rankings"].items()
                ],
            ),
        ]
    return parts


def _table(header: list[str], rows: list[list[Any]]) -> str:
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join("| " + " | ".join(str(cell) for cell in line) + " |" for line in lines)

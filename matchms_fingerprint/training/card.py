"""The model card for people."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from matchms_fingerprint.evaluation.estimates import format_interval
from matchms_fingerprint.models.bundle import BundleManifest

_LIMITS = """- It learned from {structures} structures. On compounds unlike those the predicted bits are a hint, not an
  answer: see the figures above, which are for structures of `test`.
- A fingerprint ranks isomers poorly: many share most of their bits.
- It knows the compounds it has seen; a larger spectral library knows more, and a search in it is surer.
- Adducts in the training data, as shares of structures: {adducts}. It knows nothing of others.
- `probability` is a softmax over the candidates at hand with one temperature. It takes the right structure to be among
  them.
- Every training spectrum had a precursor m/z and an ion mode; without them predictions are poorer."""


def card_text(manifest: BundleManifest, pictures: Sequence[str] = ()) -> str:
    """Return the card of a model as Markdown, with pictures that lie beside it."""
    card = manifest.card
    parts = [
        f"# {manifest.name} {manifest.version}",
        f"Predicts the fingerprint `{manifest.fingerprint}` and an embedding from a tandem mass spectrum of either ion "
        f"mode. Encoder `{manifest.network['encoder']}`, {card['n_parameters'] / 1e6:.1f} million parameters, stored "
        "as 16-bit floats.",
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
                    ("val", "early stopping, trust in the memory, bit threshold, temperatures"),
                    ("test", "the figures below"),
                )
            ],
        ),
        *_how_it_was_made(card),
        *(f"![The course of the training]({name})" for name in pictures),
        "## Figures",
        f"A bit counts as set above {manifest.bit_threshold} (chosen on `val`, mean Tanimoto "
        f"{card['measured']['val']['mean_tanimoto']}).",
        *_figures(card["measured"].get("test", {})),
        "## What it is bad at",
        _limits(manifest),
        "## Software",
        ", ".join(f"{name} {number}" for name, number in card["software"].items()),
    ]
    return "\n\n".join(parts) + "\n"


def _how_it_was_made(card: dict[str, Any]) -> list[str]:
    """Say what the table of folds does not: simulated spectra, the memory, and the training on both folds."""
    parts, settings, memory = [], card["settings"], card.get("memory")
    if settings.get("synthetic_structures"):
        parts.append(
            "Beside the measured spectra it saw simulated ones of "
            f"{settings['synthetic_structures']:,} structures of a candidate library, broken at random; none of them "
            "is a structure of the data."
        )
    if memory:
        parts.append(
            f"It carries a memory of {memory['spectra']:,} training spectra of {memory['compounds']:,} compounds "
            f"({memory['mib']} MiB): their strongest peaks, embeddings and fingerprints. What it predicts is a mixture "
            "of the network and of the nearest compounds in the memory; how far to trust either it learned from `val`, "
            "with its compounds in the memory and without."
        )
    if "val" in card.get("trained_folds", []):
        parts.append(
            "The weights here were trained again in the same way on `train` and `val` together, after everything was "
            "chosen and measured. All figures are those of the model trained on `train` alone."
        )
    return parts


def _limits(manifest: BundleManifest) -> str:
    adducts = "; ".join(
        mode + " " + ", ".join(f"{name} {100 * share:.1f} %" for name, share in shares.items())
        for mode, shares in manifest.adduct_frequencies.items()
    )
    return _LIMITS.format(structures=manifest.card["structures"]["train"], adducts=adducts)


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
    for found in test.get("retrieval", {}).values():
        parts += [
            f"Retrieval among {found['description']} (median {found['median_candidates']:.0f}), "
            f"{found['n_spectra']} spectra of {found['n_structures']} structures, at most 3 a structure; the structure "
            f"is among the candidates of {100 * found['covered']:.1f} % of them. In the last column the paired "
            "difference of hit@1 to the nearest neighbour.",
            _table(
                ["ranking", "hit@1", "hit@5", "hit@20", "MRR", "difference"],
                [
                    [name]
                    + [format_interval(row[key]) for key in ("hit@1", "hit@5", "hit@20")]
                    + [f"{row['mrr']['mean']:.3f}", format_interval(row["difference"]["hit@1"])]
                    for name, row in found["rankings"].items()
                ],
            ),
        ]
        if "reliability" in found:
            parts += _reliability(found["reliability"])
    if found := test.get("embedding"):
        parts += [
            "Cosine of the embeddings of two spectra of the same ion mode, 5 %, 50 % and 95 % quantiles: "
            + "; ".join(
                f"{name} {', '.join(f'{value:.2f}' for value in found[name])}"
                for name in ("same structure", "different structure")
            )
            + f". For different structures it goes with their Tanimoto similarity at a rank correlation of "
            f"{found['spearman']:.2f}."
        ]
    return parts


def _reliability(found: dict[str, Any]) -> list[str]:
    return [
        "How often the top hit is right, against its probability (cosine, one temperature fitted on `val`; expected "
        f"calibration error {found['ece']:.3f}):",
        _table(
            ["probability", "spectra", "mean probability", "right"],
            [
                [f"{row['from']} to {row['to']}", row["n"], f"{row['confidence']:.3f}", f"{row['accuracy']:.3f}"]
                for row in found["bins"]
            ],
        ),
    ]


def _table(header: list[str], rows: list[list[Any]]) -> str:
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join("| " + " | ".join(str(cell) for cell in line) + " |" for line in lines)

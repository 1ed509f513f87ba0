"""The folder of the evaluation of a posterior: figures, tables, page and pictures."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Mapping
from html import escape
from pathlib import Path
from typing import Any

from matchms_fingerprint.evaluation.estimates import format_interval
from matchms_fingerprint.evaluation.posterior.figures import draw_pictures
from matchms_fingerprint.evaluation.result_table import ResultTable
from matchms_fingerprint.io.artifacts import atomic_folder, check_replaceable, write_json
from matchms_fingerprint.io.tables import table_writer

MARKER = "posterior_evaluation.json"
SPECTRA, ABLATION, PAGE = "spectra.tsv", "ablation.tsv", "index.html"
PICTURES = ("ablation.png", "confidence.png", "thresholds.png", "isomers.png", "dilution.png", "breakdown.png")
_KNOWN = (SPECTRA, ABLATION, PAGE, *PICTURES)
_MEASURES = ("hit@1", "hit@5", "hit@20", "mrr", "top_tanimoto")
_CAPTIONS = {
    "ablation.png": "What each evidence brings: alone, and when it is left out",
    "confidence.png": "Whether probabilities hold, in a run in which some structures are missing",
    "thresholds.png": "True and spurious hits, and the false discovery rate",
    "isomers.png": "Isomers among each other",
    "dilution.png": "What noise does",
    "breakdown.png": "Who wins where",
}
_STYLE = (
    "body{font:15px/1.5 sans-serif;max-width:60em;margin:2em auto;color:#22303c}"
    "table{border-collapse:collapse}td,th{padding:.15em .8em;text-align:left;border-bottom:1px solid #d7dde3}"
    "img{max-width:100%}"
)


def check_posterior_run(folder: str | Path, overwrite: bool) -> None:
    """Raise `OutputError` unless the evaluation may be written there; to be called before the work."""
    check_replaceable(folder, MARKER, overwrite, _KNOWN)


def write_posterior_run(
    folder: str | Path, summary: Mapping[str, Any], spectra: ResultTable, overwrite: bool = False
) -> None:
    """Write `posterior_evaluation.json`, `ablation.tsv`, `spectra.tsv`, `index.html` and the pictures.

    Raises
    ------
    OutputError
        If the folder exists and may not be replaced.
    """
    pictures = draw_pictures(summary)
    with atomic_folder(folder, MARKER, overwrite, _KNOWN) as partial:
        write_json(partial / MARKER, summary)
        spectra.write(partial / SPECTRA)
        _write_ablation(partial / ABLATION, summary["retrieval"])
        (partial / PAGE).write_text(_page(summary, pictures), encoding="utf-8")
        for name, content in pictures.items():
            (partial / name).write_bytes(content)


def _write_ablation(path: Path, retrieval: Mapping[str, Any]) -> None:
    """Write one row a ranking: means and intervals of all measures, and the difference of hit@1 to the baseline."""
    ends = ("", "_low", "_high")
    formats = {"ranking": ""} | {f"{name}{end}": ".4f" for name in (*_MEASURES, "hit@1_difference") for end in ends}
    with table_writer(path, formats) as write_row:
        for ranking, row in retrieval["rankings"].items():
            cells: dict[str, Any] = {"ranking": ranking}
            for name in (*_MEASURES, "hit@1_difference"):
                value = row["difference"]["hit@1"] if name == "hit@1_difference" else row[name]
                cells |= {f"{name}{end}": value[key] for end, key in zip(ends, ("mean", "low", "high"), strict=True)}
            write_row(cells)


def _page(summary: Mapping[str, Any], pictures: Mapping[str, bytes]) -> str:
    """Return a page that needs no other file."""
    retrieval, confidence = summary["retrieval"], summary["confidence"]
    head = (
        f"{retrieval['n_spectra']:,} spectra of {retrieval['n_structures']:,} structures, median "
        f"{retrieval['median_candidates']:.0f} candidates. hit@1 is {retrieval['times_best_single']:.2f} times that of "
        f"the best single evidence ({retrieval['best_single']}), {retrieval['times_baseline']:.2f} times that of the "
        f"{retrieval['baseline']}. Expected calibration error {confidence['reliability']['ece']:.3f}; lists without "
        f"the right structure are told from others with an area of {confidence['none']['auroc']}."
    )
    rows = "".join(
        f"<tr><td>{escape(name)}</td><td>{escape(format_interval(row['hit@1']))}</td>"
        f"<td>{row['hit@5']['mean']:.3f}</td><td>{row['hit@20']['mean']:.3f}</td><td>{row['mrr']['mean']:.3f}</td></tr>"
        for name, row in retrieval["rankings"].items()
    )
    drawn = "".join(
        f"<h2>{escape(_CAPTIONS[name])}</h2><img alt='{escape(_CAPTIONS[name])}' "
        f"src='data:image/png;base64,{b64encode(content).decode('ascii')}'>"
        for name, content in pictures.items()
    )
    title = escape(f"Posterior {summary['posterior']['name']} on {summary['fold']}")
    return (
        f"<!doctype html><html lang='en'><meta charset='utf-8'><title>{title}</title><style>{_STYLE}</style>"
        f"<h1>{title}</h1><p>{escape(head)}</p>{drawn}<h2>All rankings</h2><table><tr><th>ranking</th><th>hit@1</th>"
        f"<th>@5</th><th>@20</th><th>MRR</th></tr>{rows}</table></html>\n"
    )

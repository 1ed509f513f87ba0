"""Several evaluated runs side by side."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from matchms_fingerprint.errors import SettingsError
from matchms_fingerprint.evaluation.competition import column_name
from matchms_fingerprint.evaluation.estimates import Columns, StructureBootstrap, summarize
from matchms_fingerprint.evaluation.report.compare_page import draw_runs, render_comparison
from matchms_fingerprint.evaluation.result_table import ResultTable
from matchms_fingerprint.evaluation.retrieval import hits_of_ranks
from matchms_fingerprint.evaluation.run_folder import Run, read_run
from matchms_fingerprint.io.artifacts import atomic_folder, check_replaceable, write_json
from matchms_fingerprint.io.tables import table_writer

MARKER = "comparison.json"
TABLE, DIFFERENCES, TEXT, PAGE, PICTURE = (
    "comparison.tsv",
    "differences.tsv",
    "comparison.md",
    "index.html",
    "comparison.png",
)
_KNOWN = (TABLE, DIFFERENCES, TEXT, PAGE, PICTURE)
_HITS = ("hit@1", "hit@5", "hit@20", "mrr", "top_tanimoto")


@dataclass(frozen=True)
class Comparison:
    """Runs side by side.

    Parameters
    ----------
    names
        Name of each run, without doubles.
    measures
        Names of the measures, in order.
    rows
        One dictionary a run: `run`, `model`, `data`, `fold`, `n_spectra`, and `estimates`, measure -> estimate (a
        measure that a run does not have is left out).
    differences
        One dictionary for each run but the first and each measure, on the spectra that it shares with the first:
        `run`, `reference`, `measure`, `n_spectra`, `n_structures`, the paired difference and its p value, over spectra
        and over structures.
    baseline
        `rows` of the baseline of each distinct set of data, in the same form.
    """

    names: list[str]
    measures: list[str]
    rows: list[dict[str, Any]]
    differences: list[dict[str, Any]]
    baseline: list[dict[str, Any]]


def compare_runs(runs: Sequence[Run]) -> Comparison:
    """Put runs side by side; differences are paired, to the first run, where the spectra are the same.

    Raises
    ------
    SettingsError
        If there is no run.
    """
    if not runs:
        raise SettingsError("no run to compare; name folders that `evaluate -o` wrote")
    names = run_names([run.folder for run in runs])
    rows = [_row(name, run.summary) for name, run in zip(names, runs, strict=True)]
    baselines: dict[tuple[Any, ...], dict[str, Any]] = {}
    for run in runs:
        summary = run.summary
        kinds = tuple((kind, part["n_spectra"]) for kind, part in summary.get("retrieval", {}).items())
        key = (summary["data"]["file"], summary["data"]["folds"], summary["fold"], summary["baseline"], kinds)
        baselines.setdefault(key, _row(summary["baseline"], summary, of_baseline=True))
    everywhere = [*rows, *baselines.values()]
    measures = list(dict.fromkeys(measure for row in everywhere for measure in row["estimates"]))
    differences = [
        difference
        for name, run in list(zip(names, runs, strict=True))[1:]
        for difference in _paired_differences(name, run, names[0], runs[0])
    ]
    return Comparison(names, measures, rows, differences, list(baselines.values()))


def run_names(folders: Sequence[Path]) -> list[str]:
    """Return the names of folders, with as much of the path as tells them apart."""
    resolved = [folder.resolve() for folder in folders]
    if len(set(resolved)) < len(resolved):
        raise SettingsError("a run is given twice; give each once")
    depth = 1
    while len({folder.parts[-depth:] for folder in resolved}) < len(resolved):
        depth += 1
    return ["/".join(folder.parts[-depth:]) for folder in resolved]


def _row(name: str, summary: dict[str, Any], of_baseline: bool = False) -> dict[str, Any]:
    contestant = summary["baseline"] if of_baseline else summary["contestants"][0]
    ranking = summary["baseline_ranking"] if of_baseline else summary["ranking"]
    found = summary["fingerprints"][contestant]
    estimates = {}
    for measure in ("tanimoto", "cosine"):
        estimates[measure] = found[measure]
        estimates[f"{measure}, per structure"] = found["per_structure"][measure]
    for kind, part in summary.get("retrieval", {}).items():
        values = part["rankings"][ranking]
        for measure in _HITS:
            estimates[f"{measure}, {kind}"] = values[measure]
            estimates[f"{measure}, {kind}, per structure"] = values["per_structure"][measure]
    precision = summary["bits"]["mean"][contestant]["average_precision"]
    if precision is not None:
        estimates["average precision of bits"] = {"mean": precision, "low": precision, "high": precision}
    return {
        "run": name,
        "model": contestant if of_baseline else f"{summary['model']['name']} {summary['model']['version']}",
        "data": f"{summary['data']['file']}, {summary['data']['folds']}",
        "fold": summary["fold"],
        "n_spectra": summary["n_spectra"],
        "estimates": estimates,
    }


def _paired_differences(name: str, run: Run, reference_name: str, reference: Run) -> list[dict[str, Any]]:
    """Return the differences of one run to another on the spectra that both have, and that are of one structure."""
    _, mine, theirs = np.intersect1d(run.spectra["id"], reference.spectra["id"], return_indices=True)
    same = run.spectra["structure"][mine] == reference.spectra["structure"][theirs]
    one, other = run.spectra.take(mine[same]), reference.spectra.take(theirs[same])
    kinds = [kind for kind in run.summary.get("retrieval", {}) if kind in reference.summary.get("retrieval", {})]
    groups: list[tuple[str, NDArray[np.bool_]]] = [("", np.ones(len(one), bool))]
    groups += [(f", {kind}", _ranked_alike(one, other, kind)) for kind in kinds]
    found = []
    for suffix, chosen in groups:
        if not chosen.any():
            continue
        bootstrap = StructureBootstrap(one["structure"][chosen])
        values, rival = (
            _columns(table.take(chosen), r.summary, suffix[2:]) for table, r in ((one, run), (other, reference))
        )
        summary = summarize(values, bootstrap, rival)
        for measure in values:
            found.append(
                {
                    "run": name,
                    "reference": reference_name,
                    "measure": measure + suffix,
                    "n_spectra": bootstrap.n_spectra,
                    "n_structures": bootstrap.n_structures,
                    "difference": summary["difference"][measure],
                    "p_value": summary["p_value"][measure],
                    "difference_per_structure": summary["per_structure"]["difference"][measure],
                    "p_value_per_structure": summary["per_structure"]["p_value"][measure],
                }
            )
    return found


def _ranked_alike(one: ResultTable, other: ResultTable, kind: str) -> NDArray[np.bool_]:
    """Tell which spectra both runs counted, with as many candidates."""
    column = f"n_candidates_{column_name(kind)}"
    counted = (one["in_benchmark"] > 0) & (other["in_benchmark"] > 0)
    return np.asarray(counted & (one[column] == other[column]), bool)


def _columns(table: ResultTable, summary: dict[str, Any], kind: str) -> Columns:
    if not kind:
        model = column_name(summary["contestants"][0])
        return {measure: table[f"{measure}_{model}"] for measure in ("tanimoto", "cosine")}
    suffix = f"{column_name(kind)}_{column_name(summary['ranking'])}"
    return hits_of_ranks(table[f"rank_{suffix}"]) | {"top_tanimoto": table[f"top_tanimoto_{suffix}"]}


def check_comparison_folder(folder: str | Path, overwrite: bool) -> None:
    """Raise `OutputError` unless a comparison may be written there; to be called before the work."""
    check_replaceable(folder, MARKER, overwrite, _KNOWN)


def write_comparison(folder: str | Path, runs: Sequence[str | Path], overwrite: bool = False) -> Comparison:
    """Compare runs and write `comparison.tsv`, `.md`, `.json`, `differences.tsv`, `index.html` and a picture.

    Parameters
    ----------
    folder
        Where to.
    runs
        Folders that `evaluate -o` wrote; the first is what the others are compared with.
    overwrite
        Replace an earlier comparison.

    Raises
    ------
    InputFileError
        If a folder is no run.
    OutputError
        If the output may not be replaced.
    """
    comparison = compare_runs([read_run(run) for run in runs])
    picture = draw_runs(comparison.rows, comparison.baseline)
    with atomic_folder(folder, MARKER, overwrite, _KNOWN) as partial:
        content = {"runs": comparison.rows, "baselines": comparison.baseline, "differences": comparison.differences}
        write_json(partial / MARKER, content)
        _write_table(partial / TABLE, comparison)
        _write_differences(partial / DIFFERENCES, comparison)
        (partial / TEXT).write_text(markdown(comparison), encoding="utf-8")
        (partial / PICTURE).write_bytes(picture)
        page = render_comparison(
            comparison.rows, comparison.baseline, comparison.measures, comparison.differences, {PICTURE: picture}
        )
        (partial / PAGE).write_text(page, encoding="utf-8")
    return comparison


def _write_table(path: Path, comparison: Comparison) -> None:
    labels = ("run", "model", "data", "fold", "n_spectra")
    columns = dict.fromkeys(labels, "")
    for measure in comparison.measures:
        columns |= {measure: ".4f", f"{measure}, low": ".4f", f"{measure}, high": ".4f"}
    with table_writer(path, columns) as write_row:
        for row in [*comparison.rows, *comparison.baseline]:
            values = {label: row[label] for label in labels}
            for measure, estimate in row["estimates"].items():
                values |= {measure: estimate["mean"]}
                values |= {f"{measure}, {end}": estimate[end] for end in ("low", "high")}
            write_row(values)


def _write_differences(path: Path, comparison: Comparison) -> None:
    labels = ("run", "reference", "measure", "n_spectra", "n_structures")
    columns = dict.fromkeys(labels, "")
    for suffix in ("", "_per_structure"):
        columns |= {f"difference{suffix}": ".4f", f"low{suffix}": ".4f", f"high{suffix}": ".4f"}
        columns[f"p_value{suffix}"] = ".4f"
    with table_writer(path, columns) as write_row:
        for row in comparison.differences:
            values = {label: row[label] for label in labels}
            for suffix in ("", "_per_structure"):
                estimate = row[f"difference{suffix}"]
                values |= {f"difference{suffix}": estimate["mean"], f"p_value{suffix}": row[f"p_value{suffix}"]}
                values |= {f"{end}{suffix}": estimate[end] for end in ("low", "high")}
            write_row(values)


def markdown(comparison: Comparison) -> str:
    """Return the table as Markdown: one row a measure, one column a run, then the baselines."""
    rows = [*comparison.rows, *comparison.baseline]
    lines = [["measure", *(row["run"] for row in rows)], ["---"] * (len(rows) + 1)]
    for measure in comparison.measures:
        lines.append([measure, *(_cell(row["estimates"].get(measure)) for row in rows)])
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines) + "\n"


def _cell(estimate: dict[str, float] | None) -> str:
    if estimate is None:
        return ""
    if estimate["low"] == estimate["high"]:
        return f"{estimate['mean']:.3f}"
    return f"{estimate['mean']:.3f} [{estimate['low']:.3f}, {estimate['high']:.3f}]"

"""The folder of a study: the samples as a table and as vectors, what was found, and the pictures."""

from __future__ import annotations

from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from matplotlib.axes import Axes

from matchms_fingerprint.annotation.study import AgainstChance, GroupTest, Study
from matchms_fingerprint.annotation.study.groups import PENALTY
from matchms_fingerprint.annotation.study.labels import bare_name
from matchms_fingerprint.io.array_files import Vectors, open_array_file
from matchms_fingerprint.io.artifacts import atomic_folder, check_replaceable, write_json
from matchms_fingerprint.io.tables import table_writer
from matchms_fingerprint.report.figures import embedding_map, permutation_plot

MARKER = "study.json"
SAMPLES, EMBEDDINGS, MAP = "samples.tsv", "embeddings.npz", "study.png"
PERMUTATIONS, PERMUTATIONS_DRAWN = "permutations.tsv", "permutations.png"
_KNOWN = (SAMPLES, EMBEDDINGS, MAP, PERMUTATIONS, PERMUTATIONS_DRAWN)
_PACKAGES = {"pca": (), "umap": ("umap-learn",)}
_DPI = 200


def check_study_folder(folder: str | Path, overwrite: bool) -> None:
    """Raise `OutputError` unless the folder of a study may be written there; to be called before the work."""
    check_replaceable(folder, MARKER, overwrite, _KNOWN)


def write_study(folder: str | Path, study: Study, made_from: dict[str, Any], overwrite: bool = False) -> list[str]:
    """Write what was found: all files or none.

    `samples.tsv` has one row a sample, with its label, its number of features, its place on the map and the group that
    was predicted for it; `embeddings.npz` their vectors; `study.png` the map; `study.json` all figures and what they
    were made from. Where groups were tested, `permutations.tsv` and `permutations.png` have the figures of the shuffled
    labels.

    Parameters
    ----------
    folder
        Where to.
    study
        What was found.
    made_from
        What stands in `study.json` besides: files, model, settings; JSON-safe.
    overwrite
        Replace the folder of an earlier study.

    Returns
    -------
    list of str
        Names of the files.

    Raises
    ------
    OutputError
        If the folder exists and may not be replaced.
    """
    with atomic_folder(folder, MARKER, overwrite, _KNOWN) as partial:
        _write_samples(partial / SAMPLES, study)
        _write_embeddings(partial / EMBEDDINGS, study, made_from)
        _save(_map_of(study), partial / MAP)
        if study.test is not None:
            _write_permutations(partial / PERMUTATIONS, study.test)
            _save(permutation_plot(study.test.accuracy), partial / PERMUTATIONS_DRAWN)
        write_json(partial / MARKER, made_from | summary_of(study))
        return sorted(item.name for item in partial.iterdir())


def summary_of(study: Study) -> dict[str, Any]:
    """Return the figures of a study, JSON-safe."""
    samples, labels, projection = study.samples, study.labels, study.projection
    known = labels.is_known if labels is not None else np.ones(len(samples.names), np.bool_)
    names = np.array(samples.names)
    return {
        "samples": {
            "number": len(names),
            "without_features": names[samples.n_features == 0].tolist(),
            "without_label": names[~known].tolist(),
        },
        "features": dict(samples.statuses),
        "map": {
            "axes": list(projection.axis_names),
            "explained_variance": projection.explained and [round(share, 6) for share in projection.explained],
        },
        "test": None if study.test is None else _test_of(study.test),
        "no_test": study.no_test,
    }


def packages_of(study: Study, method: str) -> dict[str, str]:
    """Return the versions of the packages beside this one that made the figures."""
    names = (*_PACKAGES[method], *(("scikit-learn",) if study.test is not None else ()))
    return {name: version(name) for name in names}


def _test_of(test: GroupTest) -> dict[str, Any]:
    rows = zip(test.groups, test.counts, test.recalls, strict=True)
    return {
        "classifier": f"logistic regression (C = {PENALTY:g}, balanced classes) of standardized embeddings",
        "cross_validation": f"{test.n_folds} stratified folds",
        "permutations": len(test.accuracy.permuted),
        "groups": {name: {"samples": n, "predicted_right": round(recall, 6)} for name, n, recall in rows},
        "p_value": round(test.accuracy.p_value, 6),
        "balanced_accuracy": _figures_of(test.accuracy),
        "auroc": _figures_of(test.auroc),
    }


def _figures_of(tested: AgainstChance) -> dict[str, float]:
    return {
        "value": round(tested.value, 6),
        "chance": round(tested.chance, 6),
        "permuted_mean": round(float(tested.permuted.mean()), 6),
        "permuted_95_percent": round(float(np.quantile(tested.permuted, 0.95)), 6),
        "p_value": round(tested.p_value, 6),
    }


def _write_samples(path: Path, study: Study) -> None:
    labels = study.labels.values if study.labels is not None else [""] * len(study.samples.names)
    predicted = iter(study.test.predicted if study.test is not None else ())
    columns = {"sample": "", "label": "", "n_features": "", "x": ".6f", "y": ".6f", "predicted": ""}
    with table_writer(path, columns) as write_row:
        for i, name in enumerate(study.samples.names):
            x, y = study.projection.points[i].tolist()
            row = {"sample": name, "label": labels[i], "n_features": int(study.samples.n_features[i]), "x": x, "y": y}
            write_row(row | {"predicted": next(predicted) if study.is_tested[i] else ""})


def _write_embeddings(path: Path, study: Study, made_from: dict[str, Any]) -> None:
    samples = study.samples
    columns = {"sample": pa.string(), "n_features": pa.int64()}
    vectors = Vectors("embedding", samples.embeddings.shape[1], np.dtype(np.float32), columns, made_from)
    with open_array_file(path, vectors) as write:
        rows = list(zip(samples.names, samples.n_features.tolist(), strict=True))
        write(rows, samples.embeddings.astype(np.float32), samples.n_features == 0)


def _write_permutations(path: Path, test: GroupTest) -> None:
    with table_writer(path, {"balanced_accuracy": ".6f", "auroc": ".6f"}) as write_row:
        for accuracy, auroc in zip(test.accuracy.permuted.tolist(), test.auroc.permuted.tolist(), strict=True):
            write_row({"balanced_accuracy": accuracy, "auroc": auroc})


def _map_of(study: Study) -> Axes:
    labels, names = study.labels, [bare_name(name) for name in study.samples.names]
    if labels is None:
        return embedding_map(study.projection, names=names)
    values = labels.values if labels.numbers is None else labels.numbers.tolist()
    return embedding_map(study.projection, values, title=labels.column, names=names)


def _save(axes: Axes, path: Path) -> None:
    figure = axes.get_figure(root=True)
    if figure is not None:
        figure.savefig(path, dpi=_DPI, bbox_inches="tight")

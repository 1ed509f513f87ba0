"""The file for "Import GNPS results" of MZmine: one structure for each row of its feature table, by the id of the row.

MZmine reads the GraphML that the feature-based molecular networking of GNPS gives, takes the id of a node for that of a
row, and shows the attributes of the node as a match.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from xml.sax.saxutils import escape

from matchms_fingerprint.errors import SettingsError
from matchms_fingerprint.io.artifacts import atomic_file
from matchms_fingerprint.io.compound_names import compound_name, one_line
from matchms_fingerprint.io.feature_rows import FeatureRow
from matchms_fingerprint.records import Annotation, Hit

LABEL = "[matchms_fingerprint p={probability:.3f}]"
"""Stands behind each name, since MZmine shows these matches as those of GNPS and has no place for a probability."""

_TYPES = {
    "Compound_Name": "string",
    "MQScore": "double",
    "MassDiff": "double",
    "Adduct": "string",
    "IonMode": "string",
    "Smiles": "string",
}
"""Attributes of a node, spelled as MZmine reads them."""

WriteNode = Callable[[Annotation, FeatureRow], None]
"""Writes the hit of a feature that is a row of the feature table."""


@contextmanager
def graphml_writer(path: str | Path, rank: int = 1) -> Iterator[WriteNode]:
    """Yield a function that writes the hit of a feature; the file appears under its name when the block ends well.

    A node has one match, so that further ones go to files of their own, which MZmine adds up when they are imported
    one after the other. `MQScore` is the score of the hit, which MZmine shows as "Similarity". Features without a row
    id are left out; a row id may come once.

    Parameters
    ----------
    path
        The file.
    rank
        Of the hit that is written, from 1; features with fewer hits have no node.

    Raises
    ------
    SettingsError
        If `rank` is below 1.

    Examples
    --------
    >>> from matchms_fingerprint.io.feature_rows import FeatureRows
    >>> from matchms_fingerprint.io.gnps_graphml import graphml_writer
    >>> rows = FeatureRows()
    >>> with graphml_writer("gnps_results.graphml") as write:  # doctest: +SKIP
    ...     for annotation in annotations:
    ...         write(annotation, rows.of(annotation))
    """
    if rank < 1:
        raise SettingsError(f"rank {rank}: must be 1 or more")
    with atomic_file(path) as partial, open(partial, "w", encoding="utf-8", newline="\n") as handle:
        handle.write(_head())

        def write(annotation: Annotation, row: FeatureRow) -> None:
            if row.row_id is not None and len(annotation.hits) >= rank:
                handle.write(_node(row.row_id, annotation, annotation.hits[rank - 1]))

        yield write
        handle.write(" </graph>\n</graphml>\n")


def _head() -> str:
    keys = "".join(
        f' <key id="{name}" for="node" attr.name="{name}" attr.type="{kind}"/>\n' for name, kind in _TYPES.items()
    )
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n<graphml xmlns="http://graphml.graphdrawing.org/xmlns">\n'
        f'{keys} <graph edgedefault="undirected">\n'
    )


def _node(row_id: int, annotation: Annotation, hit: Hit) -> str:
    values = {
        "Compound_Name": f"{compound_name(hit.candidate)} {LABEL.format(probability=hit.probability)}",
        "MQScore": f"{hit.score:.6f}",
        "MassDiff": "" if annotation.precursor_mz is None else f"{_difference_da(annotation.precursor_mz, hit):.6f}",
        "Adduct": hit.adduct,
        "IonMode": (annotation.ion_mode or "").capitalize(),
        "Smiles": hit.candidate.smiles,
    }
    data = "".join(f'<data key="{name}">{escape(one_line(value))}</data>' for name, value in values.items() if value)
    return f'  <node id="{row_id}">{data}</node>\n'


def _difference_da(mz: float, hit: Hit) -> float:
    """Return the absolute difference of measured and calculated m/z, as GNPS has it."""
    calculated = mz / (1 + hit.mass_error_ppm * 1e-6)
    return abs(mz - calculated)

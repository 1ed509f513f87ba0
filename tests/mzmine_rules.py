"""How MZmine reads what it imports: the rules of its source code (version 4.10), written down in Python.

Parsers here are as strict and as blind as those of MZmine, and none of them shares code with the package.
"""

import csv
import io
import re
import xml.etree.ElementTree as ElementTree
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

JAVA_INT = range(-(1 << 31), 1 << 31)


class MZmineError(Exception):
    """The import ends with an error message."""


def java_int(text: str) -> int:
    """`Integer.parseInt`: no blanks, no decimal point, 32 bits."""
    if not re.fullmatch(r"[+-]?[0-9]+", text) or int(text) not in JAVA_INT:
        raise ValueError(text)
    return int(text)


def java_double(text: str) -> float:
    """`Double.parseDouble`: a decimal point, blanks around it allowed."""
    if not re.fullmatch(r"\s*[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?\s*", text):
        raise ValueError(text)
    return float(text)


def rfc4180(text: str, separator: str = ",") -> list[list[str]]:
    """opencsv with its RFC 4180 parser: quotes are doubled, a backslash is a character like others."""
    rows = csv.reader(io.StringIO(text, newline=""), delimiter=separator, doublequote=True, strict=True)
    return [row for row in rows if any(cell.strip() for cell in row)]


# --- Local compound database search


DEFAULT_COLUMNS = ("neutral_mass", "mz", "rt", "formula", "smiles", "name", "comment")
NUMBERS = ("neutral_mass", "mz", "rt")


class Compound(NamedTuple):
    """A line of a compound database."""

    mz: float
    rt: float | None
    values: dict[str, str]


class Row(NamedTuple):
    """A row of a feature list; `rt` in minutes."""

    row_id: int
    mz: float
    rt: float


def read_compounds(path: Path) -> list[Compound]:
    """CSVParsingUtils.getAnnotationsFromCsvFile with the default columns, "Use adducts" off.

    A selected column that is missing ends the import. A line that is shorter than the header is left out without a
    word there; here it is an error, since we never write one.
    """
    header, *lines = rfc4180(path.read_bytes().decode("utf-8").removeprefix("\ufeff"))
    names = [name.strip().lower() for name in header]
    missing = [name for name in DEFAULT_COLUMNS if name not in names]
    if missing:
        raise MZmineError(f"Did not find specified column {missing}")
    compounds = []
    for line in lines:
        if len(line) != len(header):
            raise MZmineError(f"{len(line)} fields under a header of {len(header)}")
        values = dict(zip(names, line, strict=True))
        numbers = {name: java_double(values[name]) if values[name].strip() else None for name in NUMBERS}
        if numbers["mz"] is None:
            raise MZmineError("invalid base annotation: no precursor m/z")
        if numbers["rt"] is not None and numbers["rt"] < 0:
            raise MZmineError("a retention time below 0 is no wildcard")
        compounds.append(Compound(numbers["mz"], numbers["rt"], values))
    if lines and not compounds:
        raise MZmineError("Did not find any valid compounds in file.")
    return compounds


def annotate_rows(
    compounds: Iterable[Compound],
    rows: Iterable[Row],
    mz_da: float = 0.0005,
    mz_ppm: float = 0.0,
    rt_minutes: float | None = 0.02,
) -> dict[int, list[Compound]]:
    """Local compound database search: the compounds of each row, as its table shows them from the top.

    The score is the mean of 1 - deviation / tolerance over m/z and retention time; 0 or less is no match. The order is
    that of the scores, and that of the file where they are equal.
    """
    compounds = list(compounds)
    found = {}
    for row in rows:
        scored = []
        for compound in compounds:
            tolerance = max(mz_da, compound.mz * mz_ppm * 1e-6)
            parts = [1 - abs(compound.mz - row.mz) / tolerance]
            if rt_minutes is not None and compound.rt is not None:
                parts.append(1 - abs(compound.rt - row.rt) / rt_minutes)
            if min(parts) >= 0 and sum(parts) > 0:
                scored.append((sum(parts) / len(parts), compound))
        found[row.row_id] = [compound for _, compound in sorted(scored, key=lambda pair: -pair[0])]
    return found


# --- Import GNPS results


GNPS_ATTRIBUTES = (
    "cluster index",
    "Compound_Name",
    "Adduct",
    "MassDiff",
    "MQScore",
    "SharedPeaks",
    "INCHI",
    "Smiles",
    "Ion_Source",
    "IonMode",
    "Instrument",
    "GNPSLibraryURL",
    "GNPSLinkout_Network",
    "GNPSLinkout_Cluster",
)
_GRAPHML = "{http://graphml.graphdrawing.org/xmlns}"
_ATTRIBUTE_TYPES = {"string": str, "double": java_double, "int": java_int, "boolean": lambda text: text == "true"}


def read_gnps_results(path: Path) -> dict[int, dict[str, object]]:
    """GNPSResultsImportTask: the match of each row, by row id.

    The file is rewritten line by line before it is read. An id that comes twice ends the import, as does one that is
    no Java int; a node without a name is no match. MZmine casts: a score that is not declared a double fails.
    """
    lines = path.read_bytes().decode("utf-8").split("\n")
    rewritten = [line.replace('edge id="0"', "edge").replace('edge id="Cosine"', "edge") for line in lines]
    root = ElementTree.fromstring("\n".join(rewritten).encode())
    keys = {
        key.attrib["id"]: (key.attrib["attr.name"], _ATTRIBUTE_TYPES[key.attrib["attr.type"]])
        for key in root.iter(f"{_GRAPHML}key")
        if key.attrib["for"] == "node"
    }
    matches: dict[int, dict[str, object]] = {}
    seen = set()
    for node in root.iter(f"{_GRAPHML}node"):
        row_id = java_int(node.attrib["id"])
        if row_id in seen:
            raise MZmineError(f"IdAlreadyInUseException: {row_id}")
        seen.add(row_id)
        values: dict[str, object] = {}
        for data in node.iter(f"{_GRAPHML}data"):
            name, read = keys[data.attrib["key"]]
            values[name] = read(data.text or "")
        if values.get("Compound_Name"):
            matches[row_id] = {name: value for name, value in values.items() if name in GNPS_ATTRIBUTES}
    for match in matches.values():
        if not isinstance(match.get("MQScore", 0.0), float) or not isinstance(match.get("MassDiff", 0.0), float):
            raise MZmineError("ClassCastException")
    return matches


# --- Import molecular networks


class Edge(NamedTuple):
    """A line of a network."""

    id1: int
    id2: int
    edge_type: str
    score: float | None
    annotation: str


def read_network(path: Path, row_ids: Iterable[int]) -> list[Edge]:
    """ImportFeatureNetworksSimpleTask: edges between rows of a feature list.

    The names of the columns are compared in lower case, without trimming and with a byte order mark, if there is one.
    The separator is a comma. Ten bad lines, among them each row that the list does not have, end the import; here one
    does, since we never write one.
    """
    lines = rfc4180(path.read_bytes().decode("utf-8"))
    if not lines:
        return []
    header = [name.lower() for name in lines[0]]
    names = ("id1", "id2", "edgetype", "score", "annotation")
    missing = [name for name in names if name not in header]
    if missing:
        raise MZmineError(f"CSV missing columns error: {missing}")
    places = [header.index(name) for name in names]
    known = set(row_ids)
    edges = []
    for line in lines[1:]:
        id1, id2, edge_type, score, annotation = (line[place] for place in places)
        edge = Edge(java_int(id1), java_int(id2), edge_type, java_double(score) if score.strip() else None, annotation)
        if {edge.id1, edge.id2} - known:
            raise MZmineError(f"Wrong feature list? Missing row with id {edge.id1}")
        edges.append(edge)
    return edges


# --- Spectral library import


class Entry(NamedTuple):
    """A spectrum of a library."""

    fields: dict[str, object]
    peaks: list[tuple[float, float]]


_MGF_FIELDS = {
    "spectrumid": "ENTRY_ID",
    "name": "NAME",
    "compound_name": "NAME",
    "comment": "COMMENT",
    "exactmass": "EXACT_MASS",
    "parent_mass": "EXACT_MASS",
    "formula": "FORMULA",
    "inchi": "INCHI",
    "inchiaux": "INCHIKEY",
    "inchikey": "INCHIKEY",
    "smiles": "SMILES",
    "feature_id": "FEATURE_ID",
    "mslevel": "MS_LEVEL",
    "rtinseconds": "RT",
    "adduct": "ION_TYPE",
    "pepmass": "PRECURSOR_MZ",
    "charge": "CHARGE",
    "collision_energy": "COLLISION_ENERGY",
    "ionmode": "POLARITY",
    "scans": "SCAN_NUMBER",
    "num peaks": "NUM_PEAKS",
}
_MSP_FIELDS = {
    "db#": "ENTRY_ID",
    "name": "NAME",
    "comments": "COMMENT",
    "exactmass": "EXACT_MASS",
    "formula": "FORMULA",
    "inchi": "INCHI",
    "inchikey": "INCHIKEY",
    "smiles": "SMILES",
    "feature_id": "FEATURE_ID",
    "spectrum_type": "MS_LEVEL",
    "rt": "RT",
    "precursor_type": "ION_TYPE",
    "precursormz": "PRECURSOR_MZ",
    "charge": "CHARGE",
    "collision_energy": "COLLISION_ENERGY",
    "ion_mode": "POLARITY",
    "scan_number": "SCAN_NUMBER",
    "num peaks": "NUM_PEAKS",
}
"""Lower-case keys of MZmine's fields, those that occur here; MSP has no aliases."""


def _converted(field: str, text: str) -> object:
    """DBEntryField.convertValue; what cannot be converted is an error here and a missing value there."""
    if field in ("EXACT_MASS", "PRECURSOR_MZ"):
        return java_double(text)
    if field in ("CHARGE", "NUM_PEAKS"):
        return java_int(text)
    if field == "RT":
        return float(re.sub(r"[^0-9.]", "", text))  # so that an exponent would be read as digits
    if field == "MS_LEVEL":
        return java_int(re.sub(r"^(?i:ms)", "", text) or "1")
    if field == "POLARITY":
        return {"p": "POSITIVE", "n": "NEGATIVE"}[text[:1].lower()]
    if field == "COLLISION_ENERGY":
        return [float(number) for number in re.sub(r"[^0-9.,-]", "", text).split(",")]
    return text


def read_mgf_library(path: Path) -> list[Entry]:
    """GnpsMgfParser: an entry without peaks is left out; a name lends its last word as adduct to an entry without."""
    entries: list[Entry] = []
    fields: dict[str, object] = {}
    peaks: list[tuple[float, float]] = []
    state = "wait"
    for line in path.read_bytes().decode("utf-8").split("\n"):
        line = line.strip()
        if len(line) <= 1:
            continue
        if state == "wait":
            if line.upper() == "BEGIN IONS":
                fields, peaks, state = {}, [], "meta"
        elif line.upper() == "END IONS":
            if fields and peaks:
                entries.append(Entry(fields, peaks))
            state = "wait"
        else:
            key, equals, content = line.partition("=")
            if not equals:
                state = "data"
            if state == "data":
                mz, intensity = line.split()[:2]
                peaks.append((java_double(mz), java_double(intensity)))
                continue
            field = _MGF_FIELDS.get(key.strip().lower())
            content = content.strip()
            if field is None or not content:
                continue
            if field == "CHARGE" and content[-1] in "+-":
                content = content[-1] + content[:-1]
            value = _converted(field, content)
            if field == "NAME" and "ION_TYPE" not in fields and re.search(r"M[+-][\d+\-\w]+", content.split(" ")[-1]):
                fields["ION_TYPE"] = content.split(" ")[-1]
            fields[field] = value / 60 if field == "RT" else value  # type: ignore[operator]
    return entries


def read_msp_library(path: Path) -> list[Entry]:
    """NistMspParser: an entry ends with an empty line behind its peaks; a last one without it is lost."""
    entries: list[Entry] = []
    fields: dict[str, object] = {}
    peaks: list[tuple[float, float]] = []
    is_data = False
    for line in path.read_bytes().decode("utf-8").split("\n"):
        if len(line) <= 1:
            if is_data:
                entries.append(Entry(fields, peaks))
                fields, peaks, is_data = {}, [], False
            continue
        place = -1 if is_data else line.find(": ")
        if place != -1 and place < len(line) - 2:
            field = _MSP_FIELDS.get(line[:place].lower())
            if field is not None:
                fields[field] = _converted(field, line[place + 2 :])
            continue
        cells = re.split(r"[ \t]", line.split('"')[0])
        if len(cells) != 2:
            raise MZmineError(f"neither key nor peak: {line}")
        peaks.append((java_double(cells[0]), java_double(cells[1])))
        is_data = True
    return entries

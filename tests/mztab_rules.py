"""The rules of the mzTab-M 2.0 specification as checks, written from its text and not from our writer.

What the specification calls MUST is an error here. Where its examples and its text differ, the text stands.
"""

import re
from pathlib import Path
from typing import NamedTuple

PARAM = re.compile(r'\[[^,\[\]]*, ?[^,\[\]]*, ?("[^"]*"|[^,"]+), ?("[^"]*"|[^,"]*)\]')
DECIMAL = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)")
ADDUCT = re.compile(r"\[\d*M([+-][\w\d]+)*\]\d*[+-]")
OPTION = re.compile(r"opt_(global|(assay|study_variable|ms_run)\[\d+\])_[A-Za-z0-9_\-\[\]:]+")
URI = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:[^\s<>\"{}|\\^`]+")

METADATA_ORDER = (
    *("mzTab-version", "mzTab-ID", "title", "description", "sample_processing", "instrument", "software"),
    *("publication", "contact", "uri", "external_study_uri", "quantification_method", "sample", "ms_run", "assay"),
    *("study_variable", "custom", "cv", "database", "derivatization_agent", "small_molecule-quantification_unit"),
    *("small_molecule_feature-quantification_unit", "small_molecule-identification_reliability"),
    *("id_confidence_measure", "colunit"),
)
MANDATORY = (
    *("mzTab-version", "mzTab-ID", "software[1]", "quantification_method", "ms_run[1]-location"),
    *("ms_run[1]-scan_polarity[1]", "assay[1]", "assay[1]-ms_run_ref", "study_variable[1]"),
    *("study_variable[1]-assay_refs", "study_variable[1]-description", "cv[1]-label", "cv[1]-full_name"),
    *("cv[1]-version", "cv[1]-uri", "database[1]", "database[1]-prefix", "database[1]-version", "database[1]-uri"),
    *("small_molecule-quantification_unit", "small_molecule_feature-quantification_unit", "id_confidence_measure[1]"),
)
OF_EACH = {
    "ms_run": ("-location", "-scan_polarity[1]"),
    "assay": ("", "-ms_run_ref"),
    "study_variable": ("", "-assay_refs", "-description"),
    "cv": ("-label", "-full_name", "-version", "-uri"),
    "database": ("", "-prefix", "-version", "-uri"),
}
PARAMETERS = re.compile(
    r"software\[\d+\]|quantification_method|ms_run\[\d+\]-(format|id_format|scan_polarity\[\d+\])|database\[\d+\]"
    r"|small_molecule-quantification_unit|small_molecule_feature-quantification_unit"
    r"|small_molecule-identification_reliability|id_confidence_measure\[\d+\]"
)

# name: (type, nullable); lists are separated by bars
SML = {
    "SML_ID": ("integer", False),
    "SMF_ID_REFS": ("integers", True),
    "database_identifier": ("texts", True),
    "chemical_formula": ("texts", True),
    "smiles": ("texts", True),
    "inchi": ("texts", True),
    "chemical_name": ("texts", True),
    "uri": ("texts", True),
    "theoretical_neutral_mass": ("doubles", True),
    "adduct_ions": ("adducts", True),
    "reliability": ("text", True),
    "best_id_confidence_measure": ("parameter", True),
    "best_id_confidence_value": ("double", True),
}
SMF = {
    "SMF_ID": ("integer", False),
    "SME_ID_REFS": ("integers", True),
    "SME_ID_REF_ambiguity_code": ("integer", True),
    "adduct_ion": ("adducts", True),
    "isotopomer": ("parameter", True),
    "exp_mass_to_charge": ("double", False),
    "charge": ("integer", False),
    "retention_time_in_seconds": ("double", True),
    "retention_time_in_seconds_start": ("double", True),
    "retention_time_in_seconds_end": ("double", True),
}
SME = {
    "SME_ID": ("integer", False),
    "evidence_input_id": ("text", False),
    "database_identifier": ("text", True),
    "chemical_formula": ("text", True),
    "smiles": ("text", True),
    "inchi": ("text", True),
    "chemical_name": ("text", True),
    "uri": ("text", True),
    "derivatized_form": ("parameter", True),
    "adduct_ion": ("adducts", True),
    "exp_mass_to_charge": ("double", False),
    "charge": ("integer", False),
    "theoretical_mass_to_charge": ("double", False),
    "spectra_ref": ("spectra", False),
    "identification_method": ("parameter", False),
    "ms_level": ("parameter", False),
}
AMBIGUOUS = ("database_identifier", "chemical_formula", "smiles", "inchi", "chemical_name", "uri")
"""Columns of a small molecule that have as many values as there are identifiers, as the neutral mass has."""

Table = list[dict[str, str]]


class MzTab(NamedTuple):
    """A file that keeps the rules."""

    metadata: dict[str, str]
    molecules: Table
    features: Table
    evidence: Table


class RuleError(AssertionError):
    """A MUST of the specification is not kept."""


def require(condition: object, rule: str) -> None:
    if not condition:
        raise RuleError(rule)


def read_mztab(path: Path) -> MzTab:
    """Read a complete file (all four sections) and check it."""
    metadata, sections = _split(path.read_bytes().decode("utf-8"))
    _check_metadata(metadata)
    assays = _numbers(metadata, "assay")
    groups = _numbers(metadata, "study_variable")
    measures = _numbers(metadata, "id_confidence_measure")
    abundances = {f"abundance_assay[{number}]": ("double", True) for number in assays}
    of_groups = {
        f"abundance_{kind}study_variable[{number}]": ("double", True)
        for kind in ("", "variation_")
        for number in groups
    }
    confidence = {f"id_confidence_measure[{number}]": ("double", True) for number in measures}
    molecules = _table(sections["SM"], SML | abundances | of_groups, metadata)
    features = _table(sections["SF"], SMF | abundances, metadata)
    evidence = _table(sections["SE"], SME | confidence | {"rank": ("integer", False)}, metadata)
    _check_references(metadata, molecules, features, evidence)
    return MzTab(metadata, molecules, features, evidence)


def _split(text: str) -> tuple[dict[str, str], dict[str, list[list[str]]]]:
    """Split into metadata and tables; each section in its place, with an empty line before each table."""
    metadata: dict[str, str] = {}
    sections: dict[str, list[list[str]]] = {}
    previous = ""
    order = ["MTD", "SMH", "SML", "SFH", "SMF", "SEH", "SME"]
    reached = 0
    require("\r" not in text, "lines end with a line feed")
    for line in text.split("\n"):
        prefix, *cells = line.split("\t")
        if prefix and prefix != "COM":
            require(prefix in order, f"unknown line prefix {prefix!r}")
            require(order.index(prefix) >= reached, f"{prefix} is out of order")
            reached = order.index(prefix)
        if prefix == "MTD":
            require(len(cells) == 2, f"metadata is a name and a value: {line!r}")
            require(cells[0] not in metadata, f"{cells[0]} stands there twice")
            require(cells[1].strip(), f"{cells[0]} is empty")
            metadata[cells[0]] = cells[1]
        elif prefix.endswith("H"):
            require(not previous, "an empty line separates sections")
            require(prefix[:2] not in sections, f"{prefix} stands there twice")
            sections[prefix[:2]] = [cells]
        elif prefix in ("SML", "SMF", "SME"):
            name = "S" + prefix[2].replace("L", "M")
            require(name in sections, f"{prefix} has no header")
            sections[name].append(cells)
        previous = line
    require(sections.keys() == {"SM", "SF", "SE"}, f"sections are {sorted(sections)}")
    return metadata, sections


def _numbers(metadata: dict[str, str], name: str) -> list[int]:
    """Return the numbers of an element, which count from 1 without a gap."""
    found = sorted({int(match[1]) for key in metadata if (match := re.match(rf"{name}\[(\d+)\]", key))})
    require(found == list(range(1, len(found) + 1)), f"{name} is not counted from 1: {found}")
    return found


def _check_metadata(metadata: dict[str, str]) -> None:
    missing = [name for name in MANDATORY if name not in metadata]
    require(not missing, f"metadata lacks {missing}")
    require(re.fullmatch(r"\d\.\d\.\d-M", metadata["mzTab-version"]), "the version ends with -M")
    places = [METADATA_ORDER.index(_element(key)) for key in metadata]
    require(places == sorted(places), "metadata is not in the order of the specification")
    for name, parts in OF_EACH.items():
        for number in _numbers(metadata, name):
            for part in parts:
                require(f"{name}[{number}]{part}" in metadata, f"metadata lacks {name}[{number}]{part}")
    for key, value in metadata.items():
        if PARAMETERS.fullmatch(key):
            require(PARAM.fullmatch(value), f"{key} is no parameter: {value}")
        if key.endswith(("-location", "-uri")):
            require(value == "null" or URI.fullmatch(value), f"{key} is no URI: {value}")
    runs = {f"ms_run[{number}]" for number in _numbers(metadata, "ms_run")}
    assays = [f"assay[{number}]" for number in _numbers(metadata, "assay")]
    for assay in assays:
        require(metadata[f"{assay}-ms_run_ref"] in runs, f"{assay} refers to no run")
    if len(_numbers(metadata, "study_variable")) == 1:
        require(metadata["study_variable[1]"] == "undefined", "a single study variable is called undefined")
        require(metadata["study_variable[1]-assay_refs"].split("|") == assays, "it refers to all assays")
    labels = {metadata[f"cv[{number}]-label"] for number in _numbers(metadata, "cv")}
    for key, value in metadata.items():
        if PARAMETERS.fullmatch(key) and (label := value[1:].split(",")[0].strip()):
            require(label in labels, f"{key} uses the vocabulary {label}, which is not declared")


def _element(key: str) -> str:
    """Return the element that a key belongs to, as `METADATA_ORDER` names it."""
    return key if key in METADATA_ORDER else re.split(r"[\[-]", key)[0]


def _table(lines: list[list[str]], columns: dict[str, tuple[str, bool]], metadata: dict[str, str]) -> Table:
    header, *rows = lines
    names = list(columns)
    require(header[: len(names)] == names, f"columns are {header[: len(names)]}, not {names}")
    for option in header[len(names) :]:
        require(OPTION.fullmatch(option), f"{option} is no optional column")
    require(len(set(header)) == len(header), "a column stands there twice")
    table = []
    for row in rows:
        require(len(row) == len(header), f"{len(row)} cells under {len(header)} columns: {row}")
        require(all(cell.strip() for cell in row), f"an empty cell: {row}")
        values = dict(zip(header, row, strict=True))
        for name, (kind, nullable) in columns.items():
            _check_cell(name, values[name], kind, nullable, metadata)
        table.append(values)
    ids = [row[header[0]] for row in table]
    require(len(set(ids)) == len(ids), f"{header[0]} is not unique")
    return table


def _check_cell(name: str, value: str, kind: str, nullable: bool, metadata: dict[str, str]) -> None:
    if value == "null":
        require(nullable, f"{name} may not be null")
        return
    values = value.split("|") if kind in ("integers", "texts", "doubles", "adducts") else [value]
    for one in values:
        if kind.startswith("integer"):
            require(re.fullmatch(r"\d+", one), f"{name} is no integer: {one}")
        elif kind.startswith("double"):
            require(one in ("null", "NaN") or DECIMAL.fullmatch(one), f"{name} is no decimal number: {one}")
        elif kind == "parameter":
            require(PARAM.fullmatch(one), f"{name} is no parameter: {one}")
        elif kind == "adducts":
            require(ADDUCT.fullmatch(one), f"{name} is no adduct: {one}")
        elif kind == "spectra":
            match = re.fullmatch(r"(ms_run\[\d+\])(:index=\d+)?", one)
            require(match and f"{match[1]}-location" in metadata, f"{name} refers to no run: {one}")
            if match and match[2]:
                id_format = metadata.get(f"{match[1]}-id_format", "")
                require("MS:1000774" in id_format, f"{match[1]} does not count its spectra")


def _check_references(metadata: dict[str, str], molecules: Table, features: Table, evidence: Table) -> None:
    prefixes = {metadata[f"database[{number}]-prefix"] for number in _numbers(metadata, "database")}
    for row in molecules:
        counts = {row[name].count("|") for name in (*AMBIGUOUS, "theoretical_neutral_mass") if row[name] != "null"}
        require(len(counts) <= 1, f"SML {row['SML_ID']}: columns hold different numbers of identities")
        _check_prefixes(row["database_identifier"], prefixes)
    for row in evidence:
        _check_prefixes(row["database_identifier"], prefixes)
        require(int(row["rank"]) >= 1, "ranks start at 1")
        require(int(row["charge"]) >= 1, "charges are positive integers in both modes")
    _check_refs(molecules, "SMF_ID_REFS", {row["SMF_ID"] for row in features})
    _check_refs(features, "SME_ID_REFS", {row["SME_ID"] for row in evidence})
    for row in features:
        many = row["SME_ID_REFS"].count("|") > 0
        codes = ("1", "2", "3") if many else ("null",)
        require(row["SME_ID_REF_ambiguity_code"] in codes, "the ambiguity code goes with several references")
    used = {ref for row in features for ref in row["SME_ID_REFS"].split("|")}
    require({row["SME_ID"] for row in evidence} <= used, "evidence that no feature refers to")


def _check_prefixes(cell: str, prefixes: set[str]) -> None:
    for identifier in [] if cell == "null" else cell.split("|"):
        require(identifier.split(":")[0] in prefixes and ":" in identifier, f"{identifier} has no known prefix")


def _check_refs(table: Table, column: str, known: set[str]) -> None:
    for row in table:
        refs = [] if row[column] == "null" else row[column].split("|")
        require(set(refs) <= known and len(set(refs)) == len(refs), f"{column} refers to nothing: {refs}")

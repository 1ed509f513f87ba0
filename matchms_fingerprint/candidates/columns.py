"""Which columns of a table, properties of an SDF or keys of a dictionary hold structures, names and sources."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

# names of columns and SDF properties, without case, blanks, hyphens and underscores; the first that occurs is taken
USUAL_NAMES = {
    "smiles": ("smiles", "isomericsmiles", "canonicalsmiles", "smilesstring", "pubchemopeneyeisosmiles", "structure"),
    "inchi": ("inchi", "standardinchi", "stdinchi", "inchistring"),
    "name": (
        "name",
        "compoundname",
        "preferredname",
        "commonname",
        "genericname",
        "title",
        "recordtitle",
        "chebiname",
        "moleculename",
        "compound",
        "synonym",
        "iupacname",
        "pubchemiupacname",
    ),
    "source": ("source", "sources", "database", "origin"),
}
USUAL_CLASS_NAME = "classyfire"
_SEPARATORS = re.compile(r"[;|]")
_NO_CLASS = frozenset({"", "na", "n/a", "nan", "none", "null", "unknown", "-"})


@dataclass(frozen=True)
class Columns:
    """Names of the columns (or SDF properties) to read; None guesses from the usual names.

    `default_source` is no column: it is the source of rows that give none; None takes the name of the file. Without
    `header` the first line of a table is a row, and its columns are "1", "2", ... `classes` are any number of columns
    with compound classes; without one, a column named "classyfire" is taken where there is one.
    """

    smiles: str | None = None
    inchi: str | None = None
    name: str | None = None
    source: str | None = None
    default_source: str | None = None
    header: bool = True
    classes: tuple[str, ...] = ()


def guess(names: Sequence[str], columns: Columns) -> dict[str, str]:
    """Choose the columns that hold SMILES, InChI, name and source.

    Parameters
    ----------
    names
        The columns there are.
    columns
        What the user gave.

    Returns
    -------
    dict
        From "smiles", "inchi", "name", "source" to the name of a column, for those that there are.

    Raises
    ------
    KeyError
        With the name that the user gave and that is not there.
    """
    plain = {_plain(name): name for name in reversed(names)}
    chosen = {}
    for role, guesses in USUAL_NAMES.items():
        given = getattr(columns, role)
        if given is not None:
            exact = given if given in names else plain.get(_plain(given))
            if exact is None:
                raise KeyError(given)
            chosen[role] = exact
        elif role != "inchi" or columns.smiles is None:
            found = [plain[name] for name in guesses if name in plain]
            if found and not (role == "smiles" and columns.inchi is not None):
                chosen[role] = found[0]
    return chosen


def guess_classes(names: Sequence[str], columns: Columns) -> list[str]:
    """Return the columns that hold compound classes, as far as they are among the `names` that there are."""
    plain = {_plain(name): name for name in reversed(names)}
    asked = columns.classes or (USUAL_CLASS_NAME,)
    found = (name if name in names else plain.get(_plain(name)) for name in asked)
    return [name for name in found if name is not None]


def split_classes(text: str) -> list[str]:
    """Return the classes in a text where ";" or "|" stand between them, each once, in their order."""
    parts = (" ".join(part.split()) for part in _SEPARATORS.split(text))
    return list(dict.fromkeys(part for part in parts if part.lower() not in _NO_CLASS))


def _plain(name: str) -> str:
    return re.sub(r"[\s_\-]", "", name.lower())

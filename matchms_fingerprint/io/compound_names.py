"""Names of compounds as one line of plain text, which every table and every line-based format can hold."""

from __future__ import annotations

from matchms_fingerprint.records import Candidate


def one_line(text: str) -> str:
    """Return a text with single blanks in place of line breaks and tabs, and without characters that cannot be printed.

    What remains can stand in XML, in a line of MGF or MSP, and in a cell of a table.
    """
    if text.isprintable() and "  " not in text and text == text.strip(" "):  # nearly always
        return text
    kept = (character for character in text if character.isprintable() or character.isspace())
    return " ".join("".join(kept).split())


def compound_name(candidate: Candidate) -> str:
    """Return what to call a candidate: its first name, else its InChIKey, formula or SMILES, as one line."""
    names = (candidate.name, candidate.inchikey, candidate.formula, candidate.smiles)
    return next((name for name in map(one_line, names) if name), "unknown")

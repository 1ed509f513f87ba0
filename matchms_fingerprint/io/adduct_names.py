"""The name of an adduct, from the many ways in which files and people write it."""

from __future__ import annotations

import re
from functools import lru_cache

_MINUS_SIGNS = str.maketrans("−–‐‑", "----")


@lru_cache(maxsize=4096)
def clean_adduct_name(text: str, charge: int | None = None) -> str:
    """Return the name as matchms spells it, without blanks and radical signs, the charge as in "2+".

    Parameters
    ----------
    text
        Such as "M+H", "[M + 2H]+2", "[M]+." or "[M−H]−".
    charge
        Signed charge of the ion, for a name that has brackets but no charge.

    Returns
    -------
    str
        Such as "[M+H]+". What is no adduct comes back in some form; nothing is refused.
    """
    # imported here, since it takes seconds; matchms has no public function of text alone
    from matchms.filtering.metadata_processing.clean_adduct import _clean_adduct

    text = re.sub(r"\s+", "", text).translate(_MINUS_SIGNS)
    text = re.sub(r"[.•·˙]", "", text)
    text = re.sub(r"\]([+-])([1-9])$", r"]\2\1", text)
    text = re.sub(r"\]1([+-])$", r"]\1", text)
    cleaned: str = _clean_adduct(text, charge)
    return cleaned

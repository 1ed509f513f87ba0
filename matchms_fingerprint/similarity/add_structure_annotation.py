"""The annotation of a spectrum as a step of a matchms pipeline."""

from __future__ import annotations

import logging
from functools import lru_cache
from typing import TYPE_CHECKING

from matchms import Spectrum

from matchms_fingerprint.io.annotated_spectra import annotation_metadata

if TYPE_CHECKING:
    from matchms_fingerprint.candidates import CandidateLibrary
    from matchms_fingerprint.models import FingerprintModel

logger = logging.getLogger("matchms")


def add_structure_annotation(
    spectrum_in: Spectrum,
    candidates: str = "starter",
    model: str = "default",
    ion_mode: str | None = None,
    clone: bool | None = True,
) -> Spectrum | None:
    """Add the best candidate structure: `compound_name`, `smiles`, `inchikey`, `formula`, `adduct`, `mf_probability`...

    The candidates are those of `annotate`, looked up and ranked for one spectrum after the other; for whole files
    `annotate` is much faster. A structure that the spectrum has already is not replaced: to know is better than to
    predict.

    Parameters
    ----------
    spectrum_in
        Input spectrum.
    candidates
        Folder of a candidate library, or "starter" for the one inside the package.
    model
        Name of a shipped model, or the folder of a model bundle.
    ion_mode
        "positive" or "negative", for spectra that do not tell theirs.
    clone
        Work on a copy of the spectrum.

    Returns
    -------
    Spectrum or None
        The spectrum with the metadata, or unchanged where it has a structure or no candidate; None for None.

    Raises
    ------
    LibraryError, ModelError, SettingsError
        If the library or the model cannot be opened, or `ion_mode` is none.

    Examples
    --------
    >>> from matchms.filtering.SpectrumProcessor import SpectrumProcessor
    >>> from matchms_fingerprint import register_with_matchms
    >>> register_with_matchms()
    >>> processor = SpectrumProcessor([("add_structure_annotation", {"candidates": "my_library"}), "require_ms2"])
    >>> [step.__name__ for step in processor.filters]
    ['require_ms2', 'add_structure_annotation']
    >>> processor.process_spectra(spectra)  # doctest: +SKIP
    """
    from matchms_fingerprint.annotation import annotate

    loaded = _open(candidates, model)
    if spectrum_in is None:
        return None
    spectrum = spectrum_in.clone() if clone else spectrum_in
    if spectrum.get("smiles") or spectrum.get("inchi"):
        logger.info("No structure was added: the spectrum has one.")
        return spectrum
    for annotation in annotate([spectrum], *loaded, top_k=1, ion_mode=ion_mode):
        if not annotation.hits:
            logger.info("No structure was added: %s.", annotation.message or annotation.status)
            continue
        for key, value in annotation_metadata(annotation, annotation.hits[0]).items():
            spectrum.set(key, value)
    return spectrum


@lru_cache(maxsize=2)
def _open(candidates: str, model: str) -> tuple[CandidateLibrary, FingerprintModel]:
    from matchms_fingerprint.candidates import CandidateLibrary
    from matchms_fingerprint.models import load_model

    return CandidateLibrary.open(candidates), load_model(model)

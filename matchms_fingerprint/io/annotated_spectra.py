"""Spectra with the structure that was found for them: as matchms spectra, and as libraries in MGF and MSP."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from matchms_fingerprint.io.adduct_charges import charge_of
from matchms_fingerprint.io.artifacts import atomic_file
from matchms_fingerprint.io.compound_names import compound_name, one_line
from matchms_fingerprint.io.mzmine_compounds import comment_of
from matchms_fingerprint.records import Annotation, Hit

if TYPE_CHECKING:
    from matchms import Spectrum

_OF_ANOTHER_STRUCTURE = ("inchi", "inchi_aux", "iupac_name", "synonyms", "cas", "pubchem", "compound_class")
"""What a spectrum may say of a structure that is replaced."""

WriteSpectrum = Callable[[Annotation, "Spectrum"], int | None]
"""Writes the spectrum of a feature with its best hit and returns how many there are now.

Nothing is written where it has no hit or the spectrum no peak, and None returned.
"""


def annotation_metadata(annotation: Annotation, hit: Hit) -> dict[str, Any]:
    """Return what a hit says of the spectrum of its feature, under the names that matchms uses.

    What this package adds starts with `mf_`: rank, score, probability, mass error in ppm, and where they are known the
    expected similarity to the right structure and the probability that no candidate is right.
    """
    candidate = hit.candidate
    metadata: dict[str, Any] = {
        "compound_name": compound_name(candidate),
        "smiles": candidate.smiles,
        "inchikey": candidate.inchikey,
        "formula": candidate.formula,
        "parent_mass": candidate.exact_mass,
        "adduct": hit.adduct,
        "charge": charge_of(hit.adduct, annotation.ion_mode),
        "mf_rank": hit.rank,
        "mf_score": round(hit.score, 6),
        "mf_probability": float(f"{hit.probability:.4g}"),
        "mf_ppm": round(hit.mass_error_ppm, 3),
    }
    if hit.expected_similarity is not None:
        metadata["mf_expected_similarity"] = round(hit.expected_similarity, 4)
    if annotation.probability_none is not None:
        metadata["mf_probability_none"] = float(f"{annotation.probability_none:.4g}")
    return metadata


def annotated_spectrum(annotation: Annotation, spectrum: Spectrum, rank: int = 1) -> Spectrum | None:
    """Return a copy of a spectrum with the metadata of a hit; None where there is no hit of this rank.

    Parameters
    ----------
    annotation
        What was found for it.
    spectrum
        The spectrum; it stays as it is.
    rank
        Of the hit, from 1.

    Examples
    --------
    >>> from matchms_fingerprint.io.annotated_spectra import annotated_spectrum
    >>> annotated_spectrum(annotation, spectrum).get("compound_name")  # doctest: +SKIP
    'caffeine'
    """
    if not 1 <= rank <= len(annotation.hits):
        return None
    known = {key: value for key, value in spectrum.metadata.items() if key not in _OF_ANOTHER_STRUCTURE}
    metadata = known | annotation_metadata(annotation, annotation.hits[rank - 1])
    peaks = spectrum.peaks
    return type(spectrum)(peaks.mz, peaks.intensities, metadata, metadata_harmonization=False)


def annotated_spectra(
    annotations: Iterable[Annotation], spectra: Iterable[Spectrum], rank: int = 1
) -> Iterator[Spectrum]:
    """Yield the `annotated_spectrum` of each feature that has a hit of this rank.

    Parameters
    ----------
    annotations
        As `annotate` yields them.
    spectra
        The spectra, in the same order.
    rank
        Of the hit, from 1.
    """
    for annotation, spectrum in zip(annotations, spectra, strict=True):
        annotated = annotated_spectrum(annotation, spectrum, rank)
        if annotated is not None:
            yield annotated


@contextmanager
def mgf_library_writer(path: str | Path) -> Iterator[WriteSpectrum]:
    """Yield a function that writes spectra of features with their best hits as MGF.

    Keys are those of MZmine and GNPS, which matchms reads too; the InChIKey stands there under both names that are in
    use. The adduct comes before the name, since MZmine takes the last word of a name for the adduct where it has none.
    `SCANS` counts the spectra of the file.

    Parameters
    ----------
    path
        The file; it appears when the block ends well.
    """
    with _library_writer(path, _MGF) as write:
        yield write


@contextmanager
def msp_library_writer(path: str | Path) -> Iterator[WriteSpectrum]:
    """Yield a function that writes spectra of features with their best hits as MSP.

    Keys are those of MZmine, so `RT` is in minutes; each entry ends with an empty line, without which MZmine loses it.

    Parameters
    ----------
    path
        The file; it appears when the block ends well.
    """
    with _library_writer(path, _MSP) as write:
        yield write


@dataclass(frozen=True)
class _Format:
    """How an entry of a library is written."""

    begin: str
    separator: str
    keys_of: Callable[[int, Annotation, Spectrum], dict[str, Any]]
    n_peaks: str
    end: str


@contextmanager
def _library_writer(path: str | Path, kind: _Format) -> Iterator[WriteSpectrum]:
    number = 0
    with atomic_file(path) as partial, open(partial, "w", encoding="utf-8", newline="\n") as handle:

        def write(annotation: Annotation, spectrum: Spectrum) -> int | None:
            nonlocal number
            peaks = _peaks_of(spectrum)
            if not annotation.hits or not len(peaks):
                return None
            number += 1
            handle.write(kind.begin)
            for key, value in (kind.keys_of(number, annotation, spectrum) | {kind.n_peaks: len(peaks)}).items():
                text = "" if value is None else one_line(str(value))
                if text:
                    handle.write(f"{key}{kind.separator}{text}\n")
            handle.writelines(f"{mz:.6f} {intensity:.8g}\n" for mz, intensity in peaks.tolist())
            handle.write(kind.end)
            return number

        yield write


def _mgf_keys(number: int, annotation: Annotation, spectrum: Spectrum) -> dict[str, Any]:
    hit = annotation.hits[0]
    found = annotation_metadata(annotation, hit)
    charge = found["charge"]
    keys = {
        "SPECTRUMID": f"matchms_fingerprint:{annotation.feature_id}",
        "FEATURE_ID": annotation.feature_id,
        "MSLEVEL": 2,
        "RTINSECONDS": _fixed(annotation.retention_time_s, 3),
        "ADDUCT": hit.adduct,
        "PEPMASS": _fixed(annotation.precursor_mz, 6),
        "CHARGE": f"{abs(charge)}{'+' if charge > 0 else '-'}",
        "IONMODE": (annotation.ion_mode or "").upper(),
        "NAME": found["compound_name"],
        "FORMULA": found["formula"],
        "SMILES": found["smiles"],
        "INCHIKEY": found["inchikey"],
        "INCHIAUX": found["inchikey"],
        "EXACTMASS": _fixed(found["parent_mass"], 6),
        "COLLISION_ENERGY": spectrum.get("collision_energy"),
        "COMMENT": comment_of(annotation, hit),
        "SCANS": number,
    }
    return keys | {key.upper(): value for key, value in found.items() if key.startswith("mf_")}


def _msp_keys(number: int, annotation: Annotation, spectrum: Spectrum) -> dict[str, Any]:
    hit = annotation.hits[0]
    found = annotation_metadata(annotation, hit)
    minutes = None if annotation.retention_time_s is None else annotation.retention_time_s / 60
    keys = {
        "Name": found["compound_name"],
        "Comments": comment_of(annotation, hit).replace("=", " "),  # matchms would take it apart at each of them
        "DB#": f"matchms_fingerprint:{annotation.feature_id}",
        "PrecursorMZ": _fixed(annotation.precursor_mz, 6),
        "Precursor_type": hit.adduct,
        "charge": found["charge"],
        "Ion_mode": (annotation.ion_mode or "").upper(),
        "RT": _fixed(minutes, 5),
        "Formula": found["formula"],
        "SMILES": found["smiles"],
        "InChIKey": found["inchikey"],
        "ExactMass": _fixed(found["parent_mass"], 6),
        "Spectrum_type": 2,
        "Collision_energy": spectrum.get("collision_energy"),
        "feature_id": annotation.feature_id,
        "scan_number": number,
    }
    return keys | {key: value for key, value in found.items() if key.startswith("mf_")}


def _fixed(value: float | None, digits: int) -> str | None:
    """Return a number without an exponent, which MZmine does not read everywhere."""
    return None if value is None else f"{value:.{digits}f}"


def _peaks_of(spectrum: Spectrum) -> np.ndarray:
    """Return the peaks of an intensity above 0, ndarray of shape (n_peaks, 2)."""
    peaks: np.ndarray = spectrum.peaks.to_numpy
    return peaks[peaks[:, 1] > 0]


_MGF = _Format("BEGIN IONS\n", "=", _mgf_keys, "Num peaks", "END IONS\n\n")
_MSP = _Format("", ": ", _msp_keys, "Num Peaks", "\n")

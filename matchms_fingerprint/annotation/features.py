"""What is known of a feature before any candidate is looked at, and whether it can be annotated at all."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from matchms import Spectrum

from matchms_fingerprint.annotation.settings import AnnotationSettings
from matchms_fingerprint.chem import Adduct, common_adducts, get_adduct
from matchms_fingerprint.errors import AdductError, SettingsError
from matchms_fingerprint.io import UnreadableBlock
from matchms_fingerprint.io.blocks import BlockError, RawSpectrum
from matchms_fingerprint.io.isolation import isolation_warnings
from matchms_fingerprint.io.isotope_peaks import attach_isotope_peaks
from matchms_fingerprint.io.metadata import build_spectrum, clean_metadata, ms_level_of, settle_ion
from matchms_fingerprint.io.quant_table import QuantTable
from matchms_fingerprint.records import Annotation, Hit

logger = logging.getLogger("matchms_fingerprint")

ANNOTATED = "annotated"
UNSURE = "unsure"
NO_CANDIDATES = "no_candidates"
TOO_FEW_PEAKS = "too_few_peaks"
UNKNOWN_ION_MODE = "unknown_ion_mode"
NO_PRECURSOR = "no_precursor"
UNREADABLE = "unreadable"
STATUSES = (ANNOTATED, UNSURE, NO_CANDIDATES, TOO_FEW_PEAKS, UNKNOWN_ION_MODE, NO_PRECURSOR, UNREADABLE)
"""What can become of a feature."""

_MOST_CHARGES = 9


@dataclass(frozen=True, slots=True)
class Feature:
    """A feature, read and judged.

    Parameters
    ----------
    feature_id, scans, precursor_mz, retention_time_s, ion_mode, adduct, n_peaks, message, warnings
        As in `Annotation`.
    status
        Why the feature cannot be annotated, one of `STATUSES`; empty where nothing speaks against it.
    adducts
        The adducts to try: the one that the input gives, else those of the settings, else the common ones.
    charge_adduct
        The one among `adducts` that is there because of the charge in the input, such as [M+2H]2+.
    is_adduct_given
        The input gives the adduct, and it is understood.
    spectrum
        None for a block that could not be read.
    """

    feature_id: str
    scans: str = ""
    precursor_mz: float | None = None
    retention_time_s: float | None = None
    ion_mode: str | None = None
    adduct: str | None = None
    n_peaks: int = 0
    status: str = ""
    message: str = ""
    warnings: tuple[str, ...] = ()
    adducts: tuple[Adduct, ...] = ()
    charge_adduct: Adduct | None = None
    is_adduct_given: bool = False
    spectrum: Spectrum | None = None

    def annotation(self, status: str, hits: tuple[Hit, ...] = (), message: str = "", **found: Any) -> Annotation:
        """Return the record of the feature with what became of it; `found` are further fields of `Annotation`."""
        return Annotation(
            feature_id=self.feature_id,
            precursor_mz=self.precursor_mz,
            retention_time_s=self.retention_time_s,
            ion_mode=self.ion_mode,
            adduct=self.adduct,
            n_peaks=self.n_peaks,
            status=status,
            hits=hits,
            scans=self.scans,
            message="; ".join(part for part in (self.message, message) if part),
            warnings=self.warnings,
            **found,
        )


def read_features(
    spectra: Iterable[Spectrum | UnreadableBlock], settings: AnnotationSettings, quant: QuantTable | None = None
) -> Iterator[Feature]:
    """Judge each spectrum; one that has no `feature_id` is given its position, from 1.

    Where a spectrum has no precursor m/z or retention time, those of the row of its id in `quant` are taken.
    """
    for position, item in enumerate(spectra, start=1):
        if isinstance(item, UnreadableBlock):
            yield _unreadable(item, position)
        else:
            yield _judge(item if quant is None else _completed(item, quant), position, settings)


def _completed(spectrum: Spectrum, quant: QuantTable) -> Spectrum:
    """Fill in what a spectrum lacks and its row of the feature list has."""
    has_mz, has_time = spectrum.get("precursor_mz"), spectrum.get("retention_time") is not None
    text = str(spectrum.get("feature_id") or "")
    if (has_mz and has_time) or not text.isdecimal():
        return spectrum
    place = quant.find(int(text), spectrum.get("precursor_mz") or None, None)
    if place is None:
        return spectrum
    completed = spectrum.clone()
    if not has_mz:
        completed.set("precursor_mz", float(quant.mz[place]))
    if not has_time:
        completed.set("retention_time", float(quant.retention_times_s[place]))
    return completed


def harmonized(
    spectra: Iterable[Spectrum | UnreadableBlock | None], ion_mode: str | None
) -> Iterator[Spectrum | UnreadableBlock]:
    """Give spectra from memory the metadata that `load_spectra` gives those from files; leave out MS1 spectra.

    An MS1 spectrum leaves its peaks about the precursor to the spectra of its `feature_id` that follow it. A spectrum
    whose precursor m/z is no number becomes an `UnreadableBlock`, as in a file. None, which is what a filter of matchms
    leaves of a spectrum that it removes, is passed over, and one warning at the end counts them.

    Raises
    ------
    SettingsError
        At anything else that is no spectrum.
    """
    n_removed = 0
    ms1: RawSpectrum | None = None
    for position, spectrum in enumerate(spectra, start=1):
        if isinstance(spectrum, UnreadableBlock):
            yield spectrum
            continue
        if spectrum is None:
            n_removed += 1
            continue
        if not isinstance(spectrum, Spectrum):
            raise SettingsError(f"spectrum {position} is a {type(spectrum).__name__}; give matchms spectra")
        metadata = {key: _plain(value) for key, value in spectrum.metadata.items() if _is_plain(value)}
        metadata["feature_id"] = metadata.get("feature_id") or str(position)
        try:
            metadata = clean_metadata(metadata)
        except BlockError as error:
            yield UnreadableBlock("spectra in memory", position, str(metadata["feature_id"]), str(error))
            continue
        mz, intensities = spectrum.peaks.to_numpy.T
        raw = RawSpectrum(mz, intensities, metadata)
        if ms_level_of(metadata, "ms_level") == 1:
            ms1 = raw
            continue
        if ms1 is not None and ms1.metadata["feature_id"] == metadata["feature_id"]:
            attach_isotope_peaks(metadata, [ms1])
        settle_ion(metadata, ion_mode)
        yield build_spectrum(raw)
    if n_removed:
        logger.warning("%d of the spectra given are None, as filters leave them; they are passed over", n_removed)


def _is_plain(value: object) -> bool:
    """Tell numbers, text and lists of them from the arrays and dictionaries that matchms may keep in metadata.

    A list may hold None: pyteomics gives `pepmass=(304.1, None)` where the file tells no intensity.
    """
    if isinstance(value, list | tuple):
        return all(item is None or _is_plain(item) for item in value)
    return isinstance(value, str | int | float | np.number)


def _plain(value: Any) -> Any:
    return value.item() if isinstance(value, np.number) else value


def _unreadable(block: UnreadableBlock, position: int) -> Feature:
    return Feature(
        feature_id=block.feature_id or str(position),
        status=UNREADABLE,
        message=f"{block.path}, block {block.block}: {block.reason}",
    )


def _judge(spectrum: Spectrum, position: int, settings: AnnotationSettings) -> Feature:
    metadata: dict[str, Any] = spectrum.metadata
    given = metadata.get("adduct") or None
    precursor_mz = metadata.get("precursor_mz") or None
    retention_time = metadata.get("retention_time")
    n_peaks = int((spectrum.peaks.intensities > 0).sum())
    adduct, problem = _understood(given)
    ion_mode = adduct.ion_mode if adduct is not None else metadata.get("ionmode") or None
    charge_adduct = None
    if adduct is not None:
        adducts: tuple[Adduct, ...] = (adduct,)
    else:
        adducts = _adducts_to_try(ion_mode, settings)
        charge_adduct = None if settings.adducts else _multiply_charged(metadata.get("charge"), ion_mode)
        adducts += () if charge_adduct is None else (charge_adduct,)
    if problem and adducts:
        problem += f"; tried {', '.join(tried.name for tried in adducts)}"
    status, reason = "", ""
    if precursor_mz is None:
        status, reason = NO_PRECURSOR, "no precursor m/z"
    elif n_peaks < settings.min_peaks:
        status, reason = TOO_FEW_PEAKS, f"fewer than {settings.min_peaks} peaks with an intensity above 0"
    elif ion_mode is None:
        status, reason = UNKNOWN_ION_MODE, "neither adduct nor charge nor ion mode tell it; give the ion mode"
    return Feature(
        feature_id=str(metadata.get("feature_id") or position),
        scans=str(metadata.get("scans") or ""),
        precursor_mz=precursor_mz,
        retention_time_s=float(retention_time) if isinstance(retention_time, int | float) else None,
        ion_mode=ion_mode,
        adduct=given,
        n_peaks=n_peaks,
        status=status,
        message="; ".join(part for part in (reason, problem) if part),
        warnings=isolation_warnings(metadata),
        adducts=adducts,
        charge_adduct=charge_adduct,
        is_adduct_given=adduct is not None,
        spectrum=spectrum,
    )


def _understood(given: str | None) -> tuple[Adduct | None, str]:
    """Return the adduct that the input gives, and what is wrong with it."""
    if given is None:
        return None, ""
    try:
        return get_adduct(given), ""
    except AdductError:
        return None, f"adduct {given} is not understood"


def _adducts_to_try(ion_mode: str | None, settings: AnnotationSettings) -> tuple[Adduct, ...]:
    """Return the adducts of the settings that have the ion mode, else the common ones."""
    if ion_mode is None:
        return ()
    if settings.adducts:
        return tuple(adduct for adduct in settings.adducts_to_try if adduct.ion_mode == ion_mode)
    return common_adducts(ion_mode)


def _multiply_charged(charge: int | None, ion_mode: str | None) -> Adduct | None:
    """Return [M+2H]2+ for a charge of 2, and the like.

    It comes beside the singly charged adducts, not in their place: older versions of MZmine write charges that are off.
    """
    if charge is None or ion_mode is None or not 2 <= abs(charge) <= _MOST_CHARGES:
        return None
    sign = "+" if charge > 0 else "-"
    return get_adduct(f"[M{sign}{abs(charge)}H]{abs(charge)}{sign}")

"""The metadata section of an mzTab-M file: where its numbers come from and what they mean."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path

from matchms_fingerprint.io.compound_names import one_line
from matchms_fingerprint.io.quant_table import QuantTable

PREFIX = "inchikey"
"""Stands before the identifiers of compounds, which are InChIKeys."""

CONFIDENCE_MEASURES = ("probability", "score", "expected similarity")
"""What `id_confidence_measure[1]` and the next ones are."""

_POLARITIES = {
    "positive": "[MS, MS:1000130, positive scan, ]",
    "negative": "[MS, MS:1000129, negative scan, ]",
}
_UNKNOWN_POLARITY = "[MS, MS:1000465, scan polarity, ]"
_UNITS = {
    "area": "[MS, MS:1001844, MS1 feature area, ]",
    "height": "[MS, MS:1001843, MS1 feature maximum intensity, ]",
    "": "[, , no quantity reported, ]",
}


@dataclass(frozen=True, slots=True)
class MzTabSource:
    """What the results were made from.

    Parameters
    ----------
    spectra
        The file of spectra that was annotated.
    library
        Name of the candidate library.
    version
        Version of this package.
    library_version
        Version or checksum of the candidate library.
    settings
        Settings of the annotation, each as "name = value".
    quant
        The quantification table of the features, or None.
    """

    spectra: Path
    library: str
    version: str
    library_version: str = "Unknown"
    settings: tuple[str, ...] = ()
    quant: QuantTable | None = None

    @property
    def assays(self) -> tuple[str, ...]:
        """Names of the assays: the raw files of the quantification table, else the file of spectra."""
        samples = () if self.quant is None else self.quant.samples
        return samples or (self.spectra.name,)

    @property
    def library_run(self) -> str:
        """The run that stands for the file of annotated spectra, to which the evidence points."""
        return f"ms_run[{len(self.assays) + 1}]"

    @property
    def software(self) -> str:
        """What annotated the spectra, as a parameter."""
        return parameter("matchms_fingerprint", self.version)


def parameter(name: str, value: str = "") -> str:
    """Return a parameter of the user, quoted where it has a comma."""
    parts = (f'"{part}"' if "," in part else part for part in (one_line(name).replace('"', "'"), one_line(value)))
    return f"[, , {', '.join(parts)}]"


def measure(name: str) -> str:
    """Return one of `CONFIDENCE_MEASURES` as a parameter."""
    return parameter(f"matchms_fingerprint {name}")


def metadata_lines(source: MzTabSource, ion_modes: Collection[str]) -> Iterator[str]:
    """Yield the lines of the metadata section, in the order of the specification.

    Parameters
    ----------
    source
        What the results were made from.
    ion_modes
        Those that occur among the features.
    """
    for key, value in _entries(source, ion_modes):
        yield f"MTD\t{key}\t{value}\n"


def _entries(source: MzTabSource, ion_modes: Collection[str]) -> Iterator[tuple[str, str]]:
    assays = source.assays
    unit = _UNITS[source.quant.measure if source.quant is not None and source.quant.samples else ""]
    yield "mzTab-version", "2.0.0-M"
    yield "mzTab-ID", one_line(source.spectra.stem) or "spectra"
    yield "title", f"Structures for the features of {one_line(source.spectra.name)}"
    yield (
        "description",
        "Candidate structures ranked by their MS/MS spectra; none was compared with a standard",
    )
    yield "software[1]", source.software
    for number, setting in enumerate(source.settings, start=1):
        yield f"software[1]-setting[{number}]", one_line(setting)
    yield "quantification_method", "[MS, MS:1001834, LC-MS label-free quantitation analysis, ]"
    yield from _runs(source, [_POLARITIES[mode] for mode in _POLARITIES if mode in ion_modes] or [_UNKNOWN_POLARITY])
    for number, name in enumerate(assays, start=1):
        yield f"assay[{number}]", one_line(name) or f"sample {number}"
        yield f"assay[{number}]-ms_run_ref", f"ms_run[{number}]"
    yield "study_variable[1]", "undefined"
    yield "study_variable[1]-assay_refs", "|".join(f"assay[{number + 1}]" for number in range(len(assays)))
    yield "study_variable[1]-description", "all assays; no groups are known"
    yield "cv[1]-label", "MS"
    yield "cv[1]-full_name", "PSI-MS controlled vocabulary"
    yield "cv[1]-version", "4.1.138"
    yield "cv[1]-uri", "https://raw.githubusercontent.com/HUPO-PSI/psi-ms-CV/master/psi-ms.obo"
    yield "database[1]", parameter(f"candidate library {source.library}")
    yield "database[1]-prefix", PREFIX
    yield "database[1]-version", one_line(source.library_version) or "Unknown"
    yield "database[1]-uri", "https://identifiers.org/inchikey"
    yield "small_molecule-quantification_unit", unit
    yield "small_molecule_feature-quantification_unit", unit
    reliability = "[MS, MS:1002955, hr-ms compound identification confidence level, ]"
    yield "small_molecule-identification_reliability", reliability
    for number, name in enumerate(CONFIDENCE_MEASURES, start=1):
        yield f"id_confidence_measure[{number}]", measure(name)


def _runs(source: MzTabSource, polarities: list[str]) -> Iterator[tuple[str, str]]:
    """Yield a run for each assay, and one for the annotated spectra, whose place on disk is left open."""
    n_assays = len(source.assays)
    has_samples = source.quant is not None and bool(source.quant.samples)
    for number in range(1, n_assays + 2):
        is_library = number == n_assays + 1
        is_spectra = not is_library and not has_samples
        yield f"ms_run[{number}]-location", source.spectra.resolve().as_uri() if is_spectra else "null"
        if is_library:
            yield f"ms_run[{number}]-format", "[MS, MS:1001062, Mascot MGF format, ]"
            yield f"ms_run[{number}]-id_format", "[MS, MS:1000774, multiple peak list nativeID format, ]"
        for place, polarity in enumerate(polarities, start=1):
            yield f"ms_run[{number}]-scan_polarity[{place}]", polarity

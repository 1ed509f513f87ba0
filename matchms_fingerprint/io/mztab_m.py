"""Annotations as mzTab-M 2.0: a small molecule, a feature and its evidence for each feature with an m/z.

The format is that of the Proteomics and Metabolomics Standards Initiatives (Hoffmann et al., Anal. Chem. 2019, 91,
3302). Its sections follow each other, so that they are collected in files of their own until all features are known.
"""

from __future__ import annotations

import re
import shutil
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import IO, Any

import numpy as np

from matchms_fingerprint.io.adduct_charges import charge_of
from matchms_fingerprint.io.artifacts import atomic_file
from matchms_fingerprint.io.compound_names import compound_name, one_line
from matchms_fingerprint.io.feature_rows import FeatureRow
from matchms_fingerprint.io.mztab_metadata import (
    CONFIDENCE_MEASURES,
    PREFIX,
    MzTabSource,
    measure,
    metadata_lines,
)
from matchms_fingerprint.records import Annotation, Hit

NULL = "null"

_ADDUCT = re.compile(r"\[\d*M([+-][\w\d]+)*\]\d*[+-]")
"""The adducts that the specification allows."""

_TENTATIVE, _EXACT_MASS = "3", "5"
"""Levels of Schymanski et al. (MS:1002955) with and without candidates."""

WriteFeature = Callable[[Annotation, FeatureRow, int | None], None]
"""Writes a feature, its row, and the number of its spectrum among the annotated ones (from 1), if it is one of them."""


@contextmanager
def mztab_writer(path: str | Path, source: MzTabSource) -> Iterator[WriteFeature]:
    """Yield a function that writes a feature; the file appears under its name when the block ends well.

    Each feature with an m/z is a small molecule. Its candidates stand there best first, separated by "|"; each of them
    is a line of evidence with its probability, score and expected similarity. `opt_global_feature_id` is the id of the
    feature.

    Parameters
    ----------
    path
        The file.
    source
        What the results were made from; its quantification table gives the abundances.

    Examples
    --------
    >>> from matchms_fingerprint.io.feature_rows import FeatureRows
    >>> from matchms_fingerprint.io.mztab_m import mztab_writer
    >>> rows = FeatureRows()
    >>> with mztab_writer("annotations.mztab", source) as write:  # doctest: +SKIP
    ...     for annotation in annotations:
    ...         write(annotation, rows.of(annotation), None)
    """
    with ExitStack() as stack:
        partial = stack.enter_context(atomic_file(path))
        sections = [stack.enter_context(tempfile.TemporaryFile("w+", encoding="utf-8", newline="\n")) for _ in range(3)]
        tables = _Tables(source, *sections)
        yield tables.write
        with open(partial, "w", encoding="utf-8", newline="\n") as handle:
            handle.writelines(metadata_lines(source, tables.ion_modes))
            handle.write(f"COM\t{source.library_run} is annotated_spectra.mgf, which was written beside this file\n")
            for header, section in zip(tables.headers, sections, strict=True):
                handle.write("\n" + "\t".join(header) + "\n")
                section.seek(0)
                shutil.copyfileobj(section, handle)


class _Tables:
    """The three tables, line by line."""

    def __init__(self, source: MzTabSource, molecules: IO[str], features: IO[str], evidence: IO[str]) -> None:
        self._source = source
        self._molecules, self._features, self._evidence = molecules, features, evidence
        self._n_assays = len(source.assays)
        self._n_features = self._n_evidence = 0
        self.ion_modes: set[str] = set()

    @property
    def headers(self) -> tuple[tuple[str, ...], ...]:
        """The header lines of the three tables."""
        assays = tuple(f"abundance_assay[{number + 1}]" for number in range(self._n_assays))
        measures = tuple(f"id_confidence_measure[{number + 1}]" for number in range(len(CONFIDENCE_MEASURES)))
        return (
            (*_MOLECULE, *assays, *_STUDY_VARIABLE, *_MOLECULE_OPTIONS),
            (*_FEATURE, *assays, *_FEATURE_OPTIONS),
            (*_EVIDENCE, *measures, "rank", *_EVIDENCE_OPTIONS),
        )

    def write(self, annotation: Annotation, row: FeatureRow, library_number: int | None) -> None:
        """Write a feature that has an m/z; any other is passed over."""
        mz = row.mz
        if mz is None:
            return
        if annotation.ion_mode is not None:
            self.ion_modes.add(annotation.ion_mode)
        self._n_features += 1
        number = self._n_features
        first = self._n_evidence + 1
        self._n_evidence += len(annotation.hits)
        evidence = [str(place) for place in range(first, self._n_evidence + 1)]
        abundances = self._abundances(row)
        adduct = annotation.hits[0].adduct if annotation.hits else annotation.adduct
        texts = [_text(value) for value in abundances]
        molecule = (*_molecule_cells(annotation), *texts, *_summary(abundances), *_molecule_options(annotation))
        self._molecules.write(_line("SML", number, number, *molecule))
        self._features.write(
            _line(
                "SMF",
                number,
                "|".join(evidence) or NULL,
                1 if len(evidence) > 1 else NULL,
                _adduct(adduct),
                NULL,
                _text(mz, 6),
                abs(charge_of(adduct or "", annotation.ion_mode)),
                _text(row.retention_time_s, 3),
                NULL,
                NULL,
                *texts,
                _cell(annotation.feature_id),
            )
        )
        spectrum = self._source.library_run + ("" if library_number is None else f":index={library_number - 1}")
        for place, hit in zip(evidence, annotation.hits, strict=True):
            self._evidence.write(_line("SME", place, *self._evidence_cells(annotation, hit, mz, spectrum)))

    def _abundances(self, row: FeatureRow) -> list[float | None]:
        """Return the abundance in each assay; None where the feature was not found."""
        quant = self._source.quant
        if quant is None or row.place is None or not quant.samples:
            return [None] * self._n_assays
        return [value or None for value in quant.intensities[row.place].tolist()]

    def _evidence_cells(self, annotation: Annotation, hit: Hit, mz: float, spectrum: str) -> Iterator[Any]:
        candidate = hit.candidate
        yield from (spectrum, _identifier(hit), _cell(candidate.formula), _cell(candidate.smiles), NULL)
        yield from (_cell(compound_name(candidate)), NULL, NULL, _adduct(hit.adduct), _text(mz, 6))
        calculated = (annotation.precursor_mz or mz) / (1 + hit.mass_error_ppm * 1e-6)
        yield from (abs(charge_of(hit.adduct, annotation.ion_mode)), _text(calculated, 6))
        yield from (spectrum, self._source.software, "[MS, MS:1000511, ms level, 2]")
        yield from (_text(hit.probability, 6), _text(hit.score, 6), _text(hit.expected_similarity, 6))
        yield from (hit.rank, _text(hit.mass_error_ppm, 3), _cell(annotation.feature_id))


_MOLECULE = (
    *("SMH", "SML_ID", "SMF_ID_REFS", "database_identifier", "chemical_formula", "smiles", "inchi", "chemical_name"),
    *("uri", "theoretical_neutral_mass", "adduct_ions", "reliability"),
    *("best_id_confidence_measure", "best_id_confidence_value"),
)
_STUDY_VARIABLE = ("abundance_study_variable[1]", "abundance_variation_study_variable[1]")
_MOLECULE_OPTIONS = ("opt_global_feature_id", "opt_global_status", "opt_global_probability_none")
_FEATURE = (
    *("SFH", "SMF_ID", "SME_ID_REFS", "SME_ID_REF_ambiguity_code", "adduct_ion", "isotopomer", "exp_mass_to_charge"),
    *("charge", "retention_time_in_seconds", "retention_time_in_seconds_start", "retention_time_in_seconds_end"),
)
_FEATURE_OPTIONS = ("opt_global_feature_id",)
_EVIDENCE = (
    *("SEH", "SME_ID", "evidence_input_id", "database_identifier", "chemical_formula", "smiles", "inchi"),
    *("chemical_name", "uri", "derivatized_form", "adduct_ion", "exp_mass_to_charge", "charge"),
    *("theoretical_mass_to_charge", "spectra_ref", "identification_method", "ms_level"),
)
_EVIDENCE_OPTIONS = ("opt_global_mass_error_ppm", "opt_global_feature_id")


def _molecule_cells(annotation: Annotation) -> Iterator[str]:
    """Yield the cells from `database_identifier` to `best_id_confidence_value`."""
    hits = annotation.hits
    yield _joined([_identifier(hit) for hit in hits])
    yield _joined([_cell(hit.candidate.formula) for hit in hits])
    yield _joined([_cell(hit.candidate.smiles) for hit in hits])
    yield NULL
    yield _joined([_cell(compound_name(hit.candidate)) for hit in hits])
    yield NULL
    yield _joined([_text(hit.candidate.exact_mass, 6) for hit in hits])
    yield _adduct(hits[0].adduct if hits else annotation.adduct)
    yield _TENTATIVE if hits else _EXACT_MASS
    yield measure(CONFIDENCE_MEASURES[0]) if hits else NULL
    yield _text(hits[0].probability if hits else None, 6)


def _molecule_options(annotation: Annotation) -> Iterator[str]:
    yield _cell(annotation.feature_id)
    yield annotation.status
    yield _text(annotation.probability_none, 6)


def _summary(abundances: Sequence[float | None]) -> tuple[str, str]:
    """Return the mean over the assays that have the feature, and its coefficient of variation."""
    known = np.array([value for value in abundances if value is not None])
    if not len(known):
        return NULL, NULL
    variation = float(known.std(ddof=1) / known.mean()) if len(known) > 1 else None
    return _text(float(known.mean())), _text(variation, 6)


def _identifier(hit: Hit) -> str:
    return f"{PREFIX}:{_cell(hit.candidate.inchikey)}"


def _adduct(adduct: str | None) -> str:
    return adduct if adduct is not None and _ADDUCT.fullmatch(adduct) else NULL


def _joined(cells: Sequence[str]) -> str:
    return "|".join(cells) or NULL


def _cell(text: str) -> str:
    """Return a text that stands for one thing: without the bar that separates several."""
    return one_line(text).replace("|", "/") or NULL


def _text(value: float | None, digits: int = 4) -> str:
    """Return a number without an exponent, which the specification forbids."""
    return NULL if value is None else f"{value:.{digits}f}"


def _line(*cells: Any) -> str:
    return "\t".join(map(str, cells)) + "\n"

"""Read spectra from files, tolerantly: a bad block costs that block, and is reported."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

from matchms import Spectrum

from matchms_fingerprint.constants import ION_MODES
from matchms_fingerprint.errors import InputFileError, SettingsError
from matchms_fingerprint.io import json_spectra, mass_spectra_xml, mgf, msp
from matchms_fingerprint.io.blocks import Block, BlockError, RawSpectrum
from matchms_fingerprint.io.grouping import group_by_feature
from matchms_fingerprint.io.isotope_peaks import attach_isotope_peaks
from matchms_fingerprint.io.merging import PER_FEATURE, merge
from matchms_fingerprint.io.metadata import build_spectrum, settle_ion
from matchms_fingerprint.io.report import ReadReport, Reporter, UnreadableBlock
from matchms_fingerprint.io.sources import SUPPORTED, detect_format
from matchms_fingerprint.io.splitting import split_by_ion

_Readable: TypeAlias = list[tuple[Block, RawSpectrum]]


@dataclass(frozen=True)
class _Format:
    """How to read one kind of file.

    `make_block` is None in a run of scans, where each block stands alone; there MS3 scans come from the MS2 scans
    beside them and are set aside.
    """

    read_blocks: Callable[[Path], Iterator[Block]]
    parse_block: Callable[[Block], RawSpectrum]
    make_block: Callable[[int, str], Block] | None = None

    @property
    def highest_level(self) -> float:
        """The highest MS level that may stand for a feature."""
        return 2 if self.make_block is None else math.inf


_FORMATS = {
    "MGF": _Format(mgf.read_blocks, mgf.parse_block, mgf.make_block),
    "MSP": _Format(msp.read_blocks, msp.parse_block, msp.make_block),
    "JSON": _Format(json_spectra.read_blocks, json_spectra.parse_block, json_spectra.make_block),
    "mzML": _Format(mass_spectra_xml.read_mzml, mass_spectra_xml.parse_block),
    "mzXML": _Format(mass_spectra_xml.read_mzxml, mass_spectra_xml.parse_block),
}


def load_spectra(
    path: str | Path, per_feature: str = "merge", ion_mode: str | None = None, report: ReadReport | None = None
) -> Iterator[Spectrum]:
    """Read MS2 spectra from an MGF, MSP, mzML, mzXML or JSON file, plain or gzipped.

    The file is streamed. A block that cannot be read costs that block: it is logged, and counted in `report`. MS1
    blocks are set aside, but the last one of a feature leaves its peaks about the precursor to the MS2 spectra of the
    feature; blocks of MS3 and higher are set aside too, unless their feature has nothing else (in mzML and mzXML
    always). Spectra without peaks are handed out like others.

    Metadata are named as in matchms. Where known, each spectrum has `feature_id` (str), `scans` (str), `precursor_mz`
    (float), `charge` (int, signed), `ionmode` ("positive" or "negative"), `adduct` (as matchms cleans it),
    `retention_time` (float, seconds), `collision_energy` (text as in the file), `ms_level` ("2"), `merged_spectra`
    (int, where there were several), `ms1_isotope_peaks` (JSON text, see `io.isotope_peaks`). What is not known is
    absent and not guessed. Retention times without a unit are minutes under the keys RT and RETENTIONTIME of MSP and
    JSON files, and seconds elsewhere.

    `feature_id` is the FEATURE_ID of the file (`feature_id` in MSP and JSON), the scan number in mzML and mzXML, and
    else the position of the block in the file, from 1, all blocks counted (written `block7` where other blocks of the
    same file have ids).

    The ion mode follows the adduct, else the sign of a charge that is not 0, else IONMODE, else `ion_mode`. Where these
    contradict each other the first in this order wins, the spectrum is counted in `report.contradictions`, and one
    warning a file says which and what to do. So `ion_mode` fills gaps and never overrides the file: an export that
    writes `CHARGE=1+` on everything (ADAP export of MZmine) needs these lines removed.

    Parameters
    ----------
    path
        The file. Its content decides the format, not its name.
    per_feature
        What to do with several MS2 blocks of one feature, side by side or not: "merge" them into one spectrum, take the
        "best" (highest total ion current), or hand out "all" with the same `feature_id`. Blocks with one id that do
        not agree in ion mode, precursor m/z, adduct or structure are kept apart before that, as features `7`, `7#2`,
        `7#3`, ..., counted in `report.split`. A library of reference spectra wants "all", since "merge" makes
        one spectrum of those that share an id.
    ion_mode
        "positive" or "negative": the ion mode of spectra whose own cannot be told from the file.
    report
        Counts are added to it while the spectra are drawn.

    Returns
    -------
    iterator of matchms.Spectrum
        Features in the order of their first appearance.

    Raises
    ------
    InputFileError
        If the file is missing, empty, a folder, of another kind, without any block, or a damaged gzip file.
    SettingsError
        If `per_feature` or `ion_mode` is none of the values above.

    Examples
    --------
    >>> from matchms_fingerprint import load_spectra
    >>> spectra = list(load_spectra("features_iimn_fbmn.mgf", ion_mode="positive"))  # doctest: +SKIP
    """
    items = iter_features(path, per_feature, ion_mode, report)
    return (item for item in items if not isinstance(item, UnreadableBlock))


def iter_features(
    path: str | Path, per_feature: str = "merge", ion_mode: str | None = None, report: ReadReport | None = None
) -> Iterator[Spectrum | UnreadableBlock]:
    """Read a file like `load_spectra`, with an `UnreadableBlock` in the place of each feature that cannot be read.

    A feature that has a readable block gives its spectrum alone (its bad blocks are in `report`), and one that has none
    gives its first bad block, so that each feature comes exactly once; except with "all", where each block comes.
    """
    if per_feature not in PER_FEATURE:
        raise SettingsError(f"per_feature {per_feature!r}: must be one of {', '.join(PER_FEATURE)}")
    if ion_mode is not None and ion_mode not in ION_MODES:
        raise SettingsError(f"ion mode {ion_mode!r}: must be one of {', '.join(ION_MODES)}")
    path = Path(path)
    kind = detect_format(path)
    reader = _FeatureReader(path, _FORMATS[kind], per_feature, ion_mode, ReadReport() if report is None else report)
    return reader.read()


class _FeatureReader:
    """Reads the features of one file."""

    def __init__(
        self, path: Path, file_format: _Format, per_feature: str, ion_mode: str | None, report: ReadReport
    ) -> None:
        self._path = path
        self._format = file_format
        self._per_feature = per_feature
        self._ion_mode = ion_mode
        self._report = report
        self._reporter = Reporter(str(path), report)

    def read(self) -> Iterator[Spectrum | UnreadableBlock]:
        """Yield the features in the order of their first appearance."""
        n_before = self._report.blocks
        try:
            for blocks in self._groups():
                self._report.blocks += len(blocks)
                yield from self._items_of(blocks)
        finally:
            self._reporter.close()
        if self._report.blocks == n_before:
            raise InputFileError(f"{self._path}: holds no spectra; give a spectrum file ({SUPPORTED})")

    def _groups(self) -> Iterator[list[Block]]:
        make_block = self._format.make_block
        if make_block is None:
            return ([block] for block in self._format.read_blocks(self._path))
        return group_by_feature(lambda: self._format.read_blocks(self._path), make_block)

    def _items_of(self, blocks: Sequence[Block]) -> Iterator[Spectrum | UnreadableBlock]:
        """Yield what the blocks of one feature give."""
        readable, unreadable = self._parsed(blocks)
        if self._per_feature == "all" or len(readable) < 2:
            chosen = readable
        else:
            chosen = [self._one_of(feature) for feature in self._features(readable)]
        self._report.merged += len(readable) - len(chosen)
        if chosen and (ms1 := self._ms1_of(blocks)):
            for _, raw in chosen:
                attach_isotope_peaks(raw.metadata, ms1)
        items: list[tuple[int, Spectrum | UnreadableBlock]] = [(item.block, item) for item in unreadable]
        items += [(block.number, self._finished(block, raw)) for block, raw in chosen]
        spectra = [item for _, item in items if not isinstance(item, UnreadableBlock)]
        self._report.spectra += len(spectra)
        in_order = [item for _, item in sorted(items, key=lambda pair: pair[0])]
        if self._per_feature == "all":
            yield from in_order
        else:
            yield from spectra or in_order[:1]

    def _features(self, readable: _Readable) -> Iterator[_Readable]:
        """Split the blocks of one id where they are more than one feature; further ones get ids of their own."""
        feature_id = str(readable[0][0].feature_id)
        for number, group in enumerate(split_by_ion([raw for _, raw in readable]), start=1):
            feature = [readable[index] for index in group.indices]
            if number > 1:
                new_id = f"{feature_id}#{number}"
                for block, _ in feature:
                    block.feature_id = new_id
                self._reporter.split(feature[0][0].number, feature_id, new_id, group.reason)
            yield feature

    def _one_of(self, feature: _Readable) -> tuple[Block, RawSpectrum]:
        """Return the one spectrum that stands for a feature, with its block."""
        if self._per_feature == "merge":
            return feature[0][0], merge([raw for _, raw in feature])
        return max(feature, key=lambda pair: pair[1].total_ion_current)

    def _parsed(self, blocks: Sequence[Block]) -> tuple[_Readable, list[UnreadableBlock]]:
        """Read the blocks of the lowest MS level above 1 that can be read; the others are set aside."""
        readable: _Readable = []
        unreadable: list[UnreadableBlock] = []
        for block in sorted(blocks, key=_ms_level):
            level = _ms_level(block)
            if block.problem:
                unreadable.append(self._unreadable(block, block.problem))
            elif level == 1:
                self._report.ms1 += 1
            elif level > (_ms_level(readable[0][0]) if readable else self._format.highest_level):
                self._report.msn += 1
            else:
                try:
                    readable.append((block, self._format.parse_block(block)))
                except BlockError as error:
                    unreadable.append(self._unreadable(block, str(error)))
                except Exception as error:  # whatever the parsers did not foresee costs this block alone
                    unreadable.append(self._unreadable(block, f"{type(error).__name__}: {error}"))
        return readable, unreadable

    def _ms1_of(self, blocks: Sequence[Block]) -> list[RawSpectrum]:
        """Read the MS1 blocks; what cannot be read of them is missed by nobody."""
        found = []
        for block in blocks:
            if _ms_level(block) == 1 and not block.problem:
                with suppress(Exception):
                    found.append(self._format.parse_block(block))
        return found

    def _finished(self, block: Block, raw: RawSpectrum) -> Spectrum | UnreadableBlock:
        """Make the spectrum; where matchms refuses its metadata, say so."""
        raw.metadata["feature_id"] = str(block.feature_id)
        try:
            contradiction = settle_ion(raw.metadata, self._ion_mode)
            spectrum = build_spectrum(raw)
        except Exception as error:  # matchms asserts and converts in many places; none of them may stop the file
            return self._unreadable(block, f"matchms refuses its metadata ({error})")
        if contradiction:
            self._reporter.contradiction(block.number, str(block.feature_id), contradiction)
        if "ionmode" not in raw.metadata:
            self._report.unknown_ion_mode += 1
        return spectrum

    def _unreadable(self, block: Block, reason: str) -> UnreadableBlock:
        return self._reporter.unreadable(block.number, str(block.feature_id), reason)


def _ms_level(block: Block) -> int:
    """Return the MS level of a block; one that does not say is taken for MS2."""
    return block.ms_level or 2

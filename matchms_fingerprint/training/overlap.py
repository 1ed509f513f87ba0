"""How much of what is tested was trained on: structures, scaffolds, formulas, similar structures, fragments."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from matchms_fingerprint.errors import SettingsError
from matchms_fingerprint.evaluation.metrics import highest_tanimoto
from matchms_fingerprint.features.labelled import LabelledSpectra
from matchms_fingerprint.io.tables import table_writer
from matchms_fingerprint.kernels.types import FloatArray, IntArray
from matchms_fingerprint.training.splits import leaking_structures, murcko_scaffold
from matchms_fingerprint.training.unseen_fragments import (
    MASS_BIN_DA,
    UnseenShares,
    fragment_formulas,
    unseen_keys,
    unseen_masses,
)

QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)
TANIMOTO_BINS = 20
"""Bins of the histogram of the highest Tanimoto, over 0 to 1; the last one holds 1 too."""

TABLE_COLUMNS = {
    "split": "",
    "fold": "",
    "spectrum_id": "",
    "inchikey": "",
    "highest_tanimoto": ".4f",
    "nearest_inchikey": "",
    "shares_structure": "",
    "shares_scaffold": "",
    "shares_formula": "",
    "unseen_mass_peaks": ".4f",
    "unseen_mass_intensity": ".4f",
    "explained_peaks": ".4f",
    "unseen_formula_peaks": ".4f",
    "unseen_formula_intensity": ".4f",
}


@dataclass(frozen=True)
class Shared:
    """What a fold has in common with `train`.

    Parameters
    ----------
    groups
        Distinct structures, scaffolds or formulas of the fold.
    shared
        How many of them are in `train` too.
    spectra
        Share of the spectra of the fold that belong to these.
    """

    groups: int
    shared: int
    spectra: float


@dataclass(frozen=True)
class Distribution:
    """Mean and quantiles of some numbers; NaN where there are none.

    Parameters
    ----------
    n
        How many numbers, those that are not known left out.
    mean
        Their mean.
    quantiles
        Those of `QUANTILES`, in their order.
    """

    n: int
    mean: float
    quantiles: tuple[float, ...]

    @classmethod
    def of(cls, values: FloatArray) -> Distribution:
        """Describe some numbers; NaN counts as not known."""
        known = values[~np.isnan(values)]
        if not known.size:
            return cls(0, float("nan"), (float("nan"),) * len(QUANTILES))
        return cls(known.size, float(known.mean()), tuple(np.quantile(known, QUANTILES).tolist()))


@dataclass(frozen=True)
class FoldOverlap:
    """How a fold, `val` or `test`, overlaps with `train`.

    Parameters
    ----------
    fold
        Which one.
    n_spectra, n_structures
        Its size.
    structures, scaffolds, formulas
        What it shares: first InChIKey blocks, Murcko scaffolds (acyclic compounds have none and share none), molecular
        formulas.
    highest_tanimoto
        Over its structures: the highest Tanimoto similarity to a structure of `train`.
    tanimoto_histogram
        Structures in each of `TANIMOTO_BINS` bins of it.
    unseen_mass_peaks, unseen_mass_intensity
        Over its spectra: share of peaks, and of intensity, whose m/z bin of `MASS_BIN_DA` is in no training spectrum of
        the ion mode.
    explained_peaks
        Over its spectra: share of peaks that are a sub-formula of their ion.
    unseen_formula_peaks, unseen_formula_intensity
        Over its spectra: share of these peaks, and of their intensity, whose formula is in no training spectrum of the
        ion mode.
    """

    fold: str
    n_spectra: int
    n_structures: int
    structures: Shared
    scaffolds: Shared
    formulas: Shared
    highest_tanimoto: Distribution
    tanimoto_histogram: tuple[int, ...]
    unseen_mass_peaks: Distribution
    unseen_mass_intensity: Distribution
    explained_peaks: Distribution
    unseen_formula_peaks: Distribution
    unseen_formula_intensity: Distribution


@dataclass(frozen=True, eq=False)
class SpectrumOverlaps:
    """The same spectrum by spectrum; all arrays have the shape (n,).

    Parameters
    ----------
    rows
        Positions of the spectra.
    highest_tanimoto
        Of their structures to `train`.
    nearest
        Position of the structure that has it, -1 for none.
    shares
        For "structure", "scaffold" and "formula": whether `train` has theirs.
    masses, formulas
        Their unseen fragments.
    """

    rows: IntArray
    highest_tanimoto: FloatArray
    nearest: IntArray
    shares: Mapping[str, NDArray[np.bool_]]
    masses: UnseenShares
    formulas: UnseenShares


@dataclass(frozen=True, eq=False)
class OverlapReport:
    """The overlap report of a split.

    Parameters
    ----------
    split
        Its name.
    folds
        Spectra and structures of each fold.
    leaking_structures
        How many structures of `test` stand in `train` or `val` too.
    overlaps
        Of `val` and `test`, where they have spectra.
    spectra
        The same spectrum by spectrum.
    """

    split: str
    folds: Mapping[str, Mapping[str, int]]
    leaking_structures: int
    overlaps: Mapping[str, FoldOverlap]
    spectra: Mapping[str, SpectrumOverlaps]

    def to_dict(self) -> dict[str, Any]:
        """Return what is over all spectra as JSON-safe values; what is not known is None."""
        return {
            "split": self.split,
            "folds": {name: dict(sizes) for name, sizes in self.folds.items()},
            "leaking_structures": self.leaking_structures,
            "mass_bin_da": MASS_BIN_DA,
            "quantiles": list(QUANTILES),
            "overlaps": {name: _json_safe(asdict(overlap)) for name, overlap in self.overlaps.items()},
        }


class OverlapMeter:
    """Measures overlap; what does not depend on the split is computed once.

    Parameters
    ----------
    data
        Spectra and their structures.
    """

    def __init__(self, data: LabelledSpectra) -> None:
        self.data = data
        self.fragments = fragment_formulas(data)
        self.groups = {
            "structure": np.array([key[:14] for key in data.inchikeys]),
            "scaffold": np.array([murcko_scaffold(smiles) for smiles in data.smiles]),
            "formula": np.array(data.formulas),
        }

    def report(self, folds: NDArray[np.str_], split: str) -> OverlapReport:
        """Hold `val` and `test` of a split against its `train`.

        Parameters
        ----------
        folds
            train, val or test for each spectrum, shape (n_spectra,); others are left out.
        split
            Name of the split.

        Raises
        ------
        SettingsError
            If `train` is empty, or both others are.
        """
        rows = {name: np.flatnonzero(folds == name) for name in ("train", "val", "test")}
        if not rows["train"].size or not (rows["val"].size or rows["test"].size):
            raise SettingsError(f"split {split!r} has no spectra to train on, or none to test on; give other folds")
        structures = {name: np.unique(self.data.structure[part]) for name, part in rows.items()}
        spectra = {name: self._measure(rows["train"], rows[name]) for name in ("val", "test") if rows[name].size}
        return OverlapReport(
            split=split,
            folds={name: {"spectra": part.size, "structures": structures[name].size} for name, part in rows.items()},
            leaking_structures=len(leaking_structures(folds, self.data.keys())),
            overlaps={name: self._summary(name, part) for name, part in spectra.items()},
            spectra=spectra,
        )

    def _measure(self, train: IntArray, rows: IntArray) -> SpectrumOverlaps:
        data = self.data
        trained, asked = np.unique(data.structure[train]), np.unique(data.structure[rows])
        highest, nearest = highest_tanimoto(data.fingerprints[asked], data.fingerprints[trained])
        place = np.searchsorted(asked, data.structure[rows])
        return SpectrumOverlaps(
            rows=rows,
            highest_tanimoto=highest[place],
            nearest=np.where(nearest >= 0, trained[nearest], -1)[place],
            shares={
                name: (np.isin(groups, np.unique(groups[trained])) & (groups != ""))[data.structure[rows]]
                for name, groups in self.groups.items()
            },
            masses=unseen_masses(data.spectra, train, rows),
            formulas=unseen_keys(data.spectra, self.fragments, train, rows),
        )

    def _summary(self, fold: str, found: SpectrumOverlaps) -> FoldOverlap:
        structures, first = np.unique(self.data.structure[found.rows], return_index=True)
        highest = found.highest_tanimoto[first]
        histogram = np.histogram(highest, TANIMOTO_BINS, (0.0, 1.0))[0]
        return FoldOverlap(
            fold=fold,
            n_spectra=found.rows.size,
            n_structures=structures.size,
            structures=self._shared("structure", structures, first, found),
            scaffolds=self._shared("scaffold", structures, first, found),
            formulas=self._shared("formula", structures, first, found),
            highest_tanimoto=Distribution.of(highest),
            tanimoto_histogram=tuple(histogram.tolist()),
            unseen_mass_peaks=Distribution.of(found.masses.peaks),
            unseen_mass_intensity=Distribution.of(found.masses.intensity),
            explained_peaks=Distribution.of(found.formulas.counted),
            unseen_formula_peaks=Distribution.of(found.formulas.peaks),
            unseen_formula_intensity=Distribution.of(found.formulas.intensity),
        )

    def _shared(self, kind: str, structures: IntArray, first: IntArray, found: SpectrumOverlaps) -> Shared:
        groups, shares = self.groups[kind][structures], found.shares[kind]
        return Shared(
            groups=np.unique(groups[groups != ""]).size,
            shared=np.unique(groups[shares[first]]).size,
            spectra=float(shares.mean()),
        )


def write_overlap_table(path: str | Path, data: LabelledSpectra, reports: Sequence[OverlapReport]) -> None:
    """Write one row for each spectrum of `val` and `test` of each split, TSV with `TABLE_COLUMNS`."""
    with table_writer(path, TABLE_COLUMNS) as write_row:
        for report in reports:
            for fold, found in report.spectra.items():
                for i, row in enumerate(found.rows.tolist()):
                    nearest = int(found.nearest[i])
                    write_row(
                        {
                            "split": report.split,
                            "fold": fold,
                            "spectrum_id": data.ids[row],
                            "inchikey": data.inchikeys[data.structure[row]],
                            "highest_tanimoto": found.highest_tanimoto[i],
                            "nearest_inchikey": data.inchikeys[nearest] if nearest >= 0 else None,
                            **{f"shares_{kind}": "yes" if has[i] else "no" for kind, has in found.shares.items()},
                            "unseen_mass_peaks": found.masses.peaks[i],
                            "unseen_mass_intensity": found.masses.intensity[i],
                            "explained_peaks": found.formulas.counted[i],
                            "unseen_formula_peaks": found.formulas.peaks[i],
                            "unseen_formula_intensity": found.formulas.intensity[i],
                        }
                    )


def _json_safe(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _json_safe(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_json_safe(item) for item in value]
    if isinstance(value, float):
        return None if np.isnan(value) else round(value, 4)
    return value

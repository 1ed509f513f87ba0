"""A small study: an export, its quantification table, and metadata of the samples."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from builders_mgf import mgf_block

N_SAMPLES = 16
N_FEATURES = 24
ONLY_CONTROL, ONLY_TREATED = range(8), range(8, 16)
"""Features that one group alone holds; the others are everywhere."""


@dataclass(frozen=True)
class StudyFiles:
    """Where the files of a study lie."""

    spectra: Path
    quant: Path
    metadata: Path

    def arguments(self, column: str | None) -> list[object]:
        """Return the arguments of the command `study`."""
        known = [] if column is None else ["--metadata", self.metadata, "--column", column]
        return ["study", self.spectra, "--quant", self.quant, *known]


def write_study_files(folder: Path, n_samples: int = N_SAMPLES, seed: int = 0) -> StudyFiles:
    """Write a study of two groups, control and treated in turn, that differ in the features they hold.

    The columns of the metadata: "treatment", the groups; "shuffled", two groups of which each holds as many controls
    as treated ones; "dose", numbers; "site", the groups without the first two samples; "rare", a group of one.
    """
    rng = np.random.default_rng(seed)
    samples = [f"run_{i:02d}.mzML" for i in range(n_samples)]
    is_treated = np.arange(n_samples) % 2 == 1
    blocks, rows = [], []
    for i in range(N_FEATURES):
        precursor = 200 + 7.1 * i
        peaks = [(round(mz, 4), 100) for mz in np.sort(rng.uniform(50, precursor - 15, 12))]
        blocks.append(mgf_block(peaks, FEATURE_ID=i + 1, PEPMASS=f"{precursor:.4f}", CHARGE="1+", RTINSECONDS=60 + i))
        areas = rng.lognormal(10, 0.5, n_samples)
        areas[is_treated if i in ONLY_CONTROL else ~is_treated] *= 0.0 if i in (*ONLY_CONTROL, *ONLY_TREATED) else 1.0
        rows.append(f"{i + 1},{precursor:.4f},{(60 + i) / 60:.4f}," + ",".join(f"{area:.1f}" for area in areas) + ",")
    header = "row ID,row m/z,row retention time," + ",".join(f"{name} Peak area" for name in samples) + ","
    columns = "filename\tATTRIBUTE_treatment\tshuffled\tdose\tsite\trare"
    metadata = [
        f"{name}\t{'treated' if i % 2 else 'control'}\t{'a' if i // 2 % 2 else 'b'}\t{i * 0.5}"
        f"\t{'' if i < 2 else 'treated' if i % 2 else 'control'}\t{'one' if i == 3 else 'others'}"
        for i, name in enumerate(samples)
    ]
    files = StudyFiles(folder / "study.mgf", folder / "study_quant.csv", folder / "metadata.tsv")
    files.spectra.write_text("".join(blocks), encoding="utf-8")
    files.quant.write_text("\n".join([header, *rows]) + "\n", encoding="utf-8")
    files.metadata.write_text("\n".join([columns, *metadata]) + "\n", encoding="utf-8")
    return files

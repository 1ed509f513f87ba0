"""What learned embeddings say of whole samples: a map of them, and whether groups of samples can be told apart.

    python examples/05_study_level_embedding.py [EXPORT.mgf QUANT.csv METADATA.tsv COLUMN] [-o FOLDER]

EXPORT and QUANT are what MZmine writes for molecular networking, METADATA is a table with a row for each sample. A
sample is the mean of the embeddings of its features, weighted by the square roots of their areas. A logistic regression
then predicts the group of each sample from the others, and the same with shuffled labels says what chance does. The
command `matchms-fingerprint study` does all of it; here it is in steps.

Without files a small study is invented: twelve samples of two groups, of which one has more of the phenols among six
reference spectra of matchms. What comes out says nothing of real studies.
"""

import argparse
from pathlib import Path

import numpy as np

from matchms_fingerprint import load_model, load_spectra
from matchms_fingerprint.annotation.features import read_features
from matchms_fingerprint.annotation.results import made_from
from matchms_fingerprint.annotation.settings import AnnotationSettings
from matchms_fingerprint.annotation.study import analyse_study, embed_samples, read_sample_labels
from matchms_fingerprint.cli.demo import write_mgf
from matchms_fingerprint.io.quant_table import QuantTable
from matchms_fingerprint.report.of_study import write_study

PHENOLS = (1, 6)
"""Features that the invented treatment raises: aspirin and salicin."""


def read_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Embed the samples of a study and test whether groups differ.")
    parser.add_argument(
        "files", nargs="*", help="EXPORT.mgf QUANT.csv METADATA.tsv COLUMN; without them an invented study"
    )
    parser.add_argument("-o", "--output", type=Path, default=Path("study"), help="folder for all that is written")
    asked = parser.parse_args()
    if asked.files and len(asked.files) != 4:
        parser.error("give EXPORT.mgf, QUANT.csv, METADATA.tsv and the name of a column, or none of them")
    return asked


def invent_study(folder: Path) -> list[str]:
    """Write an export, its quantification table and the metadata of twelve samples."""
    rng = np.random.default_rng(0)
    folder.mkdir(parents=True, exist_ok=True)
    export, quant, metadata = folder / "study.mgf", folder / "study_quant.csv", folder / "metadata.tsv"
    write_mgf(export)
    samples = [f"sample_{i:02d}.mzML" for i in range(12)]
    treated = np.arange(12) % 2 == 1
    lines = ["row ID,row m/z,row retention time," + ",".join(f"{name} Peak area" for name in samples) + ","]
    for spectrum in load_spectra(export):
        row_id = int(spectrum.get("feature_id"))
        areas = rng.lognormal(10, 0.4, 12) * np.where(treated & (row_id in PHENOLS), 6.0, 1.0)
        numbers = ",".join(f"{area:.1f}" for area in areas)
        lines.append(f"{row_id},{spectrum.get('precursor_mz'):.4f},{row_id:.2f},{numbers},")
    quant.write_text("\n".join(lines) + "\n", encoding="utf-8")
    rows = [
        f"{name}\t{'treated' if is_treated else 'control'}" for name, is_treated in zip(samples, treated, strict=True)
    ]
    metadata.write_text("\n".join(["filename\tATTRIBUTE_group", *rows]) + "\n", encoding="utf-8")
    return [str(export), str(quant), str(metadata), "group"]


def main() -> None:
    """Embed, draw, test: what `matchms-fingerprint study` does, step by step."""
    asked = read_arguments()
    export, table, metadata, column = asked.files or invent_study(asked.output / "input")
    quant = QuantTable.read(table)
    labels = read_sample_labels(metadata, column, quant.samples)
    model = load_model()
    features = read_features(load_spectra(export), AnnotationSettings(), quant)
    samples = embed_samples(features, model, quant)
    study = analyse_study(samples, labels)
    folder = asked.output / "result"
    write_study(folder, study, made_from(Path(export), model), overwrite=True)
    print(f"{samples.statuses['used']} features in {len(samples.names)} samples; drew {folder / 'study.png'}.")
    if study.test is None:
        print(f"No test: {study.no_test}.")
        return
    found = study.test.accuracy
    print(f"Balanced accuracy of predicting the group of a sample from the others: {found.value:.2f}")
    print(f"With shuffled labels: {np.mean(found.permuted):.2f} in the mean; p = {found.p_value:.3f}")


if __name__ == "__main__":
    main()

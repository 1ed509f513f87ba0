"""Fingerprint retrieval and embeddings beside the cosine score, in one matchms pipeline.

Six compounds have a library spectrum, five isomers of theirs only a structure, as most compounds do. Each query is one
of the library spectra with peaks lost and intensities changed, as if it had been measured again. The pipeline compares
precursor m/z first and then runs three scores on the pairs that are left:

- CosineGreedy needs a measured reference spectrum: it scores the isomers 0, whatever the query is.
- FingerprintRetrieval needs a structure only: it scores every reference.
- EmbeddingSimilarity compares what the model sees in both spectra, and needs both, as the cosine does.

Run it with `python examples/02_fingerprint_retrieval_beside_cosine.py [MODEL]`; MODEL is the name of a model or the
folder of a bundle, by default the model inside the package.
"""

import sys
import tempfile
from pathlib import Path

import numpy as np
from matchms import Pipeline, Spectrum, reference_spectra, set_matchms_logger_level
from matchms.exporting import save_as_mgf
from matchms.Pipeline import create_workflow
from rich.console import Console
from rich.table import Table

from matchms_fingerprint import EmbeddingSimilarity, FingerprintRetrieval
from matchms_fingerprint.filters import add_fragmentation_level, require_ms2

MEASURED = {
    "aspirin": ("CC(=O)Oc1ccccc1C(=O)O", "[M+H]+"),
    "cocaine": ("COC(=O)C1C(OC(=O)c2ccccc2)CC2CCC1N2C", "[M+H]+"),
    "glucose": ("OCC1OC(O)C(O)C(O)C1O", "[M+Na]+"),
    "hydroxy_cholesterol": ("CC(CCCC(C)(C)O)C1CCC2C1(CCC3C2CC=C4C3(CCC(C4)O)C)C", "[M-H2O+H]+"),
    "phenylalanine": ("NC(Cc1ccccc1)C(=O)O", "[M+H]+"),
    "salicin": ("OCc1ccccc1OC1OC(CO)C(O)C(O)C1O", "[M+Cl]-"),
}
"""Compounds with a spectrum in matchms: SMILES and adduct of each."""

NOT_MEASURED = {
    "caffeic acid": ("OC(=O)C=Cc1ccc(O)c(O)c1", "aspirin"),
    "scopolamine": ("CN1C2CC(CC1C3C2O3)OC(=O)C(CO)c4ccccc4", "cocaine"),
    "fructose": ("OCC1(O)OCC(O)C(O)C1O", "glucose"),
    "benzocaine": ("CCOC(=O)c1ccc(N)cc1", "phenylalanine"),
    "gastrodin": ("OCc1ccc(cc1)OC1OC(CO)C(O)C(O)C1O", "salicin"),
}
"""Isomers without a spectrum: SMILES, and the measured compound whose formula they share."""


def library_spectrum(name: str) -> Spectrum:
    """Return the spectrum that matchms has of a compound, annotated."""
    smiles, adduct = MEASURED[name]
    spectrum = getattr(reference_spectra, name)()
    metadata = {"compound_name": name, "smiles": smiles, "adduct": adduct, "ms_level": "2"}
    metadata["ionmode"] = "negative" if adduct.endswith("-") else "positive"
    return Spectrum(spectrum.peaks.mz, spectrum.peaks.intensities, metadata | spectrum.metadata)


def structure_only(name: str) -> Spectrum:
    """Return a reference without peaks."""
    smiles, isomer = NOT_MEASURED[name]
    precursor_mz = library_spectrum(isomer).get("precursor_mz")
    return Spectrum(np.empty(0), np.empty(0), {"compound_name": name, "smiles": smiles, "precursor_mz": precursor_mz})


def measured_again(name: str, rng: np.random.Generator) -> Spectrum:
    """Return a query: a third of the peaks lost, intensities off by a factor of about two, and no structure."""
    spectrum = library_spectrum(name)
    kept = np.sort(rng.permutation(len(spectrum.peaks))[: -(-2 * len(spectrum.peaks) // 3)])
    intensities = spectrum.peaks.intensities[kept] * np.exp(rng.normal(0, 0.7, kept.size))
    metadata = {key: value for key, value in spectrum.metadata.items() if key != "smiles"}
    return Spectrum(spectrum.peaks.mz[kept], intensities, metadata)


def run_pipeline(folder: Path, model: str) -> Pipeline:
    """Write queries and references to files, as they would come from elsewhere, and run the pipeline on them."""
    set_matchms_logger_level("ERROR")  # matchms logs to stdout, between the lines of the table
    rng = np.random.default_rng(0)
    references = [*map(library_spectrum, MEASURED), *map(structure_only, NOT_MEASURED)]
    queries = [measured_again(name, rng) for name in MEASURED]
    save_as_mgf(references, str(folder / "references.mgf"))
    save_as_mgf(queries, str(folder / "queries.mgf"))
    workflow = create_workflow(
        query_filters=[require_ms2, add_fragmentation_level, "normalize_intensities"],
        reference_filters=["normalize_intensities"],
        score_computations=[
            ["precursormzmatch", {"tolerance": 0.01}],
            ["cosinegreedy", {"tolerance": 0.01}],
            [FingerprintRetrieval, {"model": model}],
            [EmbeddingSimilarity, {"model": model}],
        ],
    )
    pipeline = Pipeline(workflow, progress_bar=False, logging_level="ERROR")
    pipeline.run(str(folder / "queries.mgf"), str(folder / "references.mgf"))
    return pipeline


def comparison(pipeline: Pipeline) -> Table:
    """Return one row per pair, grouped by query, the best fingerprint score first."""
    scores = pipeline.scores.scores
    table = Table("query", "level", "reference", "spectrum", "cosine", "peaks", "fingerprint", "embedding")
    for column, query in enumerate(pipeline.spectra_queries):
        pairs = np.flatnonzero(scores.col == column)
        pairs = pairs[np.argsort(-scores.data["FingerprintRetrieval"][pairs])]
        for pair in pairs:
            reference = pipeline.spectra_references[scores.row[pair]]
            right = query.get("compound_name") == reference.get("compound_name")
            values = scores.data[pair]
            table.add_row(
                query.get("compound_name") if pair == pairs[0] else "",
                str(query.get("fragmentation_level")) if pair == pairs[0] else "",
                reference.get("compound_name") + (" *" if right else ""),
                "yes" if len(reference.peaks) else "no",
                f"{values['CosineGreedy_score']:.3f}",
                str(values["CosineGreedy_matches"]),
                f"{values['FingerprintRetrieval']:.3f}",
                f"{values['EmbeddingSimilarity']:.3f}",
                end_section=pair == pairs[-1],
            )
    return table


def main(model: str = "default") -> None:
    """Print the comparison."""
    with tempfile.TemporaryDirectory() as folder:
        pipeline = run_pipeline(Path(folder), model)
    Console(width=110).print(comparison(pipeline))
    print("* the right reference; level: log10 of the share of the intensity that is left at the precursor")


if __name__ == "__main__":
    main(*sys.argv[1:2])

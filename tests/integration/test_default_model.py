"""The shipped model on held-out scaffolds: what its card says can be measured again."""

import gzip
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from matchms_fingerprint import load_model
from matchms_fingerprint.evaluation.metrics import tanimoto_of_bits
from matchms_fingerprint.evaluation.predictions import predict_rows
from matchms_fingerprint.features.labelled import LabelledSpectra, read_labelled_spectra
from matchms_fingerprint.io import load_spectra

N_SPECTRA = 1000


def write_some(source: Path, ids: set[str], target: Path) -> None:
    """Copy the blocks of some spectra."""
    block: list[str] = []
    with gzip.open(source, "rt", encoding="utf-8") as lines, open(target, "w", encoding="utf-8") as out:
        for line in lines:
            block.append(line)
            if line.startswith("END IONS"):
                name = next(entry for entry in block if entry.startswith("SPECTRUM_ID="))
                if name[len("SPECTRUM_ID=") :].strip() in ids:
                    out.writelines(block)
                block = []


@pytest.fixture(scope="module")
def held_out_mgf(shared: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    table = pd.read_csv(shared / "data" / "massbank_metadata.tsv.gz", sep="\t", usecols=["accession", "fold_scaffold"])
    test = table.accession[table.fold_scaffold == "test"]
    path = tmp_path_factory.mktemp("held_out") / "test.mgf"
    write_some(shared / "data" / "massbank.mgf.gz", set(test.sample(N_SPECTRA, random_state=0)), path)
    return path


@pytest.fixture(scope="module")
def held_out(held_out_mgf: Path) -> LabelledSpectra:
    return read_labelled_spectra(held_out_mgf, load_model("default").fingerprint)


@pytest.mark.shared
def test_held_out_scaffolds_give_the_tanimoto_of_the_card(held_out: LabelledSpectra) -> None:
    model = load_model("default")
    rows = np.arange(len(held_out))
    bits = predict_rows(model.network, held_out, rows) > model.bit_threshold
    tanimoto = tanimoto_of_bits(bits, held_out.bits(rows))
    expected = model.card["measured"]["test"]["fingerprint"]["all"]["model"]["mean"]
    # four standard errors of the mean of 1,000 of the 5,284 spectra of the fold
    assert tanimoto.mean() == pytest.approx(expected, abs=4 * tanimoto.std() / np.sqrt(N_SPECTRA))


@pytest.mark.shared
def test_predictions_from_python_are_those_that_were_measured(held_out_mgf: Path, held_out: LabelledSpectra) -> None:
    model = load_model("default")
    spectra = list(load_spectra(held_out_mgf, per_feature="all"))
    assert [spectrum.get("spectrum_id") for spectrum in spectra] == held_out.ids.tolist()
    measured = predict_rows(model.network, held_out, np.arange(50))
    np.testing.assert_allclose(model.predict_fingerprints(spectra[:50]), measured, atol=1e-5)


@pytest.mark.shared
@pytest.mark.benchmark
def test_at_least_300_spectra_a_second_from_file_to_fingerprint(held_out_mgf: Path) -> None:
    model = load_model("default")
    model.predict_fingerprints(load_spectra(held_out_mgf))
    rates = []
    for _ in range(5):
        start = time.perf_counter()
        predicted = model.predict_fingerprints(load_spectra(held_out_mgf, per_feature="all"))
        rates.append(len(predicted) / (time.perf_counter() - start))
    print(f"{np.median(rates):.0f} spectra a second, read and predicted")
    assert np.median(rates) > 300

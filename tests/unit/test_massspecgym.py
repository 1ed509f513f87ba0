"""MassSpecGym's files and its protocol, on small files in its format."""

import json

import numpy as np
import pytest
import torch
from massspecgym_files import TEST, TRAIN, write_massspecgym
from rdkit import Chem
from torchmetrics.functional.retrieval import retrieval_hit_rate

from matchms_fingerprint.chem.fingerprints import FingerprintSpec
from matchms_fingerprint.errors import InputFileError
from matchms_fingerprint.evaluation.contestants import Contestant
from matchms_fingerprint.evaluation.massspecgym import MassSpecGymCandidates, MassSpecGymFiles, read_massspecgym
from matchms_fingerprint.evaluation.sessions import open_massspecgym
from matchms_fingerprint.features.instruments import ANALYZERS
from matchms_fingerprint.kernels.tanimoto import SCORES

SPEC = FingerprintSpec.parse("morgan:radius=2,bits=256")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return write_massspecgym(tmp_path_factory.mktemp("gym") / "data")


def test_the_table_becomes_labelled_spectra(folder):
    found = read_massspecgym(folder / "MassSpecGym.tsv", SPEC)
    data = found.data
    assert len(data) == 4 * len(TRAIN) + 2 * len(TEST)
    assert (found.folds == "test").sum() == 2 * len(TEST)
    assert data.ids[0] == "MassSpecGymID0000001"
    keys = {Chem.MolToInchiKey(Chem.MolFromSmiles(s))[:14] for s in (*TRAIN, *TEST)}
    assert {key[:14] for key in data.inchikeys} == keys
    assert set(np.array(ANALYZERS)[data.spectra.analyzer]) == {"tof", "orbitrap"}
    # eV on either instrument; a bare number on an Orbitrap would be taken as a normalized energy
    known = ~np.isnan(data.spectra.collision_energy)
    assert set(data.spectra.collision_energy[known].tolist()) == {30.0}
    assert (~known).sum() == len(TRAIN) + len(TEST)
    assert (data.spectra.ion_mode == 1).all()
    assert np.isfinite(data.spectra.precursor_mz).all()


def test_right_is_the_same_first_block_however_it_is_drawn(folder):
    files = MassSpecGymFiles.find(folder)
    found = read_massspecgym(files.spectra, SPEC)
    source = MassSpecGymCandidates(files, found, "test", n_jobs=1)
    assert set(source.kinds()) == {"mass", "formula"}
    for label in np.unique(found.data.structure[found.folds == "test"]).tolist():
        truth = found.smiles[label][0]
        expected = [
            Chem.MolToInchiKey(Chem.MolFromSmiles(c))[:14] == Chem.MolToInchiKey(Chem.MolFromSmiles(truth))[:14]
            for c in TEST[truth]
        ]
        lists = source.lists(label)
        assert lists["mass"].correct.tolist() == lists["formula"].correct.tolist() == expected
        assert sum(expected) == 1


def test_hit_rates_are_those_of_the_leaderboards_metric(folder):
    session = open_massspecgym(folder, SPEC, n_jobs=1)
    benchmark = session.benchmark
    rng = np.random.default_rng(4)
    # a noisy copy of the truth, so that some hits are right and no scores tie
    predicted = {
        name: bits + rng.random(SPEC.n_bits)
        for name, bits in zip(
            benchmark.data.spectra.precursor_mz[benchmark.rows].tolist(),
            benchmark.data.bits(benchmark.rows).astype(float) * 0.5,
            strict=True,
        )
    }

    def predict(spectra):
        return np.array([predicted.get(mz, np.zeros(SPEC.n_bits)) for mz in spectra.precursor_mz.tolist()], np.float32)

    found = benchmark.measure(Contestant("model", predict, scores=("cosine",))).summary["retrieval"]["mass"]
    rates: dict[int, list[float]] = {1: [], 5: [], 20: []}
    for row in benchmark.rows.tolist():
        item = benchmark.source.lists(int(benchmark.data.structure[row]))["mass"]
        scores = SCORES["cosine"](
            predicted[float(benchmark.data.spectra.precursor_mz[row])].astype(np.float32), item.fingerprints
        )
        assert np.unique(scores).size == scores.size
        for k, rate in rates.items():
            rate.append(float(retrieval_hit_rate(torch.from_numpy(scores), torch.from_numpy(item.correct), top_k=k)))
    assert found["n_spectra"] == benchmark.rows.size == 2 * len(TEST)
    for k, rate in rates.items():
        assert found["rankings"]["model, cosine"][f"hit@{k}"]["mean"] == pytest.approx(np.mean(rate), abs=1e-4)
        assert found["rankings"]["model, cosine"]["tie_bounds"][f"hit@{k}"] == [pytest.approx(np.mean(rate))] * 2


def test_one_list_is_enough_and_none_is_not(tmp_path):
    only = write_massspecgym(tmp_path / "one", kinds=("formula",))
    assert set(open_massspecgym(only, SPEC, n_jobs=1).benchmark.source.kinds()) == {"formula"}
    with pytest.raises(InputFileError, match="holds none of"):
        MassSpecGymFiles.find(write_massspecgym(tmp_path / "none", kinds=()))
    with pytest.raises(InputFileError, match=r"holds no MassSpecGym\.tsv"):
        MassSpecGymFiles.find(tmp_path / "one" / "molecules")
    with pytest.raises(InputFileError, match="no such folder"):
        MassSpecGymFiles.find(tmp_path / "missing")


def test_broken_files_are_named(tmp_path):
    folder = write_massspecgym(tmp_path / "gym")
    table = folder / "MassSpecGym.tsv"
    text = table.read_text()
    table.write_text(text.replace("precursor_mz", "mass", 1))
    with pytest.raises(InputFileError, match="no column precursor_mz"):
        read_massspecgym(table, SPEC)
    lines = text.splitlines()
    lines[2] = lines[2].replace(",", ";", 1)
    table.write_text("\n".join(lines))
    with pytest.raises(InputFileError, match="line 3 is not a spectrum"):
        read_massspecgym(table, SPEC)
    table.write_text(text)
    lists = folder / "molecules" / "MassSpecGym_retrieval_candidates_mass.json"
    lists.write_text(json.dumps({"CCO": ["CCO"]}))
    with pytest.raises(InputFileError, match="no candidates for"):
        open_massspecgym(folder, SPEC, n_jobs=1)
    lists.write_text("{")
    with pytest.raises(InputFileError, match="not a JSON file"):
        open_massspecgym(folder, SPEC, n_jobs=1)

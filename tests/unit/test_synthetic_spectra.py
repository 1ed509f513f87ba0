import lightning
import numpy as np
import pytest
import torch
from labelled_file import SMILES, write_labelled_mgf
from pyteomics import mass

from matchms_fingerprint.candidates import CandidateLibrary
from matchms_fingerprint.chem.fingerprints import FingerprintSpec, fingerprints
from matchms_fingerprint.chem.structures import read_molecule
from matchms_fingerprint.constants import DEFAULT_FINGERPRINT, PROTON_MASS
from matchms_fingerprint.errors import InputFileError, LibraryError, SettingsError
from matchms_fingerprint.features.labelled import read_labelled_spectra
from matchms_fingerprint.io.mapped_arrays import write_arrays
from matchms_fingerprint.training.datasets import PreparedBatches
from matchms_fingerprint.training.fit import SYNTHETIC, build_for, fit, refit_network
from matchms_fingerprint.training.settings import TrainingSettings
from matchms_fingerprint.training.synthetic import MASS_BIN_DA, SyntheticSpectra, load_or_build, mass_weights

UNKNOWN = ("CCCCCCCCCCCO", "CCCCCCCC(=O)OC", "OC(=O)c1ccc(CC)cc1CO", "CN1CCC(CC1)c1ccccc1O", "COc1ccc(CCNC(C)=O)cc1")
FOLDS = np.array(["train"] * 12 + ["val"] * 4)
SMALL = TrainingSettings.from_dict(
    {
        "encoder_settings": {"n_input": 32, "n_hidden": 64, "n_embedding": 32, "n_blocks": 1},
        "epochs": 3,
        "spectra_per_epoch": 32,
        "batch_size": 16,
        "synthetic_structures": 300,
        "real_epochs": 1,
    }
)


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    path = write_labelled_mgf(tmp_path_factory.mktemp("spectra") / "labelled.mgf")
    return read_labelled_spectra(path, FingerprintSpec.parse(DEFAULT_FINGERPRINT))


@pytest.fixture(scope="module")
def library(tmp_path_factory):
    folder = tmp_path_factory.mktemp("library") / "mixed"
    # a cation of 174 Da and an alcohol of 102 Da beside; the training structures have 165 to 289 Da
    others = ("C[N+](C)(C)CCCCOC(C)=O", "CCCCCCO")
    return CandidateLibrary.build([*SMILES, *UNKNOWN, *others], folder, n_jobs=1)


@pytest.fixture(scope="module")
def starter():
    return CandidateLibrary.open("starter")


def test_labelled_structures_ions_and_other_masses_are_left_out(data, library):
    synthetic = SyntheticSpectra.build(library, data, FOLDS, n=400)
    expected = fingerprints([read_molecule(smiles) for smiles in UNKNOWN], data.fingerprint)
    # those of other folds are left out too: all eight labelled structures are in the library, in `train` are six
    assert set(map(bytes, synthetic.fingerprints)) == set(map(bytes, expected))
    assert len(synthetic.molecules) == len(UNKNOWN)


def test_a_library_of_known_structures_is_refused(data, tmp_path):
    library = CandidateLibrary.build(SMILES, tmp_path / "known", n_jobs=1)
    with pytest.raises(LibraryError, match="no structures to simulate"):
        SyntheticSpectra.build(library, data, FOLDS, n=50)
    light = CandidateLibrary.build(["CCO"], tmp_path / "light", n_jobs=1)
    with pytest.raises(LibraryError, match="no structures to simulate"):
        SyntheticSpectra.build(light, data, FOLDS, n=50)


def test_a_library_with_another_fingerprint_is_refused(data, tmp_path):
    library = CandidateLibrary.build(UNKNOWN, tmp_path / "maccs", fingerprint="maccs", n_jobs=1)
    with pytest.raises(LibraryError, match="maccs"):
        SyntheticSpectra.build(library, data, FOLDS, n=50)


def test_masses_are_those_of_the_training_structures(data, starter):
    n = 2000
    synthetic = SyntheticSpectra.build(starter, data, FOLDS, n=n)
    bins = (synthetic.molecules.molecular_masses[synthetic.drawn] // MASS_BIN_DA).astype(int)
    # the first six structures are in `train`, see FOLDS
    wanted = np.bincount((data.masses[:6] // MASS_BIN_DA).astype(int), minlength=40) / 6
    found = np.bincount(bins, minlength=40) / bins.size
    # four standard deviations of a share of 1/6 or 2/6 among n
    np.testing.assert_allclose(found, wanted, atol=4 * np.sqrt(0.25 / n))


def test_weights_make_up_for_what_the_library_has_more_of():
    weights = mass_weights(np.array([101.0, 102.0, 103.0, 130.0, 160.0]), np.array([110.0, 110.0, 140.0, 999.0]))
    # bins of 25 Da: two wanted at 100 and three there, one wanted at 125 and one there, none wanted at 150
    np.testing.assert_allclose(weights, np.array([2 / 3, 2 / 3, 2 / 3, 1, 0]) / 3)
    assert not mass_weights(np.array([101.0]), np.array([999.0])).any()


def test_the_same_seed_draws_the_same_and_bits_belong_to_spectra(data, library):
    synthetic, again = (SyntheticSpectra.build(library, data, FOLDS, n=60, seed=5) for _ in range(2))
    (spectra, bits), (same, same_bits) = (s.draw(64, np.random.default_rng(1)) for s in (synthetic, again))
    np.testing.assert_array_equal(spectra.mz, same.mz)
    np.testing.assert_array_equal(bits, same_bits)
    other, _ = synthetic.draw(64, np.random.default_rng(2))
    assert not np.array_equal(spectra.precursor_mz, other.precursor_mz)
    known = fingerprints([read_molecule(smiles) for smiles in UNKNOWN], data.fingerprint)
    for i, smiles in enumerate(UNKNOWN):
        is_it = np.packbits(bits, axis=1, bitorder="little").view(np.uint64) == known[i]
        rows = np.flatnonzero(is_it.all(axis=1))
        mass = library.search(formula=_formula(smiles)).exact_masses[0]
        np.testing.assert_allclose(spectra.precursor_mz[rows] - 1.00727646688 * spectra.ion_mode[rows], mass, atol=1e-5)
    assert spectra.ion_mode.tolist() == [1] * 64  # the labelled spectra are all positive
    assert set(spectra.adduct.tolist()) == {1}


def _formula(smiles):
    from rdkit.Chem.rdMolDescriptors import CalcMolFormula

    return CalcMolFormula(read_molecule(smiles))


def test_what_was_saved_is_loaded_and_made_again_for_other_data(data, library, tmp_path):
    path = tmp_path / "synthetic.npz"
    built = load_or_build(path, library, data, FOLDS, n=60)
    written = path.stat().st_mtime_ns
    loaded = load_or_build(path, library, data, FOLDS, n=60)
    assert path.stat().st_mtime_ns == written
    for one, other in zip(
        built.draw(8, np.random.default_rng(0)), loaded.draw(8, np.random.default_rng(0)), strict=True
    ):
        np.testing.assert_array_equal(getattr(one, "mz", one), getattr(other, "mz", other))
    other_folds = np.array(["val"] * 4 + ["train"] * 12)
    assert load_or_build(path, library, data, other_folds, n=60).origin != built.origin
    write_arrays(path, {"masses": np.zeros(3)})
    with pytest.raises(InputFileError, match="no structures to simulate"):
        SyntheticSpectra.load(path)


def test_synthetic_spectra_go_along_until_the_last_epochs(data, library):
    synthetic = SyntheticSpectra.build(library, data, FOLDS, n=60)
    network = build_for(data, FOLDS, SMALL)
    batches = [PreparedBatches(data, network, SMALL, epoch, synthetic=synthetic)[list(range(8))] for epoch in range(3)]
    assert batches[0].synthetic is not None
    assert batches[1].synthetic is not None
    assert batches[2].synthetic is None
    # three for four real ones
    assert batches[0].synthetic[1].shape == (6, 4096)
    assert not torch.equal(batches[0].synthetic[1], batches[1].synthetic[1])
    again = PreparedBatches(data, network, SMALL, 0, synthetic=synthetic)[list(range(8))]
    assert torch.equal(batches[0].synthetic[1], again.synthetic[1])


def test_training_with_synthetic_spectra_repeats_and_resumes(data, starter, tmp_path):
    whole = fit(data, FOLDS, SMALL, tmp_path / "whole", starter, progress=False)
    assert (tmp_path / "whole" / SYNTHETIC).is_file()

    class PulledPlugError(Exception):
        pass

    class Pull(lightning.pytorch.callbacks.Callback):
        def on_train_epoch_start(self, trainer, pl_module):
            if trainer.current_epoch == 1:
                raise PulledPlugError

    with pytest.raises(PulledPlugError):
        fit(data, FOLDS, SMALL, tmp_path / "halves", starter, progress=False, extra_callbacks=[Pull()])
    resumed = fit(data, FOLDS, SMALL, tmp_path / "halves", starter, progress=False)
    for name, value in whole.state_dict().items():
        torch.testing.assert_close(value, resumed.state_dict()[name], rtol=0, atol=0)
    alone = fit(data, FOLDS, _changed(synthetic_structures=0), tmp_path / "alone", starter, progress=False)
    assert any(not torch.equal(value, alone.state_dict()[name]) for name, value in whole.state_dict().items())


@pytest.mark.parametrize(("n_synthetic", "expected"), [(0, 2), (60, 5)])
def test_a_run_does_not_stop_before_the_epochs_without_synthetic_spectra(
    data, starter, tmp_path, n_synthetic, expected
):
    # nothing is learned, so no epoch is better than the one before; 3 is the first of the real ones
    settings = _changed(
        synthetic_structures=n_synthetic, epochs=6, real_epochs=3, patience=1, learning_rate=0.0, spectra_per_epoch=8
    )
    fit(data, FOLDS, settings, tmp_path, starter, progress=False)
    assert len((tmp_path / "curve.csv").read_text().splitlines()) - 1 == expected


def _changed(**settings):
    return TrainingSettings.from_dict(SMALL.to_dict() | settings)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({}, "candidate library"),
        ({"real_epochs": 3}, "none of 3 epochs"),
    ],
)
@pytest.mark.parametrize("train", [fit, refit_network])
def test_what_does_not_go_with_synthetic_spectra_is_refused(data, starter, tmp_path, train, changes, message):
    with pytest.raises(SettingsError, match=message):
        train(data, FOLDS, _changed(**changes), tmp_path, starter if changes else None, progress=False)


def test_the_formula_is_there_for_most_and_is_right(data, starter):
    synthetic = SyntheticSpectra.build(starter, data, FOLDS, 300)
    spectra, _ = synthetic.draw(2000, np.random.default_rng(0))
    there = spectra.formula != ""
    # FORMULA_SHARE of 2,000, four standard deviations of a binomial to either side
    assert abs(there.mean() - 0.75) < 4 * np.sqrt(0.75 * 0.25 / 2000)
    assert (spectra.formula_confidence[~there] == 0).all()
    assert (spectra.formula_confidence[there] >= 0.5).all()
    shift = PROTON_MASS * spectra.ion_mode[there]
    masses = np.array([mass.calculate_mass(formula=text) for text in spectra.formula[there].tolist()])
    np.testing.assert_allclose(masses + shift, spectra.precursor_mz[there], atol=1e-4)

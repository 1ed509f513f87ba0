import csv
import json
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from builders import make_spectrum
from labelled_file import FOLDS, write_folds, write_labelled_mgf
from matchms.exporting import save_as_mgf

from matchms_fingerprint import load_model
from matchms_fingerprint.chem.fingerprints import FingerprintSpec
from matchms_fingerprint.errors import InputFileError, OutputError, SettingsError
from matchms_fingerprint.evaluation.metrics import tanimoto_of_bits
from matchms_fingerprint.evaluation.predictions import predict_rows
from matchms_fingerprint.features.labelled import read_labelled_spectra
from matchms_fingerprint.training.augment import Augmentation
from matchms_fingerprint.training.calibrate import DEFAULT_TEMPERATURE, fit_temperature
from matchms_fingerprint.training.curve import Curve
from matchms_fingerprint.training.datasets import structure_balanced_weights
from matchms_fingerprint.training.finish import About
from matchms_fingerprint.training.fit import fit
from matchms_fingerprint.training.lightning_run import adamw, share_of_device
from matchms_fingerprint.training.run import train
from matchms_fingerprint.training.settings import TrainingSettings
from matchms_fingerprint.training.splits import FoldSource

SMALL = TrainingSettings(
    encoder_settings={
        "n_input": 32,
        "n_hidden": 64,
        "n_embedding": 32,
        "n_blocks": 1,
        "dropout": 0.0,
        "feature_dropout": 0.0,
    },
    fingerprint="morgan:radius=2,bits=256",
    epochs=4,
    spectra_per_epoch=64,
    batch_size=16,
    learning_rate=5e-3,
)
UNDISTURBED = Augmentation(0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0)


@pytest.fixture(scope="module")
def mgf(tmp_path_factory):
    return write_labelled_mgf(tmp_path_factory.mktemp("spectra") / "labelled.mgf")


@pytest.fixture(scope="module")
def data(mgf):
    return read_labelled_spectra(mgf, FingerprintSpec.parse(SMALL.fingerprint))


@pytest.fixture
def folds():
    return np.array(["train"] * 12 + ["val"] * 4)


def test_spectra_and_structures_are_read(data):
    assert len(data) == 16
    assert len(data.smiles) == 8
    assert data.structure.tolist() == np.repeat(np.arange(8), 2).tolist()
    assert data.ids[3] == "S11"
    assert data.bits(np.arange(3)).shape == (3, 256)


def test_a_file_without_structures_cannot_be_trained_on(tmp_path):
    save_as_mgf(make_spectrum(), str(tmp_path / "bare.mgf"))
    with pytest.raises(InputFileError, match="SMILES or INCHI"):
        read_labelled_spectra(tmp_path / "bare.mgf", FingerprintSpec.parse("maccs"))


def test_structures_are_balanced_up_to_the_cap():
    structure = np.array([0] * 100 + [1] * 5 + [2])
    weights = structure_balanced_weights(structure, 10)
    shares = np.bincount(structure, weights)
    # 100 spectra count as 10, 5 as 5, 1 as 1
    np.testing.assert_allclose(shares, np.array([10, 5, 1]) / 16)


def test_the_network_can_learn_sixteen_spectra_by_heart(data, tmp_path):
    settings = replace(SMALL, epochs=40, patience=40, augmentation=UNDISTURBED)
    # the same spectra choose the epoch: this is about capacity, not about generalisation
    folds = np.array(["train"] * 16 + ["val"] * 16)
    network = fit(_doubled(data), folds, settings, tmp_path, progress=False)
    bits = predict_rows(network, data, np.arange(16)) > 0.5
    assert tanimoto_of_bits(bits, data.bits(np.arange(16))).mean() > 0.98


def _doubled(data):
    twice = np.tile(np.arange(16), 2)
    return replace(data, spectra=data.spectra.take(twice), ids=data.ids[twice], structure=data.structure[twice])


def test_the_same_seed_gives_the_same_network_and_another_seed_another(data, folds, tmp_path):
    states = []
    for i, seed in enumerate((1, 1, 2)):
        network = fit(data, folds, replace(SMALL, seed=seed), tmp_path / str(i), progress=False)
        states.append(network.state_dict())
    for name, value in states[0].items():
        torch.testing.assert_close(value, states[1][name], rtol=0, atol=0)
    assert any(not torch.equal(value, states[2][name]) for name, value in states[0].items())


def test_a_resumed_run_gives_what_an_undisturbed_run_gives(data, folds, tmp_path):
    whole = fit(data, folds, SMALL, tmp_path / "whole", progress=False)

    class PulledPlugError(Exception):
        pass

    import lightning

    class Pull(lightning.pytorch.callbacks.Callback):
        def on_train_epoch_start(self, trainer, pl_module):
            if trainer.current_epoch == 2:
                raise PulledPlugError

    with pytest.raises(PulledPlugError):
        fit(data, folds, SMALL, tmp_path / "halves", progress=False, extra_callbacks=[Pull()])
    resumed = fit(data, folds, SMALL, tmp_path / "halves", progress=False)
    for name, value in whole.state_dict().items():
        torch.testing.assert_close(value, resumed.state_dict()[name], rtol=0, atol=0)
    curves = [(tmp_path / name / "curve.csv").read_text() for name in ("whole", "halves")]
    assert curves[0] == curves[1]


def test_the_temperature_is_found_again():
    rng = np.random.default_rng(0)
    scores, correct = [], []
    for _ in range(4000):
        s = rng.normal(0, 0.3, 8)
        p = np.exp(s / 0.2)
        scores.append(s)
        correct.append(np.arange(8) == rng.choice(8, p=p / p.sum()))
    # drawn from a softmax with temperature 0.2
    assert fit_temperature(scores, correct) == pytest.approx(0.2, rel=0.1)
    assert fit_temperature(scores[:3], correct[:3]) == DEFAULT_TEMPERATURE


ABOUT = {"name": "small", "version": "1", "data": "sixteen invented spectra", "licences": "CC0", "split": "table"}


def make_folds(tmp_path, folds):
    return FoldSource(write_folds(tmp_path / "folds.tsv", folds))


def test_a_run_writes_a_model_that_loads_with_its_card(mgf, tmp_path):
    folds = make_folds(tmp_path, FOLDS)
    card = train(mgf, folds, SMALL, About(source=mgf, **ABOUT), tmp_path / "m", tmp_path / "run", progress=False)
    model = load_model(tmp_path / "m")
    assert model.name == "small"
    assert model.card == card
    assert card["spectra"] == {"train": 10, "val": 2, "test": 4}
    rows = card["measured"]["test"]["fingerprint"]
    assert rows["all"]["n_spectra"] == 4
    text = (tmp_path / "m" / "MODEL_CARD.md").read_text()
    assert "nearest neighbour" in text
    assert "sixteen invented spectra" in text
    assert "](curve.png)" in text
    assert (tmp_path / "m" / "curve.png").is_file()
    with open(tmp_path / "run" / "curve.csv") as handle:
        curve = list(csv.DictReader(handle))
    assert [row["epoch"] for row in curve] == ["0", "1", "2", "3"]
    assert all(0 < float(row["val_tanimoto"]) < 1 and float(row["train_loss"]) > 0 for row in curve)
    assert (tmp_path / "run" / "curve.png").read_bytes().startswith(b"\x89PNG")


def test_leaking_structures_stop_the_run_unless_allowed(mgf, tmp_path):
    folds = make_folds(tmp_path, (["train", "test"] * 6) + ["val"] * 4)
    about = About(source=mgf, **ABOUT)
    with pytest.raises(SettingsError, match="6 structures of `test`"):
        train(mgf, folds, SMALL, about, tmp_path / "m", tmp_path / "run", progress=False)
    train(mgf, folds, SMALL, about, tmp_path / "m", tmp_path / "run2", allow_shared_structures=True, progress=False)
    assert (tmp_path / "m" / "bundle.json").is_file()


def test_a_run_folder_is_not_reused_by_accident(mgf, tmp_path):
    folds = make_folds(tmp_path, FOLDS)
    about = About(source=mgf, **ABOUT)
    train(mgf, folds, SMALL, about, tmp_path / "m", tmp_path / "run", progress=False)
    with pytest.raises(OutputError, match="--resume"):
        train(mgf, folds, SMALL, about, tmp_path / "m2", tmp_path / "run", progress=False)
    with pytest.raises(OutputError, match="other settings"):
        train(mgf, folds, replace(SMALL, seed=9), about, tmp_path / "m2", tmp_path / "run", resume=True, progress=False)


def test_a_run_that_failed_before_its_first_checkpoint_is_not_in_the_way(mgf, tmp_path):
    folds = make_folds(tmp_path, FOLDS)
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "run_settings.json").write_text("{}")
    train(mgf, folds, SMALL, About(source=mgf, **ABOUT), tmp_path / "m", tmp_path / "run", progress=False)
    assert (tmp_path / "m" / "bundle.json").is_file()
    assert (tmp_path / "run" / "last.ckpt").is_file()


def test_settings_survive_json_and_refuse_unknown_keys():
    again = TrainingSettings.from_dict(json.loads(json.dumps(SMALL.to_dict())))
    assert again == SMALL
    with pytest.raises(SettingsError, match="epoch; known"):
        TrainingSettings.from_dict({"epoch": 3})
    with pytest.raises(SettingsError, match="unit_masses"):
        TrainingSettings.from_dict({"augmentation": {"unit_masses": 1}})


def test_a_run_logs_to_a_table_and_to_tensorboard(data, folds, tmp_path):
    pytest.importorskip("tensorboard")
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    settings = replace(SMALL, epochs=2)
    fit(data, folds, settings, tmp_path, progress=False)
    with open(tmp_path / "curve.csv") as handle:
        curve = list(csv.DictReader(handle))
    assert list(curve[0])[:4] == ["epoch", "train_loss", "val_tanimoto", "val_threshold"]
    assert all(0 < float(row["learning_rate"]) <= settings.learning_rate for row in curve)
    events = EventAccumulator(str(tmp_path / "tensorboard")).Reload()
    for name in ("val_tanimoto", "train_loss"):
        logged = [event.value for event in events.Scalars(name)]
        assert logged == pytest.approx([float(row[name]) for row in curve], rel=1e-5)


def test_the_course_of_a_run_of_an_earlier_version_is_taken_up(tmp_path):
    curve = Curve(tmp_path)
    curve.load_state_dict({"rows": [[0, 0.9, 0.1, 0.3]]})
    assert curve.rows == [{"epoch": 0, "train_loss": 0.9, "val_tanimoto": 0.1, "val_threshold": 0.3}]


@pytest.mark.parametrize(("warmup", "n_steps"), [(0.1, 10), (0.1, 20), (0.25, 4), (0.0, 7)])
def test_the_learning_rate_rises_and_falls_to_nothing(warmup, n_steps):
    settings = TrainingSettings(epochs=n_steps, spectra_per_epoch=4, batch_size=4, warmup=warmup, learning_rate=0.5)
    made = adamw([torch.nn.Parameter(torch.zeros(1))], settings)
    rates = []
    for _ in range(n_steps):
        rates.append(made["optimizer"].param_groups[0]["lr"])
        made["optimizer"].step()
        made["lr_scheduler"]["scheduler"].step() if len(rates) < n_steps else None
    assert max(rates) <= 0.5
    assert rates[-1] < 0.01


def test_devices_share_the_batches_of_an_epoch():
    shares = [share_of_device(range(7), SimpleNamespace(world_size=3, global_rank=rank)) for rank in range(3)]
    assert [list(share) for share in shares] == [[0, 3], [1, 4], [2, 5]]
    assert list(share_of_device(range(7), SimpleNamespace(world_size=1, global_rank=0))) == list(range(7))


@pytest.mark.slow
def test_two_devices_train_one_network(data, folds, tmp_path):
    network = fit(data, folds, SMALL, tmp_path, progress=False, accelerator="cpu", devices=2)
    alone = fit(data, folds, SMALL, tmp_path / "alone", progress=False)
    with open(tmp_path / "curve.csv") as handle:
        assert [row["epoch"] for row in csv.DictReader(handle)] == [str(epoch) for epoch in range(SMALL.epochs)]
    assert any(not torch.equal(value, alone.state_dict()[name]) for name, value in network.state_dict().items())
    assert torch.isfinite(torch.cat([value.flatten() for value in network.state_dict().values()])).all()

import json
from dataclasses import replace

import lightning
import numpy as np
import pytest
import torch
from builders import make_spectrum, random_spectra

from matchms_fingerprint.errors import ModelError, OutputError, SettingsError
from matchms_fingerprint.features.arrays import spectrum_arrays
from matchms_fingerprint.models.encoders.deep_sets import DeepSets
from matchms_fingerprint.models.encoders.peak_transformer import PeakTransformer
from matchms_fingerprint.training.augment import Augmentation
from matchms_fingerprint.training.masked_peaks import PretrainingSettings, hide_peaks, usable_rows
from matchms_fingerprint.training.pretrain import load_pretrained, pretrain

SIZES = {"n_model": 32, "n_layers": 2, "n_heads": 4, "n_inner": 64, "n_embedding": 16, "n_bias": 8, "dropout": 0.0}
SMALL = PretrainingSettings(
    encoder_settings=SIZES,
    epochs=12,
    spectra_per_epoch=320,
    batch_size=32,
    learning_rate=5e-3,
    bin_width_da=1.0,
    max_mz=300.0,
    hidden_share=0.15,
    held_out_share=0.2,
    augmentation=Augmentation(0.1, 0.0, 1.0, 0.0, 0.0, 0.0, 0.0),
)
SHORT = replace(SMALL, epochs=3, spectra_per_epoch=64)


@pytest.fixture(scope="module")
def families():
    """Spectra of ten families of six masses each: from the masses that are shown the hidden one follows."""
    rng = np.random.default_rng(0)
    masses = np.sort(rng.uniform(40, 280, (10, 6)), axis=1)
    spectra = [
        make_spectrum(masses[i % 10].tolist(), rng.uniform(0.2, 1, 6).tolist(), precursor_mz=rng.uniform(300, 600))
        for i in range(400)
    ]
    return spectrum_arrays(spectra)


@pytest.fixture(scope="module")
def run(families, tmp_path_factory):
    folder = tmp_path_factory.mktemp("pretrained")
    return pretrain(families, SMALL, folder, progress=False), folder


def test_hidden_peaks_are_found_far_more_often_than_by_a_constant_answer(run):
    _, folder = run
    best = json.loads((folder / "encoder.json").read_text())["best"]
    # the best constant answer is one mass of some sixty; one peak of six is hidden, so that all can be found
    assert best["constant_accuracy"] < 0.1
    assert best["val_accuracy"] > 0.5


def test_an_encoder_starts_from_the_pretrained_weights(run, families):
    trained, folder = run
    torch.manual_seed(7)
    encoder = PeakTransformer(**(SIZES | {"dropout": 0.3, "n_embedding": 24})).eval()
    fresh = encoder.embedding.weight.clone()
    description = load_pretrained(encoder, folder)
    assert description["n_spectra"]["train"] + description["n_spectra"]["held_out"] == 400
    group = encoder.prepare(families)[0]
    torch.testing.assert_close(encoder.contextualize(group), trained.contextualize(group))
    assert torch.equal(encoder.embedding.weight, fresh)
    assert encoder(encoder.prepare(families)).shape == (400, 24)


def test_what_does_not_fit_is_refused_by_name(run, tmp_path):
    _, folder = run
    with pytest.raises(ModelError, match="cannot start a DeepSets"):
        load_pretrained(DeepSets(n_peak=16, n_hidden=16, n_embedding=8), folder)
    with pytest.raises(ModelError, match="n_model 32 and not 16"):
        load_pretrained(PeakTransformer(**(SIZES | {"n_model": 16})), folder)
    with pytest.raises(ModelError, match="no such file"):
        load_pretrained(PeakTransformer(**SIZES), tmp_path)
    for name in ("encoder.json", "encoder.safetensors"):
        (tmp_path / name).write_bytes((folder / name).read_bytes())
    with open(tmp_path / "encoder.safetensors", "r+b") as handle:
        handle.seek(-1, 2)
        handle.write(b"x")
    with pytest.raises(ModelError, match="not the file"):
        load_pretrained(PeakTransformer(**SIZES), tmp_path)
    (tmp_path / "encoder.json").write_text("{}")
    with pytest.raises(ModelError, match="format None"):
        load_pretrained(PeakTransformer(**SIZES), tmp_path)


class PulledPlugError(Exception):
    pass


class Pull(lightning.pytorch.callbacks.Callback):
    def on_train_epoch_start(self, trainer, pl_module):
        if trainer.current_epoch == 2:
            raise PulledPlugError


def test_a_resumed_run_gives_what_an_undisturbed_run_gives(families, tmp_path):
    whole = pretrain(families, SHORT, tmp_path / "whole", progress=False)
    with pytest.raises(PulledPlugError):
        pretrain(families, SHORT, tmp_path / "halves", progress=False, extra_callbacks=[Pull()])
    resumed = pretrain(families, SHORT, tmp_path / "halves", progress=False)
    for name, value in whole.state_dict().items():
        torch.testing.assert_close(value, resumed.state_dict()[name], rtol=0, atol=0)
    described = [json.loads((tmp_path / name / "encoder.json").read_text()) for name in ("whole", "halves")]
    assert described[0] == described[1]
    assert [row["epoch"] for row in described[0]["course"]] == [0, 1, 2]
    with pytest.raises(OutputError, match="other settings"):
        pretrain(families, replace(SHORT, seed=5), tmp_path / "whole", progress=False)


def test_nothing_of_a_hidden_peak_but_its_intensity_remains():
    """The same spectrum with other masses at the hidden places gives the same input."""
    encoder = PeakTransformer(**SIZES)
    mz = np.linspace(60, 250, 10)
    groups = [encoder.prepare(spectrum_arrays([make_spectrum(masses.tolist())]))[0] for masses in (mz, mz + 0.25)]
    settings = replace(SMALL, hidden_share=0.35)
    first, second = (hide_peaks(group, settings, np.random.default_rng(4)) for group in groups)
    # 35 % of ten, rounded up
    assert first.is_hidden.sum() == 4
    assert torch.equal(first.is_hidden, second.is_hidden)
    hidden = first.is_hidden[0]
    for name in ("fragment", "loss", "scales"):
        ours, theirs = getattr(first.group, name)[0], getattr(second.group, name)[0]
        assert torch.equal(ours[hidden], theirs[hidden])
        assert not torch.equal(ours[~hidden], theirs[~hidden])
    assert first.bins.tolist() == np.floor(mz[hidden.numpy()]).astype(int).tolist()
    # the prepared spectra themselves are not touched
    assert groups[0].fragment[0].any(dim=1).all()


def test_peaks_are_hidden_among_real_ones_below_the_highest_bin_and_never_all():
    encoder = PeakTransformer(**SIZES)
    spectra = [*random_spectra(40), make_spectrum([50.0]), make_spectrum([], []), make_spectrum([299.9, 300.1, 301.0])]
    for group in encoder.prepare(spectrum_arrays(spectra)):
        masked = hide_peaks(group, replace(SMALL, hidden_share=0.99), np.random.default_rng(0))
        assert not (masked.is_hidden & ~group.is_peak).any()
        assert len(masked.bins) == masked.is_hidden.sum()
        assert (masked.bins < 300).all()
        n_peaks = group.is_peak.sum(dim=1)
        assert (masked.is_hidden.sum(dim=1) <= (n_peaks - 1).clamp(min=0)).all()


def test_strong_peaks_are_hidden_more_often():
    encoder = PeakTransformer(**SIZES)
    spectra = spectrum_arrays([make_spectrum([100.0, 150.0, 200.0, 250.0], [1.0, 0.04, 0.04, 0.04])] * 2000)
    masked = hide_peaks(encoder.prepare(spectra)[0], replace(SMALL, hidden_share=0.2), np.random.default_rng(0))
    # roots 1, 0.2, 0.2, 0.2: one in 1.6 of the single peaks hidden is the strong one; four standard errors
    assert masked.is_hidden[:, 0].float().mean() == pytest.approx(1 / 1.6, abs=0.045)


def test_compounds_stay_on_one_side_and_poor_spectra_out(families):
    poor = spectrum_arrays([make_spectrum(), make_spectrum([310.0, 320.0, 330.0, 340.0, 350.0])])
    encoder = PeakTransformer(**SIZES)
    twins = families.take(np.repeat(np.arange(100), 2))
    train, held_out = usable_rows(twins, encoder.tokens, SMALL)
    assert set(train // 2).isdisjoint(held_out // 2)
    assert sorted([*train, *held_out]) == list(range(200))
    with pytest.raises(SettingsError, match="0 have at least 4 peaks"):
        usable_rows(poor, encoder.tokens, SMALL)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [({"hidden_share": 1.0}, "hidden_share"), ({"epochs": 0}, "epochs"), ({"min_peaks": 1}, "min_peaks"),
     ({"bin_width_da": 0.0}, "positive width")],
)  # fmt: skip
def test_settings_that_make_no_sense_are_refused(wrong, message):
    with pytest.raises(SettingsError, match=message):
        replace(SMALL, **wrong)

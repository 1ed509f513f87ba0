import json
import pickle

import numpy as np
import pytest
from builders import random_spectra, tiny_model

from matchms_fingerprint import load_model
from matchms_fingerprint.errors import ModelError
from matchms_fingerprint.models.bundle import MANIFEST, WEIGHTS, find_bundle


@pytest.fixture
def folder(tmp_path):
    return tiny_model(tmp_path)


def test_a_bundle_loads_and_predicts(folder):
    model = load_model(folder)
    spectra = random_spectra(5)
    probabilities = model.predict_fingerprints(spectra)
    assert probabilities.shape == (5, 256)
    assert probabilities.dtype == np.float32
    assert ((probabilities > 0) & (probabilities < 1)).all()
    bits = model.predict_fingerprints(spectra, binary=True)
    assert bits.dtype == np.uint8
    np.testing.assert_array_equal(bits, probabilities > model.bit_threshold)
    embedding = model.embed(spectra)
    assert embedding.shape == (5, 24)
    assert embedding.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(embedding, axis=1), 1.0, rtol=1e-6)
    both = model.predict_and_embed(spectra)
    np.testing.assert_array_equal(both[0], probabilities)
    np.testing.assert_array_equal(both[1], embedding)


def test_no_spectra_give_empty_arrays(folder):
    model = load_model(folder)
    assert model.predict_fingerprints([]).shape == (0, 256)
    assert model.embed([]).shape == (0, 24)
    assert model.predict_and_embed([])[0].shape == (0, 256)


def test_a_spectrum_does_not_depend_on_its_batch(folder):
    model = load_model(folder)
    spectra = random_spectra(1200)
    together = model.predict_fingerprints(spectra)
    alone = model.predict_fingerprints(spectra[1100:1101])
    np.testing.assert_allclose(together[1100:1101], alone, rtol=1e-5)


def test_a_model_pickles(folder):
    model = load_model(folder)
    again = pickle.loads(pickle.dumps(model))
    assert again.sha256 == model.sha256


@pytest.mark.parametrize("name", [WEIGHTS, "substructures.json", "MODEL_CARD.md"])
def test_one_flipped_byte_is_refused(folder, name):
    content = bytearray((folder / name).read_bytes())
    content[len(content) // 2] ^= 1
    (folder / name).write_bytes(bytes(content))
    with pytest.raises(ModelError, match=r"sha256 .* damaged") as caught:
        load_model(folder)
    assert name in str(caught.value)


def test_truncated_weights_are_refused(folder):
    content = (folder / WEIGHTS).read_bytes()
    (folder / WEIGHTS).write_bytes(content[:-100])
    with pytest.raises(ModelError, match=r"weights\.safetensors"):
        load_model(folder)


@pytest.mark.parametrize("name", [WEIGHTS, MANIFEST])
def test_a_missing_file_is_named(folder, name):
    (folder / name).unlink()
    with pytest.raises(ModelError, match=name):
        load_model(folder)


def change_manifest(folder, **changes):
    manifest = json.loads((folder / MANIFEST).read_text())
    (folder / MANIFEST).write_text(json.dumps(manifest | changes))


def test_another_format_is_refused(folder):
    change_manifest(folder, format=99)
    with pytest.raises(ModelError, match="format 99"):
        load_model(folder)


def test_an_unknown_encoder_is_refused(folder):
    network = json.loads((folder / MANIFEST).read_text())["network"]
    change_manifest(folder, network=network | {"encoder": "oracle"})
    with pytest.raises(ModelError, match="oracle"):
        load_model(folder)


def test_weights_that_do_not_fit_are_refused(folder):
    network = json.loads((folder / MANIFEST).read_text())["network"]
    sizes = network["encoder_settings"] | {"n_hidden": 48}
    change_manifest(folder, network=network | {"encoder_settings": sizes})
    with pytest.raises(ModelError, match="does not fit"):
        load_model(folder)


def test_an_unknown_entry_is_refused(folder):
    change_manifest(folder, extra=1)
    with pytest.raises(ModelError, match="extra"):
        load_model(folder)


def test_an_unknown_name_says_what_there_is():
    with pytest.raises(ModelError, match="default"):
        find_bundle("no such model")

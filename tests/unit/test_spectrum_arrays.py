import numpy as np
from builders import make_spectrum, random_spectra

from matchms_fingerprint.features.arrays import ADDUCTS, join_arrays, spectrum_arrays


def test_metadata_is_gathered():
    arrays = spectrum_arrays(
        [
            make_spectrum(collision_energy="30% (nominal)", instrument_type="LC-ESI-QFT"),
            make_spectrum(adduct="[M-H]-", ionmode="negative", charge=-1, collision_energy="20 eV"),
            make_spectrum(adduct=None, ionmode=None, charge=None, precursor_mz=None),
        ]
    )
    assert ADDUCTS[arrays.adduct[0]] == "[M+H]+"
    assert ADDUCTS[arrays.adduct[1]] == "[M-H]-"
    assert arrays.adduct[2] == 0
    assert arrays.ion_mode.tolist() == [1, -1, 0]
    # 30 % of 181.0707 / 500
    np.testing.assert_allclose(arrays.collision_energy, [0.3 * 181.0707 / 5, 20.0, np.nan], rtol=1e-6)
    assert np.isnan(arrays.precursor_mz[2])


def test_spellings_of_one_adduct_are_one_class():
    names = ("[M+CH3COOH-H]-", "[M+CH3COO]-", "[M+HAc-H]-")
    arrays = spectrum_arrays([make_spectrum(adduct=name, ionmode=None, charge=-1) for name in names])
    assert {ADDUCTS[i] for i in arrays.adduct} == {"[M+CH3COO]-"}
    assert arrays.ion_mode.tolist() == [-1, -1, -1]


def test_odd_metadata_is_unknown_and_not_an_error():
    arrays = spectrum_arrays([make_spectrum(adduct="gibberish", ionmode="n/a", collision_energy="high")])
    assert arrays.adduct[0] == 0
    assert arrays.ion_mode[0] == 0
    assert np.isnan(arrays.collision_energy[0])


def test_intensities_are_relative_to_the_base_peak():
    arrays = spectrum_arrays([make_spectrum([50.0, 60.0], [5.0, 20.0])])
    np.testing.assert_allclose(arrays.intensity, [0.25, 1.0])


def test_zero_peaks_and_empty_spectra_keep_their_row():
    arrays = spectrum_arrays([make_spectrum([50.0, 60.0], [0.0, 2.0]), make_spectrum([], [])])
    assert arrays.offsets.tolist() == [0, 1, 1]


def test_no_spectra():
    assert len(spectrum_arrays([])) == 0


def test_take_and_join_are_inverse():
    arrays = spectrum_arrays(random_spectra(20))
    order = np.random.default_rng(0).permutation(20)
    joined = join_arrays([arrays.take(order[:7]), arrays.take(order[7:])])
    again = joined.take(np.argsort(order))
    np.testing.assert_array_equal(again.mz, arrays.mz)
    np.testing.assert_array_equal(again.offsets, arrays.offsets)
    np.testing.assert_array_equal(again.precursor_mz, arrays.precursor_mz)

"""`annotate`: spectra, library and model to annotations, with the real parts."""

import gc
import itertools
import json
import math
import weakref
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from builders import TINY_FINGERPRINT, make_spectrum, random_spectra, tiny_model
from matchms import Spectrum

from matchms_fingerprint import Annotation, CandidateLibrary, annotate, load_model, load_spectra
from matchms_fingerprint.annotation.features import STATUSES, UNSURE
from matchms_fingerprint.annotation.settings import AnnotationSettings
from matchms_fingerprint.chem import get_adduct, unpack_bits
from matchms_fingerprint.errors import AdductError, InputFileError, LibraryError, SettingsError, StructureError
from matchms_fingerprint.features.arrays import SpectrumArrays
from matchms_fingerprint.kernels.tanimoto import SCORES

CAFFEINE_MZ = 195.0877  # [M+H]+ of C8H10N4O2, 194.0804 + 1.0073


def names(annotation: Annotation) -> list[str]:
    return [hit.candidate.name for hit in annotation.hits]


def one(spectrum: Spectrum, library: Path, model: Path, **settings: object) -> Annotation:
    (annotation,) = annotate([spectrum], library, model, **settings)
    return annotation


def test_each_feature_of_a_file_comes_once_in_order_with_its_status(
    features_mgf: Path, small_library: Path, tiny_bundle: Path
) -> None:
    found = list(annotate(features_mgf, small_library, tiny_bundle))
    assert [a.status for a in found] == [a.feature_id.split("-")[0] for a in found]
    assert {a.status for a in found} == set(STATUSES) - {UNSURE}
    assert all(bool(a.hits) == (a.status == "annotated") for a in found)
    assert "block 6" in found[5].message
    assert str(features_mgf) in found[5].message


def test_metadata_of_the_feature(features_mgf: Path, small_library: Path, tiny_bundle: Path) -> None:
    first, *_, last = annotate(features_mgf, small_library, tiny_bundle)
    assert first.scans == "1,4-6"
    assert first.retention_time_s == 61.5
    assert (first.ion_mode, first.adduct, first.precursor_mz, first.n_peaks) == ("positive", "[M+H]+", CAFFEINE_MZ, 4)
    assert (last.ion_mode, last.adduct, last.retention_time_s) == ("negative", None, None)


@pytest.mark.parametrize("score", list(SCORES))
def test_scores_and_probabilities_against_the_definition(
    features_mgf: Path, small_library: Path, tiny_bundle: Path, score: str
) -> None:
    """The same numbers from the predicted fingerprint and the candidates' bits, without the machinery."""
    model, library = load_model(tiny_bundle), CandidateLibrary.open(small_library)
    spectrum = next(load_spectra(features_mgf))
    (p,) = model.predict_fingerprints([spectrum])
    candidates = library.search(precursor_mz=CAFFEINE_MZ, adduct="[M+H]+")
    bits = unpack_bits(candidates.fingerprints, 256).astype(float)
    expected = {candidate.name: SCORES[score](p, candidates.fingerprints)[i] for i, candidate in enumerate(candidates)}
    if score == "cosine":
        cosines = bits @ p / (np.linalg.norm(bits, axis=1) * np.linalg.norm(p))
        np.testing.assert_allclose(list(expected.values()), cosines, rtol=1e-6)
    annotation = one(spectrum, small_library, tiny_bundle, score=score)
    assert {hit.candidate.name: hit.score for hit in annotation.hits} == pytest.approx(expected)
    assert [hit.score for hit in annotation.hits] == sorted(expected.values(), reverse=True)
    assert [hit.rank for hit in annotation.hits] == list(range(1, len(expected) + 1))
    as_evidence = math.log if score == "log_likelihood" else float  # a likelihood multiplies
    weights = {name: math.exp(as_evidence(value) / model.temperatures[score]) for name, value in expected.items()}
    total = sum(weights.values())
    assert {hit.candidate.name: hit.probability for hit in annotation.hits} == pytest.approx(
        {name: weight / total for name, weight in weights.items()}
    )
    assert annotation.hits[0].evidence == {score: annotation.hits[0].score}


def test_probabilities_are_shares_of_all_candidates_not_of_the_top(small_library: Path, tiny_bundle: Path) -> None:
    spectrum = make_spectrum(precursor_mz=CAFFEINE_MZ)
    everything = one(spectrum, small_library, tiny_bundle)
    best = one(spectrum, small_library, tiny_bundle, top_k=1)
    assert len(everything.hits) == 2
    assert best.hits == everything.hits[:1]
    assert best.hits[0].probability < 1


def test_mass_error_is_measured_minus_calculated_in_ppm(small_library: Path, tiny_bundle: Path) -> None:
    exact = get_adduct("[M+H]+").precursor_mz(194.080376)  # C8H10N4O2
    hit = one(make_spectrum(precursor_mz=exact * (1 + 4e-6)), small_library, tiny_bundle).hits[0]
    assert hit.mass_error_ppm == pytest.approx(4.0, abs=0.01)


def test_tolerance_bounds_the_window(small_library: Path, tiny_bundle: Path) -> None:
    mz = get_adduct("[M+H]+").precursor_mz(194.080376) * (1 + 12e-6)
    assert one(make_spectrum(precursor_mz=mz), small_library, tiny_bundle).status == "no_candidates"
    assert one(make_spectrum(precursor_mz=mz), small_library, tiny_bundle, tolerance_ppm=13).status == "annotated"
    assert one(make_spectrum(precursor_mz=mz), small_library, tiny_bundle, tolerance_da=0.003).status == "annotated"
    assert one(make_spectrum(precursor_mz=mz), small_library, tiny_bundle, tolerance_da=0.002).status == "no_candidates"


def test_without_an_adduct_the_common_ones_are_tried(small_library: Path, tiny_bundle: Path) -> None:
    sodium = get_adduct("[M+Na]+").precursor_mz(180.063388)  # C6H12O6
    found = one(make_spectrum(precursor_mz=sodium, adduct=None), small_library, tiny_bundle)
    assert sorted(names(found)) == ["fructose", "glucose", "inositol"]
    assert {hit.adduct for hit in found.hits} == {"[M+Na]+"}
    assert found.adduct is None
    assert one(make_spectrum(precursor_mz=sodium), small_library, tiny_bundle).status == "no_candidates"


def test_adducts_of_the_settings_are_tried_where_the_input_gives_none(small_library: Path, tiny_bundle: Path) -> None:
    mz = get_adduct("[2M+H]+").precursor_mz(194.080376)
    spectrum = make_spectrum(precursor_mz=mz, adduct=None)
    assert one(spectrum, small_library, tiny_bundle).status == "no_candidates"
    found = one(spectrum, small_library, tiny_bundle, adducts=["2M+H", "[M+K]+"])
    assert {hit.adduct for hit in found.hits} == {"[2M+H]+"}
    given = make_spectrum(precursor_mz=CAFFEINE_MZ)
    assert one(given, small_library, tiny_bundle, adducts="[2M+H]+").hits[0].adduct == "[M+H]+"


def test_adducts_of_one_mode_settle_an_unknown_ion_mode(small_library: Path, tiny_bundle: Path) -> None:
    spectrum = make_spectrum(precursor_mz=CAFFEINE_MZ, adduct=None, ionmode=None, charge=0)
    assert one(spectrum, small_library, tiny_bundle).status == "unknown_ion_mode"
    assert one(spectrum, small_library, tiny_bundle, adducts=["[M+H]+"]).ion_mode == "positive"
    assert one(spectrum, small_library, tiny_bundle, adducts=["[M+H]+", "[M-H]-"]).status == "unknown_ion_mode"
    assert one(spectrum, small_library, tiny_bundle, ion_mode="positive").status == "annotated"


def test_adducts_of_the_other_mode_find_nothing_and_say_so(small_library: Path, tiny_bundle: Path) -> None:
    found = one(make_spectrum(precursor_mz=CAFFEINE_MZ, adduct=None), small_library, tiny_bundle, adducts=["[M-H]-"])
    assert found.status == "no_candidates"
    assert "none of the adducts to try is positive" in found.message


def test_a_double_charge_adds_the_doubly_protonated_molecule(small_library: Path, tiny_bundle: Path) -> None:
    mz = get_adduct("[M+2H]2+").precursor_mz(192.027003)  # citric acid, C6H8O7
    found = one(make_spectrum(precursor_mz=mz, adduct=None, charge=2), small_library, tiny_bundle)
    assert [(hit.candidate.name, hit.adduct) for hit in found.hits] == [("citric acid", "[M+2H]2+")]
    assert one(make_spectrum(precursor_mz=mz, adduct=None, charge=1), small_library, tiny_bundle).hits == ()


def test_an_adduct_that_is_not_understood_falls_back_on_the_common_ones(small_library: Path, tiny_bundle: Path) -> None:
    found = one(make_spectrum(precursor_mz=CAFFEINE_MZ, adduct="[M+Xx]+"), small_library, tiny_bundle)
    assert found.status == "annotated"
    assert "[M+Xx]+ is not understood; tried [M+H]+" in found.message


@pytest.mark.parametrize(
    ("metadata", "ion_mode"),
    [
        ({"adduct": "M+H", "ionmode": None, "charge": None}, "positive"),
        ({"adduct": "[M - H]-", "ionmode": None, "charge": 0}, "negative"),
        ({"adduct": "[M-H]-", "ionmode": "positive", "charge": 1}, "negative"),
        ({"adduct": None, "ionmode": None, "charge": -1}, "negative"),
        ({"adduct": None, "ionmode": "Positive", "charge": 0}, "positive"),
        ({"adduct": None, "ionmode": None, "charge": 0}, None),
    ],
)
def test_raw_spectra_are_harmonized_like_those_of_files(
    small_library: Path, tiny_bundle: Path, metadata: dict[str, object], ion_mode: str | None
) -> None:
    assert one(make_spectrum(**metadata), small_library, tiny_bundle).ion_mode == ion_mode


def test_a_retention_time_that_is_no_number_is_left_out(small_library: Path, tiny_bundle: Path) -> None:
    assert one(make_spectrum(retention_time=61), small_library, tiny_bundle).retention_time_s == 61.0
    assert one(make_spectrum(retention_time="soon"), small_library, tiny_bundle).retention_time_s is None


@pytest.mark.parametrize("pepmass", [(CAFFEINE_MZ, None), (CAFFEINE_MZ, None, 1), (CAFFEINE_MZ, 1e5)])
def test_a_raw_pepmass_is_read_with_and_without_an_intensity(
    small_library: Path, tiny_bundle: Path, pepmass: object
) -> None:
    spectrum = Spectrum(np.array([85.0, 110.0, 138.0]), np.ones(3), {"adduct": "[M+H]+"})
    spectrum._metadata._data["pepmass"] = pepmass  # as matchms keeps it with metadata_harmonization=False
    found = one(spectrum, small_library, tiny_bundle)
    assert (found.status, found.precursor_mz) == ("annotated", CAFFEINE_MZ)


def test_raw_spectra_are_not_changed(small_library: Path, tiny_bundle: Path) -> None:
    spectrum = make_spectrum(adduct="M+H", fingerprint=np.ones(4), peak_comments={85.0: "x"}, charge=np.int64(1))
    before = dict(spectrum.metadata)
    assert one(spectrum, small_library, tiny_bundle).adduct == "[M+H]+"
    assert spectrum.metadata.keys() == before.keys()
    assert spectrum.get("adduct") == "M+H"


def test_a_spectrum_without_id_gets_its_position(small_library: Path, tiny_bundle: Path) -> None:
    spectra = [make_spectrum(), make_spectrum(feature_id="x9"), make_spectrum(ms_level=1), make_spectrum()]
    assert [a.feature_id for a in annotate(spectra, small_library, tiny_bundle)] == ["1", "x9", "4"]


def test_none_among_the_spectra_is_passed_over_and_counted(
    small_library: Path, tiny_bundle: Path, caplog: pytest.LogCaptureFixture
) -> None:
    spectra = [None, make_spectrum(), None, make_spectrum(feature_id="")]
    with caplog.at_level("WARNING", "matchms_fingerprint"):
        found = list(annotate(spectra, small_library, tiny_bundle))
    assert [a.feature_id for a in found] == ["2", "4"]
    assert [r.getMessage().split(",")[0] for r in caplog.records] == ["2 of the spectra given are None"]


def test_what_is_no_spectrum_is_named_by_its_position(small_library: Path, tiny_bundle: Path) -> None:
    with pytest.raises(SettingsError, match="spectrum 2 is a dict; give matchms spectra"):
        list(annotate([make_spectrum(), {"precursor_mz": 1.0}], small_library, tiny_bundle))


def test_a_precursor_that_is_no_number_is_unreadable(small_library: Path, tiny_bundle: Path) -> None:
    spectrum = make_spectrum()
    spectrum._metadata._data["precursor_mz"] = "about 180"
    found = one(spectrum, small_library, tiny_bundle)
    assert (found.status, found.feature_id) == ("unreadable", "1")
    assert "the precursor m/z 'about" in found.message


def test_a_candidate_under_two_adducts_comes_once_under_the_likelier_then_with_the_smaller_error(
    small_library: Path, tiny_bundle: Path
) -> None:
    """Windows of 20 Da: all eight structures fit one of the adducts, most of them both, 17 Da apart.

    The model knows a share of 0.1 for [M+Na]+, and none for the ammonium and potassium adducts.
    """
    spectrum = make_spectrum(precursor_mz=CAFFEINE_MZ + 0.01, adduct=None)
    found = one(spectrum, small_library, tiny_bundle, tolerance_da=20.0, adducts=["[M+NH4]+", "[M+H]+"])
    assert sorted(names(found)) == [
        "aspirin",
        "caffeine",
        "citric acid",
        "fructose",
        "glucose",
        "inositol",
        "isocaffeine",
        "phenylalanine",
    ]
    assert {hit.adduct for hit in found.hits if hit.candidate.name == "caffeine"} == {"[M+H]+"}

    def adduct_of_caffeine(mz: float, *adducts: str) -> set[str]:
        found = one(
            make_spectrum(precursor_mz=mz, adduct=None), small_library, tiny_bundle, tolerance_da=20.0, adducts=adducts
        )
        return {hit.adduct for hit in found.hits if hit.candidate.name == "caffeine"}

    ammonium = get_adduct("[M+NH4]+").precursor_mz(194.080376)
    assert adduct_of_caffeine(ammonium, "[M+NH4]+", "[M+Na]+") == {"[M+Na]+"}  # likelier, though 5 Da off
    assert adduct_of_caffeine(ammonium + 1, "[M+K]+", "[M+NH4]+") == {"[M+NH4]+"}  # equally rare, and nearer


def test_the_prior_of_the_adduct_enters_the_ranking_where_adducts_compete(
    small_library: Path, tiny_bundle: Path
) -> None:
    """Caffeine as [M+H]+ against the sugars as [M+Na]+, in one window, with priors by hand.

    The shares 0.9 and 0.1 of the tiny model, to the power of 0.5: 0.9487 and 0.3162 over 1.2649.
    """
    log_priors = {"[M+H]+": math.log(0.75), "[M+Na]+": math.log(0.25)}
    spectrum = make_spectrum(precursor_mz=199.07, adduct=None)
    found = one(spectrum, small_library, tiny_bundle, tolerance_da=5.0, adducts=log_priors)
    assert {hit.adduct for hit in found.hits} == set(log_priors)
    temperature = load_model(tiny_bundle).temperatures["cosine"]
    logits = [hit.score / temperature + log_priors[hit.adduct] for hit in found.hits]
    assert logits == sorted(logits, reverse=True)
    total = sum(map(math.exp, logits))
    assert [hit.probability for hit in found.hits] == pytest.approx([math.exp(logit) / total for logit in logits])
    for hit in found.hits:
        assert hit.evidence == {"cosine": hit.score, "log_adduct_prior": pytest.approx(log_priors[hit.adduct])}


def test_no_prior_where_the_adduct_is_known(small_library: Path, tiny_bundle: Path) -> None:
    as_given = one(make_spectrum(precursor_mz=CAFFEINE_MZ), small_library, tiny_bundle)
    as_asked = one(make_spectrum(precursor_mz=CAFFEINE_MZ, adduct=None), small_library, tiny_bundle, adducts=["[M+H]+"])
    assert [set(hit.evidence) for hit in (*as_given.hits, *as_asked.hits)] == [{"cosine"}] * 4


IONS = (
    ("C[N+](C)(C)CCO", "choline"),  # C5H14NO+
    ("CN(C)CCCO", "neutral"),  # C5H13NO; as [M+H]+ it has the m/z of choline
    ("F[B-](F)(F)F", "tetrafluoroborate"),  # BF4-
    ("C[N+](C)(C)CCCC[N+](C)(C)C", "dication"),  # C10H26N2+2
)


@pytest.fixture(scope="module")
def ions(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A library of permanent ions, and a neutral molecule."""
    return CandidateLibrary.build(IONS, tmp_path_factory.mktemp("ions") / "lib", fingerprint=TINY_FINGERPRINT).path


@pytest.mark.parametrize(
    ("molecule_da", "ion", "metadata", "expected"),
    [
        # masses of C5H14NO, C5H13NO, BF4, C10H26N2 from their atoms
        (104.107539, "[M]+", {}, {("choline", "[M]+"), ("neutral", "[M+H]+")}),
        (104.107539, "[M]+", {"adduct": "[M]+"}, {("choline", "[M]+")}),
        (104.107539, "[M+H]+", {}, set()),
        (104.107539, "[M+H]+", {"adduct": "[M+H]+"}, set()),
        (104.107539, "[M+Na]+", {}, set()),
        (103.099714, "[M]+", {}, set()),
        (103.099714, "[M]+", {"adduct": "[M]+"}, {("neutral", "[M]+")}),
        (103.099714, "[M]+", {"adduct": "M+."}, {("neutral", "[M]+")}),
        (104.107539, "[M]-", {"adduct": "[M]-", "ionmode": "negative"}, set()),
        (87.002918, "[M]-", {"adduct": "[M]-", "ionmode": "negative"}, {("tetrafluoroborate", "[M]-")}),
        (87.002918, "[M]+", {"adduct": "[M]+"}, set()),
        (87.002918, "[M-H]-", {"adduct": "[M-H]-", "ionmode": "negative"}, set()),
        (174.209599, "[M]2+", {"adduct": "[M]2+", "charge": 2}, {("dication", "[M]2+")}),
        (174.209599, "[M]+", {"adduct": "[M]+"}, set()),
    ],
)
def test_permanent_ions_are_their_own_ions_and_neutrals_no_radicals_unless_given(
    ions: Path,
    tiny_bundle: Path,
    molecule_da: float,
    ion: str,
    metadata: dict[str, object],
    expected: set[tuple[str, str]],
) -> None:
    mz = get_adduct(ion).precursor_mz(molecule_da)
    found = one(make_spectrum(precursor_mz=mz, **{"adduct": None} | metadata), ions, tiny_bundle)
    assert {(hit.candidate.name, hit.adduct) for hit in found.hits} == expected
    assert found.status == ("annotated" if expected else "no_candidates")


def test_a_radical_is_no_candidate_where_the_settings_alone_name_the_adduct(ions: Path, tiny_bundle: Path) -> None:
    mz = get_adduct("[M]+").precursor_mz(103.099714)
    assert one(make_spectrum(precursor_mz=mz, adduct=None), ions, tiny_bundle, adducts=["[M]+"]).hits == ()


def test_an_adduct_that_the_charge_asks_for_counts_like_the_most_frequent(
    small_library: Path, tiny_bundle: Path
) -> None:
    spectrum = make_spectrum(precursor_mz=CAFFEINE_MZ, adduct=None, charge=2)
    found = one(spectrum, small_library, tiny_bundle, tolerance_da=200.0)
    # [M+H]+ (194 Da) and [M+2H]2+ (388 Da) with windows of 200 Da: each structure fits both
    assert {hit.adduct for hit in found.hits} <= {"[M+H]+", "[M+2H]2+"}
    # 0.9 twice, 0.1 for sodium and 0.001 for each of the other four, to the power of 0.5
    share = 0.9**0.5 / (2 * 0.9**0.5 + 0.1**0.5 + 4 * 0.001**0.5)
    assert found.hits[0].evidence["log_adduct_prior"] == pytest.approx(math.log(share))


def test_batches_and_model_calls_do_not_change_the_result(
    small_library: Path, tiny_bundle: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    spectra = [*random_spectra(9), make_spectrum(precursor_mz=CAFFEINE_MZ)]
    model = load_model(tiny_bundle)
    calls: list[int] = []
    predict = model.predict_arrays

    def counted(batch: SpectrumArrays) -> Any:
        calls.append(len(batch))
        return predict(batch)

    monkeypatch.setattr(model, "predict_arrays", counted)
    whole = list(annotate(spectra, small_library, model, tolerance_da=100.0))
    in_parts = list(annotate(spectra, small_library, model, tolerance_da=100.0, batch_size=4))
    assert calls == [10, 4, 4, 2]
    assert [names(a) for a in whole] == [names(a) for a in in_parts]
    scores = [[hit.score for a in run for hit in a.hits] for run in (whole, in_parts)]
    np.testing.assert_allclose(scores[0], scores[1], rtol=1e-5)


def test_the_same_input_gives_the_same_ranking(small_library: Path, tiny_bundle: Path) -> None:
    spectra = random_spectra(20)
    runs = [list(annotate(spectra, small_library, tiny_bundle, tolerance_da=100.0)) for _ in range(2)]
    assert runs[0] == runs[1]


def test_no_more_than_a_batch_is_held(small_library: Path, tiny_bundle: Path) -> None:
    """Spectra are drawn as needed, from a stream without end, and let go."""
    drawn: list[weakref.ref[Spectrum]] = []

    def endless() -> Iterator[Spectrum]:
        while True:
            spectrum = make_spectrum()
            drawn.append(weakref.ref(spectrum))
            yield spectrum

    annotations = annotate(endless(), small_library, tiny_bundle, batch_size=8)
    assert drawn == []
    assert len(list(itertools.islice(annotations, 20))) == 20
    assert len(drawn) == 24
    gc.collect()
    assert sum(reference() is not None for reference in drawn) <= 8


def test_progress_goes_to_stderr(small_library: Path, tiny_bundle: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert len(list(annotate([make_spectrum()], small_library, tiny_bundle, progress=True))) == 1
    assert capsys.readouterr().out == ""


def test_a_library_of_another_fingerprint_is_refused(small_library: Path, tmp_path: Path) -> None:
    model = tiny_model(tmp_path, fingerprint="maccs", n_bits=167)
    with pytest.raises(LibraryError, match=r"bits=256.*tiny.*maccs.*--fingerprint maccs"):
        annotate([make_spectrum()], small_library, model)


@pytest.mark.parametrize(
    ("settings", "error", "words"),
    [
        (
            {"score": "magic"},
            SettingsError,
            "score 'magic': must be one of cosine, tanimoto, vector_tanimoto, log_likelihood",
        ),
        ({"per_feature": "some"}, SettingsError, "per_feature 'some'"),
        ({"ion_mode": "neutral"}, SettingsError, "ion_mode 'neutral'"),
        ({"top_k": 0}, SettingsError, "top_k 0: must be 1 or more"),
        ({"top_k": "3"}, SettingsError, "top_k '3': must be 1 or more, a whole number"),
        ({"top_k": 2.5}, SettingsError, "top_k 2.5: must be 1 or more, a whole number"),
        ({"min_peaks": None}, SettingsError, "min_peaks None: must be 0 or more, a whole number"),
        ({"tolerance_ppm": "5"}, SettingsError, "tolerance_ppm '5': must be a number above 0"),
        ({"tolerance_ppm": None}, SettingsError, "tolerance_ppm None: must be a number above 0"),
        ({"tolerance_da": "0.01"}, SettingsError, "tolerance_da '0.01': must be a number above 0"),
        ({"batch_size": 0}, SettingsError, "batch_size 0"),
        ({"min_peaks": -1}, SettingsError, "min_peaks -1"),
        ({"tolerance_ppm": 0.0}, SettingsError, "tolerance_ppm 0.0: must be a number above 0"),
        ({"tolerance_da": float("nan")}, SettingsError, "tolerance_da nan"),
        ({"adducts": ["[M+Xx]+"]}, AdductError, "Xx"),
    ],
)
def test_settings_are_checked_before_anything_is_drawn(
    small_library: Path, tiny_bundle: Path, settings: dict[str, object], error: type[Exception], words: str
) -> None:
    with pytest.raises(error) as raised:
        annotate([], small_library, tiny_bundle, **settings)
    assert words in str(raised.value)


@pytest.mark.parametrize("spectra", [make_spectrum(), 7, None])
def test_one_spectrum_in_place_of_a_list_is_refused(small_library: Path, tiny_bundle: Path, spectra: object) -> None:
    with pytest.raises(SettingsError, match=f"spectra is one {type(spectra).__name__}; give the path .* or a list"):
        annotate(spectra, small_library, tiny_bundle)


def test_numbers_of_numpy_are_settings_like_any_other() -> None:
    settings = AnnotationSettings(top_k=np.int64(3), tolerance_ppm=np.float32(5), adducts=("M+H", "[M+H]+"))
    assert json.loads(json.dumps(settings.to_dict()))["top_k"] == 3
    assert (settings.tolerance_ppm, settings.adducts) == (5.0, ("[M+H]+",))


def test_a_missing_file_is_reported_at_once(small_library: Path, tiny_bundle: Path, tmp_path: Path) -> None:
    with pytest.raises(InputFileError, match="no such file"):
        annotate(tmp_path / "missing.mgf", small_library, tiny_bundle)


def test_min_peaks_0_ranks_even_an_empty_spectrum(small_library: Path, tiny_bundle: Path) -> None:
    assert len(one(make_spectrum(mz=[], precursor_mz=CAFFEINE_MZ), small_library, tiny_bundle, min_peaks=0).hits) == 2
    assert one(make_spectrum(mz=[], precursor_mz=CAFFEINE_MZ), small_library, tiny_bundle).status == "too_few_peaks"


def test_peaks_without_intensity_do_not_count(small_library: Path, tiny_bundle: Path) -> None:
    mz = [85.0284, 110.0712, 127.039, 138.0662]
    silent = one(make_spectrum(mz, [0.0] * 4, precursor_mz=CAFFEINE_MZ), small_library, tiny_bundle)
    assert (silent.status, silent.n_peaks, silent.hits) == ("too_few_peaks", 0, ())
    half = make_spectrum(mz, [0.0, 1.0, 0.0, 1.0], precursor_mz=CAFFEINE_MZ)
    assert one(half, small_library, tiny_bundle).n_peaks == 2
    assert one(half, small_library, tiny_bundle, min_peaks=2).status == "annotated"


def test_hits_below_the_probability_asked_for_are_left_out(small_library: Path, tiny_bundle: Path) -> None:
    spectrum = make_spectrum(precursor_mz=CAFFEINE_MZ)
    every = one(spectrum, small_library, tiny_bundle).hits
    least = every[0].probability
    kept = one(spectrum, small_library, tiny_bundle, min_probability=least)
    assert kept.hits == tuple(hit for hit in every if hit.probability >= least)
    none = one(spectrum, small_library, tiny_bundle, min_probability=1.0)
    assert (none.status, none.hits) == (UNSURE, ())
    assert "no hit has a probability of 1" in none.message


def test_a_formula_leaves_its_candidates_alone(small_library: Path, tiny_bundle: Path) -> None:
    spectrum = make_spectrum(precursor_mz=CAFFEINE_MZ)
    found = one(spectrum, small_library, tiny_bundle, formula="C8 H10 O2 N4", tolerance_da=200.0)
    assert found.hits
    assert {hit.candidate.formula for hit in found.hits} == {"C8H10N4O2"}
    with pytest.raises(StructureError):
        one(spectrum, small_library, tiny_bundle, formula="caffeine?")


def test_isomers_are_ranked_among_each_other(small_library: Path, tiny_bundle: Path) -> None:
    found = one(make_spectrum(precursor_mz=CAFFEINE_MZ), small_library, tiny_bundle, tolerance_da=200.0)
    by_formula: dict[str, list[float]] = {}
    for hit in found.hits:
        by_formula.setdefault(hit.candidate.formula, []).append(hit.isomer_rank)
        assert hit.n_tied >= 1
    assert all(ranks == sorted(ranks) and min(ranks) >= 1 for ranks in by_formula.values())
    assert any(len(ranks) > 1 for ranks in by_formula.values())

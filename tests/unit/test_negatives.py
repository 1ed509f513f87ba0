"""Wrong candidates of training structures: who they are, who they must not be, and how they are drawn."""

from dataclasses import replace

import numpy as np
import pytest
from builders import make_spectrum
from matchms.exporting import save_as_mgf

from matchms_fingerprint import CandidateLibrary
from matchms_fingerprint.chem.fingerprints import FingerprintSpec, fingerprints
from matchms_fingerprint.chem.structures import read_molecule, standardize
from matchms_fingerprint.errors import InputFileError, LibraryError, SettingsError
from matchms_fingerprint.evaluation.controls import SpectrumBlind
from matchms_fingerprint.features.labelled import read_labelled_spectra
from matchms_fingerprint.features.molecules import molecules_of
from matchms_fingerprint.kernels.packed_similarity import packed_similarity
from matchms_fingerprint.training.negatives import NOBODY, NOT_MEASURED, Negatives, find_negatives
from matchms_fingerprint.training.ranking_batch import ranking_batch

SPEC = FingerprintSpec.parse("morgan:radius=2,bits=256")
C4H10O = ("CCCCO", "CCC(C)O", "CC(C)CO", "CC(C)(C)O", "CCOCC", "CCCOC", "COC(C)C")
C3H6O2 = ("CCC(=O)O", "COC(C)=O", "CCOC=O", "OCC(C)=O", "CC(O)C=O")
OTHERS = ("CCCCN", "CC(=O)N", "OCC(O)CO")
MEASURED = ("CCCCO", "CCC(C)O", "CCC(=O)O", "CC(=O)N", "NCCS")
"""The first two are isomers of each other; the library has no isomer of the fourth, and not the fifth."""


def block(smiles):
    return standardize(smiles).inchikey[:14]


def packed(smiles):
    return fingerprints([read_molecule(text) for text in smiles], SPEC)


@pytest.fixture(scope="module")
def library(tmp_path_factory):
    folder = tmp_path_factory.mktemp("library") / "isomers"
    return CandidateLibrary.build([*C4H10O, *C3H6O2, *OTHERS], folder, fingerprint=str(SPEC), n_jobs=1)


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    path = tmp_path_factory.mktemp("spectra") / "measured.mgf"
    for smiles in MEASURED:
        save_as_mgf(make_spectrum(smiles=smiles), str(path))
    return read_labelled_spectra(path, SPEC)


@pytest.fixture
def negatives(library, data):
    return find_negatives(library, data)


def as_set(rows):
    return {row.tobytes() for row in rows}


def test_the_negatives_are_the_candidates_of_equal_mass_without_the_truth(negatives, data):
    assert len(negatives) == 5
    assert negatives.blocks.tolist() == [block(smiles) for smiles in MEASURED]
    for i, family in enumerate((C4H10O, C4H10O, C3H6O2, (), ())):
        assert as_set(negatives.of(i)) == as_set(packed([s for s in family if s != MEASURED[i]]))
    negatives.check(data)


def test_candidates_of_several_structures_are_kept_once(negatives):
    assert len(negatives.fingerprints) == len(as_set(negatives.fingerprints)) == 7 + 4
    assert negatives.rows.size == 6 + 6 + 4


def test_candidates_keep_their_smiles(negatives):
    rows = np.array([3, 0, len(negatives.fingerprints) - 1, 3])
    assert (packed(negatives.smiles(rows)) == negatives.fingerprints[rows]).all()
    assert sorted(map(block, negatives.smiles(np.arange(11)))) == sorted(map(block, (*C4H10O, *C3H6O2[1:])))


def test_measured_candidates_are_known_and_go_where_they_are_held_out(negatives):
    of = {row.tobytes(): number for row, number in zip(negatives.fingerprints, negatives.measured, strict=True)}
    assert [of[row.tobytes()] for row in packed(("CCCCO", "CCC(C)O", "CCOCC"))] == [0, 1, NOT_MEASURED]
    rest = negatives.without(np.array([1, 2, 4]))
    assert as_set(rest.of(0)) == as_set(packed([s for s in C4H10O if s not in MEASURED]))
    assert as_set(rest.of(1)) == as_set(packed([s for s in C4H10O if s != "CCC(C)O"]))
    assert np.diff(rest.offsets).tolist() == [5, 6, 4, 0, 0]
    assert negatives.without(np.array([], np.int64)).rows.tolist() == negatives.rows.tolist()


def test_kinds_and_the_most_to_keep(library, data):
    by_formula = find_negatives(library, data, "formula")
    assert [as_set(by_formula.of(i)) for i in range(5)] == [
        as_set(find_negatives(library, data).of(i)) for i in range(5)
    ]
    hard = find_negatives(library, data, "hard", n=2)
    for i, family in enumerate((C4H10O, C4H10O, C3H6O2)):
        others = packed([s for s in family if s != MEASURED[i]])
        alike = np.sort(packed_similarity(packed([MEASURED[i]])[0], others))[::-1]
        np.testing.assert_allclose(packed_similarity(packed([MEASURED[i]])[0], hard.of(i)), alike[:2])
    few = [find_negatives(library, data, n=3, seed=seed) for seed in (0, 0, 1)]
    assert np.diff(few[0].offsets).tolist() == [3, 3, 3, 0, 0]
    assert few[0].of(0).tolist() == few[1].of(0).tolist()
    assert any(as_set(few[0].of(i)) != as_set(few[2].of(i)) for i in range(3))
    wide = find_negatives(library, data, tolerance_ppm=1e6)
    assert np.diff(wide.offsets).tolist()[3] == 14


def test_a_candidate_of_the_very_same_fingerprint_is_no_negative(tmp_path, data):
    # two diols of unlike length have the same Morgan bits, which do not count
    twins = [f"O{'C' * n}O" for n in (9, 10)]
    assert len(as_set(packed(twins))) == 1
    library = CandidateLibrary.build([*twins, "CCCCCCCCCC(=O)O"], tmp_path / "twins", fingerprint=str(SPEC), n_jobs=1)
    assert len(library) == 3
    one = replace(
        data,
        inchikeys=[standardize(twins[0]).inchikey],
        smiles=twins[:1],
        formulas=["C9H20O2"],
        masses=np.array([160.14633]),
        fingerprints=packed(twins[:1]),
    )
    assert as_set(find_negatives(library, one, tolerance_ppm=2e5).of(0)) == as_set(packed(["CCCCCCCCCC(=O)O"]))


@pytest.mark.parametrize("repeat", [False, True])
def test_draws_are_padded_and_come_from_the_right_structure(negatives, repeat):
    structures = np.array([0, 3, 2, 0, 4])
    found, mask = negatives.draw(structures, 5, np.random.default_rng(0), repeat)
    assert found.shape == (5, 5, 4)
    assert mask.sum(axis=1).tolist() == [5, 0, 5 if repeat else 4, 5, 0]
    assert (found[~mask] == 0).all()
    for structure, drawn, there in zip(structures, found, mask, strict=True):
        assert as_set(drawn[there]) <= as_set(negatives.of(structure))
        assert repeat or len(as_set(drawn[there])) == there.sum()
    again, _ = negatives.draw(structures, 5, np.random.default_rng(0), repeat)
    assert (again == found).all()
    nobody = negatives.draw_rows(np.array([3, 4]), 3, np.random.default_rng(0), repeat)
    assert nobody.tolist() == [[NOBODY] * 3] * 2


def test_every_candidate_is_drawn_as_often_as_its_weight_says(negatives):
    weights = np.random.default_rng(0).uniform(0.2, 2, len(negatives.fingerprints))
    weighted = replace(negatives, log_weights=np.log(weights).astype(np.float32))
    mine = weighted.rows[: weighted.offsets[1]]
    expected = weights[mine] / weights[mine].sum()
    n = 20_000
    for repeat in (False, True):
        rows = weighted.draw_rows(np.zeros(n, np.int64), 1, np.random.default_rng(1), repeat)
        shares = np.bincount(rows[:, 0], minlength=len(weights))[mine] / n
        # five standard errors of a share
        np.testing.assert_allclose(shares, expected, atol=5 * np.sqrt(0.25 / n))


def test_matched_draws_prefer_what_looks_measured(library, negatives, data):
    blind = SpectrumBlind(packed(["CCCCO", "CCC(C)O"]), np.full(2, 74.073165), data.fingerprints, library)
    matched = negatives.matched(blind.weights)
    scores = blind.score(np.zeros(256, np.float32), negatives.fingerprints)
    np.testing.assert_allclose(matched.log_weights, scores, rtol=1e-6)
    drawn = [x.draw_rows(np.zeros(500, np.int64), 4, np.random.default_rng(0), True) for x in (negatives, matched)]
    assert scores[drawn[1]].mean() > scores[drawn[0]].mean()


def test_matched_draws_are_distributed_as_the_measured_molecules():
    # invented: bit 0 is set in 3 of 4 measured molecules and in 1 of 4 decoys, so the log-odds of its weight are log 9
    decoys = np.array([[1], [0], [0], [0]], np.uint64)
    one = Negatives(
        decoys,
        np.empty(0, np.uint8),
        np.zeros(4, np.int64),
        np.full(4, NOT_MEASURED, np.int32),
        np.zeros(4, np.float32),
        np.arange(4, dtype=np.int32),
        np.array([0, 4]),
        np.array(["A"]),
    )
    bits = np.zeros(64)
    bits[0] = np.log(9)
    found, _ = one.matched(bits).draw(np.zeros(2000, np.int64), 10, np.random.default_rng(0), repeat=True)
    # five standard errors of a share of 20,000 draws
    assert found.mean() == pytest.approx(0.75, abs=5 * np.sqrt(0.75 * 0.25 / 20_000))


def test_they_are_saved_and_mapped(negatives, tmp_path, data):
    path = tmp_path / "negatives.npz"
    negatives.save(path)
    again = Negatives.load(path)
    assert isinstance(again.fingerprints, np.memmap)
    for name in ("fingerprints", "letters", "ends", "measured", "log_weights", "rows", "offsets", "blocks"):
        assert (getattr(again, name) == getattr(negatives, name)).all()
    again.check(data)
    drawn = [x.draw(np.arange(5), 3, np.random.default_rng(0))[0] for x in (negatives, again)]
    assert (drawn[0] == drawn[1]).all()
    np.testing.assert_allclose(again.matched(np.ones(256)).log_weights, negatives.matched(np.ones(256)).log_weights)
    np.savez(path, other=np.zeros(3))
    with pytest.raises(InputFileError):
        Negatives.load(path)


@pytest.mark.parametrize("with_graphs", [False, True])
def test_ranking_lists_of_a_batch_begin_with_the_truth(negatives, data, with_graphs):
    structures = np.array([0, 1, 3, 0])
    molecules, rows = ranking_batch(negatives, data, structures, 6, np.random.default_rng(0), with_graphs=with_graphs)
    assert rows.shape == (4, 7)
    assert (molecules.fingerprints[rows[:, 0]] == data.fingerprints[structures]).all()
    # two isomers, seven in all, and acetamide: each once, though a structure is the truth of one and wrong for another
    assert len(molecules) == len(as_set(molecules.fingerprints)) == 7 + 1
    for structure, row in zip(structures, rows, strict=True):
        assert as_set(molecules.fingerprints[row[1:][row[1:] != NOBODY]]) == as_set(negatives.of(structure))
    assert (molecules.graphs is not None) == with_graphs
    if with_graphs:
        n_atoms = np.diff(molecules.graphs.atom_offsets)
        # butan-1-ol, butan-2-ol, acetamide
        assert n_atoms[rows[:, 0]].tolist() == [5, 5, 4, 5]


def test_graphs_of_a_batch_are_those_of_its_structures_again_and_again(negatives, data):
    for seed in (0, 0, 1):
        structures, rng = np.array([3, 1]), np.random.default_rng(seed)
        molecules, rows = ranking_batch(negatives, data, structures, 2, rng, with_graphs=True)
        numbers = negatives.draw_rows(structures, 2, np.random.default_rng(seed))
        for row, structure, drawn in zip(rows, structures.tolist(), numbers, strict=True):
            smiles = [data.smiles[structure], *negatives.smiles(drawn[drawn != NOBODY])]
            made, taken = molecules_of(smiles, data.fingerprint), molecules.take(row[row != NOBODY])
            assert (made.fingerprints == taken.fingerprints).all()
            for name in ("atoms", "bonds", "ends", "atom_offsets", "bond_offsets"):
                assert (getattr(made.graphs, name) == getattr(taken.graphs, name)).all()


def test_what_does_not_fit_is_refused(library, negatives, data):
    with pytest.raises(SettingsError, match="'masses'; expected"):
        find_negatives(library, data, "masses")
    with pytest.raises(SettingsError, match="0 negatives"):
        find_negatives(library, data, n=0)
    with pytest.raises(LibraryError, match="holds the fingerprint"):
        find_negatives(CandidateLibrary.open("starter"), data)
    with pytest.raises(SettingsError, match="other structures"):
        negatives.check(replace(data, inchikeys=data.inchikeys[::-1]))

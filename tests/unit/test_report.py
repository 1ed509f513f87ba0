"""The report as a file: what is in it, what is left out, and that nothing in it can break out."""

import dataclasses
import json
import re
from pathlib import Path

import numpy as np
import pytest
from rdkit import Chem
from report_cases import many_items

from matchms_fingerprint.records import Annotation, Candidate, Hit
from matchms_fingerprint.report.cautions import cautions
from matchms_fingerprint.report.drawings import as_bits, atoms_of_part, atoms_of_pattern, drawing_of, drawing_of_part
from matchms_fingerprint.report.items import ReportItem, RunAbout
from matchms_fingerprint.report.pack import MOST_EXPLAINED, MOST_HITS, MOST_PEAKS, pack_feature, pack_row
from matchms_fingerprint.report.part_names import _NAMES, name_of_part
from matchms_fingerprint.report.write import as_script, write_report

CAFFEINE = "Cn1c(=O)c2c(ncn2C)n(C)c1=O"
NO_PEAKS = np.empty(0)


def a_hit(rank: int = 1, **given: object) -> Hit:
    candidate = Candidate(CAFFEINE, "RYYVLZVUVIJVGH-UHFFFAOYSA-N", "C8H10N4O2", 194.0804, ("caffeine",))
    return dataclasses.replace(Hit(rank, 0.5, 0.9 / rank, candidate, "[M+H]+", 1.0), **given)


def an_item(mz: object = NO_PEAKS, intensity: object = NO_PEAKS, **given: object) -> ReportItem:
    annotation = Annotation("7", 195.0877, 61.5, "positive", "[M+H]+", 20, "annotated", (a_hit(),))
    return ReportItem(dataclasses.replace(annotation, **given), np.array(mz, float), np.array(intensity, float))


def scripts(text: str) -> dict[str, object]:
    """Return the JSON of a page by its ids, as a browser would find it."""
    found = re.findall(r'<script type="application/json" id="(\w+)">(.*?)</script>', text, flags=re.DOTALL)
    return {name: json.loads(content) for name, content in found}


def test_each_feature_is_in_the_file_and_nothing_is_fetched(tmp_path: Path) -> None:
    assert write_report(tmp_path / "report.html", many_items(12), RunAbout("run", {"Model": "default"})) == 12
    text = (tmp_path / "report.html").read_text(encoding="utf-8")
    content = scripts(text)
    assert set(content) == {"rows", *(f"f{i}" for i in range(12))}
    assert content["rows"]["id"] == [str(i) for i in range(1, 13)]
    page = re.sub(r"<script.*?</script>", "", text, flags=re.DOTALL)
    assert not re.search(r"""(src|href)\s*=\s*["'](?!#)|url\(|@import""", page)


def test_the_file_appears_whole_or_not_at_all(tmp_path: Path) -> None:
    def broken() -> object:
        yield from many_items(3)
        raise RuntimeError("stopped")

    with pytest.raises(RuntimeError, match="stopped"):
        write_report(tmp_path / "report.html", broken(), RunAbout("run"))
    assert list(tmp_path.iterdir()) == []


def test_the_same_run_gives_the_same_bytes(tmp_path: Path) -> None:
    for name in ("first.html", "second.html"):
        write_report(tmp_path / name, many_items(5), RunAbout("run"))
    assert (tmp_path / "first.html").read_bytes() == (tmp_path / "second.html").read_bytes()


def test_json_cannot_end_its_script() -> None:
    evil = {"</script><!--&": "\u2028</SCRIPT>"}
    text = str(as_script(evil))
    assert not re.search("[<>&\u2028\u2029]", text)
    assert json.loads(text) == evil


def test_numbers_that_json_does_not_know_are_left_out() -> None:
    item = an_item(hits=(a_hit(mass_error_ppm=float("nan"), evidence={"a": float("nan"), "b": 1.23456}),))
    assert pack_row(item)["ppm"] is None
    assert pack_feature(item)["hits"][0]["ev"] == {"b": 1.235}
    as_script(pack_feature(item))


def test_only_the_strongest_peaks_and_first_hits_are_drawn() -> None:
    rng = np.random.default_rng(0)
    mz, intensity = np.arange(500) + 50.0, rng.random(500)
    packed = pack_feature(an_item(mz, intensity, hits=tuple(a_hit(rank) for rank in range(1, 9))))
    assert len(packed["mz"]) == MOST_PEAKS
    assert packed["mz"] == sorted(packed["mz"])
    assert max(packed["int"]) == 1000
    assert ["mol" in hit for hit in packed["hits"]] == [True] * MOST_HITS + [False] * (8 - MOST_HITS)


def test_explained_peaks_lead_to_peaks_and_atoms() -> None:
    item = next(iter(many_items(1)))
    packed = pack_feature(item)
    flat = packed["hits"][0]["frag"]
    assert len(flat) == 5 * len(item.annotation.hits[0].peaks) <= 5 * MOST_EXPLAINED
    for place, peak in zip(flat[::5], item.annotation.hits[0].peaks, strict=True):
        assert packed["mz"][place] == pytest.approx(peak.mz, abs=1e-4)


def test_a_drawing_has_all_atoms_bonds_and_labels() -> None:
    mol = Chem.MolFromSmiles(CAFFEINE)
    drawing = drawing_of(CAFFEINE)
    assert drawing is not None
    assert len(drawing["xy"]) == 2 * mol.GetNumAtoms()
    assert len(drawing["b"]) == 3 * mol.GetNumBonds()
    assert sorted(drawing["l"][1::4]) == ["N", "N", "N", "N", "O", "O"]
    assert min(drawing["xy"]) == 0
    xy = np.array(drawing["xy"]).reshape(-1, 2)
    lengths = [np.hypot(*(xy[a] - xy[b])) for a, b in zip(drawing["b"][::3], drawing["b"][1::3], strict=True)]
    assert np.median(lengths) == pytest.approx(30, abs=1)  # bonds of 1.5 A, 20 units each


def test_drawings_show_stereo_charges_and_parts() -> None:
    assert {5, 6} & set(drawing_of("C[C@H](N)C(=O)O")["b"][2::3])
    assert drawing_of("C[N+](C)(C)CC(=O)[O-]")["l"][3::4] == [1, 0, -1]
    assert set(drawing_of_part("cc(c)O")["b"][2::3]) == {1, 4}
    assert drawing_of("C((") is None
    assert drawing_of_part("C((") is None


def test_atoms_of_parts_and_patterns_are_found() -> None:
    assert atoms_of_part(CAFFEINE, "cn(C)c") != ()
    assert atoms_of_part(CAFFEINE, "CCCCC") == ()
    assert atoms_of_part(CAFFEINE, "C((") == ()
    assert atoms_of_pattern("OCCO", "[OX2H1]") == (0, 3)
    assert atoms_of_pattern("OCCO", "[broken") == ()


def test_bits_of_atoms_read_back() -> None:
    atoms = (0, 3, 4, 17)
    text = as_bits(atoms)
    assert tuple(4 * i + k for i, digit in enumerate(text) for k in range(4) if int(digit, 16) >> k & 1) == atoms
    assert as_bits(()) == ""


@pytest.mark.parametrize(
    ("item", "words"),
    [
        (an_item(n_peaks=3), "few peaks: 3"),
        (an_item(mass_tolerance="0.4 Da"), "nominal masses"),
        (an_item(warnings=("chimeric: only 62%",)), "chimeric: only 62%"),
        (an_item(message="adduct [M+X]+ is not understood"), r"\[M\+X\]\+ is not understood"),
        (an_item([100, 300], [50, 50]), "50% of the intensity lies above the precursor: chimeric"),
        (an_item(hits=(a_hit(n_tied=3),)), "3 candidates cannot be told apart"),
        (
            an_item(adduct=None, hits=(a_hit(), a_hit(2, adduct="[M+Na]+"))),
            r"unknown adduct: \[M\+H\]\+ and \[M\+Na\]\+",
        ),
    ],
)
def test_what_speaks_for_care_is_said(item: ReportItem, words: str) -> None:
    (found,) = cautions(item)
    assert re.search(words, found)


def test_little_explained_intensity_is_said() -> None:
    item = next(iter(many_items(1)))
    peaks = item.annotation.hits[0].peaks[:1]
    hits = (dataclasses.replace(item.annotation.hits[0], peaks=peaks),)
    found = cautions(dataclasses.replace(item, annotation=dataclasses.replace(item.annotation, hits=hits)))
    assert any("explains" in text for text in found)


def test_a_clean_feature_has_no_cautions() -> None:
    assert cautions(an_item([80.0, 138.07], [10, 100], mass_tolerance="5 ppm or 0.0006 Da")) == ()


@pytest.mark.parametrize(
    ("part", "words"),
    [
        ("cc(c)O", "oxygen on an aromatic ring"),
        ("C(C)(=O)NC", "amide"),
        ("C(C)(NC)C(=O)O", "amino acid"),
        ("c(Cl)(cc)cc", "chlorine on an aromatic ring"),
        ("C(C)(C)(C)C", "quaternary carbon"),
        ("O[As]", "alcohol or ether"),
        ("bit 17", "bit 17"),
    ],
)
def test_parts_have_words(part: str, words: str) -> None:
    assert name_of_part(part) == words


def test_every_name_of_a_part_can_be_reached() -> None:
    """A pattern that stands behind a more general one would never be told."""
    assert [smarts for smarts in _NAMES if Chem.MolFromSmarts(smarts) is None] == []
    reached = {name_of_part(smarts) for smarts in _NAMES if "," not in smarts and "[" not in smarts}
    assert reached == {name for smarts, name in _NAMES.items() if "," not in smarts and "[" not in smarts}

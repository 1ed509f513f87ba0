"""The compound classes of known molecules, and their probabilities."""

import pytest
from rdkit import Chem

from matchms_fingerprint.annotation.answers.class_rules import CLASS_RULES
from matchms_fingerprint.annotation.answers.classes import MOST_LOOKED_AT, class_shares, classes_of
from matchms_fingerprint.annotation.answers.group_rules import FUNCTIONAL_GROUPS
from matchms_fingerprint.annotation.answers.molecules import likely_first
from matchms_fingerprint.annotation.answers.patterns import Patterns
from matchms_fingerprint.candidates import CandidateLibrary
from matchms_fingerprint.errors import StructureError

# name -> SMILES, classes that textbooks put it in, classes that it is surely not in
KNOWN = {
    "stearic acid": ("CCCCCCCCCCCCCCCCCC(=O)O", {"fatty acids"}, {"fatty acid esters", "glycerolipids"}),
    "acetic acid": ("CC(=O)O", set(), {"fatty acids"}),
    "tripalmitin": (
        "CCCCCCCCCCCCCCCC(=O)OCC(OC(=O)CCCCCCCCCCCCCCC)COC(=O)CCCCCCCCCCCCCCC",
        {"glycerolipids", "fatty acid esters"},
        {"fatty acids", "glycerophospholipids"},
    ),
    "PC 16:0/16:0": (
        "CCCCCCCCCCCCCCCC(=O)OCC(COP(=O)([O-])OCC[N+](C)(C)C)OC(=O)CCCCCCCCCCCCCCC",
        {"glycerophospholipids", "organic phosphates", "quaternary ammonium compounds"},
        {"glycerolipids", "sphingolipids"},
    ),
    "sphingosine": ("CCCCCCCCCCCCCC=CC(O)C(N)CO", {"sphingolipids"}, {"fatty acids"}),
    "acetylcarnitine": ("CC(=O)OC(CC(=O)O)C[N+](C)(C)C", {"acylcarnitines"}, {"amino acids"}),
    "arachidonic acid": ("CCCCCC=CCC=CCC=CCC=CCCCC(=O)O", {"eicosanoids", "fatty acids"}, {"carotenoids"}),
    "prostaglandin E2": ("CCCCCC(O)C=CC1C(O)CC(=O)C1CC=CCCCC(=O)O", {"eicosanoids"}, {"steroids"}),
    "cholesterol": ("CC(C)CCCC(C)C1CCC2C3CC=C4CC(O)CCC4(C)C3CCC12C", {"steroids"}, {"triterpenoids", "bile acids"}),
    "estradiol": ("CC12CCC3c4ccc(O)cc4CCC3C1CCC2O", {"steroids", "phenols"}, set()),
    "cholic acid": ("CC(CCC(=O)O)C1CCC2C3C(O)CC4CC(O)CCC4(C)C3CC(O)C12C", {"bile acids", "steroids"}, {"fatty acids"}),
    "oleanolic acid": (
        "CC1(C)CCC2(CCC3(C)C(=CCC4C5(C)CCC(O)C(C)(C)C5CCC43C)C2C1)C(=O)O",
        {"triterpenoids"},
        {"steroids", "diterpenoids"},
    ),
    "abietic acid": ("CC(C)C1=CC2=CCC3C(C)(CCCC3(C)C(=O)O)C2CC1", {"diterpenoids"}, {"steroids"}),
    "menthol": ("CC1CCC(C(C)C)C(O)C1", {"monoterpenoids"}, {"steroids"}),
    "beta-carotene": (
        "CC1=C(C=CC(C)=CC=CC(C)=CC=CC=C(C)C=CC=C(C)C=CC2=C(C)CCCC2(C)C)C(C)(C)CCC1",
        {"carotenoids"},
        {"eicosanoids"},
    ),
    "quercetin": (
        "O=c1c(O)c(-c2ccc(O)c(O)c2)oc2cc(O)cc(O)c12",
        {"flavonoids", "phenols", "catechols"},
        {"isoflavonoids"},
    ),
    "naringenin": ("O=C1CC(c2ccc(O)cc2)Oc2cc(O)cc(O)c12", {"flavonoids"}, {"chalcones"}),
    "genistein": ("O=c1c(-c2ccc(O)cc2)coc2cc(O)cc(O)c12", {"isoflavonoids"}, {"flavonoids"}),
    "phloretin": ("O=C(CCc1ccc(O)cc1)c1c(O)cc(O)cc1O", {"chalcones"}, {"flavonoids"}),
    "umbelliferone": ("O=c1ccc2ccc(O)cc2o1", {"coumarins"}, {"flavonoids"}),
    "resveratrol": ("Oc1ccc(C=Cc2cc(O)cc(O)c2)cc1", {"stilbenes", "phenols"}, {"chalcones"}),
    "pinoresinol": ("COc1cc(C2OCC3C2COC3c2ccc(O)c(OC)c2)ccc1O", {"lignans"}, {"stilbenes"}),
    "gallic acid": ("O=C(O)c1cc(O)c(O)c(O)c1", {"gallic acid derivatives", "benzoic acids"}, {"salicylic acids"}),
    "emodin": ("Cc1cc(O)c2c(c1)C(=O)c1cc(O)cc(O)c1C2=O", {"anthraquinones", "quinones"}, {"xanthones"}),
    "rutin": (
        "CC1OC(OCC2OC(Oc3c(-c4ccc(O)c(O)c4)oc4cc(O)cc(O)c4c3=O)C(O)C(O)C2O)C(O)C(O)C1O",
        {"flavonoids", "glycosides"},
        {"oligosaccharides", "monosaccharides"},
    ),
    "glucose": ("OCC1OC(O)C(O)C(O)C1O", {"monosaccharides"}, {"glycosides", "oligosaccharides"}),
    "sucrose": ("OCC1OC(OC2(CO)OC(CO)C(O)C2O)C(O)C(O)C1O", {"oligosaccharides", "glycosides"}, {"monosaccharides"}),
    "maltose": ("OCC1OC(OC2C(O)C(O)C(O)OC2CO)C(O)C(O)C1O", {"oligosaccharides"}, {"monosaccharides"}),
    "phenyl glucuronide": ("O=C(O)C1OC(Oc2ccccc2)C(O)C(O)C1O", {"glucuronides", "glycosides"}, {"oligosaccharides"}),
    "mannitol": ("OCC(O)C(O)C(O)C(O)CO", {"sugar alcohols"}, {"monosaccharides"}),
    "adenosine": ("Nc1ncnc2c1ncn2C1OC(CO)C(O)C1O", {"nucleosides", "purines"}, {"nucleotides", "glycosides"}),
    "AMP": ("Nc1ncnc2c1ncn2C1OC(COP(=O)(O)O)C(O)C1O", {"nucleotides", "organic phosphates"}, {"nucleosides"}),
    "caffeine": ("Cn1c(=O)c2c(ncn2C)n(C)c1=O", {"purines"}, {"pyrimidines"}),
    "riboflavin": ("Cc1cc2nc3c(=O)[nH]c(=O)nc-3n(CC(O)C(O)C(O)CO)c2cc1C", {"flavins"}, {"pyrimidines", "pteridines"}),
    "folic acid": (
        "Nc1nc2ncc(CNc3ccc(C(=O)NC(CCC(=O)O)C(=O)O)cc3)nc2c(=O)[nH]1",
        {"pteridines", "N-acyl amino acids"},
        {"flavins", "purines"},
    ),
    "phenylalanine": ("NC(Cc1ccccc1)C(=O)O", {"amino acids"}, {"peptides"}),
    "N-acetylphenylalanine": ("CC(=O)NC(Cc1ccccc1)C(=O)O", {"N-acyl amino acids"}, {"amino acids", "peptides"}),
    "leucine enkephalin": (
        "CC(C)CC(NC(=O)C(Cc1ccccc1)NC(=O)CNC(=O)CNC(=O)C(N)Cc1ccc(O)cc1)C(=O)O",
        {"peptides", "oligopeptides"},
        {"amino acids", "diketopiperazines"},
    ),
    "cyclo(Leu-Pro)": ("CC(C)CC1NC(=O)C2CCCN2C1=O", {"diketopiperazines"}, {"peptides"}),
    "penicillin G": ("CC1(C)SC2C(NC(=O)Cc3ccccc3)C(=O)N2C1C(=O)O", {"beta-lactams"}, {"peptides"}),
    "spermidine": ("NCCCCNCCCN", {"polyamines"}, {"amino acids"}),
    "tryptamine": ("NCCc1c[nH]c2ccccc12", {"tryptamine derivatives", "indoles"}, {"phenethylamines"}),
    "dopamine": ("NCCc1ccc(O)c(O)c1", {"phenethylamines", "catechols"}, {"amino acids"}),
    "morphine": ("CN1CCC23C4Oc5c(O)ccc(CC1C2C=CC4O)c35", {"morphinans"}, {"tropane alkaloids"}),
    "cocaine": ("COC(=O)C1C(OC(=O)c2ccccc2)CC2CCC1N2C", {"tropane alkaloids", "benzoic acid esters"}, {"morphinans"}),
    "nicotine": ("CN1CCCC1c1cccnc1", {"pyridines"}, {"quinolines"}),
    "quinine": ("COc1ccc2nccc(C(O)C3CC4CCN3CC4C=C)c2c1", {"quinolines"}, {"pyridines"}),
    "papaverine": ("COc1ccc(Cc2nccc3cc(OC)c(OC)cc23)cc1OC", {"isoquinolines", "phenol ethers"}, {"quinolines"}),
    "erythromycin": (
        "CCC1OC(=O)C(C)C(OC2CC(C)(OC)C(O)C(C)O2)C(C)C(OC2OC(C)CC(N(C)C)C2O)C(C)(O)CC(C)C(=O)C(C)C(O)C1(C)O",
        {"macrolides", "glycosides"},
        {"peptides", "oligosaccharides"},
    ),
    "diazepam": ("CN1C(=O)CN=C(c2ccccc2)c2cc(Cl)ccc21", {"benzodiazepines", "aryl chlorides"}, {"barbiturates"}),
    "phenobarbital": ("CCC1(c2ccccc2)C(=O)NC(=O)NC1=O", {"barbiturates"}, {"hydantoins"}),
    "sulfamethoxazole": (
        "Cc1cc(NS(=O)(=O)c2ccc(N)cc2)no1",
        {"sulfonamides", "anilines", "oxazoles and isoxazoles"},
        {"sulfonylureas"},
    ),
    "tolbutamide": ("CCCCNC(=O)NS(=O)(=O)c1ccc(C)cc1", {"sulfonylureas", "sulfonamides"}, {"ureas"}),
    "diuron": ("CN(C)C(=O)Nc1ccc(Cl)c(Cl)c1", {"ureas", "aryl chlorides"}, {"carbamates"}),
    "carbaryl": ("CNC(=O)Oc1cccc2ccccc12", {"carbamates", "naphthalenes"}, {"ureas"}),
    "atrazine": ("CCNc1nc(Cl)nc(NC(C)C)n1", {"triazines"}, {"pyrimidines"}),
    "parathion": (
        "CCOP(=S)(OCC)Oc1ccc([N+](=O)[O-])cc1",
        {"organothiophosphates", "nitroaromatics"},
        {"organic phosphates"},
    ),
    "PFOA": (
        "O=C(O)C(F)(F)C(F)(F)C(F)(F)C(F)(F)C(F)(F)C(F)(F)C(F)(F)F",
        {"perfluoroalkyl compounds"},
        {"aryl fluorides"},
    ),
    "benzo[a]pyrene": ("c1ccc2c(c1)cc1ccc3cccc4ccc2c1c34", {"polycyclic aromatic hydrocarbons"}, {"naphthalenes"}),
    "diethylhexyl phthalate": ("CCCCC(CC)COC(=O)c1ccccc1C(=O)OCC(CC)CCCC", {"phthalates"}, {"benzoic acids"}),
    "citric acid": ("O=C(O)CC(O)(CC(=O)O)C(=O)O", {"hydroxy acids", "dicarboxylic acids"}, {"fatty acids"}),
    "NDMA": ("CN(C)N=O", {"nitrosamines"}, {"azobenzenes"}),
}


@pytest.mark.parametrize("name", KNOWN)
def test_classes_of_known_molecules(name: str) -> None:
    smiles, expected, excluded = KNOWN[name]
    found = set(classes_of(smiles))
    assert expected <= found
    assert not excluded & found


def test_names_are_unique_and_expected_ones_exist() -> None:
    names = [rule.name for rule in CLASS_RULES]
    assert len(set(names)) == len(names)
    assert {name for _, expected, excluded in KNOWN.values() for name in expected | excluded} <= set(names)


def test_most_of_the_starter_library_is_in_a_class() -> None:
    # 89 % when the rules were written; a rule that breaks shows here
    smiles = list(CandidateLibrary.open("starter").search(neutral_mass=400.0, tolerance_da=30.0).smiles)
    assert sum(bool(classes_of(text)) for text in smiles) > 0.9 * len(smiles)


def test_patterns_agree_with_plain_matching() -> None:
    smarts = [*FUNCTIONAL_GROUPS.values(), *(s for rule in CLASS_RULES for s in (*rule.any_of, *rule.none_of))]
    patterns = Patterns(smarts)
    for smiles in [*(case[0] for case in KNOWN.values()), "C", "[Na+].[Cl-]", "c1ccccc1.CCO"]:
        mol = Chem.MolFromSmiles(smiles)
        found = patterns.of(mol)
        assert [found.has(s) for s in smarts] == [mol.HasSubstructMatch(patterns[s]) for s in smarts]


def test_a_pattern_that_cannot_be_read_is_named() -> None:
    with pytest.raises(StructureError, match=r"\[C: not a SMARTS"):
        Patterns(["C", "[C"])


def test_what_cannot_be_read_is_in_no_class() -> None:
    assert classes_of("no molecule") == ()


def test_probabilities_of_a_class_add_up() -> None:
    quercetin, rutin, genistein = (KNOWN[name][0] for name in ("quercetin", "rutin", "genistein"))
    shares = {share.name: share.probability for share in class_shares([quercetin, genistein, rutin], [0.5, 0.2, 0.1])}
    assert shares["flavonoids"] == pytest.approx(0.6)
    assert shares["isoflavonoids"] == pytest.approx(0.2)
    assert shares["glycosides"] == pytest.approx(0.1)
    assert shares["phenols"] == pytest.approx(0.8)


def test_most_probable_classes_come_first_and_unlikely_ones_not_at_all() -> None:
    stearic, quercetin = KNOWN["stearic acid"][0], KNOWN["quercetin"][0]
    shares = class_shares([stearic, quercetin], [0.96, 0.04])
    assert [share.name for share in shares] == ["fatty acids"]
    assert class_shares([], []) == ()
    assert class_shares([quercetin], [float("nan")]) == ()


def test_classes_of_the_library_take_the_place_of_the_rules() -> None:
    quercetin, stearic = KNOWN["quercetin"][0], KNOWN["stearic acid"][0]
    shares = class_shares([quercetin, stearic], [0.6, 0.3], given=[["Flavonols"], []])
    assert [share.name for share in shares] == ["Flavonols", "fatty acids"]


def test_likely_first_takes_the_fewest_that_hold_the_share() -> None:
    import numpy as np

    p = np.array([0.05, 0.4, np.nan, 0.0, 0.3])
    assert likely_first(p, 0.6, 10) == [1, 4]
    assert likely_first(p, 0.53, 10) == [1]
    assert likely_first(p, 1.0, 10) == [1, 4, 0]
    assert likely_first(p, 1.0, 2) == [1, 4]
    assert likely_first(np.empty(0), 0.9, MOST_LOOKED_AT) == []

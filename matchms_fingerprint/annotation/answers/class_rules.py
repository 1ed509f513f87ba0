"""The compound classes, each by the substructures that make it.

The names are those that people use, most after ClassyFire (Djoumbou Feunang et al., J. Cheminform. 2016, 8, 61).
A molecule may be in several classes, or in none.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ClassRule:
    """One compound class.

    Parameters
    ----------
    name
        Of the class, in the plural.
    any_of
        SMARTS; a molecule of the class has one of them.
    none_of
        SMARTS; a molecule of the class has none of them.
    """

    name: str
    any_of: tuple[str, ...]
    none_of: tuple[str, ...] = ()


_CHAIN = "[#6;!R]~[#6;!R]~[#6;!R]~[#6;!R]~[#6;!R]~[#6;!R]"
_STEROID = "[#6]1~[#6]~[#6]~[#6]2~[#6](~[#6]~1)~[#6]~[#6]~[#6]1~[#6]~2~[#6]~[#6]~[#6;X4]2~[#6]~[#6]~[#6]~[#6]~1~2"
_PICENE = "C1~C~C~C2~C(~C~1)~C~C~C1~C~2~C~C~C2~C~1~C~C~C1~C~C~C~C~C~1~2"
_LUPANE = "C1~C~C~C2~C(~C~1)~C~C~C1~C~2~C~C~C2~C~1~C~C~C1~C~C~C~C~1~2"
_GLYCEROL = "[OX2][CH2][CX4;H1]([OX2])[CH2][OX2]"
_PYRANOSIDE = "[CX4;R]1([OX2;!R][#6])[OX2;R][CX4;R][CX4;R]([O,N])[CX4;R]([O,N])[CX4;R]1"
_DEOXY_PYRANOSIDE = "[CX4;R]1([OX2;!R][#6])[OX2;R][CX4;R][CX4;R][CX4;R]([O,N])[CX4;R]1[O,N]"
_FURANOSIDE = "[CX4;R]1([OX2;!R][#6])[OX2;R][CX4;R][CX4;R]([O,N])[CX4;R]1[O,N]"
_NUCLEOSIDE = "[OX2;R]1[CX4;H1;R]([n,N;R])[CX4;R][CX4;R][CX4;R]1[CX4]"
_SUGAR_OF = "[CX4;R]1([OX2;!R]"
_NOT_SUGAR = "[#6;!$([#6][O,N,S])]~[#6;!$([#6][O,N,S])]"
_PURINE = "[#6]1~[#7]~[#6]~[#7]~[#6]2~[#6]~1~[#7]~[#6]~[#7]~2"
_PTERIDINE = "[#6]1~[#7]~[#6]~[#7]~[#6]2~[#6]~1~[#7]~[#6]~[#6]~[#7]~2"
_FLAVIN = "c1ccc2c(c1)~[#7]~[#6]1~[#6](~[#7]~2)~[#7]~[#6]~[#7]~[#6]~1"
_BETA_LACTAM = "O=C1CCN1"
_DIKETOPIPERAZINE = "O=C1[CX4][NX3]C(=O)[CX4][NX3]1"

LIPIDS = (
    ClassRule("fatty acids", (f"[CX3;!R](=O)([OX2H1,OX1-]){_CHAIN}",), (_STEROID, "[NX3]C(=O)[CX4][NX3]", "c")),
    ClassRule("fatty acid esters", (f"[CX3;!R](=O)([OX2][#6]){_CHAIN}", f"[CX3;!R](=O)[OX2][CH2]{_CHAIN}"), ("P", "a")),
    ClassRule("fatty amides", (f"[NX3][CX3;!R](=O){_CHAIN}",)),
    ClassRule("acylcarnitines", ("[CX3](=O)[OX2][CX4]([CH2]C(=O)[O;H1,-])[CH2][N+](C)(C)C",)),
    ClassRule("glycerolipids", (f"{_GLYCEROL}C(=O)CCCCC", "[CX4;H1]([CH2][OX2])([CH2][OX2])[OX2]C(=O)CCCCC"), ("P",)),
    ClassRule("glycerophospholipids", (f"{_GLYCEROL}P(=O)([OX2,OX1-])[OX2,OX1-]",), ("n",)),
    ClassRule("sphingolipids", (f"[OX2][CH2][CX4;H1]([NX3,NX4+])[CX4;H1]([OX2]){_CHAIN}",)),
    ClassRule(
        "eicosanoids",
        (
            "[CX3;!R](=O)[CH2][#6]~[#6]~[#6]~[#6]~[#6][#6;R]1~[#6]([#6]~[#6]~[#6])~[#6]~[#6]~[#6]~1",
            "[CX3;!R](=O)[CH2][CH2][CH2][#6]~[#6]~[#6]~[#6]~[#6]~[#6]~[#6]~[#6]~[#6]~[#6]~[#6]C[CH2][CH2][CH2][CH3]",
        ),
        ("P", _STEROID, "[CH2][CH2][CH2][CH2][CH2][CH2][CH2]"),
    ),
)

TERPENES_AND_STEROIDS = (
    ClassRule("steroids", (_STEROID,), (_PICENE, _LUPANE)),
    ClassRule(
        "bile acids",
        (
            "[#6]1~[#6]~[#6]~[#6]2~[#6](~[#6]~1)~[#6]~[#6]~[#6]1~[#6]~2~[#6]~[#6]~[#6]2~[#6]~1~[#6]~[#6]~"
            "[#6]~2[CX4;H1]([CH3])[CH2][CH2]C(=O)[O,N]",
        ),
    ),
    ClassRule(
        "triterpenoids",
        (_PICENE, _LUPANE, "C1(C)(C)~C~C~C~C2(C)~C~1~C~C~C1~C~2~C~C~C2(C)~C~1(C)~C~C~C~2"),
    ),
    ClassRule(
        "diterpenoids",
        (
            "C1(C)([#6])~C~C~C~C2(C)~C~1~C~C~[#6](~[#6])~[#6]~2[#6]~[#6]~[#6]([#6])",
            "C1(C)([#6])~C~C~C~C2([#6])~C~1~C~C~[#6]1~[#6]~2~[#6]~[#6]~[#6](~[#6])~[#6]~1",
            "CC1~C~C~C2~C(O)~C(O)~C~C~C~C~1~C2(C)C",
        ),
        (_STEROID, _PICENE, _LUPANE, "C1(C)(C)~C~C~C~C2(C)~C~1~C~C~C1~C~2~C~C~C2~C~1~C~C~C~2"),
    ),
    ClassRule(
        "sesquiterpene lactones",
        ("C=C1C(=O)OC2C1CCC~CC~C~C~C~2", "C=C1C(=O)OC2C1~C~C~C~C~2", "CC1C(=O)OC2C1CCC(C)~C~C~2"),
    ),
    ClassRule(
        "monoterpenoids",
        (
            "[CH3][#6;R1]1~[#6;R1]~[#6;R1]~[#6;R1]([CX4,CX3]([CH3])~[CH3,CH2])~[#6;R1]~[#6;R1]~1",
            "CC1(C)C2CCC1(C)C~C2",
            "[CH3][C;!R]([CH3])=C[CH2]C[C;!R](C)~[C;!R]~[CH2,CH1;!R]",
            "[CX4]1([OX2])~O~C~C~C2~C~1~C~C~C~2",
        ),
        ("[#6]~[#6]~[#6](C)~[#6]~[#6]~[#6]~[#6](C)~[#6]~[#6]~[#6]~[#6](C)~[#6]", "c-[CX4;R]", "N"),
    ),
    ClassRule("carotenoids", ("C(C)=CC=CC(C)=CC=CC=C(C)C=CC=C(C)",)),
    ClassRule("prenol lipids", ("CC(C)=CC[C;!R]C(C)=CC[C;!R]C(C)=CC",)),
    ClassRule(
        "cannabinoids", ("c1(O)cc(CCC)cc(O)c1C1~C~C(C)~C~C~C1C(C)~C", "c1(O)cc(CCC)cc2c1C1~C~C(C)~C~C~C1C(C)(C)O2")
    ),
)

PHENOLICS = (
    ClassRule("flavonoids", ("c1ccccc1-[#6]1~[#6]~[#6]~c2ccccc2~[#8]~1", "c1ccccc1/C=C1\\[#6](=O)c2ccccc2O1")),
    ClassRule("isoflavonoids", ("c1ccccc1-[#6]1~[#6]~[#8]~c2ccccc2~[#6]~1",)),
    ClassRule("chalcones", ("c1ccccc1C(=O)[#6;!R]~[#6;!R]-c1ccccc1",)),
    ClassRule("anthocyanins", ("c1ccccc1-c1ccc2ccccc2[o+]1",)),
    ClassRule("stilbenes", ("c1ccccc1[CH;!R]=[CH;!R]c1ccccc1", "c1(O)cc(O)ccc1[CH2;!R][CH2;!R]c1ccc(O)cc1")),
    ClassRule("coumarins", ("O=c1ccc2ccccc2o1", "O=C1CCc2ccccc2O1")),
    ClassRule("xanthones", ("O=c1c2ccccc2oc2ccccc12",)),
    ClassRule(
        "lignans",
        (
            "c1c([OX2])c([OX2])ccc1[#6;!a]~[#6;!a]([#6])~[#6;!a]([#6])~[#6;!a]c1cc([OX2])c([OX2])cc1",
            "c1c([OX2])c([OX2])ccc1[CH]1[OX2]c2ccc(C)cc2[CH]1[CH2]",
        ),
    ),
    ClassRule("cinnamic acids", ("c1ccccc1[#6;!R]=[#6;!R]C(=O)[OX2,OX1-]",)),
    ClassRule("gallic acid derivatives", ("C(=O)([O,N])c1cc([OX2H1])c([OX2])c([OX2])c1",)),
    ClassRule("benzoic acids", ("c1ccccc1[CX3](=O)[OX2H1,OX1-]",)),
    ClassRule("benzoic acid esters", ("c1ccccc1[CX3;!R](=O)[OX2][#6]",)),
    ClassRule("phthalates", ("c1ccc(C(=O)[OX2][#6])c(C(=O)[OX2])c1",)),
    ClassRule("salicylic acids", ("[OX2H1]c1ccccc1C(=O)[O,N]", "CC(=O)[OX2]c1ccccc1C(=O)[O,N]")),
    ClassRule("phenols", ("c1ccccc1[OX2H1]",)),
    ClassRule("catechols", ("[OX2H1]c:c[OX2H1]",)),
    ClassRule("phenol ethers", ("c1ccccc1[OX2;!R][CX4]",)),
    ClassRule("methylenedioxybenzenes", ("c1ccc2O[CH2]Oc2c1",)),
    ClassRule("diphenyl ethers", ("c1ccccc1[OX2;!R]c1ccccc1",)),
    ClassRule("phenoxycarboxylic acids", ("c1ccccc1[OX2][CX4]C(=O)[OX2,OX1-]",)),
    ClassRule("benzophenones", ("c1ccccc1[CX3;!R](=O)c1ccccc1",)),
    ClassRule("quinones", ("O=C1[#6]~[#6]C(=O)[#6]~[#6]1", "O=C1C(=O)[#6]~[#6]~[#6]~[#6]1")),
    ClassRule("anthraquinones", ("O=C1c2ccccc2C(=O)c2ccccc12",)),
)

AMINO_ACIDS_AND_PEPTIDES = (
    ClassRule(
        "amino acids", ("[NX3;!$(NC=O);!$(N[!#6])][CX4][CX3](=O)[OX2H1,OX1-]",), ("[NX3]C(=O)[CX4][NX3;!$(NC=O)]",)
    ),
    ClassRule(
        "N-acyl amino acids",
        ("[#6][CX3](=O)[NX3][CX4][CX3](=O)[OX2H1,OX1-]",),
        ("[NX3][CX4]C(=O)[NX3][CX4]C(=O)", _BETA_LACTAM),
    ),
    ClassRule(
        "peptides",
        ("[NX3][CX4][CX3](=O)[NX3][CX4][CX3](=O)",),
        ("[NX3]1[CX4]C(=O)[NX3]C(=O)1", _BETA_LACTAM, _DIKETOPIPERAZINE),
    ),
    ClassRule("oligopeptides", ("[NX3][CX4]C(=O)[NX3][CX4]C(=O)[NX3][CX4]C(=O)",), (_BETA_LACTAM,)),
    ClassRule("diketopiperazines", (_DIKETOPIPERAZINE,)),
    ClassRule("gamma-glutamyl peptides", ("[NX3;H2,H1][CX4](C(=O)[O;H1,-])[CH2][CH2]C(=O)[NX3][CX4]C(=O)",)),
    ClassRule("phenethylamines", ("c1ccccc1[CX4;!R][CX4;!R][NX3;!R;!$(NC=O);!$(NS=O)]",)),
    ClassRule(
        "tryptamine derivatives", ("[#6]1(~[#6]~[#7]~c2ccccc12)[CX4][CX4][#7]", "c1([CX4][CX4][#7])c2ccccc2[nX3]c1")
    ),
    ClassRule(
        "polyamines",
        ("[NX3;!$(NC=O)][CH2][CH2][CH2][NX3]", "[NX3;!$(NC=O)][CH2][CH2][CH2][CH2][NX3]"),
        ("a", "OC(=O)[NX3]"),
    ),
    ClassRule("guanidines", ("[NX3][CX3](=[NX2,NX3+])[NX3]",)),
)

SUGARS_AND_NUCLEOSIDES = (
    ClassRule(
        "monosaccharides",
        (
            "[CX4;R]1([OX2H1])[OX2;R][CX4;R][CX4;R]([OH,NH])[CX4;R][CX4;R]1",
            "[CX4;R]1([OX2H1])[OX2;R][CX4;R][CX4;R]([OH])[CX4;R]1[OH]",
            "[CX3](=O)[CX4]([OH])[CX4]([OH])[CX4]([OH])[CH2][O]",
            "[OH][CH2]C(=O)[CX4]([OH])[CX4]([OH])[CX4][O]",
        ),
        (_PYRANOSIDE, _FURANOSIDE, _NOT_SUGAR),
    ),
    ClassRule("glycosides", (_PYRANOSIDE, _DEOXY_PYRANOSIDE, _FURANOSIDE)),
    ClassRule("C-glycosides", ("[OX2;R]1[CX4;R](-c)[CX4;R]([OH])[CX4;R]([OH])[CX4;R]([OH])[CX4;R]1",)),
    ClassRule(
        "oligosaccharides",
        (
            f"{_SUGAR_OF}[CX4;R;$(C~C~[O;R]),$(C~C~C~[O;R]),$(C[O;R])])[OX2;R][CX4;R][CX4;R][CX4;R]([O,N])[CX4;R]1",
            f"{_SUGAR_OF}[CH2][CX4;R][OX2;R])[OX2;R][CX4;R][CX4;R][CX4;R]([O,N])[CX4;R]1",
            f"{_SUGAR_OF}[CX4;R][OX2;R])[OX2;R][CX4;R][CX4;R][CX4;R]1",
        ),
        (_NOT_SUGAR,),
    ),
    ClassRule(
        "glucuronides",
        ("[CX4;R]1([O,N,S;!R][#6])[OX2;R][CX4;R](C(=O)[OX2H1,OX1-])[CX4;R]([OH])[CX4;R]([OH])[CX4;R]1[OH]",),
    ),
    ClassRule("aminoglycosides", ("[NX3]C1CC([NX3])C(O)C(O)C1O", "[NX3]C1C(O)C([NX3])C(O)C(O)C1O"), ("a",)),
    ClassRule("sugar alcohols", ("[CH2]([OH])[CX4;H1;!R]([OH])[CX4;H1;!R]([OH])[CX4;!R]([O])[CX4]",), ("a", "C=O")),
    ClassRule("inositols", ("C1(O)C(O)C(O)C(O)C(O)C1O",)),
    ClassRule("nucleosides", (_NUCLEOSIDE,), ("P",)),
    ClassRule("nucleotides", (f"{_NUCLEOSIDE}OP",)),
    ClassRule("purines", (_PURINE,)),
    ClassRule("pyrimidines", ("c1cncnc1", "O=C1[NX3]C(=O)[NX3]C=C1"), (_PURINE, _PTERIDINE)),
)

ALKALOIDS_AND_HETEROCYCLES = (
    ClassRule("pteridines", (_PTERIDINE,), (_FLAVIN,)),
    ClassRule("flavins", (_FLAVIN,)),
    ClassRule("indoles", ("c1ccc2[nX3]ccc2c1",)),
    ClassRule("indolines and oxindoles", ("c1ccc2NC(=O)Cc2c1", "c1ccc2N[CX4][CX4]c2c1")),
    ClassRule("beta-carbolines", ("c1ccc2c(c1)[nX3]c1c2~[#6]~[#6]~[#7]~[#6]~1",)),
    ClassRule("ergot alkaloids", ("c1cc2c3c(c1)[nX3]cc3C[CX4]1N~C~C~C~C~1~2", "c1cc2c3c(c1)[nX3]cc3CC1C2~C~C~C~N1")),
    ClassRule("quinolines", ("c1ccc2ncccc2c1", "c1ccc2[nX3]ccc(=O)c2c1")),
    ClassRule("isoquinolines", ("c1ccc2~[#6]~[#7]~[#6]~[#6]~c2c1",), ("O=C1NC(=O)c2ccccc12",)),
    ClassRule(
        "morphinans",
        ("c1ccc2c3c1OC1C3(CCN)C(C2)CCC1", "c1ccc2c3c1OC1~C~C~C4C(C2)NCCC314", "c1ccc2c(c1)C13CCNC(C2)C1~C~C~C~C3"),
    ),
    ClassRule("tropane alkaloids", ("C1CC2CCC(C1)N2",)),
    ClassRule("pyrrolizidine alkaloids", ("C1C[N;!$(NC=O)]2CC~CC2C1",)),
    ClassRule("quinolizidine alkaloids", ("C1CCN2CCCCC2C1",), ("a1aaaaa1",)),
    ClassRule("pyridines", ("[n;R1]1[c;R1][c;R1][c;R1][c;R1][c;R1]1",)),
    ClassRule("piperidines", ("[NX3;R1]1[CX4;R1][CX4;R1][CX4;R1][CX4;R1][CX4;R1]1",)),
    ClassRule("piperazines", ("[NX3]1[CX4][CX4][NX3][CX4][CX4]1",)),
    ClassRule("morpholines", ("[NX3]1[CX4][CX4][OX2][CX4][CX4]1",)),
    ClassRule("imidazoles", ("[c;R1]1[c;R1]n[c;R1][nX3]1",)),
    ClassRule("benzimidazoles", ("c1ccc2[nX3]cnc2c1",)),
    ClassRule("pyrazoles", ("c1cn[nX3]c1",)),
    ClassRule("triazoles", ("c1ncn[nX3]1", "c1cn[nX3]n1", "c1nnc[nX3]1")),
    ClassRule("triazines", ("c1ncncn1",)),
    ClassRule("thiazoles", ("c1cscn1",)),
    ClassRule("thiophenes", ("c1ccsc1",)),
    ClassRule("furans", ("[c;R1]1[c;R1][c;R1]o[c;R1]1",)),
    ClassRule("benzofurans", ("c1ccc2occc2c1",)),
    ClassRule("oxazoles and isoxazoles", ("c1cocn1", "c1cnoc1")),
    ClassRule("pyrroles", ("c1cc[nX3]c1",), ("c1ccc2[nX3]ccc2c1", "n1cccc1~[#6]~c1cccn1")),
    ClassRule(
        "tetrapyrroles",
        ("[#6]1~[#7]~[#6](~[#6]~[#6]~1)~[#6]~[#6]1~[#7]~[#6](~[#6]~[#6]~1)~[#6]~[#6]1~[#7]~[#6]~[#6]~[#6]~1",),
    ),
    ClassRule("phenothiazines", ("c1ccc2Sc3ccccc3Nc2c1",)),
    ClassRule("benzodiazepines", ("c1ccc2c(c1)~[#6]~[#7]~[#6]~[#6]~[#7]~2", "c1ccc2c(c1)~[#7]~[#6]~[#6]~[#7]~[#6]~2")),
    ClassRule("dibenzazepines", ("c1ccc2c(c1)~*~*~c1ccccc1N2",)),
    ClassRule("beta-lactams", (_BETA_LACTAM,)),
    ClassRule("barbiturates", ("O=C1NC(=O)CC(=O)N1",)),
    ClassRule("hydantoins", ("O=C1NC(=O)[CX4]N1",)),
    ClassRule("lactones", ("[#6]1(=O)[OX2;R][CX4,CX3;R]~[#6;R]1", "[CX3;R](=O)[OX2;R][CX4;R]")),
    ClassRule(
        "macrolides",
        ("[CX3;r{12-60}](=O)[OX2;r{12-60}][CX4]",),
        ("[NX3;R][CX3;R](=O)[CX4;R][NX3;R]", "[NX3;R][CX3;R](=O)[CX4;R][OX2;R][CX3;R]=O", "C1CN2CC~CC2C1"),
    ),
)

OTHERS = (
    ClassRule("sulfonamides", ("[#6]S(=O)(=O)[NX3,NX2-]",)),
    ClassRule("sulfonylureas", ("[#6]S(=O)(=O)[NX3]C(=O)[NX3]",)),
    ClassRule("organic sulfates", ("[#6][OX2]S(=O)(=O)[O;H1,-]",)),
    ClassRule("sulfonic acids", ("[#6]S(=O)(=O)[O;H1,-]",)),
    ClassRule("organic phosphates", ("[#6][OX2]P(=O)([OX2,OX1-])[OX2,OX1-]",)),
    ClassRule("phosphonates", ("[#6]P(=O)([OX2,OX1-])[OX2,OX1-]",)),
    ClassRule("organothiophosphates", ("P(=S)([#8,#16])[#8,#16]", "P(=O)([SX2])[#8,#16]")),
    ClassRule("carbamates", ("[OX2;!R]([#6])[CX3;!R](=O)[NX3]",)),
    ClassRule("thiocarbamates", ("[NX3][CX3](=S)[S,O]", "[NX3][CX3](=O)[SX2]")),
    ClassRule("ureas", ("[NX3;!$(NS=O)][CX3;!R](=O)[NX3;!$(NS=O)]",)),
    ClassRule("thioureas", ("[NX3][CX3](=S)[NX3]",)),
    ClassRule("anilides", ("c1ccccc1[NX3;!R][CX3](=O)[#6]",)),
    ClassRule("anilines", ("c1ccccc1[NX3;!R;!$(NC=O);!$(NS=O);!$(N(=O)~O)]",)),
    ClassRule("nitroaromatics", ("c[N+](=O)[O-]",)),
    ClassRule("nitrosamines", ("[NX3][NX2]=O",)),
    ClassRule("nitriles", ("C#N",)),
    ClassRule("azobenzenes", ("c1ccccc1N=Nc",)),
    ClassRule("quaternary ammonium compounds", ("[NX4+;!$(N[!#6])]([CX4])([CX4])([CX4])[CX4]",)),
    ClassRule(
        "dicarboxylic acids",
        (
            "[OX2H1,OX1-]C(=O)[#6;!R]~[#6;!R]C(=O)[OX2H1,OX1-]",
            "[OX2H1,OX1-]C(=O)[CX4;!R]~[#6;!R]~[#6;!R]C(=O)[OX2H1,OX1-]",
            "[OX2H1,OX1-]C(=O)[CH2;!R][CH2,CH;!R][CH2,CH;!R][CH2,CH;!R]C(=O)[OX2H1,OX1-]",
        ),
        ("N", "a"),
    ),
    ClassRule(
        "hydroxy acids", ("[OX2H1][CX4;!R]C(=O)[OX2H1,OX1-]", "[OX2H1][CX4;!R][CX4;!R]C(=O)[OX2H1,OX1-]"), ("N", "P")
    ),
    ClassRule("keto acids", ("[#6]C(=O)C(=O)[OX2H1,OX1-]",)),
    ClassRule("arylacetic and arylpropionic acids", ("c[CX4;!R]C(=O)[OX2H1,OX1-]",)),
    ClassRule("polyethylene glycols", ("[OX2][CH2][CH2][OX2][CH2][CH2][OX2][CH2][CH2][OX2]",), ("a",)),
    ClassRule("aryl fluorides", ("cF",)),
    ClassRule("aryl chlorides", ("cCl",)),
    ClassRule("aryl bromides and iodides", ("cBr", "cI")),
    ClassRule("perfluoroalkyl compounds", ("[CX4](F)(F)[CX4](F)(F)[CX4](F)F",)),
    ClassRule("biphenyls", ("c1ccccc1-!@c1ccccc1",)),
    ClassRule("polycyclic aromatic hydrocarbons", ("c1ccc2c(c1)ccc1ccccc12", "c1ccc2cc3ccccc3cc2c1"), ("[!#6]",)),
    ClassRule("naphthalenes", ("c1ccc2ccccc2c1",), ("c1ccc2c(c1)ccc1ccccc12", "c1ccc2cc3ccccc3cc2c1")),
    ClassRule("organosilicon compounds", ("[Si]",)),
)

CLASS_RULES = (
    *LIPIDS,
    *TERPENES_AND_STEROIDS,
    *PHENOLICS,
    *AMINO_ACIDS_AND_PEPTIDES,
    *SUGARS_AND_NUCLEOSIDES,
    *ALKALOIDS_AND_HETEROCYCLES,
    *OTHERS,
)

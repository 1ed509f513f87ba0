"""Whatever a compound is called and a feature is numbered: all files keep the rules of their readers, and the names."""

import tempfile
from pathlib import Path

import numpy as np
from annotated_features import make_annotation, make_hit
from builders import make_spectrum
from hypothesis import given, settings
from hypothesis import strategies as st
from matchms.importing import load_from_mgf, load_from_msp
from mzmine_rules import read_compounds, read_gnps_results, read_mgf_library, read_msp_library, read_network
from mztab_rules import read_mztab

from matchms_fingerprint import load_spectra
from matchms_fingerprint.annotation.round_trip import FILES, RoundTripSettings, write_round_trip
from matchms_fingerprint.io.compound_names import one_line
from matchms_fingerprint.io.mztab_metadata import MzTabSource

NAMES = st.text(max_size=30) | st.text("=+-@'\"|,;:\t\r\n<>&[] M3#\\", max_size=12)
FEATURES = st.tuples(
    NAMES,
    st.none() | st.floats(0, 1e5),
    st.floats(20, 3000),
    st.floats(0, 1) | st.floats(0, 1e-12),
    st.sampled_from(["[M+H]+", "[M-H]-", "[2M+Na]+", "[M+2H]2+", "[M]+"]),
)


@settings(max_examples=30)
@given(st.lists(FEATURES, min_size=1, max_size=4), NAMES)
def test_every_reader_gets_what_was_written(features: list, library: str) -> None:
    annotations = [
        make_annotation(
            str(number),
            (make_hit(1, name, probability=probability, score=probability, adduct=adduct),),
            retention_time_s=time,
            precursor_mz=mz,
            ion_mode="negative" if adduct.endswith("-") else "positive",
        )
        for number, (name, time, mz, probability, adduct) in enumerate(features, start=1)
    ]
    spectrum = make_spectrum()
    names = [one_line(name) or "RYYVLZVUVIJVGH-UHFFFAOYSA-N" for name, *_ in features]
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        written = ((annotation, spectrum, np.ones(2, np.float32)) for annotation in annotations)
        write_round_trip(folder, written, MzTabSource(Path("x.mgf"), library, "0"), RoundTripSettings())
        compounds = read_compounds(folder / FILES["compounds"])
        assert [compound.values["name"].removeprefix("'") for compound in compounds] == [
            name.removeprefix("'") for name in names
        ]
        matches = read_gnps_results(folder / FILES["graphml"]).values()
        assert [str(match["Compound_Name"]).rsplit(" [", 1)[0] for match in matches] == names
        n = len(names)
        assert len(read_network(folder / FILES["edges"], range(1, n + 1))) == n * (n - 1) // 2
        for kind, read, of_matchms in (
            ("mgf", read_mgf_library, load_from_mgf),
            ("msp", read_msp_library, load_from_msp),
        ):
            path = folder / FILES[kind]
            assert [entry.fields["NAME"] for entry in read(path)] == names
            assert [entry.fields["ION_TYPE"] for entry in read(path)] == [adduct for *_, adduct in features]
            assert len(list(load_spectra(path))) == len(list(of_matchms(str(path)))) == n
        table = read_mztab(folder / FILES["mztab"])
        assert [row["chemical_name"] for row in table.evidence] == [name.replace("|", "/") for name in names]

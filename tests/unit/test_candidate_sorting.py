"""Rows dealt into buckets by mass, and duplicates merged."""

import itertools
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from matchms_fingerprint.candidates import buckets
from matchms_fingerprint.candidates.buckets import MassBuckets
from matchms_fingerprint.candidates.layout import Batches
from matchms_fingerprint.candidates.merge import merge_duplicates
from matchms_fingerprint.candidates.rows import row_schema
from matchms_fingerprint.chem import FingerprintSpec

SPEC = FingerprintSpec.parse("morgan:bits=64")
SCHEMA = row_schema(SPEC)


def described(rows: list[dict]) -> pa.RecordBatch:
    defaults = {"exact_mass": 46.0, "fingerprint": b"\1" * 8, "inchikey": "A" * 27, "smiles": "C", "formula": "CH4"}
    return pa.RecordBatch.from_pylist([defaults | {"position": i} | row for i, row in enumerate(rows)], SCHEMA)


@pytest.mark.parametrize("rows_in_memory", [1, 10, 1000])
def test_buckets_give_back_every_row_by_ascending_mass(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, rows_in_memory: int
) -> None:
    monkeypatch.setattr(buckets, "ROWS_IN_MEMORY", rows_in_memory)
    masses = np.random.default_rng(0).uniform(10, 60, 200)
    masses[:3] = (0.5, 4000.2, 123456.0)
    dealt = MassBuckets(tmp_path, SCHEMA)
    for start in range(0, 200, 20):
        part = masses[start : start + 20]
        dealt.add(described([{"exact_mass": m, "position": start + i} for i, m in enumerate(part)]))
    drained = list(dealt.drain())
    for before, after in itertools.pairwise(drained):
        assert max(before["exact_mass"].to_pylist()) < min(after["exact_mass"].to_pylist())
    everything = pa.concat_tables(drained)
    assert sorted(everything["position"].to_pylist()) == list(range(200))
    assert np.array_equal(masses[everything["position"].to_numpy()], everything["exact_mass"].to_numpy())
    assert list(tmp_path.iterdir()) == []


def test_no_rows_give_no_buckets(tmp_path: Path) -> None:
    assert list(MassBuckets(tmp_path, SCHEMA).drain()) == []


def test_first_come_first_kept() -> None:
    rows = [
        {"position": 5, "smiles": "late", "name": "b", "source": "y"},
        {"position": 2, "smiles": "first", "name": "a", "source": None},
        {"position": 9, "smiles": "last", "name": "a", "source": "x"},
        {"position": 7, "smiles": "later", "name": None, "source": "y"},
    ]
    (merged,) = merge_duplicates(pa.Table.from_batches([described(rows)]), SPEC).to_pylist()
    assert (merged["smiles"], merged["names"], merged["sources"]) == ("first", ["a", "b"], ["y", "x"])


def test_only_the_first_block_and_the_formula_make_a_duplicate() -> None:
    skeleton = "ABCDEFGHIJKLMN"
    rows = [
        {"inchikey": f"{skeleton}-AAAAAAAAAA-N", "formula": "C5H11NO2", "smiles": "zwitterion"},
        {"inchikey": f"{skeleton}-BBBBBBBBBB-N", "formula": "C5H11NO2", "smiles": "stereoisomer"},
        {"inchikey": f"{skeleton}-AAAAAAAAAA-O", "formula": "C5H12NO2+", "smiles": "cation"},
        {"inchikey": "ABCDEFGHIJKLMX-AAAAAAAAAA-N", "formula": "C5H11NO2", "smiles": "isomer"},
    ]
    merged = merge_duplicates(pa.Table.from_batches([described(rows)]), SPEC)
    assert set(merged.column("smiles").to_pylist()) == {"zwitterion", "cation", "isomer"}


def test_merged_rows_ascend_by_mass_then_inchikey() -> None:
    masses = [3.0, 1.0, 2.0, 1.0]
    rows = [
        {"exact_mass": m, "inchikey": f"{letter * 14}-X", "smiles": letter}
        for m, letter in zip(masses, "ADCB", strict=True)
    ]
    merged = merge_duplicates(pa.Table.from_batches([described(rows)]), SPEC)
    assert merged.column("smiles").to_pylist() == ["B", "D", "C", "A"]


def test_bounds_of_batches_survive_being_written() -> None:
    bounds = [(3, 46.041865, 46.041865), (65536, 100.000001, 1234567.654321)]
    batches = Batches.from_text(Batches.of(bounds).to_text())
    assert list(zip(batches.n_rows, batches.first_mass, batches.last_mass, strict=True)) == bounds
    assert Batches.of([]).to_text() == []

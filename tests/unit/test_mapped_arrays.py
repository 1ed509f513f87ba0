import zipfile

import numpy as np
import pytest

from matchms_fingerprint.errors import InputFileError
from matchms_fingerprint.io.mapped_arrays import map_arrays, write_arrays

ARRAYS = {
    "words": np.arange(12, dtype=np.uint64).reshape(3, 4),
    "narrow": np.array([[1.5, 2.5]], np.float32).T,
    "texts": np.array(["a", "bcd"]),
    "flags": np.array([True, False, True]),
    "none": np.empty((0, 64), np.uint64),
    "scalar": np.array(7, np.int64),
    "columns_first": np.asfortranarray(np.arange(6, dtype=np.int32).reshape(2, 3)),
}


def test_what_is_written_is_mapped_in_place_and_numpy_reads_it(tmp_path):
    path = tmp_path / "arrays.npz"
    write_arrays(path, ARRAYS)
    mapped = map_arrays(path)
    with np.load(path, allow_pickle=False) as loaded:
        assert set(loaded) == set(mapped) == set(ARRAYS)
        for name, array in ARRAYS.items():
            for found in (mapped[name], loaded[name]):
                np.testing.assert_array_equal(found, array)
                assert (found.dtype, found.shape) == (array.dtype, array.shape)
    assert isinstance(mapped["words"], np.memmap)
    assert all(array.flags.aligned for array in mapped.values())
    assert zipfile.ZipFile(path).testzip() is None
    assert [item.name for item in tmp_path.iterdir()] == ["arrays.npz"]


def test_a_file_that_is_none_of_these_is_refused(tmp_path):
    path = tmp_path / "arrays.npz"
    with pytest.raises(InputFileError, match="no such file"):
        map_arrays(path)
    np.savez_compressed(path, a=np.zeros(9))
    with pytest.raises(InputFileError, match="is compressed"):
        map_arrays(path)
    np.savez(path, a=np.array([{}], dtype=object))
    with pytest.raises(InputFileError, match="another"):
        map_arrays(path)
    write_arrays(path, ARRAYS)
    path.write_bytes(path.read_bytes()[:-40])
    with pytest.raises(InputFileError, match="not a file of arrays"):
        map_arrays(path)

"""Arrays in one file that is mapped and not read: an npz archive without compression, each array at a round place.

`numpy.load` reads the files too, but copies each array into memory.
"""

from __future__ import annotations

import struct
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from matchms_fingerprint.errors import InputFileError
from matchms_fingerprint.io.artifacts import atomic_file

_ALIGNMENT = 64
_LOCAL_HEADER = struct.Struct("<4s22xHH")  # signature, ..., length of the name, length of the extra field


def write_arrays(path: str | Path, arrays: Mapping[str, NDArray[Any]]) -> None:
    """Write arrays to an npz file; it appears when it is complete.

    Parameters
    ----------
    path
        File to write; one that exists is replaced.
    arrays
        Arrays of numbers, bool or str by name.
    """
    with (
        atomic_file(path) as partial,
        open(partial, "wb") as handle,
        zipfile.ZipFile(handle, "w", zipfile.ZIP_STORED) as archive,
    ):
        for name, values in arrays.items():
            array = np.ascontiguousarray(values).reshape(np.shape(values))
            with archive.open(f"{name}.npy", "w", force_zip64=True) as out:
                out.write(_npy_header(array, handle.tell()))
                out.write(array.reshape(-1).view(np.uint8).data)


def map_arrays(path: str | Path) -> dict[str, NDArray[Any]]:
    """Map the arrays of an npz file that `write_arrays` wrote; read-only.

    Raises
    ------
    InputFileError
        If the file is missing, cut off, or not one of these.
    """
    try:
        with zipfile.ZipFile(path) as archive, open(path, "rb") as handle:
            return {item.filename.removesuffix(".npy"): _map(Path(path), handle, item) for item in archive.infolist()}
    except FileNotFoundError:
        raise InputFileError(f"{path}: no such file") from None
    except (zipfile.BadZipFile, OSError, ValueError, struct.error) as error:
        raise InputFileError(f"{path}: not a file of arrays that can be mapped ({error}); write it again") from None


def _npy_header(array: NDArray[Any], start: int) -> bytes:
    """Return the header of the npy format 2.0, with blanks up to a round place in the file."""
    dtype = np.lib.format.dtype_to_descr(array.dtype)
    text = f"{{'descr': {dtype!r}, 'fortran_order': False, 'shape': {array.shape!r}, }}".encode()
    before = len(np.lib.format.magic(2, 0)) + 4 + len(text) + 1
    text += b" " * (-(start + before) % _ALIGNMENT) + b"\n"
    return np.lib.format.magic(2, 0) + struct.pack("<I", len(text)) + text


def _map(path: Path, handle: IO[bytes], item: zipfile.ZipInfo) -> NDArray[Any]:
    if item.compress_type != zipfile.ZIP_STORED:
        raise ValueError(f"{item.filename} is compressed")
    handle.seek(item.header_offset)
    signature, name_length, extra_length = _LOCAL_HEADER.unpack(handle.read(_LOCAL_HEADER.size))
    if signature != b"PK\3\4":
        raise ValueError(f"{item.filename} is not where it should be")
    handle.seek(name_length + extra_length, 1)
    start = handle.tell()
    if np.lib.format.read_magic(handle) != (2, 0):
        raise ValueError(f"{item.filename} is of another version")
    shape, fortran_order, dtype = np.lib.format.read_array_header_2_0(handle)
    n_bytes = int(np.prod(shape, dtype=np.int64)) * dtype.itemsize
    if dtype.hasobject or fortran_order or handle.tell() - start + n_bytes != item.file_size:
        raise ValueError(f"{item.filename} is of another kind")
    if n_bytes == 0:
        return np.empty(shape, dtype)
    mapped: NDArray[Any] = np.memmap(path, dtype, "r", handle.tell(), shape)
    return mapped

"""Arrays in an uncompressed .npz file: written as a whole or not at all, checked and mapped into memory when read."""

import errno
import os
import secrets
import struct
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import BinaryIO
from zipfile import ZIP_STORED, ZipFile, ZipInfo

import numpy as np

FULL = (errno.ENOSPC, errno.EDQUOT)  # the disk, or the part of it that is the user's: such an error has no file name
ALIGNED = 64  # bytes: the numbers of each array begin at a multiple, as those of a .npy file do
MAPPED = 2**20  # bytes: a smaller array is read
LOCAL_HEADER = struct.Struct("<26xHH")  # ends with the lengths of the name and of the extra field that follow it
EXTRA = struct.Struct("<HH")  # the head of a record in an extra field: a kind and a length
PADDING = 0xD935  # the kind of record that pads, as other writers of aligned zip files number it
EXTRA_OF_SIZES = 20  # bytes that ``zipfile`` adds to an extra field for sizes of 8 bytes


def write_arrays(path: str, arrays: Mapping[str, np.ndarray]) -> None:
    """Writes the arrays as a whole or not at all. Raises OSError where the file cannot be written."""
    with written_whole(path) as unfinished, open(unfinished, "xb") as file, ZipFile(file, "w", ZIP_STORED) as archive:
        for name, array in arrays.items():
            member = ZipInfo(f"{name}.npy")
            member.extra = _padding(file.tell() + LOCAL_HEADER.size + len(member.filename.encode()))
            with archive.open(member, "w", force_zip64=True) as out:
                np.lib.format.write_array(out, np.asarray(array, order="C"), allow_pickle=False)


def _padding(place: int) -> bytes:
    """Returns the extra field that is to begin at ``place``, so long that the array after it is aligned."""
    n_zeros = -(place + EXTRA.size + EXTRA_OF_SIZES) % ALIGNED
    return EXTRA.pack(PADDING, n_zeros) + bytes(n_zeros)


@contextmanager
def written_whole(path: str) -> Iterator[str]:
    """Yields the name of a file beside ``path``, to which the caller writes, and renames it when it is complete.

    So a write that fails or is interrupted leaves an older file of that name whole, and a model that is mapped to the
    older file keeps it. The bytes are on the disk before the name is, because a power cut is an interrupt, too.
    """
    unfinished = f"{path}.{secrets.token_hex(4)}.part"
    try:
        yield unfinished
        with open(unfinished, "rb") as file:
            os.fsync(file.fileno())
        os.replace(unfinished, path)
    except BaseException as error:
        if isinstance(error, OSError) and (error.filename == unfinished or error.errno in FULL):
            error.filename = path  # the name that the caller knows
        with suppress(OSError):
            os.unlink(unfinished)
        raise


def read_arrays(path: str) -> dict[str, np.ndarray]:
    """Returns the arrays, the large ones mapped: their bytes stay in the file, and writing to them does not change it.

    All bytes are read once, because a checksum of each array (CRC-32) tells whether it is as it was written. Raises
    OSError if the file cannot be read, and ValueError unless it is whole.
    """
    with open(path, "rb") as file:
        try:
            with ZipFile(file) as archive:
                if (damaged := archive.testzip()) is not None:
                    raise ValueError(f"the checksum of {damaged} is another")
                return {
                    member.filename.removesuffix(".npy"): _read(file, archive, member) for member in archive.filelist
                }
        except MemoryError:
            raise
        except Exception as error:  # a changed byte in a head of the file may raise anything
            message = f"path={path!r} is not a file of ``save``, or was cut or changed since: {error}"
            raise ValueError(f"{message}: load a copy of it, or save the model again") from error


def _read(file: BinaryIO, archive: ZipFile, member: ZipInfo) -> np.ndarray:
    if member.compress_type != ZIP_STORED:
        raise ValueError(f"{member.filename} is compressed")
    if member.file_size < MAPPED:
        with archive.open(member) as read:
            return np.lib.format.read_array(read, allow_pickle=False)
    shape, dtype = seek_array(file, member)
    if dtype.hasobject:
        raise ValueError(f"{member.filename} holds objects")
    return np.asarray(np.memmap(file, dtype, "c", file.tell(), shape))


def seek_array(file: BinaryIO, member: ZipInfo) -> tuple[tuple[int, ...], np.dtype]:
    """Returns shape and dtype of an array that ``write_arrays`` wrote, and leaves the file at its first number."""
    file.seek(member.header_offset)
    file.seek(sum(LOCAL_HEADER.unpack(file.read(LOCAL_HEADER.size))), os.SEEK_CUR)
    np.lib.format.read_magic(file)
    shape, _, dtype = np.lib.format.read_array_header_1_0(file)
    return shape, dtype

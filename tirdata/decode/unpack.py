"""A zip unpacked into a folder, if it is one that somebody may have meant."""

import shutil
import zipfile
from pathlib import Path, PurePosixPath
from typing import Final

from tirdata.decode.picture_files import DAMAGE, files_in_zip, is_litter, one_line
from tirdata.errors import DecodeError
from tirdata.files import storage_error

_DENSEST: Final = 200  # bytes for one that is stored; boxes as XML have some 30, pictures 1
_FREE: Final = 1 << 26  # a zip this small when unpacked is no bomb, however dense


def unpack(path: Path, folder: Path) -> None:
    """Unpack a zip into ``folder``, but for links, hidden files and what systems leave.

    Raises:
        DecodeError: it is no whole zip, is encrypted, has names that lead out of it or stand in it
            twice, or unpacks to far more than it is, or than there is room for.
        StorageError: a file cannot be written.
    """
    try:
        archive = zipfile.ZipFile(path)
    except DAMAGE as error:
        raise DecodeError(f"{path}: is no whole zip ({one_line(error)})") from None
    with archive:
        infos = [each for each in files_in_zip(path, archive) if not is_litter(each.filename)]
        _check_bytes(path, sum(each.file_size for each in infos), folder)
        for each in infos:
            _unpack_one(path, archive, each, folder)


def _check_bytes(path: Path, unpacked: int, folder: Path) -> None:
    if unpacked > max(_FREE, _DENSEST * path.stat().st_size):
        raise DecodeError(
            f"{path}: unpacks to {unpacked} bytes, more than {_DENSEST} times its size; if that is "
            "right, unpack it and give the folder"
        )
    free = shutil.disk_usage(folder).free
    if unpacked > free:
        raise DecodeError(
            f"{path}: unpacks to {unpacked} bytes, {free} are free in {folder}; make room, or set "
            "TMPDIR to another folder"
        )


def _unpack_one(path: Path, archive: zipfile.ZipFile, info: zipfile.ZipInfo, folder: Path) -> None:
    target = folder.joinpath(*PurePosixPath(info.filename.replace("\\", "/")).parts)
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        file = target.open("wb")
    except OSError as error:
        raise storage_error(target, error) from error
    with file:
        try:
            with archive.open(info) as source:  # gives no more bytes than the zip says
                shutil.copyfileobj(source, file, 1 << 20)
        except DAMAGE as error:
            raise DecodeError(f"{path}: {info.filename}: damaged: {one_line(error)}") from None

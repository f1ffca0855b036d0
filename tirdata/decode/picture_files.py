"""Picture files that make up a recording: of a folder, of a zip read in place, or one alone.

The pictures are those of the folder itself, or of the only folder in it that has some. What is no
picture is left out and counted; hidden files and what systems leave in folders is not even that.
"""

import lzma
import re
import stat
import struct
import zipfile
import zlib
from collections import Counter
from collections.abc import Iterable
from pathlib import Path, PurePosixPath
from typing import Protocol

from tirdata.decode.picture import MOST_BYTES
from tirdata.decode.side_file import IN_FOLDER, SideFile, parse_side_file, read_side_file
from tirdata.decode.stream import BreakError
from tirdata.errors import DecodeError

SUFFIXES = frozenset(
    f".{each}"
    for each in (
        *("png", "jpg", "jpeg", "jpe", "bmp", "dib", "pgm", "ppm", "pnm", "pbm"),
        *("tif", "tiff", "webp", "jp2", "j2k", "fff"),
    )
)

_LITTER = frozenset({"thumbs.db", "desktop.ini", "__macosx", IN_FOLDER})
_SHOWN = 3  # names in a message
_MOST_FILES = 1_000_000
_DRIVE = re.compile("[A-Za-z]:")
_ZIPS = (b"PK\x03\x04", b"PK\x05\x06")
# What the zip reader raises when it meets bytes that are not as zip has them.
DAMAGE = (
    *(zipfile.BadZipFile, OSError, EOFError, ValueError, RuntimeError, LookupError),
    *(NotImplementedError, OverflowError, struct.error, zlib.error, lzma.LZMAError, UnicodeError),
)


class PictureFiles(Protocol):
    """The files of a recording in their order."""

    names: list[str]
    left_out: tuple[str, ...]  # names of what is no picture
    side: SideFile | None

    def read(self, name: str) -> bytes:
        """The bytes of one.

        Raises:
            BreakError: it cannot be read.
        """
        ...

    def close(self) -> None:
        """Let go of them."""
        ...


def is_zip(head: bytes) -> bool:
    """Whether these are the first bytes of a zip."""
    return head.startswith(_ZIPS)


class OneFile:
    """A picture that is a recording by itself."""

    def __init__(self, path: Path) -> None:
        self.names = [path.name]
        self.left_out: tuple[str, ...] = ()
        self.side = read_side_file(path)
        self._folder = path.parent

    def read(self, name: str) -> bytes:
        try:
            with (self._folder / name).open("rb") as file:
                data = file.read(MOST_BYTES + 1)
        except OSError as error:
            raise BreakError(f"cannot be read ({error.strerror})") from None
        if len(data) > MOST_BYTES:
            raise BreakError(f"has more than {MOST_BYTES} bytes")
        return data

    def close(self) -> None:
        pass


class FolderFiles(OneFile):
    """The pictures of a folder."""

    def __init__(self, path: Path) -> None:
        """List them.

        Raises:
            DecodeError: there are none, or those of several recordings; a side file is wrong.
        """
        self.side = read_side_file(path)
        self._folder = path
        try:
            entries = [(each, each.is_dir()) for each in path.iterdir() if not is_litter(each.name)]
            files = [each.name for each, is_folder in entries if not is_folder]
            if not any(map(_is_picture, files)):
                files += [
                    f"{folder.name}/{each.name}"
                    for folder, is_folder in entries
                    if is_folder
                    for each in folder.iterdir()
                    if not is_litter(each.name) and not each.is_dir()
                ]
            odd = [each for each in files if not (path / each).is_file()]  # pipes, broken links
        except OSError as error:
            raise DecodeError(f"{path}: cannot be listed ({error.strerror})") from None
        names, others = _chosen(path, sorted(set(files).difference(odd)))
        self.names, self.left_out = names, (*others, *odd)


class ZipFiles:
    """The pictures of a zip, each unpacked in memory when its turn comes."""

    def __init__(self, path: Path) -> None:
        """List them.

        Raises:
            DecodeError: it is no whole zip, is encrypted, has names that lead out of it or stand
                in it twice, has no pictures, or those of several recordings.
        """
        try:
            self._zip = zipfile.ZipFile(path)
        except DAMAGE as error:
            raise DecodeError(f"{path}: is no whole zip ({one_line(error)})") from None
        try:
            self._path = path
            self._infos = {each.filename: each for each in files_in_zip(path, self._zip)}
            names = [each for each in self._infos if not is_litter(each)]
            self.names, self.left_out = _chosen(path, names)
            self.side = read_side_file(path) or self._side()
        except BaseException:
            self._zip.close()
            raise

    def read(self, name: str) -> bytes:
        info = self._infos[name]
        if info.file_size > MOST_BYTES:  # no more than that is ever unpacked
            raise BreakError(f"unpacks to {info.file_size} bytes; expected at most {MOST_BYTES}")
        try:
            with self._zip.open(info) as file:
                return file.read(MOST_BYTES)
        except DAMAGE as error:
            raise BreakError(f"damaged: {one_line(error)}") from None

    def close(self) -> None:
        self._zip.close()

    def _side(self) -> SideFile | None:
        folder = PurePosixPath(self.names[0]).parent
        for name in (str(folder / IN_FOLDER), IN_FOLDER):
            if name in self._infos:
                try:
                    data = self.read(name)
                except BreakError as error:
                    raise DecodeError(f"{self._path}: {name}: {error}") from None
                return parse_side_file(data, f"{self._path}: {name}")
        return None


def natural_order(name: str) -> list[tuple[int, str]]:
    """A key that sorts ``frame10`` after ``frame9``."""
    parts = re.split(r"(\d+)", name.casefold())
    return [(int(part), "") if part.isdigit() else (-1, part) for part in parts]


def files_in_zip(path: Path, archive: zipfile.ZipFile) -> list[zipfile.ZipInfo]:
    """What is in a zip, but for folders and links; refuses what no honest zip has."""
    infos = archive.infolist()
    if len(infos) > _MOST_FILES:
        raise DecodeError(f"{path}: has {len(infos)} files; expected at most {_MOST_FILES}")
    for each in infos:
        if not each.filename:
            raise DecodeError(f"{path}: has a file without a name; expected a whole zip")
        name = PurePosixPath(each.filename.replace("\\", "/"))
        if name.is_absolute() or ".." in name.parts or _DRIVE.match(each.filename):
            raise DecodeError(
                f"{path}: has {each.filename!r}, which leads out of it; expected names inside"
            )
        if each.flag_bits & 1:
            raise DecodeError(f"{path}: is encrypted; unpack it and give the folder")
    doubles = [
        name for name, count in Counter(each.filename for each in infos).items() if count > 1
    ]
    if doubles:
        raise DecodeError(f"{path}: has {_some(doubles)} twice; expected each name once")
    return [
        each for each in infos if not each.is_dir() and not stat.S_ISLNK(each.external_attr >> 16)
    ]


def _chosen(path: Path, files: Iterable[str]) -> tuple[list[str], tuple[str, ...]]:
    """The pictures of one recording in natural order, and what is no picture.

    Raises:
        DecodeError: there are no pictures, those of several folders, or one name twice.
    """
    pictures = sorted((each for each in files if _is_picture(each)), key=natural_order)
    others = tuple(sorted(each for each in files if not _is_picture(each)))
    if not pictures:
        there = f"what is there: {_some(others)}" if others else "it is empty"
        raise DecodeError(f"{path}: has no picture ({there}); expected frames as PNG, TIFF, JPEG")
    folders = sorted({str(PurePosixPath(each).parent) for each in pictures})
    if len(folders) > 1:
        raise DecodeError(
            f"{path}: has pictures in {len(folders)} folders ({_some(folders)}); "
            f"expected those of one recording: give each folder by itself"
        )
    stems = Counter(str(PurePosixPath(each).with_suffix("")) for each in pictures)
    doubles = [stem for stem, count in stems.items() if count > 1]
    if doubles:
        raise DecodeError(
            f"{path}: has {len(doubles)} frames in two formats ({_some(doubles)}); "
            f"expected one file a frame"
        )
    return pictures, others


def _is_picture(name: str) -> bool:
    return PurePosixPath(name).suffix.lower() in SUFFIXES


def is_litter(name: str) -> bool:
    """Whether a file is hidden or left by a system, by its name or that of a folder it is in."""
    parts = PurePosixPath(name).parts
    return any(each.startswith(".") or each.lower() in _LITTER for each in parts)


def _some(names: Iterable[str]) -> str:
    """The first few names."""
    first = sorted(names)
    more = f" and {len(first) - _SHOWN} more" if len(first) > _SHOWN else ""
    return ", ".join(map(repr, first[:_SHOWN])) + more


def one_line(error: BaseException) -> str:
    """What an error says, without line ends."""
    return " ".join(str(error).split()) or type(error).__name__

"""Archives of text files, unpacked where they do no harm: .zip, and .tar plain or compressed.

Pictures and videos in them are left packed: scores need none.
"""

import lzma
import shutil
import tarfile
import tempfile
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import IO, Final

from tirdata.errors import DataError

SUFFIXES: Final = (".zip", ".tar", ".tar.gz", ".tgz", ".tar.xz", ".txz", ".tar.bz2", ".tbz2")
_OTHERS: Final = (".7z", ".rar", ".zst")
_PICTURES: Final = frozenset(
    {".jpg", ".jpeg", ".png", ".bmp", ".tif", ".tiff", ".gif", ".pgm", ".ppm", ".avi", ".mp4"}
    | {".mkv", ".mov", ".pdf", ".pth", ".pt", ".npy", ".pyc"}
)
_MOST_FILES: Final = 500_000
_MOST_BYTES: Final = 4 << 30
_DAMAGE: Final = (
    *(zipfile.BadZipFile, tarfile.TarError, lzma.LZMAError, zlib.error),
    *(EOFError, ValueError, NotImplementedError, RuntimeError, OSError),
)


def is_archive(path: Path) -> bool:
    """Whether a file's name says that it is packed."""
    return path.name.lower().endswith((*SUFFIXES, *_OTHERS)) and path.is_file()


def archive_name(path: Path) -> str:
    """The name without what says how it is packed.

    >>> archive_name(Path("a/DaSiamRPN_VOT2018.tar.xz"))
    'DaSiamRPN_VOT2018'
    """
    name = path.name
    for suffix in sorted(SUFFIXES, key=len, reverse=True):
        if name.lower().endswith(suffix):
            return name[: -len(suffix)]
    return path.stem


@contextmanager
def unpacked(path: Path) -> Iterator[Path]:
    """The folder with what is in an archive, until the end; anything else as it is.

    Raises:
        DataError: it is damaged, encrypted, too large, of another kind, or has names that lead out.
    """
    if not is_archive(path):
        yield path
        return
    if path.name.lower().endswith(_OTHERS):
        raise DataError(f"{path}: packed in a way that is not read; unpack it, give the folder")
    with tempfile.TemporaryDirectory(prefix="tirdata-") as folder:
        try:
            _unpack(path, Path(folder))
        except DataError:
            raise
        except _DAMAGE as error:
            said = " ".join(str(error).split()) or type(error).__name__
            raise DataError(f"{path}: is no whole archive ({said}); expected one") from None
        yield Path(folder)


def _unpack(path: Path, folder: Path) -> None:
    if zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as archive:
            infos = [each for each in archive.infolist() if not each.is_dir()]
            if any(each.flag_bits & 1 for each in infos):
                raise DataError(f"{path}: is encrypted; unpack it and give the folder")
            _check_size(path, len(infos), sum(each.file_size for each in infos))
            for each in infos:
                if (target := _target(path, folder, each.filename)) is not None:
                    with archive.open(each) as file:
                        _write(file, target)
        return
    with tarfile.open(path) as tar:
        files = total = 0
        for member in tar:
            if not member.isfile():
                continue
            files, total = files + 1, total + member.size
            _check_size(path, files, total)
            target = _target(path, folder, member.name)
            packed = tar.extractfile(member) if target is not None else None
            if target is not None and packed is not None:
                _write(packed, target)


def _target(path: Path, folder: Path, name: str) -> Path | None:
    """Where a file goes; None = left out."""
    inner = PurePosixPath(name.replace("\\", "/"))
    if inner.is_absolute() or ".." in inner.parts or ":" in (inner.parts or ("",))[0]:
        raise DataError(f"{path}: has {name!r}, which leads out of it; expected names inside")
    litter = any(
        (part.startswith(".") and part != ".") or part == "__MACOSX" for part in inner.parts
    )
    return None if litter or inner.suffix.lower() in _PICTURES else folder / inner


def _write(file: IO[bytes], target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    with target.open("wb") as out:
        shutil.copyfileobj(file, out)


def _check_size(path: Path, files: int, size: int) -> None:
    if files > _MOST_FILES or size > _MOST_BYTES:
        raise DataError(
            f"{path}: has {files} files and {size >> 20} MiB unpacked; expected raw results or "
            "ground truth; unpack it and give the folder"
        )

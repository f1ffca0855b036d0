"""Small recordings of counts made for a test: pictures, stacks, raw files."""

import shutil
import zipfile
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import tifffile
from numpy.typing import NDArray

from tirdata.decode.base import Counts

SIZE = (80, 64)
SIDE = "fps = 9\nsensor = true\nkelvin_per_count = 0.01\n"
RAW = """
[raw]
width = 80
height = 64
bits = 14
byte_order = "big"
header_bytes = 5
gap_bytes = 3
"""
MEAN = 8752.57  # of the first


def counts(frames: int = 6) -> list[Counts]:
    """A warm blob that goes to the right over a ramp, 14 bits."""
    width, height = SIZE
    y, x = np.mgrid[:height, :width]
    return [
        (8000 + 20 * y + 4000 * np.exp(-((x - 20 - 4 * k) ** 2 + (y - 30) ** 2) / 50)).astype(
            np.uint16
        )
        for k in range(frames)
    ]


def write_picture(path: Path, picture: NDArray[Any]) -> Path:
    """By its suffix; three channels are red, green, blue."""
    stored = picture[..., ::-1] if picture.ndim == 3 else picture
    data = cv2.imencode(path.suffix, stored)[1]
    path.write_bytes(data.tobytes())
    return path


def made_folder(folder: Path) -> Path:
    """PNG of 16 bits, named so that only natural order is right."""
    target = folder / "frames"
    target.mkdir()
    for number, picture in enumerate(counts(), start=8):
        write_picture(target / f"frame{number}.png", picture)
    (target / "recording.toml").write_text(SIDE)
    return target


def made_zip(folder: Path) -> Path:
    """The folder, not compressed any further, and what macOS adds."""
    frames = made_folder(folder)
    with zipfile.ZipFile(folder / "frames.zip", "w") as archive:
        for path in sorted(frames.iterdir()):
            archive.write(path, f"clip/{path.name}")
        archive.writestr("__MACOSX/clip/._frame8.png", b"\0\5\x16\7")
    return folder / "frames.zip"


def made_picture(folder: Path) -> Path:
    """One PNG of 8 bits."""
    return write_picture(folder / "one.png", (counts(1)[0] >> 6).astype(np.uint8))


def made_jpegs(folder: Path) -> Path:
    """A folder of JPEG in grey."""
    target = folder / "jpegs"
    target.mkdir()
    for number, picture in enumerate(counts()):
        write_picture(target / f"{number:04d}.jpg", (picture >> 6).astype(np.uint8))
    (target / "recording.toml").write_text("fps = 30\n")
    return target


def made_stack(folder: Path) -> Path:
    """A TIFF stack with a directory before each page, as cameras write it."""
    path = folder / "stack.tif"
    with tifffile.TiffWriter(path) as writer:
        for picture in counts():
            writer.write(picture, photometric="minisblack", metadata=None, compression="zlib")
    path.with_name("stack.tif.toml").write_text(SIDE)
    return path


def made_raw(folder: Path) -> Path:
    """Big-endian counts with a header and gaps, and the side file that says so."""
    path = folder / "flight.raw"
    data = b"\0\0\0".join(picture.astype(">u2").tobytes() for picture in counts())
    path.write_bytes(b"header"[:5] + data)
    path.with_name("flight.raw.toml").write_text(SIDE + RAW)
    return path


def cut_last_pictures(whole: Path, cut: Path) -> None:
    """A folder whose fifth picture is half a file."""
    shutil.copytree(whole, cut)
    fifth = sorted(cut.glob("*[0-9].*"), key=lambda each: (len(each.name), each.name))[4]
    fifth.write_bytes(fifth.read_bytes()[: fifth.stat().st_size // 2])


def cut_raw(whole: Path, cut: Path) -> None:
    """Seven tenths, and the side file."""
    data = whole.read_bytes()
    cut.write_bytes(data[: len(data) * 7 // 10])
    shutil.copy(f"{whole}.toml", f"{cut}.toml")

"""Damaged recordings by the hundred, read in a process of their own.

``python -m tests.fuzzing COUNT SEED [NAME…]`` damages each kind of file COUNT times and reads it.
Frames or one of our errors may come of it; anything else ends the process with a traceback, a
mutation that takes long ends it by SIGALRM. The last line tells the most memory that was taken.
"""

import gzip
import resource
import shutil
import signal
import sys
import tempfile
import traceback
import zlib
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import numpy as np
import tifffile

from tests import made_pictures as made
from tests.contracts.test_readers import SAMPLES
from tests.made_video import Coding, ramp, write_video
from tirdata.decode import open_frames
from tirdata.decode.base import Pixels
from tirdata.errors import DataError, MissingError

MOST_S = 20  # for one damaged file; whole ones take a tenth of a second
MOST_ADDRESSES = 6 << 30  # bytes; so that the machine lives
MOST_FRAMES = 20  # that are read of one

EXTREMES = (b"\0\0\0\0", b"\xff\xff\xff\xff", b"\x7f\xff\xff\xff", b"\xff\xff\xff\x7f", b"\0\0\1\0",
            b"\0\1\0\0", b"\0\0\0\1", b"\x80\0\0\0", b"\0\0\0\x80")  # fmt: skip


@dataclass(frozen=True)
class Base:
    """A whole recording that is damaged again and again."""

    path: Path
    inside: Path | None = None  # which file is damaged, if not the recording itself
    opened: Callable[[bytes], bytes] = bytes  # to what is damaged instead of the file's bytes
    closed: Callable[[bytes], bytes] = bytes  # and back


def bases(folder: Path) -> dict[str, Base]:
    """A small one of every kind that is read."""
    found = {}
    for number, (name, sample) in enumerate(SAMPLES.items()):
        if sample.reader == "video":
            continue
        place = folder / str(number)
        place.mkdir()
        path = sample.source if isinstance(sample.source, Path) else sample.source(place)
        inside = sorted(path.glob("*[0-9].*"))[0] if path.is_dir() else None
        found[name] = Base(path, inside)
    found["CPTV unzipped"] = Base(found["CPTV 2"].path, None, gzip.decompress, _zipped)
    one = found["picture"].path
    found["PNG with its checksums"] = Base(one, None, bytes, with_checksums)
    raw = found["raw16"].path
    found["side file"] = Base(raw, raw.with_name(f"{raw.name}.toml"))
    return found | _videos(folder) | _pictures(folder) | _tiffs(folder)


def _videos(folder: Path) -> dict[str, Base]:
    codings = {
        "h264.mp4": Coding("libx264", "yuv420p"),
        "ffv1.mkv": Coding(),
        "mpeg4.avi": Coding("mpeg4", "yuv420p"),
        "mjpeg.avi": Coding("mjpeg", "yuvj420p"),
        "mjpeg.mjpg": Coding("mjpeg", "yuvj420p"),
        "h264.ts": Coding("libx264", "yuv420p"),
        "mpeg2.mpg": Coding("mpeg2video", "yuv420p"),
        "raw.y4m": Coding("wrapped_avframe", "yuv420p"),
        "gray16.mkv": Coding(pixel_format="gray16le"),
    }
    pictures = [np.roll(ramp(160, 64), 3 * shift, 1) for shift in range(5)]
    deep = [picture.astype(np.uint16) * 200 for picture in pictures]
    return {
        name: Base(write_video(folder / name, deep if "16" in name else pictures, coding))
        for name, coding in codings.items()
    }


def _pictures(folder: Path) -> dict[str, Base]:
    grey = (made.counts(1)[0] >> 6).astype(np.uint8)
    colours = np.dstack([grey, np.roll(grey, 9, 0), 255 - grey])
    kinds: dict[str, Pixels] = {
        ".jpg": colours, ".bmp": colours, ".webp": colours, ".ppm": colours, ".pgm": grey,
        ".jp2": made.counts(1)[0],
    }  # fmt: skip
    found = {
        f"picture{suffix}": made.write_picture(folder / f"picture{suffix}", picture)
        for suffix, picture in kinds.items()
    }
    deep = folder / "deep.pgm"
    deep.write_bytes(b"P5 80 64 65535\n" + made.counts(1)[0].astype(">u2").tobytes())
    text = folder / "text.pgm"
    text.write_bytes(b"P2 80 64 65535\n" + " ".join(map(str, made.counts(1)[0].flat)).encode())
    return {name: Base(path) for name, path in (found | {"deep": deep, "text": text}).items()}


def _tiffs(folder: Path) -> dict[str, Base]:
    stack = np.stack(made.counts())
    kinds: dict[str, dict[str, object]] = {
        "plain": {},
        "big-endian": {"byteorder": ">"},
        "big": {"bigtiff": True, "compression": "packbits"},
        "lzw": {"compression": "lzw", "predictor": True},
        "tiles": {"tile": (32, 32), "compression": "zlib"},
        "imagej": {"imagej": True},
    }
    found = {}
    for name, options in kinds.items():
        found[f"TIFF {name}"] = Base(folder / f"{name}.tif")
        tifffile.imwrite(folder / f"{name}.tif", stack, **options)  # type: ignore[arg-type]
    return found


def _zipped(data: bytes) -> bytes:
    return gzip.compress(data, compresslevel=1)


def with_checksums(png: bytes) -> bytes:
    """A PNG whose every chunk is made to have the checksum it should have."""
    data, position = bytearray(png), 8
    while position + 12 <= len(data):
        end = position + 8 + int.from_bytes(data[position : position + 4], "big")
        if end + 4 > len(data):
            break
        data[end : end + 4] = zlib.crc32(data[position + 4 : end]).to_bytes(4, "big")
        position = end + 4
    return bytes(data)


def damaged(data: bytes, random: np.random.Generator) -> bytes:
    """One of the ways in which files are damaged, near the start more often than elsewhere."""
    size = len(data)
    where = int(random.integers(0, min(size, 600) if random.random() < 0.6 else size))
    length = int(random.integers(1, 64))
    before, after = data[:where], data[where + length :]
    ways = (
        lambda: before,
        lambda: before + after,
        lambda: before + random.bytes(length) + data[where:],
        lambda: before + data[where // 2 : where // 2 + length] + after,
        lambda: before + bytes([random.integers(0, 2) * 255]) * length + after,
        lambda: before + EXTREMES[random.integers(len(EXTREMES))] + data[where + 4 :],
        lambda: before + _flipped(data[where : where + length], random) + after,
    )
    return ways[random.integers(len(ways))]()


def _flipped(data: bytes, random: np.random.Generator) -> bytes:
    """Up to eight bits turned over."""
    other = bytearray(data)
    for _ in range(random.integers(1, 9)):
        other[random.integers(len(other))] ^= 1 << int(random.integers(0, 8))
    return bytes(other)


def copies(base: Base, folder: Path) -> tuple[Path, Path]:
    """A copy of the recording with its side file, and which file of it is to be damaged."""
    copy = folder / base.path.name
    if base.path.is_dir():
        shutil.copytree(base.path, copy)
    else:
        shutil.copy(base.path, copy)
        side = base.path.with_name(f"{base.path.name}.toml")
        if side.is_file():
            shutil.copy(side, folder)
    return copy, copy if base.inside is None else _same_place(base, copy)


def _same_place(base: Base, copy: Path) -> Path:
    assert base.inside is not None
    return copy.parent / base.inside.relative_to(base.path.parent)


def read_all(path: Path) -> int:
    """How many frames there are, up to an error of ours."""
    given = 0
    try:
        with closing(open_frames(path, threads=1)) as reader:
            for frame in islice(reader.read(), MOST_FRAMES):
                assert frame.pixels.dtype in (np.uint8, np.uint16)
                assert frame.pixels.size > 0
                given += 1
            _ = reader.warnings, reader.info
    except (DataError, MissingError) as error:
        _check_message(str(error), path)
    return given


def _check_message(message: str, path: Path) -> None:
    assert "\n" not in message, message
    assert str(path) in message, message


def fuzz(name: str, base: Base, count: int, seed: int) -> int:
    """Damage and read ``count`` times; how many still gave frames."""
    alive = 0
    with tempfile.TemporaryDirectory() as folder:
        copy, target = copies(base, Path(folder))
        assert read_all(copy) > 0, f"{name}: no frame though it is whole"
        whole = base.opened(target.read_bytes())
        for number in range(count):
            random = np.random.default_rng([seed, number, *name.encode()])
            target.write_bytes(base.closed(damaged(whole, random)))
            signal.alarm(MOST_S)
            try:
                alive += read_all(copy) > 0
            except BaseException:
                say(f"{name}: mutation {number} of seed {seed}")
                traceback.print_exc()
                raise
            finally:
                signal.alarm(0)
    return alive


def say(text: str) -> None:
    """A line, at once."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def main(arguments: Iterator[str]) -> None:
    """The command."""
    count, seed, names = int(next(arguments)), int(next(arguments)), set(arguments)
    resource.setrlimit(resource.RLIMIT_AS, (MOST_ADDRESSES, MOST_ADDRESSES))
    with tempfile.TemporaryDirectory() as folder:
        for name, base in bases(Path(folder)).items():
            if names and name not in names:
                continue
            say(f"{name}: begins")
            say(f"{name}: {fuzz(name, base, count, seed)} of {count} gave frames")
    status = Path("/proc/self/status").read_text()  # getrusage would start from the parent's peak
    say(f"peak {int(status.split('VmHWM:')[1].split()[0]) // 1024} MB")


if __name__ == "__main__":
    main(iter(sys.argv[1:]))

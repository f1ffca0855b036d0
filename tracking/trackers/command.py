"""Any program as a tracker: it is run once a sequence and writes a text file of boxes.

The line says where its input is, in braces: see ``CommandConfig.command``.
"""

import re
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from pydantic import Field, field_validator

from tirdata.config import Config
from tirdata.errors import DataError, TrackerError, UsageError
from tirdata.files import storage_error
from tirdata.layouts.pictures import KINDS
from tirdata.layouts.text import number_text, read_rows
from tirdata.tracker import Prediction
from tirdata.types import Box, Boxes, Floats, Frame, Frames
from tracking.trackers.program import Program, split_command
from tracking.trackers.trax_messages import png

PLACES = ("frames", "folder", "box", "x", "y", "w", "h", "count", "seed", "output", "times")
_PLACE = re.compile(f"{{({'|'.join(PLACES)})}}")
INPUTS = ("{frames}", "{folder}")


class CommandConfig(Config):
    """Settings of a program that tracks one sequence and ends."""

    command: str
    """What runs it. ``{output}`` is the file it writes, x,y,w,h a line, a line a frame, the first
    one too. ``{frames}`` is a text file with the path of a frame a line, ``{folder}`` a folder of
    them, 00000001.jpg and so on. ``{box}`` is x,y,w,h on the first; also ``{x}`` ``{y}`` ``{w}``
    ``{h}``. ``{count}`` frames; ``{seed}``. ``{times}`` is a file that it may write: seconds a
    frame."""
    folder: Path = Path()
    """Where it is run."""
    origin: int = Field(0, ge=0, le=1)
    """Number of the first pixel in the boxes it is given and writes: 1 for MATLAB's."""
    timeout_s: float = Field(3600.0, gt=0)
    """How long it may take for a sequence."""
    environment: dict[str, str] = Field(default_factory=dict)
    """Variables laid over those of this process."""
    seed: int = Field(0, ge=0)
    """For ``{seed}``; ``TIRDATA_SEED`` in its environment, too."""

    @field_validator("command")
    @classmethod
    def _check(cls, command: str) -> str:
        words = split_command(command)
        for word in words:
            _filled(word, dict.fromkeys(PLACES, ""))
        if "{output}" not in command or not any(place in command for place in INPUTS):
            raise ValueError("expected {output} and one of {frames}, {folder} in it")
        return command


class CommandTracker:
    """Runs the program at the start; what it wrote are the answers."""

    def __init__(self, config: CommandConfig) -> None:
        self.config = config
        self.took_s = 0.0
        self._frames: Frames | None = None
        self._index = self._first = 0
        self._rows: Boxes | None = None
        self._seconds: Floats = np.zeros(0)

    def attend(self, frames: Frames, index: int) -> None:
        """Which frames follow: all from ``index`` on are given to the program."""
        self._frames, self._index = frames, index

    def init(self, frame: Frame, box: Box) -> None:  # noqa: ARG002 - it is among the frames
        """Run the program from this frame to the last.

        Raises:
            UsageError: it is not said what frames follow.
            MissingError: there is no such program.
            TrackerError: it fails, takes too long or writes no box for each frame.
        """
        if self._frames is None:
            raise UsageError(
                "tracker 'command': takes sequences as a whole; expected to run in track or "
                "evaluate; a program that speaks TraX follows frame by frame"
            )
        self._rows = None
        self._first = self._index
        self._rows, self._seconds = _run(self.config, self._frames, self._first, box)
        self.took_s = float(self._seconds[0])

    def track(self, frame: Frame) -> Prediction:  # noqa: ARG002
        """What it wrote for this frame; the score has no meaning and is 1."""
        if self._rows is None:
            raise RuntimeError("track before init")
        row = self._index - self._first
        self.took_s = float(self._seconds[row])
        return Prediction(Box(*self._rows[row].tolist()), 1.0)


def _run(config: CommandConfig, frames: Frames, first: int, box: Box) -> tuple[Boxes, Floats]:
    """Boxes and seconds of the frames from ``first`` on."""
    count = len(frames) - first
    with tempfile.TemporaryDirectory(prefix="tirdata-command-") as name:
        place = Path(name)
        try:
            paths = _files(frames, first, place / "frames", linked="{folder}" in config.command)
        except OSError as error:
            raise storage_error(place, error) from error
        (place / "frames.txt").write_text("".join(f"{path}\n" for path in paths), "utf-8")
        words = [
            _filled(word, _values(config, place, box, count))
            for word in split_command(config.command)
        ]
        begun = time.perf_counter()
        program = Program(words, config.folder, _environment(config))
        status = program.wait(config.timeout_s)
        took_s = time.perf_counter() - begun
        if status != 0:
            raise TrackerError(program.epitaph())
        said = program.last_words()
        program.close()
        rows = _rows(place / "output.txt", count, f"{program.name}: ", said)
        seconds = _seconds(place / "times.txt", count, took_s)
    return rows - np.array([config.origin, config.origin, 0, 0]), seconds


def _files(frames: Frames, first: int, folder: Path, *, linked: bool) -> list[Path]:
    """A picture file for each frame: where they lie, or in ``folder``, numbered from 1."""
    known: tuple[Path, ...] = getattr(frames, "paths", ())
    folder.mkdir()
    found: list[Path] = []
    for index in range(first, len(frames)):
        path = known[index].absolute() if known else None
        if path is None or path.suffix.lower() not in KINDS:
            found.append(folder / f"{index - first + 1:08}.png")
            found[-1].write_bytes(png(frames[index]))
        elif linked:
            found.append(folder / f"{index - first + 1:08}{path.suffix.lower()}")
            found[-1].symlink_to(path)
        else:
            found.append(path)
    return found


def _values(config: CommandConfig, place: Path, box: Box, count: int) -> dict[str, str]:
    x, y, w, h = (
        number_text(value) for value in (box.x + config.origin, box.y + config.origin, box.w, box.h)
    )
    return {
        "frames": str(place / "frames.txt"), "folder": str(place / "frames"),
        "box": f"{x},{y},{w},{h}", "x": x, "y": y, "w": w, "h": h, "count": str(count),
        "seed": str(config.seed), "output": str(place / "output.txt"),
        "times": str(place / "times.txt"),
    }  # fmt: skip


def _filled(word: str, values: Mapping[str, str]) -> str:
    """The word with its places filled; other braces stay, as JSON and shells have them."""
    return _PLACE.sub(lambda match: values[match[1]], word)


def _environment(config: CommandConfig) -> dict[str, str]:
    return {"TIRDATA_SEED": str(config.seed), **config.environment}


def _rows(path: Path, count: int, who: str, said: str) -> Boxes:
    """The boxes it wrote, with NaN where it has none.

    Raises:
        TrackerError: the file is not there or has other than ``count`` lines of boxes.
    """
    if not path.is_file():
        raise TrackerError(f"{who}wrote no {{output}}{said}")
    try:
        rows = read_rows(path)
    except DataError as error:
        what = str(error).removeprefix(f"{path}: ")
        raise TrackerError(f"{who}its {{output}}: {what}{said}") from None
    if len(rows) != count:
        raise TrackerError(
            f"{who}wrote {len(rows)} boxes; expected {count}, one a frame, the first too{said}"
        )
    return rows


def _seconds(path: Path, count: int, took_s: float) -> Floats:
    """What it wrote, or an even share of the whole for each frame, its own start in it."""
    try:
        told = np.array([float(word) for word in path.read_text("utf-8").split()], np.float64)
    except (OSError, ValueError):
        told = np.zeros(0)
    usable = len(told) == count and bool(np.isfinite(told).all())
    return told if usable else np.full(count, took_s / count)

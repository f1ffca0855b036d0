"""Trackers that speak the TraX protocol, as those of the VOT challenge do: we are its client.

Versions 1 to 4 over standard input and output. The tracker is a program that is started once and
serves many sequences, or one a sequence where it cannot start again.
"""

import tempfile
import time
import weakref
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

import numpy as np
from pydantic import Field

from tirdata.config import Config
from tirdata.errors import MissingError, TrackerError
from tirdata.tracker import Prediction
from tirdata.types import Box, Frame, Frames
from tracking.trackers import trax_messages as trax
from tracking.trackers.program import LEAVE_S, Program, split_command
from tracking.trackers.trax_messages import Message

CHANNELS = ("color", "ir")  # a thermal frame is given as either; nobody asks for both of us
KINDS = (".jpg", ".jpeg", ".png")  # of files that every tracker reads
VERSIONS = range(1, 5)
REGION_FIRST = 4  # from this version on the region comes in a message before the first image


class TraxConfig(Config):
    """Settings of a tracker that speaks TraX."""

    command: str = Field(min_length=1)
    """What starts it, such as ``python3 my_tracker.py``; words as in a shell, but no shell."""
    folder: Path = Path()
    """Where it is started."""
    timeout_s: float = Field(60.0, gt=0)
    """How long it may take for one frame."""
    start_timeout_s: float = Field(180.0, gt=0)
    """How long it may take until it says hello, and for its first frame."""
    restart: bool = False
    """Start the program again for every start, for trackers that cannot begin a second time."""
    properties: dict[str, str] = Field(default_factory=dict)
    """Sent along with each start; what they mean is the tracker's business."""
    environment: dict[str, str] = Field(default_factory=dict)
    """Variables laid over those of this process."""
    seed: int | None = Field(None, ge=0)
    """Given as the environment's ``TIRDATA_SEED``."""


class Abilities(NamedTuple):
    """What a tracker says of itself in its hello."""

    version: int
    name: str
    images: frozenset[str]
    regions: frozenset[str]
    channels: frozenset[str]


class TraxTracker:
    """Talks to the program, which is started with a box and may answer boxes or four corners."""

    def __init__(self, config: TraxConfig) -> None:
        """See that the program is there; it is started with the first frame.

        Raises:
            ConfigError: the command is none.
        """
        self.config = config
        self.took_s = 0.0
        self._words = split_command(config.command)
        self._session: _Session | None = None
        self._path: Path | None = None
        self._started = False

    def attend(self, frames: Frames, index: int) -> None:
        """Where the next frame lies, if it is a picture that trackers read."""
        paths: tuple[Path, ...] = getattr(frames, "paths", ())
        known = bool(paths) and paths[index].suffix.lower() in KINDS
        self._path = paths[index] if known else None

    def init(self, frame: Frame, box: Box) -> None:
        """Start at ``box``.

        Raises:
            MissingError: the program is not there, or wants images or regions that we have not.
            TrackerError: it dies, takes too long or answers nonsense.
        """
        path = self._take()
        self._box = box
        self._started = False
        if self._session is not None and (self.config.restart or not self._session.alive):
            self._session.close()
            self._session = None
        if self._session is None:
            self._session = _Session(self._words, self.config)
        _, _, self.took_s = self._session.start(frame, path, box)
        self._started = True

    def track(self, frame: Frame) -> Prediction:
        """Where it says the object is; where it says that there is none, the last box and 0.

        Raises:
            TrackerError: it dies, takes too long or answers nonsense.
        """
        if self._session is None or not self._started:
            raise RuntimeError("track before init")
        numbers, properties, self.took_s = self._session.step(frame, self._take())
        if len(numbers) == trax.SPECIAL:
            return Prediction(self._box, 0.0)
        self._box = trax.bounds(numbers)
        corners = numbers if len(numbers) == trax.CORNERS else None
        return Prediction(self._box, _score(properties), corners)

    def _take(self) -> Path | None:
        """The file of the next frame, once."""
        path, self._path = self._path, None
        return path


Answer = tuple[tuple[float, ...], Mapping[str, str], float]


class _Session:
    """A running program that has said hello."""

    def __init__(self, words: list[str], config: TraxConfig) -> None:
        seed = {} if config.seed is None else {"TIRDATA_SEED": str(config.seed)}
        self.config = config
        self.alive = True
        self._program = Program(words, config.folder, {**seed, **config.environment})
        self._folder = tempfile.TemporaryDirectory(prefix="tirdata-trax-")
        self._number = 0
        self._begun = False
        self.close = weakref.finalize(self, _quit, self._program, self._folder)
        hello = self._receive("hello", config.start_timeout_s)
        self.abilities = self._checked(_abilities(hello))

    def start(self, frame: Frame, path: Path | None, box: Box) -> Answer:
        """Begin with the object at ``box``."""
        region = trax.region_text(box, polygon="rectangle" not in self.abilities.regions)
        given = self.config.properties
        if self.abilities.version < REGION_FIRST:
            messages = [Message("initialize", (self._image(frame, path), region), given)]
        else:
            again = [Message("initialize")] if self._begun else []  # forgets what was before
            image = Message("frame", (self._image(frame, path),), given)
            messages = [*again, Message("initialize", (region,)), image]
        self._begun = True
        return self._ask(messages, self.config.start_timeout_s)

    def step(self, frame: Frame, path: Path | None) -> Answer:
        """Show the next frame."""
        return self._ask([Message("frame", (self._image(frame, path),))], self.config.timeout_s)

    def _ask(self, messages: list[Message], timeout_s: float) -> Answer:
        data = b"".join(map(trax.written, messages))
        begun = time.perf_counter()
        self._program.send(data)
        answer = self._receive("state", timeout_s)
        took_s = time.perf_counter() - begun
        try:
            (region,) = answer.arguments
            return trax.region_numbers(region), answer.properties, took_s
        except ValueError as error:
            raise self._nonsense(str(error), "a rectangle or a polygon") from None

    def _receive(self, kind: str, timeout_s: float) -> Message:
        """The next message.

        Raises:
            TrackerError: there comes none, or another.
        """
        try:
            message = next(self._messages(timeout_s), None)
        except TrackerError:
            self.alive = False
            raise
        if message is None:
            self.alive = False
            raise TrackerError(self._program.epitaph())
        if message.kind == "quit":
            self.alive = False
            reason = message.properties.get("trax.reason", "it does not say why")
            words = self._program.last_words()
            self._program.close()
            raise TrackerError(f"{self._program.name}: gave up ({' '.join(reason.split())}){words}")
        if message.kind != kind:
            raise self._nonsense(f"{message.kind!r}", f"{kind!r}")
        return message

    def _messages(self, timeout_s: float) -> Iterator[Message]:
        for line in self._program.lines(timeout_s):
            try:
                message = trax.parse(line)
            except ValueError as error:
                raise self._nonsense(f"{line[:80]!r}, {error}", "TraX") from None
            if message is not None:
                yield message
            else:
                self._program.keep(line)

    def _nonsense(self, what: str, expected: str) -> TrackerError:
        """The error of an answer that is none; the program is ended, as the protocol has it."""
        self.alive = False
        words = self._program.last_words()
        self._program.close()
        return TrackerError(f"{self._program.name}: answered {what}; expected {expected}{words}")

    def _checked(self, abilities: Abilities) -> Abilities:
        """See that we can talk to it.

        Raises:
            MissingError: it wants what we have not.
        """
        wants = [
            ("version", abilities.version in VERSIONS, abilities.version, "1 to 4"),
            ("images", bool(abilities.images & set(_IMAGES)), abilities.images, ", ".join(_IMAGES)),
            ("regions", bool(abilities.regions & {"rectangle", "polygon"}), abilities.regions,
             "rectangle or polygon"),
            ("channels", len(abilities.channels & set(CHANNELS)) == len(abilities.channels) == 1,
             abilities.channels, " or ".join(CHANNELS)),
        ]  # fmt: skip
        for noun, good, found, ours in wants:
            if not good:
                said = ", ".join(sorted(found)) if isinstance(found, frozenset) else found
                self.close()
                raise MissingError(f"{self._program.name}: wants {noun} {said}; we have {ours}")
        return abilities

    def _image(self, frame: Frame, path: Path | None) -> str:
        """The frame in the first of our forms that the tracker takes."""
        form = next(form for form in _IMAGES if form in self.abilities.images)
        if form == "memory":
            return trax.memory_image(frame)
        if form == "buffer":
            return trax.buffer_image(frame)
        return trax.path_image(path or self._written(frame))

    def _written(self, frame: Frame) -> Path:
        """A file of the frame; the one before it is taken away."""
        folder = Path(self._folder.name)
        (folder / f"{self._number:08}.png").unlink(missing_ok=True)
        self._number += 1
        path = folder / f"{self._number:08}.png"
        path.write_bytes(trax.png(frame))
        return path


_IMAGES = ("path", "memory", "buffer")  # as we would rather give them


def _abilities(hello: Message) -> Abilities:
    told = hello.properties
    version = told.get("trax.version", "1")
    return Abilities(
        version=int(version) if version.isdecimal() else 0,
        name=told.get("trax.name", ""),
        images=trax.formats(told.get("trax.image", ""), "path"),
        regions=trax.formats(told.get("trax.region", ""), "rectangle"),
        channels=trax.formats(told.get("trax.channels", ""), "color"),
    )


def _score(properties: Mapping[str, str]) -> float:
    """Its own confidence, within 0..1; 1 where it says none that is a number."""
    try:
        score = float(properties.get("confidence", properties.get("score", "1")))
    except ValueError:
        return 1.0
    return float(np.clip(score, 0.0, 1.0)) if np.isfinite(score) else 0.0


def _quit(program: Program, folder: tempfile.TemporaryDirectory[str]) -> None:
    """Say goodbye and see it off."""
    program.send(trax.written(Message("quit")))
    program.finish(LEAVE_S)
    folder.cleanup()

"""A recording to stored shots: surveyed in one pass, rendered in a second where that is needed.

What a shot is (its polarity, palette, curve, burnt-in text) is known only at its end. Its frames
are stored on the way as they are all the same: for grey white-hot video that is the result, and
one pass does. Shots whose plan changes a pixel are decoded again and rendered by it.
"""

import shutil
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np

from tirdata.dataset.shot_writer import ShotWriter
from tirdata.decode import open_frames
from tirdata.decode.base import FrameReader, Pixels, RawFrame, RecordingInfo
from tirdata.errors import DataError, DecodeError
from tirdata.fetch.wanted import Clip
from tirdata.frames.normalise import Normaliser
from tirdata.frames.plan import Plan, decide, is_flipped, settle
from tirdata.frames.repaint import mark_repaints
from tirdata.frames.settings import NormaliseConfig
from tirdata.frames.shots import mark_shots
from tirdata.frames.survey import Survey, plane_of
from tirdata.types import Frame

_FADE = 4  # frames; a switch of polarity may pass through a few mixed ones, a short shot of its own


class Job(NamedTuple):
    """What to decode, and how."""

    original: Path
    name: str  # for messages
    clips: tuple[Clip, ...]  # parts to take; none = all
    settings: NormaliseConfig
    min_frames: int
    threads: int

    def settings_of(self, clip: Clip | None) -> NormaliseConfig:
        """The settings for a part: what is said of it wins."""
        if clip is None or clip.polarity is None:
            return self.settings
        return self.settings.model_copy(update={"polarity": clip.polarity})


class Picture(NamedTuple):
    """A frame of a wanted part and where it stands in the recording."""

    number: int
    raw: RawFrame
    plane: Pixels
    clip: Clip | None  # none = all of the recording is wanted


@dataclass
class Shot:
    """A shot that is long enough: what it is, and where its frames are."""

    folder: Path
    plan: Plan
    clip: Clip | None
    numbers: list[int]  # of its frames in the recording
    times_s: list[float]
    hashes: tuple[str, ...] = ()
    stored: bool = False
    lossless: bool = False
    fingerprint: tuple[str, ...] = ()

    def kept(self) -> list[int]:
        """Places in the shot, from 0, of the frames that are stored."""
        return [index for index in range(len(self.numbers)) if index not in self.plan.drop]


@dataclass
class Decoded:
    """What came out of a recording."""

    info: RecordingInfo
    shots: list[Shot] = field(default_factory=list)
    frames: int = 0
    coloured: int = 0
    short_shots: int = 0
    short_frames: int = 0
    warnings: tuple[str, ...] = ()
    broken: DecodeError | None = None


def decode(job: Job, work: Path) -> Decoded:
    """Store the shots of a recording under ``work``, one folder each.

    Raises:
        DataError: it has no frame that can be read, or its palette is not known.
        StorageError: a frame cannot be written.
    """
    cv2.setNumThreads(job.threads)  # else each worker's OpenCV takes all cores for itself
    with ThreadPoolExecutor(job.threads) as pool:
        with closing(open_frames(job.original, job.threads)) as reader:
            decoded = Decoded(reader.info)
            _survey(job, reader, decoded, work, pool)
            decoded.warnings = reader.warnings
        plans = settle([shot.plan for shot in decoded.shots])
        for shot, plan in zip(decoded.shots, plans, strict=True):
            shot.plan = plan
            if shot.stored and plan.changes_pixels:
                shutil.rmtree(shot.folder)
                shot.stored = False
        _render([shot for shot in decoded.shots if not shot.stored], job, pool)
    if decoded.broken is not None:
        message = str(decoded.broken).replace(str(job.original), job.name, 1)
        decoded.broken = DecodeError(message)
    return decoded


class _Pass:
    """The first pass: shots one after the other, each surveyed and stored as it is."""

    def __init__(self, job: Job, decoded: Decoded, work: Path, pool: ThreadPoolExecutor) -> None:
        self._job = job
        self._decoded = decoded
        self._work = work
        self._pool = pool
        self._survey: Survey | None = None
        self._writer: ShotWriter | None = None
        self._last: Picture | None = None
        self._before: Picture | None = None  # the last one of the last shot that is kept
        self._flipped = False

    def add(self, picture: Picture, *, begins: bool) -> None:
        last = self._last
        if self._survey is None or last is None or begins or picture.clip is not last.clip:
            self.finish()
            before = self._before
            self._flipped = (
                before is not None
                and picture.number - before.number <= _FADE
                and is_flipped(before.plane, picture.plane)
            )
            self._survey = Survey(picture.raw)
            if self._may_stay(picture):
                self._writer = ShotWriter(self._folder(), self._pool)
        self._survey.add(picture.number, picture.raw, picture.plane)
        if self._writer is not None:
            frame = picture.plane.astype(np.uint8, copy=False)
            self._writer.add(frame, picture.raw.time_s)
        self._last = picture

    def finish(self) -> None:
        """End the shot, if there is one."""
        survey, writer, decoded = self._survey, self._writer, self._decoded
        self._survey = self._writer = None
        if survey is None:
            return
        hashes = () if writer is None else writer.hashes()  # all are written, or it fails here
        folder = self._folder()
        decoded.coloured += survey.coloured
        clip = None if self._last is None else self._last.clip
        settings = self._job.settings_of(clip)
        plan = decide(survey, decoded.info, settings, name=self._job.name)
        shot = Shot(
            folder,
            replace(plan, flipped=self._flipped),
            clip,
            survey.numbers,
            survey.times_s,
            hashes,
            stored=writer is not None,
            fingerprint=() if writer is None else writer.fingerprint,
        )
        if len(shot.kept()) >= self._job.min_frames:
            decoded.shots.append(shot)
            self._before = self._last
            return
        decoded.short_shots += 1
        decoded.short_frames += len(survey.numbers)
        shutil.rmtree(folder, ignore_errors=True)

    def _may_stay(self, picture: Picture) -> bool:
        """Whether the frames may be stored as they are, for all that is known beforehand."""
        settings, shots = self._job.settings_of(picture.clip), self._decoded.shots
        plain = settings.polarity != "black-hot" and settings.palette in (None, "grey", "none")
        as_before = not shots or not shots[-1].plan.changes_pixels
        levels = picture.plane.dtype == np.uint8
        return plain and as_before and levels and not settings.lossless

    def _folder(self) -> Path:
        return self._work / f"{len(self._decoded.shots):03d}"


def _survey(
    job: Job, reader: FrameReader, decoded: Decoded, work: Path, pool: ThreadPoolExecutor
) -> None:
    shots = _Pass(job, decoded, work, pool)
    marked = mark_shots(_pictures(reader, job, decoded), _plane)
    for picture, begins in mark_repaints(marked, _colour):
        shots.add(picture, begins=begins)
    shots.finish()


def _pictures(reader: FrameReader, job: Job, decoded: Decoded) -> Iterator[Picture]:
    """Frames of the wanted parts; a recording that breaks off ends there and is remembered."""
    last_s = _end(job.clips)
    try:
        for number, raw in enumerate(reader.read()):
            if last_s is not None and raw.time_s >= last_s:
                return
            decoded.frames += 1
            clip = next((each for each in job.clips if each.holds(raw.time_s)), None)
            if clip is not None or not job.clips:
                yield Picture(number, raw, plane_of(raw), clip)
    except DecodeError as error:
        decoded.broken = error


def _render(shots: list[Shot], job: Job, pool: ThreadPoolExecutor) -> None:
    """The second pass: the frames of ``shots``, which are in order, by their plans."""
    if not shots:
        return
    waiting = iter(shots)
    shot = next(waiting)
    rendering = _Rendering(shot, job, pool)
    with closing(open_frames(job.original, job.threads)) as reader:
        for number, raw in enumerate(reader.read()):
            rendering.add(number, raw)
            if number < rendering.last:
                continue
            rendering.finish()
            following = next(waiting, None)
            if following is None:
                return
            rendering = _Rendering(following, job, pool)
    message = f"{job.name}: gave fewer frames when it was decoded again; was it changed meanwhile?"
    raise DataError(message)


class _Rendering:
    """One shot of the second pass."""

    def __init__(self, shot: Shot, job: Job, pool: ThreadPoolExecutor) -> None:
        self.last = shot.numbers[-1]
        self._shot = shot
        self._wanted = frozenset(shot.numbers[index] for index in shot.kept())
        self._normaliser = Normaliser(shot.plan)
        self._first = shot.numbers[0]
        self._shot.lossless = job.settings.lossless
        self._writer = ShotWriter(shot.folder, pool, lossless=shot.lossless)

    def add(self, number: int, raw: RawFrame) -> None:
        if number >= self._first:
            frame: Frame = self._normaliser.normalise(raw)  # a rolling curve sees dropped ones too
            if number in self._wanted:
                self._writer.add(frame, raw.time_s)

    def finish(self) -> None:
        self._shot.hashes = self._writer.hashes()
        self._shot.fingerprint = self._writer.fingerprint
        self._shot.plan = self._normaliser.finished(self._shot.kept())
        self._shot.stored = True


def _plane(picture: Picture) -> Pixels:
    return picture.plane


def _colour(picture: Picture) -> float:
    return picture.raw.colour


def _end(clips: tuple[Clip, ...]) -> float | None:
    """Nothing at or after this time is wanted; none = to the end."""
    ends = [clip.end_s for clip in clips]
    return None if not ends or None in ends else max(end for end in ends if end is not None)

"""One recording to sequences: decode, normalise, split and store in one pass, whole or not at all.

Frames go to a folder beside the recording and are moved to their places when all are there; then
XML files and cards are written, and ``source.json`` last.
"""

import fcntl
import logging
import os
import shutil
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from operator import attrgetter
from pathlib import Path
from typing import Any, NamedTuple

from tirdata.config import to_json
from tirdata.dataset.acquire import put_back
from tirdata.dataset.card import Card, Polarity, Source
from tirdata.dataset.names import MAX_SHOT, SequenceId
from tirdata.dataset.shot_writer import ShotWriter
from tirdata.dataset.tree import Dataset
from tirdata.dataset.vid_xml import write_annotations
from tirdata.decode import open_frames
from tirdata.decode.base import FrameReader, RecordingInfo
from tirdata.errors import DataError, DecodeError
from tirdata.files import storage_error, undisturbed, write_text
from tirdata.frames.normalise import COLOUR_LEVELS, PolarityName, check_depth, normalise
from tirdata.frames.shots import mark_shots
from tirdata.types import Frame

WORK_FOLDER = ".part"

_log = logging.getLogger(__name__)


class Recording(NamedTuple):
    """A fetched recording to make sequences of; small, for engines to send."""

    root: Path
    recording_id: str
    name: str
    min_frames: int
    keep: bool
    threads: int


class Picture(NamedTuple):
    """A normalised frame and where it stands in the recording."""

    number: int
    time_s: float
    grey: Frame


@dataclass
class Decoded:
    """What came out of a recording."""

    info: RecordingInfo
    shots: list[ShotWriter] = field(default_factory=list)
    frames: int = 0
    coloured: int = 0
    short_shots: int = 0
    short_frames: int = 0
    warnings: tuple[str, ...] = ()
    broken: DecodeError | None = None


def convert(recording: Recording) -> Source:
    """Make the sequences of a fetched recording; what its ``source.json`` then says.

    Raises:
        DataError: no sequence came of it; the recording is taken out of the dataset again.
        StorageError: a file cannot be written.
    """
    dataset = Dataset.open(recording.root)
    folder = dataset.recording_dir(recording.recording_id)
    with alone(folder):
        source = dataset.read_source(recording.recording_id)
        if source.status != "fetched":  # by a process that outlived the command that began it
            return source
        remove_sequences(dataset, source)
        work = folder / WORK_FOLDER
        try:
            decoded = _decode(recording, source, _original(folder, source), work)
            _check_any(recording, decoded)
            return _commit(dataset, source, decoded, recording)
        except DecodeError:
            shutil.rmtree(folder, ignore_errors=True)
            raise
        except DataError as error:  # the recording is whole: other settings may take it
            if put_back(dataset, source):
                message = f"{error}; its download is kept for another try"
                raise type(error)(message) from error
            raise
        finally:
            shutil.rmtree(work, ignore_errors=True)


@contextmanager
def alone(folder: Path) -> Iterator[None]:
    """Wait until no other process works on the recording in ``folder``."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def remove_sequences(dataset: Dataset, source: Source) -> None:
    """Remove what a killed process may have left of a recording's sequences, cards first."""
    first = SequenceId(source.subset, source.number, 0)
    shots = f"{first.name[:-3]}[0-9][0-9][0-9]"
    for card in (dataset.root / "sequences").glob(f"{shots}.json"):
        card.unlink()
    for folder in (dataset.frame_dir(first), dataset.annotation_dir(first)):
        for left in folder.parent.glob(shots):
            shutil.rmtree(left)
    shutil.rmtree(dataset.recording_dir(source.recording_id) / WORK_FOLDER, ignore_errors=True)


def _original(folder: Path, source: Source) -> Path:
    return Path(source.path or "") if source.file is None else folder / source.file


def _decode(recording: Recording, source: Source, original: Path, work: Path) -> Decoded:
    with (
        closing(open_frames(original, recording.threads)) as reader,
        ThreadPoolExecutor(recording.threads) as pool,
    ):
        check_depth(recording.name, reader.info)
        decoded = Decoded(reader.info)
        shot: ShotWriter | None = None
        pictures = _pictures(reader, source, decoded)
        for picture, begins in mark_shots(pictures, attrgetter("grey")):
            if shot is None or begins:
                _finish(shot, decoded, recording.min_frames)
                folder = work / f"{len(decoded.shots):03d}"
                height, width = picture.grey.shape
                shot = ShotWriter(folder, pool, picture.number, (width, height))
            shot.add(picture.grey, picture.time_s)
        _finish(shot, decoded, recording.min_frames)
        decoded.warnings = reader.warnings
    if decoded.broken is not None:
        message = str(decoded.broken).replace(str(original), recording.name, 1)
        decoded.broken = DecodeError(message)
    return decoded


def _pictures(reader: FrameReader, source: Source, decoded: Decoded) -> Iterator[Picture]:
    """Frames of the wanted part; a recording that breaks off ends there and is remembered."""
    polarity: PolarityName = source.polarity_hint or "white-hot"
    start_s, end_s = source.clip_start_s or 0.0, source.clip_end_s
    try:
        for number, raw in enumerate(reader.read()):
            if end_s is not None and raw.time_s >= end_s:
                return
            decoded.frames += 1
            if raw.time_s >= start_s:
                decoded.coloured += raw.colour > COLOUR_LEVELS
                yield Picture(number, raw.time_s, normalise(raw.pixels, polarity))
    except DecodeError as error:
        decoded.broken = error


def _finish(shot: ShotWriter | None, decoded: Decoded, min_frames: int) -> None:
    if shot is None:
        return
    shot.hashes()  # all are written, or it fails here
    if len(shot.times_s) >= min_frames:
        decoded.shots.append(shot)
        return
    decoded.short_shots += 1
    decoded.short_frames += len(shot.times_s)
    shutil.rmtree(shot.folder)


def _check_any(recording: Recording, decoded: Decoded) -> None:
    if len(decoded.shots) > MAX_SHOT + 1:
        raise DataError(
            f"{recording.name}: has {len(decoded.shots)} shots; the names of ILSVRC2015 have room "
            f"for {MAX_SHOT + 1}: take a part with start_s and end_s in a sources file"
        )
    if decoded.shots:
        return
    if decoded.broken is not None:
        raise decoded.broken
    raise DataError(
        f"{recording.name}: has no shot of {recording.min_frames} frames ({decoded.short_frames} "
        f"frames in {decoded.short_shots} shots); a lower --min-frames takes shorter ones"
    )


def _commit(dataset: Dataset, source: Source, decoded: Decoded, recording: Recording) -> Source:
    """Put everything in its place: prepared beside the recording first, then moved at once."""
    ids = [SequenceId(source.subset, source.number, n) for n in range(len(decoded.shots))]
    warnings = _warnings(decoded)
    changes = _findings(decoded) | {
        "min_frames": recording.min_frames,
        "sequences": [each.name for each in ids],
        "warnings": warnings,
        "file": source.file if recording.keep else None,
    }
    done = Source.model_validate(source.model_dump() | changes)
    cards = [to_json(_card(source, shot, warnings)) for shot in decoded.shots]
    for each, shot in zip(ids, decoded.shots, strict=True):
        size = (shot.width, shot.height)
        write_annotations(_xml_folder(shot), each, size, len(shot.times_s), ())
    with undisturbed():
        for each, shot in zip(ids, decoded.shots, strict=True):
            _move(shot.folder, dataset.frame_dir(each))
            _move(_xml_folder(shot), dataset.annotation_dir(each))
        for each, card in zip(ids, cards, strict=True):
            write_text(dataset.card_path(each), card)
        dataset.write_source(done)
    if source.file is not None and not recording.keep:
        original = dataset.recording_dir(source.recording_id) / source.file
        if original.is_dir():
            shutil.rmtree(original)
        else:
            original.unlink()
            original.with_name(f"{original.name}.toml").unlink(missing_ok=True)
    _log.info("%s: %d frames, %d sequences", recording.name, decoded.frames, len(ids))
    return done


def _xml_folder(shot: ShotWriter) -> Path:
    return shot.folder.with_name(f"{shot.folder.name}-xml")


def _move(folder: Path, target: Path) -> None:
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with suppress(FileNotFoundError):
            shutil.rmtree(target)
        shutil.move(folder, target)
    except OSError as error:
        raise storage_error(target, error) from error


def _warnings(decoded: Decoded) -> tuple[str, ...]:
    warnings = list(decoded.warnings)
    if decoded.broken is not None:
        warnings.append(str(decoded.broken))
    if decoded.coloured:
        warnings.append(
            f"{decoded.coloured} of {decoded.frames} frames are in colour; stored is their luma, "
            f"which says nothing of temperature where the colours are false"
        )
    return tuple(warnings)


def _card(source: Source, shot: ShotWriter, warnings: tuple[str, ...]) -> Card:
    stated = source.polarity_hint
    return Card(
        recording_id=source.recording_id,
        title=source.title,
        licence=source.licence,
        first_frame=shot.first_frame,
        last_frame=shot.first_frame + len(shot.times_s) - 1,
        frames=len(shot.times_s),
        times_s=tuple(shot.times_s),
        width=shot.width,
        height=shot.height,
        platform=source.platform,
        scene=source.scene,
        polarity=Polarity(value=stated, how="stated") if stated else Polarity(),
        warnings=warnings,
        frames_sha256=shot.hashes(),
    )


def _findings(decoded: Decoded) -> dict[str, Any]:
    """What ``source.json`` says of the recording once it is decoded."""
    info = decoded.info
    return {
        "status": "done" if decoded.broken is None else "partly",
        "error": None if decoded.broken is None else str(decoded.broken),
        "container": info.container,
        "codec": info.codec,
        "pixel_format": info.pixel_format,
        "colour_range": info.colour_range,
        "width": info.width,
        "height": info.height,
        "fps": info.fps,
        "frames": decoded.frames,
        "coloured_frames": decoded.coloured,
        "short_shots": decoded.short_shots,
        "short_frames": decoded.short_frames,
    }

"""One recording to sequences: decoded beside it, then put in its place, whole or not at all.

Frames go to a folder beside the recording and are moved to their places when all are there; then
XML files and cards are written, and ``source.json`` last.
"""

import fcntl
import logging
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import NamedTuple

from tirdata.config import to_json
from tirdata.dataset.acquire import put_back
from tirdata.dataset.again import check_same_frames, is_annotated
from tirdata.dataset.card import Source
from tirdata.dataset.decoding import Decoded, Job, Shot, decode
from tirdata.dataset.describe import card_of, findings_of
from tirdata.dataset.names import MAX_SHOT, SequenceId
from tirdata.dataset.shot_writer import LOSSLESS
from tirdata.dataset.tree import Dataset
from tirdata.dataset.vid_xml import write_empty
from tirdata.errors import DataError, DecodeError, UsageError
from tirdata.fetch.folders import side_digest, side_file_of
from tirdata.fetch.wanted import Clip, Treatment
from tirdata.files import storage_error, undisturbed, write_bytes, write_text
from tirdata.frames.settings import NormaliseConfig

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
    settings: NormaliseConfig
    clips: tuple[Clip, ...] = ()  # what is said of its parts
    treatment: Treatment = Treatment()
    again: bool = False  # though its sequences are made


def convert(recording: Recording) -> Source:
    """Make the sequences of a fetched recording; what its ``source.json`` then says.

    Raises:
        DataError: no sequence came of it. A new recording is then taken out of the dataset again,
            unless other settings would help.
        UsageError: the settings do not fit it, likewise; or its annotations would lie wrong.
        StorageError: a file cannot be written.
    """
    dataset = Dataset.open(recording.root)
    folder = dataset.recording_dir(recording.recording_id)
    with alone(folder):
        source = dataset.read_source(recording.recording_id)
        new = source.status == "fetched"
        if not new and not recording.again:  # by a process that outlived the command
            return source
        if new:
            remove_sequences(dataset, source, work=False)
        asked = {"clips": recording.clips, "treatment": recording.treatment}
        source = source.model_copy(update=asked)
        work = folder / WORK_FOLDER
        shutil.rmtree(work, ignore_errors=True)  # of a killed process
        try:
            original = _original(folder, source)
            with _side_as_asked(recording, source, original):
                decoded = decode(_job(recording, source, original), work)
                _check_any(recording, decoded)
                source = source.model_copy(update={"side_sha256": side_digest(original)})
                return _commit(dataset, source, decoded, recording)
        except DecodeError:
            if new:
                shutil.rmtree(folder, ignore_errors=True)
            raise
        except (DataError, UsageError) as error:  # it is whole: other settings may take it
            if new and put_back(dataset, source):
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


def remove_sequences(dataset: Dataset, source: Source, *, work: bool = True) -> None:
    """Remove a recording's sequences, or what a killed process left of them, cards first."""
    first = SequenceId(source.subset, source.number, 0)
    shots = f"{first.name[:-3]}[0-9][0-9][0-9]"
    for card in (dataset.root / "sequences").glob(f"{shots}.json"):
        card.unlink()
    for folder in (
        dataset.frame_dir(first),
        dataset.annotation_dir(first),
        dataset.lossless_dir(first),
        dataset.visible_dir(first),
        dataset.visible_annotation_dir(first),
    ):
        for left in folder.parent.glob(shots):
            shutil.rmtree(left)
    if work:
        shutil.rmtree(dataset.recording_dir(source.recording_id) / WORK_FOLDER, ignore_errors=True)


def _original(folder: Path, source: Source) -> Path:
    if source.file is not None:
        return folder / source.file
    if source.path is None:
        raise UsageError(
            f"{source.url}: its original was not kept (--no-keep), so its sequences cannot be made "
            f"again; fetch it into another dataset"
        )
    return Path(source.path)


@contextmanager
def _side_as_asked(recording: Recording, source: Source, original: Path) -> Iterator[None]:
    """Beside a kept original, what is written beside the file now; as before if the block fails."""
    path = Path(recording.name)
    given, kept = side_file_of(path), side_file_of(original)
    both = source.url is None and source.file is not None and path.is_file()
    if not both or (given is None and recording.name != source.path):
        yield
        return
    place = original.with_name(f"{original.name}.toml")
    old = None if kept is None else kept.read_bytes()
    try:
        _put(place, None if given is None else given.read_bytes())
        yield
    except BaseException:
        _put(place, old)
        raise


def _put(path: Path, data: bytes | None) -> None:
    if data is None:
        path.unlink(missing_ok=True)
    else:
        write_bytes(path, data)


def _job(recording: Recording, source: Source, original: Path) -> Job:
    return Job(
        original=original,
        name=recording.name,
        clips=source.clips,
        settings=recording.settings,
        min_frames=recording.min_frames,
        threads=recording.threads,
    )


def _check_any(recording: Recording, decoded: Decoded) -> None:
    if len(decoded.shots) > MAX_SHOT + 1:
        raise DataError(
            f"{recording.name}: has {len(decoded.shots)} shots; the names of ILSVRC2015 have room "
            f"for {MAX_SHOT + 1}: take a part with start_s and end_s in a sources file"
        )
    for width, height in {shot.plan.size for shot in decoded.shots}:
        if min(width, height) < 2:
            raise DataError(f"{recording.name}: frames are {width}x{height}; a box needs 2x2")
    if decoded.shots:
        return
    if decoded.broken is not None:
        raise decoded.broken
    if recording.clips and not decoded.short_frames:
        parts = ", ".join(map(str, recording.clips))
        raise DataError(
            f"{recording.name}: none of its frames is from {parts}; expected start_s and end_s "
            f"within the recording"
        )
    raise DataError(
        f"{recording.name}: has no shot of {recording.min_frames} frames ({decoded.short_frames} "
        f"frames in {decoded.short_shots} shots); a lower --min-frames takes shorter ones"
    )


def _commit(dataset: Dataset, source: Source, decoded: Decoded, recording: Recording) -> Source:
    """Put everything in its place: prepared beside the recording first, then moved at once."""
    ids = [SequenceId(source.subset, source.number, n) for n in range(len(decoded.shots))]
    changes = findings_of(decoded) | {
        "min_frames": recording.min_frames,
        "normalise": recording.settings,
        "polarity_hint": recording.settings.polarity,
        "sequences": [each.name for each in ids],
        "file": source.file if recording.keep else None,
    }
    done = Source.model_validate(source.model_dump() | changes)
    cards = [card_of(source, shot, done.warnings) for shot in decoded.shots]
    annotated = is_annotated(dataset, source)
    if annotated:
        check_same_frames(dataset, source, cards)
    else:
        for each, shot, card in zip(ids, decoded.shots, cards, strict=True):
            write_empty(_xml_folder(shot), each, shot.plan.size, card.frames)
    with undisturbed():
        if not annotated and source.status != "fetched":
            dataset.write_source(source.model_copy(update={"status": "fetched"}))
            remove_sequences(dataset, source, work=False)
        for each, shot in zip(ids, decoded.shots, strict=True):
            _move(shot.folder, dataset.frame_dir(each))
            if not annotated:
                _move(_xml_folder(shot), dataset.annotation_dir(each))
            if shot.lossless:
                _move(_png_folder(shot), dataset.lossless_dir(each))
            else:  # of other settings
                shutil.rmtree(dataset.lossless_dir(each), ignore_errors=True)
        for each, card in zip(ids, cards, strict=True):
            write_text(dataset.card_path(each), to_json(card))
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


def _xml_folder(shot: Shot) -> Path:
    return shot.folder.with_name(f"{shot.folder.name}-xml")


def _png_folder(shot: Shot) -> Path:
    return shot.folder.with_name(f"{shot.folder.name}{LOSSLESS}")


def _move(folder: Path, target: Path) -> None:
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with suppress(FileNotFoundError):
            shutil.rmtree(target)
        shutil.move(folder, target)
    except OSError as error:
        raise storage_error(target, error) from error

"""The dataset on disk: which file lies where, and reading and writing whole sequences."""

import fcntl
import os
import socket
import sys
import time
import tomllib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import IO, Annotated

import numpy as np
from pydantic import Field

from tirdata.config import Config, check, read_json, to_json
from tirdata.dataset.card import Card, Confidences, Source
from tirdata.dataset.classes import WNID_PATTERN
from tirdata.dataset.frames import FrameFiles
from tirdata.dataset.names import SequenceId
from tirdata.dataset.pair import VisibleFolders, with_visible
from tirdata.dataset.vid_xml import (
    objects_by_frame,
    read_annotations,
    write_annotations,
    write_objects,
)
from tirdata.errors import BusyError, ConfigError, DataError, UsageError, VersionError
from tirdata.files import storage_error, write_text
from tirdata.types import Floats, Track
from tirdata.types import Sequence as TrackedSequence

__all__ = ["FORMAT", "Dataset", "DatasetConfig", "SequenceId"]

FORMAT = 1
CONFIG_NAME = "tirdata.toml"
_LOCK_NAME = ".tirdata.lock"
_CONFIDENCE_DECIMALS = 4


class DatasetConfig(Config):
    """``tirdata.toml`` in the root of a dataset."""

    format: Annotated[int, Field(ge=1, le=FORMAT)] = FORMAT
    """Version of the layout on disk."""
    name: str
    """What people call the dataset."""
    classes: dict[str, Annotated[str, Field(pattern=f"^{WNID_PATTERN}$")]] = Field(
        default_factory=dict
    )
    """Classes of this dataset beyond the known ones: name = WordNet id."""


class Dataset:
    """A dataset in the layout of ILSVRC2015 VID, with cards and journals beside it."""

    def __init__(self, root: Path, config: DatasetConfig) -> None:
        self.root = root
        self.config = config

    @classmethod
    def create(cls, root: Path, name: str | None = None) -> "Dataset":
        """Make an empty dataset; the folder may exist if it holds no dataset.

        Raises:
            UsageError: there is a dataset already.
            StorageError: it cannot be written.
        """
        path = root / CONFIG_NAME
        if path.exists():
            raise UsageError(f"{path}: there is a dataset already; choose another folder")
        config = DatasetConfig(name=name or root.resolve().name or "dataset")
        write_text(path, _config_text(config))
        return cls(root, config)

    @classmethod
    def open(cls, root: Path) -> "Dataset":
        """Open a dataset.

        Raises:
            DataError: there is none, or its ``tirdata.toml`` is wrong.
            VersionError: it was made by a newer tirdata.
        """
        return cls(root, read_config(root / CONFIG_NAME))

    def sequence_ids(self, subset: str | None = None) -> list[SequenceId]:
        """The sequences that have a card, sorted."""
        names = (path.stem for path in (self.root / "sequences").glob("ILSVRC2015_*.json"))
        ids = sorted(SequenceId.parse(name) for name in names)
        return [each for each in ids if subset in (None, each.subset)]

    def find(self, name: str) -> SequenceId:
        """The sequence with this name, or with these eight digits.

        Raises:
            UsageError: there is none, or there is one in each subset.
        """
        known = self.sequence_ids()
        found = [each for each in known if name in (each.name, each.number)]
        if len(found) == 1:
            return found[0]
        if found:
            raise UsageError(f"sequence {name}: is any of {_listed(found)}; give the whole name")
        raise UsageError(f"sequence {name}: not in {self.root}; it has {_listed(known) or 'none'}")

    def frame_dir(self, sequence: SequenceId) -> Path:
        """The folder of its frames."""
        return self.root / "Data" / "VID" / sequence.folder

    def lossless_dir(self, sequence: SequenceId) -> Path:
        """The folder of its frames as PNG, where they are stored."""
        return self.root / "Lossless" / sequence.folder

    def annotation_dir(self, sequence: SequenceId) -> Path:
        """The folder of its XML files."""
        return self.root / "Annotations" / "VID" / sequence.folder

    def visible_dir(self, sequence: SequenceId) -> Path:
        """The folder of the frames of its visible half, of a pair."""
        return self.root / "Visible" / "Data" / "VID" / sequence.folder

    def visible_annotation_dir(self, sequence: SequenceId) -> Path:
        """The folder of the XML files of its visible half, where that was labelled apart."""
        return self.root / "Visible" / "Annotations" / "VID" / sequence.folder

    def card_path(self, sequence: SequenceId) -> Path:
        """Its card; a sequence exists when its card does."""
        return self.root / "sequences" / f"{sequence.name}.json"

    def journal_path(self, sequence: SequenceId) -> Path:
        """The journal of what people drew and decided."""
        return self.root / "keyframes" / f"{sequence.name}.jsonl"

    def confidence_path(self, sequence: SequenceId) -> Path:
        """How sure the tracker was."""
        return self.root / "confidence" / f"{sequence.name}.json"

    def masks_dir(self, style: str, sequence: SequenceId) -> Path:
        """The folder of its masks in one style."""
        return self.root / "Masks" / style / sequence.folder

    def recording_dir(self, recording_id: str) -> Path:
        """The folder of a recording's original and ``source.json``."""
        return self.root / "recordings" / recording_id

    def source_path(self, recording_id: str) -> Path:
        """Where a recording came from."""
        return self.recording_dir(recording_id) / "source.json"

    def recording_ids(self) -> list[str]:
        """The recordings that have a ``source.json``, sorted."""
        return sorted(path.parent.name for path in self.root.glob("recordings/*/source.json"))

    def read_source(self, recording_id: str) -> Source:
        """Where a recording came from.

        Raises:
            DataError: there is no such file, or it is wrong.
        """
        return read_json(self.source_path(recording_id), Source)

    def write_source(self, source: Source) -> None:
        """Write down where a recording came from.

        Raises:
            StorageError: it cannot be written.
        """
        write_text(self.source_path(source.recording_id), to_json(source))

    def read_card(self, sequence: SequenceId) -> Card:
        """The card of a sequence.

        Raises:
            DataError: there is no such file, or it is wrong.
        """
        return read_json(self.card_path(sequence), Card)

    def add_sequence(self, sequence: SequenceId, card: Card) -> None:
        """Make a sequence of frames that are written already: empty XML files, then the card.

        Raises:
            StorageError: a file cannot be written.
        """
        size = (card.width, card.height)
        write_annotations(self.annotation_dir(sequence), sequence, size, card.frames, ())
        write_text(self.card_path(sequence), to_json(card))

    def frames(self, sequence: SequenceId) -> FrameFiles:
        """Its frames, as many and as large as its card says.

        Raises:
            DataError: the card or a frame is missing.
        """
        card = self.read_card(sequence)
        return FrameFiles(self.frame_dir(sequence), card.frames, (card.width, card.height))

    def read_sequence(self, sequence: SequenceId) -> TrackedSequence:
        """Its frames and the tracks of its XML files, with confidence where it was measured.

        Raises:
            DataError: a file is missing or wrong.
        """
        card = self.read_card(sequence)
        frames = FrameFiles(self.frame_dir(sequence), card.frames, (card.width, card.height))
        tracks = self.read_tracks(sequence, card.frames)
        thermal = TrackedSequence(sequence.name, frames, tracks)
        return self.with_visible(sequence, thermal, card)

    def with_visible(
        self, sequence: SequenceId, thermal: TrackedSequence, card: Card
    ) -> TrackedSequence:
        """The same with its visible half, if it is a pair.

        Raises:
            DataError: a file is missing or wrong.
        """
        folders = VisibleFolders(self.visible_dir(sequence), self.visible_annotation_dir(sequence))
        return with_visible(thermal, card, folders, self.config.classes)

    def write_visible_tracks(self, sequence: SequenceId, tracks: Sequence[Track]) -> None:
        """Write the XML of every frame of the visible half of a pair.

        Raises:
            AnnotationError: a track does not fit the frames.
            UsageError: a class has no WNID.
            StorageError: a file cannot be written.
        """
        card = self.read_card(sequence)
        half = card.pair or card
        size = (half.width, half.height)
        objects = objects_by_frame(sequence.name, size, card.frames, tracks, self.config.classes)
        write_objects(self.visible_annotation_dir(sequence), sequence, size, objects)

    def read_tracks(self, sequence: SequenceId, count: int) -> tuple[Track, ...]:
        """The tracks of the XML files of ``count`` frames, with confidence where measured.

        Raises:
            DataError: a file is missing or wrong.
        """
        tracks = read_annotations(self.annotation_dir(sequence), count, self.config.classes)
        path = self.confidence_path(sequence)
        if not path.exists():
            return tracks
        known = read_json(path, Confidences).tracks
        return tuple(
            replace(track, confidence=_floats(known[track.id], count, path))
            if track.id in known
            else track
            for track in tracks
        )

    def write_tracks(
        self,
        sequence: SequenceId,
        tracks: Sequence[Track],
        replacing: Callable[[Mapping[int, bytes]], None] = lambda _: None,
    ) -> int:
        """Write the XML of every frame and the confidence; how many XML files changed.

        ``replacing`` is told what stands in the files that will change, and may refuse by raising.

        Raises:
            AnnotationError: a track does not fit the frames.
            UsageError: a class has no WNID.
            StorageError: a file cannot be written.
        """
        card = self.read_card(sequence)
        size = (card.width, card.height)
        objects = objects_by_frame(sequence.name, size, card.frames, tracks, self.config.classes)
        folder = self.annotation_dir(sequence)
        changed = write_objects(folder, sequence, size, objects, replacing)
        self._write_confidence(sequence, tracks)
        return changed

    def next_recording(self, subset: str) -> int:
        """The lowest number above all recordings of the subset."""
        numbers = [each.recording for each in self.sequence_ids(subset)]
        for recording_id in self.recording_ids():
            source = self.read_source(recording_id)
            if source.subset == subset:
                numbers.append(source.number)
        return max(numbers, default=-1) + 1

    @contextmanager
    def lock(self, wait_s: float = 0.0) -> Iterator[None]:
        """Keep other processes from writing; given back when this one ends, however it does.

        Raises:
            BusyError: another process holds it, and did so for ``wait_s``.
            StorageError: the lock file cannot be written.
        """
        path = self.root / _LOCK_NAME
        try:
            file = path.open("a+", encoding="utf-8")
        except OSError as error:
            raise storage_error(path, error) from error
        with file:
            if not _locked(file, wait_s):
                file.seek(0)
                holder = file.read().strip() or "another process"
                raise BusyError(f"{self.root}: in use by {holder}; wait for it to end, or stop it")
            file.truncate(0)
            file.write(_this_process())
            file.flush()
            yield

    def _write_confidence(self, sequence: SequenceId, tracks: Sequence[Track]) -> None:
        path = self.confidence_path(sequence)
        measured = {
            track.id: tuple(
                None if np.isnan(value) else round(float(value), _CONFIDENCE_DECIMALS)
                for value in track.confidence
            )
            for track in tracks
            if track.confidence is not None
        }
        if measured:
            write_text(path, Confidences(tracks=measured).model_dump_json() + "\n")
        else:
            path.unlink(missing_ok=True)


def _locked(file: IO[str], wait_s: float) -> bool:
    deadline = time.monotonic() + wait_s
    while True:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() >= deadline:
                return False
            time.sleep(0.05)
        else:
            return True


def read_config(path: Path) -> DatasetConfig:
    """The ``tirdata.toml`` of a dataset.

    Raises:
        DataError: it is missing or wrong.
        VersionError: it was made by a newer tirdata.
    """
    try:
        values = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except (FileNotFoundError, NotADirectoryError):
        raise DataError(
            f"{path}: no such file; expected the folder of a dataset, see tirdata init"
        ) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise DataError(f"{path}: not TOML ({error})") from None
    _check_format(path, values)
    try:
        return check(values, DatasetConfig, where=str(path))
    except ConfigError as error:
        raise DataError(str(error)) from None


def _check_format(path: Path, values: Mapping[str, object]) -> None:
    found = values.get("format")
    if isinstance(found, int) and found > FORMAT:
        raise VersionError(
            f"{path}: format {found}; this tirdata reads up to {FORMAT}; install a newer one"
        )


def _config_text(config: DatasetConfig) -> str:
    name = config.name.replace("\\", "\\\\").replace('"', '\\"')
    return f"""\
# A dataset of tirdata. Tables that are commented out show what may be written here.

format = {config.format}  # version of the layout on disk; written by tirdata
name = "{name}"

# Classes beyond those that tirdata knows: name = WordNet id (n and eight digits).
# [classes]
# quadcopter = "n03245889"
"""


def _floats(values: Sequence[float | None], count: int, path: Path) -> Floats:
    if len(values) != count:
        raise DataError(f"{path}: {len(values)} values for a track; expected {count}, one a frame")
    return np.array([np.nan if value is None else value for value in values], np.float64)


def _listed(ids: Sequence[SequenceId]) -> str:
    names = [each.name for each in ids[:20]]
    more = [f"… ({len(ids)} in all)"] if len(ids) > 20 else []
    return ", ".join([*names, *more])


def _this_process() -> str:
    command = " ".join([Path(sys.argv[0]).name, *sys.argv[1:2]])
    return f"process {os.getpid()} on {socket.gethostname()} ({command})\n"

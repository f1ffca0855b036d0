"""Whether the inputs of a sequence are what they were: quickly by its files, surely by their bytes.

The stamp is of names, sizes and times of files: while it is the same, nothing is read. Where it
differs (copied elsewhere, touched) the bytes decide. Stamps lie beside the mix, not in it: two
mixes of the same inputs have the same bytes, whenever their files were written.
"""

import hashlib
import os
from collections.abc import Iterable
from pathlib import Path

from tirdata.config import to_json
from tirdata.dataset.duplicates import Portrait
from tirdata.dataset.tree import CONFIG_NAME, Dataset, SequenceId
from tirdata.errors import DataError
from tirdata.layouts import LAYOUTS
from tirdata.layouts.portrait import portrait
from tirdata.mix.jobs import Job
from tirdata.types import Frames, Sequence


def read(job: Job) -> Sequence:
    """The sequence of a job.

    Raises:
        DataError: it cannot be read.
    """
    return LAYOUTS[job.layout].read_one(job.root, job.sequence)


def stamp(job: Job) -> str | None:
    """Of all files that the sequence is made of; None where it is not made of files.

    Raises:
        DataError: a file is missing, or boxes in files of another kind cannot be read.
    """
    digest = hashlib.sha256()
    if (job.root / CONFIG_NAME).is_file():
        dataset, number = Dataset.open(job.root), SequenceId.parse(job.sequence)
        _add_files(digest, (dataset.root / CONFIG_NAME, dataset.card_path(number)))
        if dataset.confidence_path(number).exists():
            _add_files(digest, (dataset.confidence_path(number),))
        for folder in (dataset.annotation_dir(number), dataset.frame_dir(number)):
            _add_folder(digest, folder)
        for folder in (dataset.visible_dir(number), dataset.visible_annotation_dir(number)):
            if folder.is_dir():
                _add_folder(digest, folder)
        return digest.hexdigest()
    sequence = read(job)
    _add_tracks(digest, sequence)
    for frames in (sequence.frames, sequence.visible):
        paths: tuple[Path, ...] | None = getattr(frames, "paths", None)
        if frames is not None and not paths:
            return None
        _add_files(digest, paths or ())
    return digest.hexdigest()


def inputs_of(sequence: Sequence, used: Iterable[int], shown: Portrait | None) -> str:
    """SHA-256 of what can change the samples of a sequence: tracks, origin, and frames used.

    Raises:
        DataError: a frame's file is missing.
    """
    digest = hashlib.sha256(str(len(sequence.frames)).encode())
    _add_tracks(digest, sequence)
    digest.update(("" if shown is None else to_json(shown)).encode())
    for index in used:
        _add_frame(digest, sequence.frames, index)
        if sequence.visible is not None:
            _add_frame(digest, sequence.visible, index)
    return digest.hexdigest()


def portrait_of(job: Job, frames: Frames | None = None) -> Portrait:
    """What the sequence looks like; of our own only card and files are opened.

    Raises:
        DataError: the sequence cannot be read.
    """
    if frames is None and (job.root / CONFIG_NAME).is_file():
        frames = Dataset.open(job.root).frames(SequenceId.parse(job.sequence))
    return portrait(job.root, job.sequence, read(job).frames if frames is None else frames)


def _add_tracks(digest: "hashlib._Hash", sequence: Sequence) -> None:
    for track in (*sequence.tracks, *sequence.visible_tracks):
        digest.update(f"{track.id}:{track.class_name}".encode())
        for values in (track.boxes, track.generated, track.occluded):
            digest.update(values.tobytes())
        if track.confidence is not None:
            digest.update(track.confidence.tobytes())


def _add_frame(digest: "hashlib._Hash", frames: Frames, index: int) -> None:
    paths: tuple[Path, ...] = getattr(frames, "paths", ())
    try:
        data = paths[index].read_bytes() if paths else frames[index].tobytes()
    except OSError as error:
        raise DataError(f"{error.filename}: cannot read frame ({error.strerror})") from None
    digest.update(hashlib.sha256(data).digest())


def _add_files(digest: "hashlib._Hash", paths: Iterable[Path]) -> None:
    for path in paths:
        try:
            found = path.stat()
        except OSError as error:
            raise DataError(f"{path}: cannot be read ({error.strerror})") from None
        digest.update(f"{path.name}:{found.st_size}:{found.st_mtime_ns},".encode())


def _add_folder(digest: "hashlib._Hash", folder: Path) -> None:
    lines = []
    try:
        with os.scandir(folder) as entries:
            for entry in entries:
                found = entry.stat()
                lines.append(f"{entry.name}:{found.st_size}:{found.st_mtime_ns},")
    except OSError as error:
        raise DataError(f"{error.filename}: cannot be read ({error.strerror})") from None
    digest.update("".join(sorted(lines)).encode())

"""CVAT for video 1.1: ``NAME/annotations.xml`` and ``NAME/images/frame_000000.jpg …``.

Coordinates are corners in pixels from 0 with decimals, as ours. What CVAT calls a keyframe a person
drew; between keyframes it draws straight lines, and ``outside`` is an absent object.
"""

from collections.abc import Iterable, Iterator
from pathlib import Path
from xml.sax.saxutils import escape, quoteattr

from tirdata.errors import DataError
from tirdata.files import whole
from tirdata.layouts.base import ReadsOneByOne
from tirdata.layouts.cvat_file import MACHINES, read_cvat
from tirdata.layouts.faults import Faults
from tirdata.layouts.folders import first_folders, folder_of, named_folders
from tirdata.layouts.pictures import (
    PictureFrames,
    check_numbers,
    list_pictures,
    write_pictures,
)
from tirdata.layouts.text import number_text
from tirdata.types import Sequence, Track

XML = "annotations.xml"


class CvatLayout(ReadsOneByOne):
    """A folder a task; the root may also be one such folder."""

    name = "cvat"
    origin = 0

    def recognises(self, root: Path) -> bool:
        """A folder with ``annotations.xml``, or folders of that kind in it."""
        return bool(first_folders(root, _is_task))

    def names(self, root: Path) -> list[str]:
        """Names of the folders; of the root itself if that is one task."""
        return sorted(named_folders(root, _is_task))

    def read_one(self, root: Path, name: str) -> Sequence:
        """One task; straight lines between keyframes that the file leaves out are drawn.

        Raises:
            DataError: a file is missing or wrong, or the XML speaks of other frames.
        """
        folder = folder_of(root, name, _is_task)
        faults = Faults()
        said = read_cvat(folder / XML, faults)[0]
        if not (folder / "images").is_dir():
            raise DataError(
                f"{folder / 'images'}: no such folder; expected the frames, or import "
                f"{folder / XML} alone onto a sequence (--sequence) or recording (--recording)"
            )
        pictures = list_pictures(folder / "images")
        check_numbers(pictures, said.first)
        if said.frames not in (None, len(pictures)):
            raise DataError(
                f"{folder / XML}: size is {said.frames}; expected {len(pictures)}, the frames in "
                f"{folder / 'images'}"
            )
        frames = PictureFrames(pictures)
        height, width = frames[0].shape
        if said.size not in (None, (width, height)):
            raise DataError(
                f"{folder / XML}: original_size is {said.size}; the frames are {width}x{height}; "
                "expected the same"
            )
        tracks = said.build(len(frames), faults)
        faults.log_notes()
        return Sequence(name, frames, tracks)

    def write(self, sequences: Iterable[Sequence], root: Path) -> None:
        """Write sequences, every frame of a track as a box.

        A machine's box is no keyframe, but for tracks that are a machine's as a whole: those have
        the source ``auto``.

        Raises:
            StorageError: a file cannot be written.
        """
        for sequence in sequences:
            folder = root / sequence.name
            write_pictures(sequence.frames, folder / "images", "frame_{:06d}.jpg", first=0)
            with (
                whole(folder / XML) as path,
                path.open("w", encoding="utf-8", newline="\n") as file,
            ):
                file.writelines(_lines(sequence))


def _lines(sequence: Sequence) -> Iterator[str]:
    height, width = sequence.frames[0].shape
    count = len(sequence.frames)
    labels = sorted({track.class_name for track in sequence.tracks})
    yield '<?xml version="1.0" encoding="utf-8"?>\n<annotations>\n  <version>1.1</version>\n'
    yield f"  <meta>\n    <task>\n      <name>{escape(sequence.name)}</name>\n"
    yield f"      <size>{count}</size>\n      <mode>interpolation</mode>\n"
    yield f"      <start_frame>0</start_frame>\n      <stop_frame>{count - 1}</stop_frame>\n"
    yield "      <frame_filter></frame_filter>\n      <labels>\n"
    for label in labels:
        yield f"        <label>\n          <name>{escape(label)}</name>\n"
        yield "          <attributes></attributes>\n        </label>\n"
    yield f"      </labels>\n      <original_size>\n        <width>{width}</width>\n"
    yield f"        <height>{height}</height>\n      </original_size>\n    </task>\n  </meta>\n"
    for track in sorted(sequence.tracks, key=lambda track: track.id):
        yield from _track_lines(track)
    yield "</annotations>\n"


def _track_lines(track: Track) -> Iterator[str]:
    machine = bool(track.generated[track.present].all())
    source = MACHINES[0] if machine else "manual"
    yield f'  <track id="{track.id}" label={quoteattr(track.class_name)} source="{source}">\n'
    before, there = None, False
    for frame, present in enumerate(track.present.tolist()):
        if present:
            x, y, w, h = track.boxes[frame].tolist()
            before = " ".join(
                f'{name}="{number_text(value)}"'
                for name, value in (("xtl", x), ("ytl", y), ("xbr", x + w), ("ybr", y + h))
            )
            keyframe = machine or not track.generated[frame]
            yield _box(frame, f'keyframe="{keyframe:d}" outside="0" '
                       f'occluded="{track.occluded[frame]:d}"', before)  # fmt: skip
        elif there and before is not None:  # where it was last; CVAT wants a place even so
            yield _box(frame, 'keyframe="1" outside="1" occluded="0"', before)
        there = present
    yield "  </track>\n"


def _box(frame: int, flags: str, corners: str) -> str:
    return f'    <box frame="{frame}" {flags} {corners} z_order="0">\n    </box>\n'


def _is_task(folder: Path) -> bool:
    return (folder / XML).is_file()

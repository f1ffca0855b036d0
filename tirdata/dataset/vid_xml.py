"""Tracks of a sequence as VID2015 XML files, one a frame.

A corner in the XML is the index of a pixel that itself belongs to the box, as in the ILSVRC2015
development kit: a file with xmin 10 and xmax 19 means x = 10 and w = 10 in memory. Writing rounds
the edges of a box to whole pixels, so a box that is read back differs by at most half a pixel.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache
from importlib.resources import files
from pathlib import Path
from types import MappingProxyType

import numpy as np
from lxml import etree
from numpy.typing import NDArray

from tirdata.dataset.classes import class_name, wnid
from tirdata.dataset.names import SequenceId
from tirdata.dataset.vid_text import XmlFrame, XmlObject, parse_text, xml_text
from tirdata.errors import AnnotationError
from tirdata.files import storage_error, write_bytes
from tirdata.geometry import inside
from tirdata.types import Boxes, Track

__all__ = ["XmlFrame", "XmlObject"]  # those of vid_text, for whoever reads whole files

_NO_EXTRA: Mapping[str, str] = MappingProxyType({})
_BAD_CONTENT = re.compile(r"Element (\w+) failed to validate content")
_LEFT_OVER = ".part-*.xml"  # of a writer that was killed


def write_annotations(
    folder: Path,
    sequence: SequenceId,
    size: tuple[int, int],
    count: int,
    tracks: Sequence[Track],
    wnids: Mapping[str, str] = _NO_EXTRA,
) -> int:
    """Write an XML for each of ``count`` frames of ``size`` (w, h); how many files changed.

    ``wnids`` are class names of the dataset, which win over those we know.

    Raises:
        AnnotationError: a track does not fit the frames, or a box lies outside of them.
        UsageError: a class has no WNID.
        StorageError: a file cannot be written.
    """
    objects = objects_by_frame(sequence.name, size, count, tracks, wnids)
    return write_objects(folder, sequence, size, objects)


def write_objects(
    folder: Path,
    sequence: SequenceId,
    size: tuple[int, int],
    objects: Sequence[Sequence[XmlObject]],
    replacing: Callable[[Mapping[int, bytes]], None] = lambda _: None,
) -> int:
    """Write an XML for each frame with its ``objects``; how many files changed.

    ``replacing`` is told what stands, by frame, in the files that will change, and may refuse by
    raising.

    Raises:
        StorageError: a file cannot be written.
    """
    count = len(objects)
    data = [
        xml_text(sequence.xml_folder, number, size, objects[number]).encode("ascii")
        for number in range(count)
    ]
    found = [_bytes_or_none(folder / xml_name(number)) for number in range(count)]
    changed = [number for number in range(count) if found[number] != data[number]]
    replacing({number: old for number in changed if (old := found[number]) is not None})
    for number in changed:
        path = folder / xml_name(number)
        parse_frame(data[number], path)  # against the schema, before anything is written
        write_bytes(path, data[number])
    _remove_others(folder, count)
    return len(changed)


def write_empty(folder: Path, sequence: SequenceId, size: tuple[int, int], count: int) -> None:
    """Write an XML without objects for each frame into a new folder that nobody looks into yet.

    Raises:
        AnnotationError: the frames are too small for any box.
        StorageError: a file cannot be written.
    """
    objects_by_frame(sequence.name, size, count, (), {})
    try:
        folder.mkdir(parents=True)
        for number in range(count):
            path = folder / xml_name(number)
            data = xml_text(sequence.xml_folder, number, size, ()).encode("ascii")
            parse_frame(data, path)  # against the schema
            path.write_bytes(data)
    except OSError as error:
        raise storage_error(folder, error) from error


def read_annotations(
    folder: Path, count: int | None = None, extra: Mapping[str, str] = _NO_EXTRA
) -> tuple[Track, ...]:
    """The tracks in a folder of XML files, by id.

    Without ``count``, there are as many frames as files. ``extra`` are class names of the dataset,
    which win over those we know.

    Raises:
        AnnotationError: a file is missing, breaks the schema, or contradicts another.
    """
    return tracks_of(list(read_frames(folder, count)), folder, extra)


def read_frames(folder: Path, count: int | None = None) -> Iterator[XmlFrame]:
    """What each XML file of a folder says, frame after frame.

    Raises:
        AnnotationError: a file is missing or breaks the schema.
    """
    for number in range(count_xml(folder) if count is None else count):
        yield read_frame_xml(folder / xml_name(number))


def read_frame_xml(path: Path) -> XmlFrame:
    """What one XML file says.

    Raises:
        AnnotationError: it is missing or breaks the schema.
    """
    data = _bytes_or_none(path)
    if data is None:
        raise AnnotationError(
            f"{path}: no such file; every frame has an XML, empty of objects or not"
        )
    return parse_frame(data, path)


def parse_frame(data: bytes, path: Path) -> XmlFrame:
    """What the bytes of an XML file say; ``path`` is for the message.

    Raises:
        AnnotationError: they break the schema.
    """
    ours = parse_text(data)
    return _parse_xml(data, path) if ours is None else ours


def _parse_xml(data: bytes, path: Path) -> XmlFrame:
    """As ``parse_frame``, for any XML."""
    try:
        root = etree.fromstring(data, _parser())
    except etree.XMLSyntaxError as error:
        raise AnnotationError(f"{path}:{error.lineno}: not XML ({error.msg})") from None
    schema = _schema()
    if not schema.validate(root):
        line, found = _schema_fault(root, schema)
        raise AnnotationError(f"{path}:{line}: {found}; expected VID2015 style, see vid2015.rng")
    folder, filename, _, (width, height), *objects = root
    return XmlFrame(
        _text(folder),
        int(_text(filename)),
        (int(_text(width)), int(_text(height))),
        tuple(_object(element, path) for element in objects),
    )


def tracks_of(
    frames: Sequence[XmlFrame], folder: Path, extra: Mapping[str, str] = _NO_EXTRA
) -> tuple[Track, ...]:
    """The tracks that run through ``frames``, by id; ``folder`` is for the message.

    Raises:
        AnnotationError: a track occurs twice in a frame or changes its class.
    """
    tracks: dict[int, Track] = {}
    wnids: dict[int, str] = {}
    for number, frame in enumerate(frames):
        for item in frame.objects:
            track = tracks.get(item.track)
            if track is None:
                track = _absent_track(item.track, class_name(item.wnid, extra), len(frames))
                tracks[item.track], wnids[item.track] = track, item.wnid
            if wnids[item.track] != item.wnid or not np.isnan(track.boxes[number, 0]):
                found = (
                    f"is twice in frame {number}"
                    if wnids[item.track] == item.wnid
                    else (f"is {item.wnid}, but {wnids[item.track]} before")
                )
                raise AnnotationError(f"{folder / xml_name(number)}: track {item.track} {found}")
            track.boxes[number] = (
                item.xmin,
                item.ymin,
                item.xmax - item.xmin + 1,
                item.ymax - item.ymin + 1,
            )
            track.generated[number] = item.generated
            track.occluded[number] = item.occluded
    return tuple(tracks[key] for key in sorted(tracks))


def pixel_corners(boxes: Boxes, size: tuple[int, int]) -> NDArray[np.int64]:
    """Boxes as xmin, ymin, xmax, ymax: indices of pixels inside the box, (n, 4).

    Edges are rounded, cut at the frame, and moved apart where less than two pixels are left. Every
    box has to be finite and to touch the frame.
    """
    limit = np.array(size)
    first = np.floor(boxes[:, :2] + 0.5)
    last = np.floor(boxes[:, :2] + boxes[:, 2:] + 0.5) - 1
    first = np.clip(first, 0, limit - 2)
    last = np.clip(np.maximum(last, first + 1), 0, limit - 1)
    corners: NDArray[np.int64] = np.hstack([first, last]).astype(np.int64)
    return corners


def pixel_boxes(boxes: Boxes, size: tuple[int, int]) -> Boxes:
    """Boxes as they come back when written to XML and read; NaN rows stay."""
    result = np.full(boxes.shape, np.nan)
    present = ~np.isnan(boxes).any(axis=1)
    corners = pixel_corners(boxes[present], size)
    result[present] = np.hstack([corners[:, :2], corners[:, 2:] - corners[:, :2] + 1])
    return result


def xml_name(number: int) -> str:
    """File name of a frame's XML."""
    return f"{number:06d}.xml"


def count_xml(folder: Path) -> int:
    """How many XML files a folder has.

    Raises:
        AnnotationError: there is no such folder.
    """
    try:
        return sum(
            path.suffix == ".xml" and not path.name.startswith(".") for path in folder.iterdir()
        )
    except OSError as error:
        raise AnnotationError(f"{folder}: no folder of XML files ({error.strerror})") from None


def objects_by_frame(
    name: str, size: tuple[int, int], count: int, tracks: Sequence[Track], wnids: Mapping[str, str]
) -> list[list[XmlObject]]:
    """What the XML of each of ``count`` frames of ``size`` (w, h) has to say.

    Raises:
        AnnotationError: a track does not fit the frames, or a box lies outside of them.
        UsageError: a class has no WNID.
    """
    if min(size) < 2:
        raise AnnotationError(f"{name}: frames are {size[0]}x{size[1]}; a box needs 2x2 pixels")
    objects: list[list[XmlObject]] = [[] for _ in range(count)]
    if len({track.id for track in tracks}) != len(tracks):
        raise AnnotationError(f"{name}: two tracks have one id: {[track.id for track in tracks]}")
    for track in sorted(tracks, key=lambda track: track.id):
        _check_track(name, size, count, track)
        class_id = wnid(track.class_name, wnids)
        present = np.flatnonzero(track.present)
        corners = pixel_corners(track.boxes[present], size).tolist()
        for number, (xmin, ymin, xmax, ymax) in zip(present.tolist(), corners, strict=True):
            occluded, generated = bool(track.occluded[number]), bool(track.generated[number])
            objects[number].append(
                XmlObject(track.id, class_id, xmin, ymin, xmax, ymax, occluded, generated)
            )
    return objects


def _check_track(name: str, size: tuple[int, int], count: int, track: Track) -> None:
    if track.id < 0:
        raise AnnotationError(f"{name}: track {track.id}; expected an id from 0")
    if not track.boxes.shape == (count, 4) or not (
        len(track.generated) == len(track.occluded) == count
    ):
        raise AnnotationError(
            f"{name}, track {track.id}: boxes are {track.boxes.shape}, flags "
            f"{len(track.generated)} and {len(track.occluded)}; expected {count} rows, one a frame"
        )
    present = ~np.isnan(track.boxes).all(axis=1)
    with np.errstate(invalid="ignore"):  # infinity less infinity
        bad = present & ~inside(track.boxes, *size)
    if bad.any():
        number = int(np.flatnonzero(bad)[0])
        box = ", ".join(f"{value:g}" for value in track.boxes[number])
        raise AnnotationError(
            f"{name}, track {track.id}, frame {number}: box ({box}) is not inside the "
            f"{size[0]}x{size[1]} frame; expected finite x, y, w > 0, h > 0 that touch it"
        )


def _object(element: etree._Element, path: Path) -> XmlObject:
    # The schema has fixed the order of the children: no look-up by name is needed.
    track, name, bndbox, occluded, generated = element
    xmax, xmin, ymax, ymin = (int(_text(corner)) for corner in bndbox)
    if xmax < xmin or ymax < ymin:
        raise AnnotationError(
            f"{path}:{bndbox.sourceline}: box has xmin {xmin}, xmax {xmax}, ymin {ymin}, "
            f"ymax {ymax}; expected max >= min"
        )
    return XmlObject(
        int(_text(track)),
        _text(name),
        xmin,
        ymin,
        xmax,
        ymax,
        _text(occluded) == "1",
        _text(generated) == "1",
    )


def _schema_fault(root: etree._Element, schema: etree.RelaxNG) -> tuple[int, str]:
    """The line and what was found there; libxml2 says neither what is missing nor the value."""
    first, last = schema.error_log[0], schema.error_log[-1]
    content = _BAD_CONTENT.fullmatch(last.message)
    if content is not None:
        same = [each for each in root.iter(content[1]) if each.sourceline == last.line]
        value = f" is {_text(same[0])!r}" if len(same) == 1 else " has a value that it cannot have"
        return last.line, content[1] + value
    if first.message.endswith("got nothing"):
        inside = [each.tag for each in root.iter() if each.sourceline == first.line]
        return first.line, f"{inside[0] if inside else 'an element'} lacks an element at its end"
    return first.line, first.message[0].lower() + first.message[1:]


def _text(element: etree._Element) -> str:
    return (element.text or "").strip()


def _absent_track(track: int, name: str, count: int) -> Track:
    return Track(
        track,
        name,
        np.full((count, 4), np.nan),
        np.ones(count, np.bool_),
        np.zeros(count, np.bool_),
    )


def _bytes_or_none(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise AnnotationError(f"{path}: cannot read ({error.strerror})") from None


def _remove_others(folder: Path, count: int) -> None:
    """Remove XML files of frames that do not exist, and left-overs: readers list the folder."""
    expected = {xml_name(number) for number in range(count)}
    try:
        for path in [*folder.glob("*.xml"), *folder.glob(_LEFT_OVER)]:
            if path.name not in expected:
                path.unlink(missing_ok=True)
    except OSError as error:
        raise storage_error(folder, error) from error


@cache
def _schema() -> etree.RelaxNG:
    return etree.RelaxNG(
        etree.fromstring(files("tirdata.dataset").joinpath("vid2015.rng").read_bytes())
    )


@cache
def _parser() -> etree.XMLParser:
    return etree.XMLParser(
        resolve_entities=False, no_network=True, remove_comments=True, remove_pis=True
    )

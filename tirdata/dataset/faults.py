"""What can be wrong with one sequence of a dataset: its card, frames, XML and confidence."""

import hashlib
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple, TypeAlias

from tirdata.config import read_json
from tirdata.dataset.card import Card, Confidences
from tirdata.dataset.frames import decode_frame, frame_name, lossless_name
from tirdata.dataset.lists import Entry
from tirdata.dataset.names import SequenceId
from tirdata.dataset.tree import Dataset
from tirdata.dataset.vid_xml import XmlFrame, read_frame_xml, tracks_of, xml_name
from tirdata.errors import DataError, TirDataError
from tirdata.types import Track

_AFTER_PATH = re.compile(r"(?P<below>/[^:]*)?:(?:(?P<line>[0-9]+):)? (?P<message>.*)", re.DOTALL)


class Fault(NamedTuple):
    """One thing that is wrong with a file or folder."""

    path: Path
    message: str


# Of a later stage: what is wrong with what it keeps of a sequence, whose tracks are None where the
# XML files cannot be read. Picklable: engines send it to workers.
SequenceCheck: TypeAlias = Callable[
    [Dataset, SequenceId, tuple[Track, ...] | None], Iterable[Fault]
]


class Report(NamedTuple):
    """The faults of one sequence, and what the lists should say of it where that is known."""

    faults: tuple[Fault, ...]
    entry: Entry | None


@dataclass(frozen=True)
class SequenceWork:
    """Checks one sequence after the other; picklable."""

    root: Path
    frames: bool
    hashes: bool
    checks: tuple[SequenceCheck, ...]

    def __call__(self, sequence: SequenceId) -> Report:
        """The faults of one sequence."""
        dataset = Dataset.open(self.root)
        path = dataset.card_path(sequence)
        try:
            card = dataset.read_card(sequence)
        except DataError as error:
            return Report((fault_of(error, path),), None)
        faults = list(_card_faults(dataset, sequence, card))
        frame_dir, xml_dir = dataset.frame_dir(sequence), dataset.annotation_dir(sequence)
        frame_names = [frame_name(number) for number in range(card.frames)]
        faults += listing_faults(frame_dir, frame_names)
        if self.frames or self.hashes:
            faults += self._frame_faults(frame_dir, card)
        faults += self._lossless_faults(dataset.lossless_dir(sequence), card)
        faults += self._pair_faults(dataset, sequence, card)
        faults += listing_faults(xml_dir, [xml_name(number) for number in range(card.frames)])
        xml_frames, xml_faults = _read_xml(xml_dir, sequence, card)
        faults += xml_faults
        tracks = None
        if xml_frames is not None:
            try:
                tracks = tracks_of(xml_frames, xml_dir, dataset.config.classes)
            except DataError as error:
                faults.append(fault_of(error, xml_dir))
        faults += _confidence_faults(dataset.confidence_path(sequence), card, tracks)
        for check in self.checks:
            faults += check(dataset, sequence, tracks)
        return Report(tuple(faults), _entry(sequence, card, xml_frames))

    def _pair_faults(self, dataset: Dataset, sequence: SequenceId, card: Card) -> Iterator[Fault]:
        """What is wrong with the visible half."""
        frames, boxes = dataset.visible_dir(sequence), dataset.visible_annotation_dir(sequence)
        kept = (frames, card.pair is not None), (boxes, card.pair is not None and card.pair.boxes)
        for folder in (folder for folder, wanted in kept if folder.is_dir() and not wanted):
            yield Fault(folder, "the card says that there is nothing of the kind; remove it")
        if card.pair is None:
            return
        size = {"width": card.pair.width, "height": card.pair.height}
        pair = card.model_copy(update={**size, "frames_sha256": card.pair.frames_sha256})
        yield from listing_faults(frames, [frame_name(number) for number in range(card.frames)])
        if self.frames or self.hashes:
            yield from self._frame_faults(frames, pair, only_grey=False)
        if card.pair.boxes:
            yield from listing_faults(boxes, [xml_name(number) for number in range(card.frames)])
            yield from _read_xml(boxes, sequence, pair)[1]

    def _frame_faults(self, folder: Path, card: Card, *, only_grey: bool = True) -> Iterator[Fault]:
        for number, expected in enumerate(card.frames_sha256):
            path = folder / frame_name(number)
            try:
                data = path.read_bytes()
            except FileNotFoundError:
                continue  # the listing has it
            except OSError as error:
                yield Fault(path, f"cannot read ({error.strerror})")
                continue
            if self.hashes and hashlib.sha256(data).hexdigest() != expected:
                yield Fault(path, "has other bytes than when it was made; its card has the hash")
            if self.frames:
                yield from _pixel_faults(data, path, card, only_grey=only_grey)

    def _lossless_faults(self, folder: Path, card: Card) -> Iterator[Fault]:
        if not card.lossless:
            if folder.is_dir():
                yield Fault(folder, "the card says that there are no lossless frames; remove it")
            return
        names = [lossless_name(number) for number in range(card.frames)]
        yield from listing_faults(folder, names)
        for path in (folder / name for name in names if self.frames):
            try:
                data = path.read_bytes()
            except FileNotFoundError:
                continue  # the listing has it
            except OSError as error:
                yield Fault(path, f"cannot read ({error.strerror})")
                continue
            yield from _pixel_faults(data, path, card)


def fault_of(error: TirDataError, path: Path) -> Fault:
    """An error as a fault of ``path``, or of the file below it that the message names first."""
    text = str(error)
    match = _AFTER_PATH.fullmatch(text.removeprefix(str(path)))
    if match is None or not text.startswith(str(path)):
        return Fault(path, text)
    line = f"line {match['line']}: " if match["line"] else ""
    return Fault(Path(f"{path}{match['below'] or ''}"), line + match["message"])


def listing_faults(folder: Path, expected: Sequence[str]) -> Iterator[Fault]:
    """Files that a folder should have and has not, or has and should not."""
    try:
        found = {path.name for path in folder.iterdir()}
    except FileNotFoundError:
        yield Fault(folder, f"no such folder; expected {len(expected)} files")
        return
    except OSError as error:
        yield Fault(folder, f"cannot list ({error.strerror})")
        return
    for name in expected:
        if name not in found:
            yield Fault(folder / name, "no such file")
    for name in sorted(found.difference(expected)):
        yield Fault(folder / name, f"is none of the {len(expected)} expected files; remove it")


def _card_faults(dataset: Dataset, sequence: SequenceId, card: Card) -> Iterator[Fault]:
    path = dataset.card_path(sequence)
    if not dataset.source_path(card.recording_id).is_file():
        yield Fault(path, f"recording {card.recording_id}: has no source.json under recordings/")
        return
    try:
        source = dataset.read_source(card.recording_id)
    except DataError:
        return  # a fault of the recording
    if (source.subset, source.number) != (sequence.subset, sequence.recording):
        yield Fault(
            path,
            f"recording {card.recording_id} is number {source.number} of {source.subset}; "
            f"expected {sequence.recording} of {sequence.subset}, as the name says",
        )


def _pixel_faults(
    data: bytes, path: Path, card: Card, *, only_grey: bool = True
) -> Iterator[Fault]:
    try:
        frame = decode_frame(data, path, only_grey=only_grey)
    except DataError as error:
        yield fault_of(error, path)
        return
    if frame.shape != (card.height, card.width):
        yield Fault(
            path,
            f"is {frame.shape[1]}x{frame.shape[0]} pixels; its card says "
            f"{card.width}x{card.height}",
        )


def _read_xml(
    folder: Path, sequence: SequenceId, card: Card
) -> tuple[list[XmlFrame] | None, list[Fault]]:
    """What the XML files say, None unless all can be read; and what is wrong."""
    frames: list[XmlFrame] = []
    faults: list[Fault] = []
    xml_folder = sequence.xml_folder
    for number in range(card.frames):
        path = folder / xml_name(number)
        try:
            frame = read_frame_xml(path)
        except DataError as error:
            if path.exists():  # else the listing has it
                faults.append(fault_of(error, path))
            continue
        frames.append(frame)
        faults += _xml_faults(frame, path, xml_folder, number, card)
    return (frames if len(frames) == card.frames else None), faults


def _xml_faults(
    frame: XmlFrame, path: Path, xml_folder: str, number: int, card: Card
) -> Iterator[Fault]:
    if frame.folder != xml_folder:
        yield Fault(path, f"folder is {frame.folder}; expected {xml_folder}")
    if frame.number != number:
        yield Fault(path, f"filename is {frame.number:06d}; expected {path.stem}")
    width, height = frame.size
    if frame.size != (card.width, card.height):
        yield Fault(path, f"size is {width}x{height}; its card says {card.width}x{card.height}")
    for item in frame.objects:
        if not (item.xmin < item.xmax < card.width and item.ymin < item.ymax < card.height):
            yield Fault(
                path,
                f"track {item.track}: box is x {item.xmin}..{item.xmax}, "
                f"y {item.ymin}..{item.ymax}; expected min < max inside {card.width}x{card.height}",
            )


def _confidence_faults(path: Path, card: Card, tracks: tuple[Track, ...] | None) -> Iterator[Fault]:
    if not path.is_file():
        return
    try:
        confidences = read_json(path, Confidences).tracks
    except DataError as error:
        yield fault_of(error, path)
        return
    for track, values in confidences.items():
        if len(values) != card.frames:
            yield Fault(path, f"track {track}: {len(values)} values; expected {card.frames}")
        if tracks is not None and track not in {each.id for each in tracks}:
            yield Fault(path, f"track {track}: has no boxes in the XML files")


def _entry(sequence: SequenceId, card: Card, frames: list[XmlFrame] | None) -> Entry | None:
    if frames is None:
        return None
    wnids = frozenset(item.wnid for frame in frames for item in frame.objects)
    return Entry(sequence, card.frames, wnids)

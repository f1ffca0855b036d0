"""One sequence of a data set, made ready for another layout."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

import numpy as np

from tirdata.dataset.classes import wnid
from tirdata.dataset.names import SequenceId
from tirdata.dataset.tree import CONFIG_NAME, Dataset
from tirdata.errors import DataError, UsageError
from tirdata.geometry import inside
from tirdata.layouts import LAYOUTS
from tirdata.layouts.export_manifest import ExportConfig, ExportedSequence
from tirdata.layouts.gaps import MOST_IDS, numbered_below, runs, split_gaps
from tirdata.layouts.losses import kept, lost
from tirdata.layouts.placing import PlacedFrames
from tirdata.types import Sequence as TrackedSequence
from tirdata.types import Track

VID = "ilsvrc"  # whose readers have room for few ids and want WNIDs


@dataclass(frozen=True)
class ExportTask:
    """What every worker needs to know."""

    root: Path
    layout: str
    settings: ExportConfig


class Ready(NamedTuple):
    """A sequence as it will be written."""

    sequence: TrackedSequence  # its frames are PlacedFrames
    split: int
    renumbered: bool
    lost: dict[str, int]

    @property
    def halves(self) -> list[PlacedFrames]:
        """Its frames, thermal first."""
        both = (self.sequence.frames, self.sequence.visible)
        return [half for half in both if isinstance(half, PlacedFrames)]


def survey(name: str, *, task: ExportTask) -> ExportedSequence | None:
    """What will become of a sequence; None = there is nothing of it to export.

    The sequence is written once to see that its layout can say it, without frames.

    Raises:
        DataError: it cannot be read.
        UsageError: the layout cannot say it.
    """
    ready = prepare(name, task)
    if ready is None:
        return None
    if task.settings.format != VID:  # an XML a frame; prepare has seen to all that it refuses
        with TemporaryDirectory() as folder:
            LAYOUTS[task.settings.format].write([ready.sequence], Path(folder))
    sequence = ready.sequence
    return ExportedSequence(
        name=name,
        written=sequence.name,
        frames=len(sequence.frames),
        tracks=len(sequence.tracks),
        boxes=sum(int(track.present.sum()) for track in sequence.tracks),
        split=ready.split,
        single=sum(end - first == 1 for track in sequence.tracks for first, end in runs(track)),
        renumbered=ready.renumbered,
        content=_content(name, sequence, task),
        lost=ready.lost,
    )


def prepare(name: str, task: ExportTask) -> Ready | None:
    """A sequence with the tracks that are wanted, split and numbered as is wanted.

    Raises:
        DataError: it cannot be read.
        UsageError: its name or its tracks cannot be written.
    """
    settings = task.settings
    if Path(name).is_absolute() or ".." in Path(name).parts:
        raise UsageError(f"{name!r}: leads out of a folder; expected a plain name")
    sequence = LAYOUTS[task.layout].read_one(task.root, name)
    extra = _extra(task.root)
    if settings.classes:
        wanted = {wnid(each, extra) for each in settings.classes}
        sequence = replace(
            sequence,
            tracks=_of_classes(sequence.tracks, wanted, extra),
            visible_tracks=_of_classes(sequence.visible_tracks, wanted, extra),
        )
    nothing = not any(track.present.any() for track in sequence.tracks)
    if nothing and (settings.classes or "empty" not in kept(settings.format)):
        return None
    tracks: Sequence[Track] = sequence.tracks
    if settings.split_gaps:
        if sequence.visible_tracks:
            raise UsageError(f"{name}: a pair with boxes for each half; gaps cannot be split")
        tracks = split_gaps(tracks)
    split = len(tracks) - len(sequence.tracks)
    made_name = _name(name, settings.format)
    if settings.format == VID:
        _check_vid(name, made_name, sequence)
        before = [track.id for track in tracks]
        tracks = numbered_below(tracks, MOST_IDS, name)
        tracks = tuple(replace(each, class_name=wnid(each.class_name, extra)) for each in tracks)
        renumbered = [track.id for track in tracks] != before
    else:
        renumbered = False
    made = replace(sequence, name=made_name, tracks=tuple(tracks))
    losses = lost(made, settings.format)
    fps = _fps(sequence, task)
    visible = None if made.visible is None else PlacedFrames(made.visible, fps)
    made = replace(made, frames=PlacedFrames(made.frames, fps), visible=visible)
    return Ready(made, split, renumbered, losses)


def _name(name: str, layout: str) -> str:
    """What a sequence is called where names are single folders: COCO's may be paths."""
    parts = Path(name).parts
    return name if layout == "coco" else parts[-1] if layout == VID else "_".join(parts)


def _check_vid(name: str, made_name: str, sequence: TrackedSequence) -> None:
    """See that VID can say the name and the boxes.

    Raises:
        UsageError: it cannot.
    """
    try:
        SequenceId.parse(made_name)
    except DataError as error:
        raise UsageError(f"{error}; import it into a dataset to have it named") from None
    height, width = sequence.frames[0].shape
    for track in sequence.tracks:
        bad = np.flatnonzero(track.present & ~inside(track.boxes, width, height))
        if len(bad):
            shown = ",".join(f"{value:g}" for value in track.boxes[bad[0]])
            raise UsageError(
                f"{name}: track {track.id}, frame {bad[0]}: box {shown} (from 0) is outside the "
                f"{width}x{height} frame; expected a part inside"
            )


def _fps(sequence: TrackedSequence, task: ExportTask) -> float | None:
    """Frames a second, where the data set says it."""
    if not (task.root / CONFIG_NAME).is_file():
        return getattr(sequence.frames, "fps", None)
    card = Dataset.open(task.root).read_card(SequenceId.parse(sequence.name))
    lasts_s = card.times_s[-1] - card.times_s[0]
    return round((card.frames - 1) / lasts_s, 3) if lasts_s > 0 else None


def _extra(root: Path) -> dict[str, str]:
    """Names of classes that the dataset has for itself."""
    if (root / CONFIG_NAME).is_file():
        return Dataset.open(root).config.classes
    return {}


def _of_classes(
    tracks: Sequence[Track], wanted: set[str], extra: dict[str, str]
) -> tuple[Track, ...]:
    return tuple(track for track in tracks if _wnid(track.class_name, extra) in wanted)


def _wnid(name: str, extra: dict[str, str]) -> str:
    try:
        return wnid(name, extra)
    except UsageError:  # a class of theirs that we have no number for is none of the wanted
        return name


def _content(name: str, sequence: TrackedSequence, task: ExportTask) -> str:
    """Hash of all that would be written."""
    digest = hashlib.sha256()
    for track in (*sequence.tracks, *sequence.visible_tracks):
        digest.update(f"{track.id} {track.class_name}\n".encode())
        for array in (track.boxes, track.generated, track.occluded, track.polygons):
            if array is not None:
                digest.update(np.ascontiguousarray(array).tobytes())
    if (task.root / CONFIG_NAME).is_file():
        card = Dataset.open(task.root).read_card(SequenceId.parse(name))
        pair = card.pair.frames_sha256 if card.pair else ()
        digest.update("".join((*card.frames_sha256, *pair)).encode())
    else:
        for half in (sequence.frames, sequence.visible):
            for path in getattr(half, "paths", ()):
                state = path.stat()
                digest.update(f"{path.name} {state.st_size} {state.st_mtime_ns}\n".encode())
    return digest.hexdigest()

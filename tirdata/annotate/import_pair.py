"""The visible half of a pair of somebody's data set, beside the thermal one in one of ours."""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from tirdata.config import to_json
from tirdata.dataset.card import Pair
from tirdata.dataset.frames import frame_name
from tirdata.dataset.tree import Dataset, SequenceId
from tirdata.errors import DataError
from tirdata.files import sha256, write_text
from tirdata.geometry import inside
from tirdata.layouts.pictures import write_picture
from tirdata.types import Frames, Sequence, Track

LEFT_OUT = "its visible half is not taken in"  # a warning of cards of older datasets


def check_visible(sequence: Sequence) -> None:
    """See that the visible half has as many frames as the thermal one, and boxes inside of them.

    Raises:
        DataError: it has not.
    """
    if sequence.visible is None:
        return
    if len(sequence.visible) != len(sequence.frames):
        raise DataError(
            f"{sequence.name}: {len(sequence.visible)} visible frames; expected "
            f"{len(sequence.frames)}, as many as thermal ones"
        )
    height, width = sequence.visible[0].shape
    for track in sequence.visible_tracks:
        bad = np.flatnonzero(track.present & ~inside(track.boxes, width, height))
        if len(bad):
            shown = ",".join(f"{value:g}" for value in track.boxes[bad[0]])
            raise DataError(
                f"{sequence.name}: visible frame {bad[0]}: box {shown} (from 0) is outside the "
                f"{width}x{height} frame; expected a part inside"
            )


def store_visible(dataset: Dataset, number: SequenceId, sequence: Sequence) -> Pair | None:
    """Store the visible frames, JPEG as they are; None = there are none.

    Raises:
        DataError: a frame cannot be read, or differs in size from the first.
        StorageError: a frame cannot be written.
    """
    if sequence.visible is None:
        return None
    folder = dataset.visible_dir(number)
    shape = sequence.visible[0].shape
    hashes = []
    for index in range(len(sequence.visible)):
        _check_frame(sequence.name, sequence.visible, index, shape)
        path = folder / frame_name(index)
        write_picture(sequence.visible, index, path, colour=True)
        hashes.append(sha256(path))
    own = any(track.present.any() for track in sequence.visible_tracks)
    return Pair(width=shape[1], height=shape[0], boxes=own, frames_sha256=tuple(hashes))


def add_visible(dataset: Dataset, number: SequenceId, sequence: Sequence) -> bool:
    """Store the visible half of a sequence that is there without it; whether that was so.

    Raises:
        DataError: a frame cannot be read, or differs in size from the first.
        StorageError: a file cannot be written.
    """
    card = dataset.read_card(number)
    if sequence.visible is None or card.pair is not None:
        return False
    added = {
        "pair": store_visible(dataset, number, sequence),
        "warnings": tuple(each for each in card.warnings if each != LEFT_OUT),
    }
    write_text(dataset.card_path(number), to_json(card.model_copy(update=added)))
    return True


def store_visible_boxes(
    dataset: Dataset,
    number: SequenceId,
    sequence: Sequence,
    taken: Mapping[int, tuple[int, str]],
    *,
    generated: bool,
) -> None:
    """Write the boxes of the visible half, if it has some of its own.

    Args:
        dataset: where its frames are.
        number: the sequence there.
        sequence: as the data set has it.
        taken: number in the dataset and class of each track that was taken in, by its old number.
        generated: whether a machine made all boxes.

    Raises:
        AnnotationError: a track does not fit the frames.
        StorageError: a file cannot be written.
    """
    pair = dataset.read_card(number).pair
    if pair is None or not pair.boxes:
        return
    dataset.write_visible_tracks(
        number,
        [
            _renamed(track, *taken[track.id], generated=generated)
            for track in sequence.visible_tracks
            if track.id in taken
        ],
    )


def _renamed(track: Track, number: int, class_name: str, *, generated: bool) -> Track:
    made = track.generated | generated
    return replace(track, id=number, class_name=class_name, generated=made, polygons=None)


def _check_frame(name: str, frames: Frames, index: int, shape: tuple[int, ...]) -> None:
    found = frames[index].shape
    if found != shape:
        raise DataError(
            f"{name}: visible frame {index} is {found[1]}x{found[0]}; expected "
            f"{shape[1]}x{shape[0]}, as the first"
        )

"""Frames that are what their card says: a box is never drawn on, or tracked over, other pixels."""

import hashlib
from pathlib import Path

from tirdata.dataset.card import Card, Pair
from tirdata.dataset.frames import FrameFiles, decode_frame
from tirdata.dataset.tree import Dataset, SequenceId
from tirdata.errors import DataError
from tirdata.layouts.pictures import decode_colour
from tirdata.types import ColourFrame, Frame


class ChangedFrameError(DataError):
    """The picture in a file is not the one that the card speaks of."""


class CardFrames(FrameFiles):
    """The frames of a sequence, each compared with the hash in its card when it is read."""

    def __init__(self, dataset: Dataset, sequence: SequenceId, card: Card) -> None:
        super().__init__(dataset.frame_dir(sequence), card.frames, (card.width, card.height))
        self._hashes = card.frames_sha256

    def __getitem__(self, index: int, /) -> Frame:
        """Decode one frame.

        Raises:
            ChangedFrameError: it is another picture than when the card was written.
            DataError: it is missing or is not a picture.
        """
        return decode_frame(self.data(index), self.path(index))

    def data(self, index: int) -> bytes:
        """The bytes of one frame's file.

        Raises:
            ChangedFrameError: it is another picture than when the card was written.
            DataError: it is missing.
        """
        path = self.path(index)
        return check_picture(path, _read(path), self._hashes[index])


class CardColours(FrameFiles):
    """The visible half of a pair, each compared with the hash in its card when it is read."""

    def __init__(self, dataset: Dataset, sequence: SequenceId, pair: Pair) -> None:
        folder, size = dataset.visible_dir(sequence), (pair.width, pair.height)
        super().__init__(folder, len(pair.frames_sha256), size)
        self._hashes = pair.frames_sha256

    def colour(self, index: int) -> ColourFrame:
        """Decode one frame, (h, w, 3) red, green, blue.

        Raises:
            ChangedFrameError: it is another picture than when the card was written.
            DataError: it is missing or is not a picture.
        """
        path = self.path(index)
        return decode_colour(check_picture(path, _read(path), self._hashes[index]), path)


def check_picture(path: Path, data: bytes, sha256: str) -> bytes:
    """``data`` if they have the hash.

    Raises:
        ChangedFrameError: they have another.
    """
    if hashlib.sha256(data).hexdigest() != sha256:
        raise ChangedFrameError(
            f"{path}: is another picture than when its card was written; put the file of then "
            "back, or fetch the recording again with the settings of then"
        )
    return data


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        raise DataError(f"{path}: no such frame") from None
    except OSError as error:
        raise DataError(f"{path}: cannot read frame ({error.strerror})") from None

"""Random access to the pairs of frames of a mix, with labels that no polarity can turn round."""

from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from tirdata.config import Config
from tirdata.errors import DataError
from tirdata.masks.rectangle import WHITE
from tirdata.mix.pairs import FILES, TARGETS, PairSample
from tirdata.mix.shard_files import Shards
from tirdata.mix.shards import Entries
from tirdata.remote import Place
from tirdata.types import Box, Flags

LOOKED_AT = 32  # masks, to see that the polarity is the one that the samples say
MOST_TARGET = 0.5  # of the pixels, on average

Picture = NDArray[np.uint8]  # (h, w, 3), RGB


class PairEntry(Config):
    """A line of the index: a sample and where its files lie."""

    sample: PairSample
    shard: str
    """File name of the shard."""
    offsets: tuple[int, ...]
    """First byte of each file in the shard: two targets, then visible, thermal, mask of each."""
    sizes: tuple[int, ...]
    """Bytes of each file."""


class PairedFrame(NamedTuple):
    """One pair with its label."""

    visible: Picture
    thermal: Picture  # grey in all three channels, or the substitute
    label: Flags  # (h, w) as the visible one, True = target, whatever the polarity of the file
    visible_box: Box
    thermal_box: Box


class PairReader:
    """The pairs of one subset of a mix that was built with ``task = "rgbt"``."""

    def __init__(self, root: Place, subset: str, cache: Path | None = None) -> None:
        """Read the index, and look whether masks have the polarity that their samples say.

        Args:
            root: folder or address of the mix.
            subset: train or val.
            cache: of an address, folder for copies of whole shards; None = read parts of them.

        Raises:
            DataError: a file is missing or wrong, or the polarity is.
        """
        self.folder = root / subset
        self.shards = Shards(self.folder, cache)
        self.entries = Entries(self.folder / "index.jsonl", PairEntry, cache)
        self._check_polarity()

    def pair(self, entry: PairEntry, index: int) -> PairedFrame:
        """Pair number ``index`` of a sample.

        Raises:
            DataError: the shard is not the one that the index was made for.
        """
        visible, thermal = (self._picture(entry, self._place(index) + file) for file in (0, 1))
        sample = entry.sample
        return PairedFrame(
            visible,
            thermal,
            self._label(entry, index),
            Box(*sample.visible_boxes[index]),
            Box(*sample.thermal_boxes[index]),
        )

    def target(self, entry: PairEntry) -> tuple[Picture, Picture]:
        """The object in the first pair of the track, visible and thermal.

        Raises:
            DataError: the shard is not the one that the index was made for.
        """
        return self._picture(entry, 0), self._picture(entry, 1)

    @staticmethod
    def _place(index: int) -> int:
        return len(TARGETS) + len(FILES) * index

    def _label(self, entry: PairEntry, index: int) -> Flags:
        mask = self._decoded(entry, self._place(index) + 2, cv2.IMREAD_GRAYSCALE)
        bright: Flags = mask == WHITE
        return bright if entry.sample.polarity == "target-white" else ~bright

    def _picture(self, entry: PairEntry, place: int) -> Picture:
        flags = cv2.IMREAD_COLOR | cv2.IMREAD_IGNORE_ORIENTATION
        return np.asarray(self._decoded(entry, place, flags)[:, :, ::-1], np.uint8)

    def _decoded(self, entry: PairEntry, place: int, flags: int) -> NDArray[np.uint8]:
        path = self.folder / entry.shard
        data = self.shards.read(entry.shard, entry.offsets[place], entry.sizes[place])
        pixels = cv2.imdecode(np.frombuffer(data, np.uint8), flags) if data else None
        if pixels is None or len(data) != entry.sizes[place]:
            raise DataError(
                f"{path}: no picture at byte {entry.offsets[place]} ({entry.sample.key}); "
                "the shard is not the one the index was made for, build the mix again"
            )
        return np.asarray(pixels, np.uint8)

    def _check_polarity(self) -> None:
        count = len(self.entries)
        looked = sorted(
            {count * number // LOOKED_AT for number in range(LOOKED_AT)} if count else ()
        )
        shares = [float(self._label(self.entries[number], 0).mean()) for number in looked]
        if not shares or np.mean(shares) < MOST_TARGET:
            return
        boxes = [self._box_share(self.entries[number].sample) for number in looked]
        if np.mean(boxes) < MOST_TARGET:
            raise DataError(
                f"{self.folder}: {np.mean(shares):.0%} of the pixels are target, by the polarity "
                f"{self.entries[0].sample.polarity}; boxes cover {np.mean(boxes):.0%}: "
                "wrong polarity?"
            )

    @staticmethod
    def _box_share(sample: PairSample) -> float:
        width, height = sample.visible_size
        return sample.visible_boxes[0][2] * sample.visible_boxes[0][3] / (width * height)

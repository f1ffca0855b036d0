"""Frames with their masks, as networks that learn where the target is read them."""

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from tirdata.config import read_json
from tirdata.errors import DataError
from tirdata.masks.manifest import (
    NAME,
    SEQUENCE_NAME,
    MaskFile,
    MasksManifest,
    SequenceMasks,
    read_mask,
)
from tirdata.types import Boxes, Flags

LOOKED_AT = 32  # masks, to see that the polarity is the one that the manifest says
MOST_TARGET = 0.5  # of the pixels, on average; more is the other polarity

Picture = NDArray[np.uint8]  # (h, w, 3), RGB


class MaskedFrame(NamedTuple):
    """One frame, or pair, with its label."""

    sequence: str
    frame: int  # from 0
    visible: Picture
    thermal: Picture  # grey in all three channels, or the substitute
    label: Flags  # (h, w), True = target, whatever the polarity of the files
    boxes: Boxes  # (k, 4), the targets in pixels of these pictures


class _Entry(NamedTuple):
    folder: Path
    sequence: str
    halves: tuple[MaskFile, ...]


class MaskedFrames:
    """The masked frames of a folder that ``tirdata masks`` built, by number."""

    def __init__(self, folder: Path, data: Path | None = None) -> None:
        """Read the manifest, and look whether the masks have the polarity that it says.

        ``data`` is where the frames lie now; none = where the manifest says.

        Raises:
            DataError: a file is missing or wrong, or the polarity is.
        """
        self.folder = folder
        self.manifest = read_json(folder / NAME, MasksManifest)
        self.data = folder / self.manifest.data if data is None else data
        self._entries = list(_entries(folder, self.manifest))
        self._check_polarity()

    def __len__(self) -> int:
        return len(self._entries)

    def __getitem__(self, index: int, /) -> MaskedFrame:
        """One frame; pictures are as large as its mask.

        Raises:
            DataError: a file is missing or wrong.
        """
        entry = self._entries[index]
        halves = {half.modality: half for half in entry.halves}
        main = halves.get("visible", entry.halves[0])
        label = read_mask(entry.folder / main.file, self.manifest)
        shape = (label.shape[0], label.shape[1])
        picture, scale = self._picture(main, shape)
        if "visible" not in halves and self.manifest.settings.thermal_substitute == "gray":
            thermal = _grey(picture)
        elif "visible" in halves and "thermal" in halves:
            thermal = _grey(self._picture(halves["thermal"], shape)[0])
        else:
            thermal = picture
        boxes = np.array(main.boxes, np.float64).reshape(-1, 4) * [*scale, *scale]
        return MaskedFrame(entry.sequence, main.frame, picture, thermal, label, boxes)

    def _picture(
        self, half: MaskFile, shape: tuple[int, int]
    ) -> tuple[Picture, tuple[float, float]]:
        """The frame of a mask in RGB, as large as ``shape``, and how much it was scaled."""
        if half.image is None:
            raise DataError(f"{half.file}: its frame is no file of its own; export the data first")
        path = self.data / half.image
        try:
            data = np.frombuffer(path.read_bytes(), np.uint8)
        except OSError as error:
            raise DataError(f"{path}: cannot read frame ({error.strerror})") from None
        flags = cv2.IMREAD_COLOR | cv2.IMREAD_IGNORE_ORIENTATION
        pixels = cv2.imdecode(data, flags) if len(data) else None
        if pixels is None:
            raise DataError(f"{path}: not a picture; expected the frame of mask {half.file}")
        height, width = shape
        scale = (width / pixels.shape[1], height / pixels.shape[0])
        if pixels.shape[:2] != shape:
            how = cv2.INTER_AREA if max(scale) < 1 else cv2.INTER_LINEAR
            pixels = cv2.resize(pixels, (width, height), interpolation=how)
        return np.asarray(pixels[:, :, ::-1], np.uint8), scale

    def _check_polarity(self) -> None:
        count = len(self._entries)
        looked = (
            sorted({count * number // LOOKED_AT for number in range(LOOKED_AT)}) if count else []
        )
        shares = []
        for index in looked:
            entry = self._entries[index]
            path = entry.folder / entry.halves[0].file
            shares.append(float(read_mask(path, self.manifest).mean()))
        if shares and self.manifest.mean_share < MOST_TARGET <= np.mean(shares):
            raise DataError(
                f"{self.folder}: {np.mean(shares):.0%} of the pixels are target, by the polarity "
                f"{self.manifest.settings.polarity}; expected less than half: wrong polarity?"
            )


def _entries(folder: Path, manifest: MasksManifest) -> Iterator[_Entry]:
    for summary in manifest.sequences:
        below = folder / summary.folder
        by_frame: dict[int, list[MaskFile]] = {}
        for mask in read_json(below / SEQUENCE_NAME, SequenceMasks).masks:
            by_frame.setdefault(mask.frame, []).append(mask)
        for frame in sorted(by_frame):
            yield _Entry(below, summary.name, tuple(by_frame[frame]))


def _grey(picture: Picture) -> Picture:
    """Grey in all three channels, by the weights of ITU-R BT.601."""
    grey = cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY)
    return np.repeat(np.asarray(grey, np.uint8)[:, :, None], 3, axis=2)

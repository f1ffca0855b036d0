"""Raw frames to white-hot 8-bit grey; grey white-hot 8-bit passes through unharmed."""

from typing import Literal, TypeAlias

import cv2
import numpy as np

from tirdata.decode.base import Pixels, RecordingInfo
from tirdata.errors import DataError
from tirdata.types import Frame

PolarityName: TypeAlias = Literal["white-hot", "black-hot"]

COLOUR_LEVELS = 4.0  # mean distance from grey above which a frame counts as coloured


def check_depth(name: str, info: RecordingInfo) -> None:
    """Refuse what has no levels of grey yet, before any of it is decoded.

    Raises:
        DataError: the recording holds counts of more than 8 bits.
    """
    if info.pixel_format.startswith(("gray", "ya")) and info.bits > 8:
        raise DataError(
            f"{name}: holds {info.bits}-bit counts ({info.pixel_format}); only 8-bit video can be "
            f"taken so far: bring it to 8 bits with one curve for the whole recording"
        )


def normalise(pixels: Pixels, polarity: PolarityName) -> Frame:
    """Pixels of a recording of ``polarity`` as white-hot grey, (h, w).

    Colours become their luma (BT.601), which is the same for visible light; false colours are not
    turned back into the intensity they stand for.

    Raises:
        DataError: the pixels are counts of more than 8 bits.
    """
    if pixels.dtype != np.uint8:
        raise DataError(f"{8 * pixels.dtype.itemsize}-bit counts; expected 8-bit levels")
    grey = pixels.astype(np.uint8, copy=False)
    if grey.ndim == 3:
        grey = np.asarray(cv2.cvtColor(grey, cv2.COLOR_RGB2GRAY), np.uint8)
    return grey if polarity == "white-hot" else np.bitwise_not(grey)

"""One frame of an FFF block: its counts and what the camera says of it."""

from collections.abc import Callable
from typing import BinaryIO, NamedTuple

from tirdata.decode.base import RecordingInfo
from tirdata.decode.fff import CAMERA_INFO, RAW_DATA, Block, read_record
from tirdata.decode.fff_camera import CAMERA_BYTES, Camera, parse_camera
from tirdata.decode.fff_pixels import Picture, PixelDecoder


class ThermalFrame(NamedTuple):
    """What a block holds."""

    picture: Picture
    camera: Camera

    @property
    def size(self) -> tuple[int, int]:
        """Width and height."""
        height, width = self.picture.counts.shape
        return width, height


def begin_frame(
    file: BinaryIO, block: Block, size: int, decoder: PixelDecoder
) -> Callable[[], ThermalFrame] | None:
    """Read a block in a file of ``size`` bytes; the result gives its frame.

    Results are to be asked for in the order of the frames. None = the block has no raw data.

    Raises:
        BreakError: a record that is needed is cut off or damaged; so does the result.
    """
    raw = block.find(RAW_DATA)
    if raw is None:
        return None
    picture = decoder.begin(file, raw, size)
    info = block.find(CAMERA_INFO)
    camera = Camera()
    if info is not None and info.start + info.length <= size:  # else the block's end is cut off
        camera = parse_camera(read_record(file, info, size, CAMERA_BYTES))
    return lambda: ThermalFrame(picture(), camera)


def describe(frame: ThermalFrame, container: str, frames: int | None) -> RecordingInfo:
    """What the first frame says of the recording."""
    picture, camera = frame
    fits = int(picture.counts.max()) < 1 << picture.bits
    width, height = frame.size
    return RecordingInfo(
        container=container,
        codec=picture.codec,
        pixel_format="gray16le",
        colour_range="pc",
        width=width,
        height=height,
        bits=picture.bits if fits else 16,
        fps=camera.fps,
        frames=frames,
        sensor=True,
        radiometry=camera.radiometry,
        camera=camera.model,
    )


def remarks(frame: ThermalFrame) -> list[str]:
    """What a person should know of the first frame."""
    camera = frame.camera
    lines = [] if camera.radiometry else [f"counts have no temperature ({camera.no_radiometry})"]
    return [*frame.picture.remarks, *lines]

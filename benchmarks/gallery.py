"""The pictures of docs/gallery.md: what went in, what was decided, what came out.

One real recording of each kind is fetched as a user would. The left picture is the frame as any
viewer shows it: colours as they are, counts by their upper eight bits. The right one is what is
stored. What stands in between is read from the card.
"""

import argparse
import shutil
import tempfile
from collections.abc import Callable, Mapping
from contextlib import closing
from itertools import islice
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple

import av
import cv2
import numpy as np
from numpy.typing import NDArray

from tirdata.dataset.card import Card
from tirdata.dataset.frames import read_frame
from tirdata.dataset.ingest import ingest
from tirdata.dataset.settings import IngestConfig
from tirdata.dataset.summary import decided
from tirdata.dataset.tree import Dataset
from tirdata.decode import open_frames
from tirdata.engine import build_engine
from tirdata.fetch.sources import read_sources
from tirdata.frames.palettes import PALETTES

ROOT = Path(__file__).parent.parent
CLIPS = ROOT / "tests" / "data"
PICTURES = ROOT / "docs" / "pictures"
HEIGHT = 240

Picture = NDArray[np.uint8]


class Case(NamedTuple):
    """One row of the gallery."""

    name: str
    source: str | Callable[[Path], Path]  # a file, or what makes one in a folder
    settings: Mapping[str, Any] = MappingProxyType({})
    shared: bool = False  # whether it needs shared data
    shot: int = 0  # which of the recording's


def grey(name: str, number: int = 120) -> list[Picture]:
    """The first frames of a shipped clip."""
    with closing(open_frames(CLIPS / name)) as reader:
        return [raw.pixels.astype(np.uint8) for raw in islice(reader.read(), number)]


def write(path: Path, frames: list[Picture]) -> Path:
    """Frames, (h, w) or (h, w, 3), as H.264 4:2:0."""
    height, width = frames[0].shape[:2]
    kind = "gray" if frames[0].ndim == 2 else "rgb24"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=30, options={"crf": "23"})
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        for frame in frames:
            container.mux(stream.encode(av.VideoFrame.from_ndarray(frame, format=kind)))
        container.mux(stream.encode(None))
    return path


def black_hot(folder: Path) -> Path:
    """The first half of a clip as it is, the second inverted: an operator pressed a button."""
    frames = grey("IR_DRONE_121.mp4", 240)
    return write(folder / "toggled.mp4", [*frames[:120], *(255 - each for each in frames[120:])])


def rainbow(folder: Path) -> Path:
    """A clip in the colours of a rainbow palette."""
    return write(
        folder / "rainbow.mp4",
        [PALETTES["rainbow"][each] for each in grey("IR_HELICOPTER_043.mp4")],
    )


def boxed(folder: Path) -> Path:
    """A clip with black bars above and below."""
    frames = [np.pad(each, ((40, 40), (0, 0))) for each in grey("IR_HELICOPTER_043.mp4")]
    return write(folder / "letterbox.mp4", frames)


CASES = (
    Case("grey", "IR_DRONE_121.mp4"),
    Case("black-hot", black_hot, shot=1),
    Case("rainbow", rainbow),
    Case("false-colour", "research-only/false_colour/clip25.avi", shared=True),
    Case("cptv", "apache-v1.cptv"),
    Case("flir", "frame_be.fff", {"min_frames": 1}),
    Case("letterbox", boxed),
    Case("flir-text", "svanstrom/tir/IR_AIRPLANE_001.mp4", {"hud": "inpaint"}, shared=True),
    Case("osd", "antiuav/4.avi", {"hud": "inpaint"}, shared=True),
    Case("visible", "V_DRONE_007.mp4"),
)


def seen(pixels: NDArray[Any]) -> Picture:
    """A raw frame as any viewer shows it."""
    if pixels.dtype == np.uint16:
        pixels = (pixels >> 8).astype(np.uint8)
    return cv2.cvtColor(pixels, cv2.COLOR_RGB2BGR if pixels.ndim == 3 else cv2.COLOR_GRAY2BGR)


def scaled(picture: Picture) -> Picture:
    """At the height of the gallery."""
    width = round(picture.shape[1] * HEIGHT / picture.shape[0])
    return np.asarray(cv2.resize(picture, (width, HEIGHT), interpolation=cv2.INTER_AREA), np.uint8)


def marked(picture: Picture, card: Card) -> Picture:
    """The input with what was taken for burnt in."""
    left, upper = (card.crop.x, card.crop.y) if card.crop else (0, 0)
    for each in card.hud.regions:
        corner = (left + each.x, upper + each.y)
        end = (corner[0] + each.width, corner[1] + each.height)
        cv2.rectangle(picture, corner, end, (0, 0, 255), 1)
    if card.crop:
        end = (left + card.crop.width - 1, upper + card.crop.height - 1)
        cv2.rectangle(picture, (left, upper), end, (0, 255, 255), 1)
    return picture


def row(case: Case, shared: Path, folder: Path) -> None:
    """Fetch, print a line of the table, write the picture."""
    root = shared if case.shared else CLIPS
    source = root / case.source if isinstance(case.source, str) else case.source(folder)
    dataset = Dataset.create(folder / "dataset")
    settings = IngestConfig.model_validate(dict(case.settings))
    ingest(read_sources([str(source)]), dataset, settings, build_engine("serial", 1)).check()
    sequence = dataset.sequence_ids()[case.shot]
    card = dataset.read_card(sequence)
    index = card.frames // 2
    with closing(open_frames(source)) as reader:
        raw = next(islice(reader.read(), card.recording_frames[index], None))
    before = seen(raw.colours if raw.pixels.dtype == np.uint8 else raw.pixels)
    after = read_frame(dataset.frames(sequence).path(index))
    pair = [scaled(marked(before, card)), scaled(cv2.cvtColor(after, cv2.COLOR_GRAY2BGR))]
    target = PICTURES / f"gallery_{case.name}.jpg"
    cv2.imwrite(str(target), np.hstack(pair), [cv2.IMWRITE_JPEG_QUALITY, 85])
    facts = decided(sequence.name, card)
    print(
        f"| {case.name} | {facts.polarity} | {facts.palette} | {facts.tone} | {facts.burnt_in} | "
        f"{facts.repeated} | ![{case.name}](pictures/{target.name}) |"
    )


def main() -> None:
    """Every case whose recording is there."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--shared", type=Path, default=ROOT.parent / "shared" / "data")
    parser.add_argument("--only", help="one case")
    arguments = parser.parse_args()
    PICTURES.mkdir(exist_ok=True)
    for case in CASES:
        if arguments.only not in (None, case.name):
            continue
        if case.shared and not arguments.shared.is_dir():
            print(f"{case.name}: left out, there is no {arguments.shared}")
            continue
        folder = Path(tempfile.mkdtemp())
        try:
            row(case, arguments.shared, folder)
        finally:
            shutil.rmtree(folder)


if __name__ == "__main__":
    main()

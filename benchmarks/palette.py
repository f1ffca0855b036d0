"""False colour back to intensity: is the palette found, and how near is the intensity to the truth?

Real thermal frames are the truth. They are coloured by a palette, encoded as users find them
(H.264 or MPEG-4, 4:2:0), read by the package's reader, and the palette is detected and inverted
with no hint. Beside it stands what everybody does: the grey conversion of OpenCV (BGR2GRAY).

Run: python -m benchmarks.palette [FOLDER OF ../shared/data] [--frames N] [--only NAME…]
"""

import argparse
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

import av
import cv2
import numpy as np
from av.video.stream import VideoStream
from numpy.typing import NDArray

from tirdata.decode import open_frames
from tirdata.decode.base import Colours
from tirdata.frames.inversion import Inverter
from tirdata.frames.palette import PaletteMatch, detect_palette
from tirdata.frames.palettes import GREY, PALETTES, Table, limited, tinted
from tirdata.types import Frame
from tracking.evaluation.machine import this_machine

ROOT = Path(__file__).resolve().parent.parent
SCENES = ("IR_DRONE_121.mp4", "IR_HELICOPTER_043.mp4")
SHARED_SCENES = ("research-only/lynred/drive_1.avi", "antiuav/41.avi")
SIZE = (320, 240)


@dataclass(frozen=True)
class Coding:
    """How coloured frames are stored."""

    name: str
    suffix: str
    codec: str
    options: dict[str, str]


CRF18 = Coding("crf 18", ".mp4", "libx264", {"crf": "18"})
CRF28 = Coding("crf 28", ".mp4", "libx264", {"crf": "28"})
MPEG4 = Coding("MPEG-4, q 8", ".avi", "mpeg4", {"qmin": "8", "qmax": "8"})


@dataclass
class Score:
    """Sums over scenes."""

    found: list[str] = field(default_factory=list)
    correlation: list[float] = field(default_factory=list)
    ranks: list[float] = field(default_factory=list)
    error: list[float] = field(default_factory=list)
    grey: list[float] = field(default_factory=list)
    grey_error: list[float] = field(default_factory=list)

    def line(self, name: str) -> str:
        """A row of a table."""
        found = f"{self.found.count(name)}/{len(self.found)}"
        others = sorted({each for each in self.found if each != name})
        return (
            f"| {name} | {found}{' (' + ', '.join(others) + ')' if others else ''} "
            f"| {np.mean(self.correlation):.4f} | {min(self.correlation):.4f} "
            f"| {np.mean(self.ranks):.4f} | {np.mean(self.error):.2f} | {max(self.error):.2f} "
            f"| {np.mean(self.grey):.3f} | {np.mean(self.grey_error):.1f} |"
        )


HEAD = (
    "| palette | found | correlation | worst | rank corr. | mean error | worst "
    "| BGR2GRAY corr. | error |\n|---|---|---|---|---|---|---|---|---|"
)


def thermal(path: Path, count: int) -> list[Frame]:
    """Some frames of a recording, their grey stretched over all levels."""
    with closing(open_frames(path)) as reader:
        every = max(1, (reader.info.frames or count) // count)
        grey = [raw.pixels for number, raw in enumerate(reader.read()) if number % every == 0]
    low, high = np.percentile(np.stack(grey), (0.1, 99.9))
    return [
        np.clip(np.round((each - low) * (255.0 / (high - low))), 0, 255).astype(np.uint8)
        for each in grey[:count]
    ]


def encode(path: Path, pictures: list[Colours], coding: Coding) -> Path:
    """Write coloured frames."""
    path = path.with_suffix(coding.suffix)
    height, width = pictures[0].shape[:2]
    with av.open(str(path), "w") as container:
        stream = container.add_stream(coding.codec, rate=25, options=coding.options)
        if not isinstance(stream, VideoStream):
            raise TypeError(coding.codec)
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        for picture in pictures:
            frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(picture), format="rgb24")
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


def decode(path: Path) -> list[Colours]:
    """The colours of every frame."""
    with closing(open_frames(path)) as reader:
        return [raw.colours for raw in reader.read()]


def correlation(a: NDArray[np.float64], b: NDArray[np.float64]) -> float:
    """Of two flat arrays; 0 where one is constant."""
    return float(np.corrcoef(a, b)[0, 1]) if a.std() > 0 and b.std() > 0 else 0.0


def ranks(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Of whole numbers 0..255, ties share their mean."""
    count = np.bincount(values.astype(np.int64), minlength=256)
    return (np.cumsum(count) - count / 2)[values.astype(np.int64)]


def invert(match: PaletteMatch | None, pictures: list[Colours]) -> list[Frame]:
    """As the pipeline does it: luma where there is no palette."""
    if match is None or match.name == GREY:
        return [np.asarray(cv2.cvtColor(each, cv2.COLOR_RGB2GRAY)) for each in pictures]
    inverter = Inverter(match.table)
    return [inverter.intensity(each) for each in pictures]


def score(
    truth: list[Frame], pictures: list[Colours], into: Score, shown: NDArray[np.bool_] | None = None
) -> None:
    """Detect, invert, compare where the scene is ``shown``."""
    match = detect_palette(pictures)
    into.found.append("none" if match is None else match.name)
    for true, got, picture in zip(truth, invert(match, pictures), pictures, strict=True):
        where = np.ones(true.shape, bool) if shown is None else shown
        t, g = true[where].astype(np.float64), got[where].astype(np.float64)
        grey = cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY)[where].astype(np.float64)
        into.correlation.append(correlation(t, g))
        into.ranks.append(correlation(ranks(t), ranks(g)))
        into.error.append(float(np.abs(t - g).mean()))
        into.grey.append(correlation(t, grey))
        into.grey_error.append(float(np.abs(t - grey).mean()))


def turned(table: Table, hue: float, gain: float = 1.0) -> Table:
    """Another camera's: hue shifted by a share of the circle, lightness by a power."""
    hsv = cv2.cvtColor(table[None].astype(np.float32) / 255, cv2.COLOR_RGB2HSV)
    hsv[..., 0] = (hsv[..., 0] + 360 * hue) % 360
    hsv[..., 2] **= gain
    return np.round(255 * cv2.cvtColor(hsv, cv2.COLOR_HSV2RGB))[0].astype(np.uint8)


def with_text(picture: Colours) -> Colours:
    """White text and a reticle burnt in."""
    picture = picture.copy()
    height, width = picture.shape[:2]
    for text, at in (("12:34:56  36.5 C", (8, 20)), ("ZOOM x2", (8, height - 8))):
        cv2.putText(picture, text, at, cv2.FONT_HERSHEY_SIMPLEX, 0.5, (255, 255, 255), 1)
    cv2.drawMarker(picture, (width // 2, height // 2), (255, 255, 255), cv2.MARKER_CROSS, 20, 1)
    return picture


def with_bar(picture: Colours, table: Table) -> Colours:
    """The palette drawn at the right, as cameras do."""
    picture = picture.copy()
    height, width = picture.shape[:2]
    x, y, w, h = width - 28, height // 6, 12, height * 2 // 3
    picture[y - 1 : y + h + 1, x - 1 : x + w + 1] = 255
    rows = np.linspace(255, 0, h).round().astype(int)
    picture[y : y + h, x : x + w] = table[rows][:, None]
    return picture


def matplotlib_tables() -> dict[str, Table]:
    """Tables of the same names from another source, where matplotlib is installed."""
    try:
        from matplotlib import colormaps  # noqa: PLC0415  # not everywhere
    except ImportError:
        return {}
    names = {"jet": "jet", "hot": "hot", "inferno": "inferno", "magma": "magma",
             "plasma": "plasma", "viridis": "viridis", "turbo": "turbo",
             "cool-warm": "coolwarm"}  # fmt: skip
    return {
        ours: np.round(255 * colormaps[theirs](np.linspace(0, 1, 256))[:, :3]).astype(np.uint8)
        for ours, theirs in names.items()
    }


Change = Callable[[Table, list[Frame]], tuple[list[Frame], list[Colours]]]


def plain(change: Callable[[Table], Table]) -> Change:
    """Coloured by a changed table."""
    return lambda table, frames: (frames, [change(table)[each] for each in frames])


def small(table: Table, frames: list[Frame]) -> tuple[list[Frame], list[Colours]]:
    """At 320x240."""
    less = [np.asarray(cv2.resize(f, SIZE, interpolation=cv2.INTER_AREA)) for f in frames]
    return less, [table[each] for each in less]


VARIATIONS: dict[str, tuple[Change, Coding]] = {
    "as it is, 320x240": (small, CRF28),
    "as it is, AVI": (plain(lambda table: table), MPEG4),
    "white text": (lambda t, f: (f, [with_text(t[each]) for each in f]), CRF28),
    "hue + 5 %": (plain(lambda table: turned(table, 0.05)), CRF18),
    "hue - 5 %": (plain(lambda table: turned(table, -0.05)), CRF18),
    "lightness ^ 0.85": (plain(lambda table: turned(table, 0, 0.85)), CRF18),
    "16..235": (plain(limited), CRF18),
    "reversed": (lambda t, f: ([255 - each for each in f], [t[255 - each] for each in f]), CRF18),
    "colour bar, other curve": (
        lambda t, f: (f, [with_bar(bent(t)[each], bent(t)) for each in f]), CRF18,
    ),
}  # fmt: skip


DRAWN: dict[str, Callable[[Colours], Colours | None]] = {
    "white text": with_text,
    "colour bar, other curve": lambda black: with_bar(black, PALETTES[GREY]),
}


def bent(table: Table) -> Table:
    """The same colours at other temperatures: position to the power of 1.4."""
    return table[np.round(255 * (np.arange(256) / 255) ** 1.4).astype(int)]


def natural(folder: Path, every: int) -> tuple[int, list[str]]:
    """Visible-light clips looked at, and those in which a palette was seen."""
    clips = sorted((ROOT / "tests" / "data").glob("V_*.mp4"))
    clips += sorted((folder / "svanstrom" / "visible").glob("*.mp4"))[::every]
    taken = []
    for clip in clips:
        with closing(open_frames(clip)) as reader:
            pictures = [raw.colours for n, raw in enumerate(reader.read()) if n in range(0, 90, 20)]
        match = detect_palette(pictures)
        if match is not None:
            taken.append(f"{clip.stem} {match.name} ({match.residual:.1f})")
    return len(clips), taken


def speed() -> None:
    """Inversion of 640x512 on one core."""
    generator = np.random.default_rng(1)
    noise = generator.integers(0, 256, (16, 20), np.uint8)
    frame = cv2.resize(noise, (640, 512), interpolation=cv2.INTER_CUBIC)
    print("\n| palette | inversions/s, 640x512, one core |\n|---|---|")
    for name in ("ironbow", "jet", "rainbow", "rainbow-hc"):
        inverter, picture = Inverter(PALETTES[name]), PALETTES[name][frame]
        inverter.intensity(picture)
        start = time.perf_counter()
        for _ in range(100):
            inverter.intensity(picture)
        print(f"| {name} | {100 / (time.perf_counter() - start):.0f} |", flush=True)


def main() -> None:
    """All tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("shared", type=Path, nargs="?", default=ROOT.parent / "shared" / "data")
    parser.add_argument("--frames", type=int, default=4)
    parser.add_argument("--every", type=int, default=1, help="of the visible-light clips")
    parser.add_argument("--only", nargs="*", default=sorted(PALETTES))
    given = parser.parse_args()
    cv2.setNumThreads(1)
    print(this_machine(None))
    paths = [ROOT / "tests" / "data" / name for name in SCENES]
    paths += [path for name in SHARED_SCENES if (path := given.shared / name).is_file()]
    scenes = [thermal(path, given.frames) for path in paths]
    print("scenes:", ", ".join(path.name for path in paths))
    with tempfile.TemporaryDirectory() as folder:
        video = Path(folder) / "coloured"
        for coding in (CRF18, CRF28):
            print(f"\n## H.264, {coding.name}\n\n{HEAD}")
            for name in given.only:
                total = Score()
                for frames in scenes:
                    pictures = [PALETTES[name][each] for each in frames]
                    score(frames, decode(encode(video, pictures, coding)), total)
                print(total.line(name), flush=True)
        for title, (change, coding) in VARIATIONS.items():
            print(f"\n## {title} ({coding.name})\n\n{HEAD}")
            vary(title, change, coding, given.only, scenes[1:3], video)
        print(f"\n## matplotlib's tables\n\n{HEAD}")
        for name, table in matplotlib_tables().items():
            total = Score()
            score(scenes[-1], decode(encode(video, [table[f] for f in scenes[-1]], CRF18)), total)
            print(total.line(name), flush=True)
        print(f"\n## tinted\n\n{HEAD}")
        for hue in ((255, 191, 91), (0, 255, 0), (255, 60, 40), (255, 176, 0), (90, 160, 110)):
            total, table = Score(), tinted(*hue)
            score(scenes[-1], decode(encode(video, [table[f] for f in scenes[-1]], CRF28)), total)
            print(total.line("tinted"), hue, flush=True)
    looked, taken = natural(given.shared, given.every)
    print(f"\n{looked} visible-light clips, taken for false colour: {len(taken)}", *taken)
    speed()


def vary(
    title: str, change: Change, coding: Coding, names: list[str], scenes: list[list[Frame]],
    video: Path,
) -> None:  # fmt: skip
    """One variation of every palette."""
    for name in names:
        if name == GREY and title.startswith(("hue", "light", "colour bar")):
            continue
        total = Score()
        for frames in scenes:
            truth, pictures = change(PALETTES[name], frames)
            # Within four pixels of text or of a bar there is no truth.
            drawn = DRAWN.get(title, lambda _: None)(np.zeros((*truth[0].shape, 3), np.uint8))
            near = None if drawn is None else cv2.dilate(drawn, np.ones((9, 9), np.uint8))
            shown = None if near is None else near.max(axis=2) == 0
            score(truth, decode(encode(video, pictures, coding)), total, shown)
        print(total.line(name), flush=True)


if __name__ == "__main__":
    sys.exit(main())

"""How often the polarity of a shot is judged right, left to a person, or wrong and sure.

The clips and what an eye saw in them are listed in `tests/data/polarity.csv`. The weights of the
cues are fitted with one source of clips left out, and the clips of that source are judged with
them: what is told is how it does on cameras and places that it has not seen. Cues turn their sign
with the picture, so black-hot is judged exactly as well as white-hot; a part of the clips is
judged inverted too, to show it. Beside the clips as they are stand harder forms of them: a random
part of the frame (crop), the same with the window moving, as from a moving camera (pan), stills
with new noise in each frame, as from a hovering drone (hover), another tone curve (tone).

The peers are plain rules that always decide: the top third is colder than the bottom third; the
histogram has its long tail on the warm side.

Run: python -m benchmarks.polarity --data ../shared/data
"""

import argparse
import csv
import time
import zlib
from collections.abc import Iterator, Sequence
from contextlib import closing
from itertools import islice
from pathlib import Path
from typing import NamedTuple, TypeVar

import cv2
import numpy as np
from numpy.typing import NDArray

from tirdata.decode import open_frames
from tirdata.frames.polarity import WEIGHTS, CueWeight, PolarityGuess, combine, judge_polarity
from tirdata.frames.polarity_cues import CUES, Views, skew, views
from tirdata.frames.polarity_cues import measure as cues_of
from tirdata.types import Frame
from tracking.evaluation.machine import this_machine

LIST = Path(__file__).parent.parent / "tests" / "data" / "polarity.csv"
SAMPLES = 16  # frames of a shot
FORMS = ("as is", "crop", "pan", "hover", "tone")
FORM_WEIGHT = 0.35  # in the fit, of a form that is not the clip as it is
SHRINK = 0.03  # of the weights in the fit
Item = TypeVar("Item")
Values = dict[str, float]
Mask = NDArray[np.bool_]


class Shot(NamedTuple):
    """A clip of the list, or a harder form of it."""

    source: str
    name: str
    form: str
    frames: list[Frame]
    ignore: Mask | None


class Measured(NamedTuple):
    """What the cues and the peers say of a shot, positive for white-hot."""

    source: str
    name: str
    form: str
    frames: int
    values: Values
    peers: Values


def read(path: Path, first: int, count: int | None) -> list[Frame]:
    """Frames of 8 bits, evenly over a part of a recording."""
    if path.is_dir() or path.suffix == ".jpg":
        files = [path] if path.is_file() else sorted(path.iterdir())
        pictures = [cv2.imread(str(file), cv2.IMREAD_GRAYSCALE) for file in even(files)]
        return [picture.astype(np.uint8) for picture in pictures if picture is not None]
    with closing(open_frames(path, 1)) as reader:
        last = None if count is None else first + count
        if (reader.info.frames or 0) > 4 * SAMPLES and count is not None:
            wanted = set(even(range(first, first + count)))
            numbered = enumerate(islice(reader.read(), last))
            planes = [raw.pixels for number, raw in numbered if number in wanted]
        else:
            planes = even([raw.pixels for raw in islice(reader.read(), first, last)])
    if not planes:
        raise SystemExit(f"{path}: has no frame {first}")
    if planes[0].dtype == np.uint8:
        return [np.asarray(plane, np.uint8) for plane in planes]
    low, high = np.percentile(np.stack(planes), [0.1, 99.9])
    return [(np.clip((p - low) / (high - low), 0, 1) * 255).astype(np.uint8) for p in planes]


def even(items: Sequence[Item]) -> list[Item]:
    """At most SAMPLES of them, evenly from the first to the last."""
    if len(items) <= SAMPLES:
        return list(items)
    return [items[round(index)] for index in np.linspace(0, len(items) - 1, SAMPLES)]


def mask(boxes: str, shape: tuple[int, ...]) -> Mask | None:
    """Where text is burnt in: `left top right bottom` in hundredths of the frame; `;` between."""
    if not boxes:
        return None
    result = np.zeros(shape, np.bool_)
    height, width = shape
    for box in boxes.split(";"):
        left, top, right, bottom = (int(part) / 100 for part in box.split())
        result[int(top * height) : int(bottom * height), int(left * width) : int(right * width)] = 1
    return result


def listed(data: Path, every: int) -> Iterator[Shot]:
    """The clips whose polarity an eye could tell; of Svanström's, one in `every`."""
    with LIST.open(newline="", encoding="utf-8") as file:
        rows = [row for row in csv.DictReader(file) if row["polarity"] == "white-hot"]
    many = [row for row in rows if row["source"] == "svanstrom"]
    for row in many[::every] + [row for row in rows if row["source"] != "svanstrom"]:
        count = int(row["count"]) if row["count"] else None
        frames = read(data / row["path"], int(row["first"]), count)
        name = f"{Path(row['path']).as_posix()}@{row['first']}"
        yield Shot(row["source"], name, "as is", frames, mask(row["ignore"], frames[0].shape))


def harder(shot: Shot) -> Iterator[Shot]:
    """The forms of a shot other than as it is."""
    rng = np.random.default_rng(zlib.crc32(shot.name.encode()))
    height, width = shot.frames[0].shape
    part = rng.uniform(0.4, 0.7)
    h, w = int(height * part), int(width * part)
    y, x = int(rng.integers(0, height - h + 1)), int(rng.integers(0, width - w + 1))
    ignore = None if shot.ignore is None else shot.ignore[y : y + h, x : x + w]
    if ignore is None or ignore.mean() < 0.9:
        frames = [frame[y : y + h, x : x + w] for frame in shot.frames]
        yield shot._replace(form="crop", frames=frames, ignore=ignore)
    curve = (np.arange(256) / 255) ** np.exp(rng.uniform(-0.8, 0.8)) * 255
    lut = curve.round().astype(np.uint8)
    yield shot._replace(form="tone", frames=[lut[frame] for frame in shot.frames])
    if len(shot.frames) == 1:
        noise = rng.normal(0, 1.5, (SAMPLES // 2, height, width))
        frames = [(shot.frames[0] + one).clip(0, 255).astype(np.uint8) for one in noise]
        yield shot._replace(form="hover", frames=frames)
    if shot.ignore is None:
        yield shot._replace(form="pan", frames=panned(shot.frames, rng))


def panned(frames: list[Frame], rng: np.random.Generator) -> list[Frame]:
    """Six tenths of the frame, its window moving along the bottom or the diagonal."""
    frames = frames * -(-8 // len(frames)) if len(frames) < 8 else frames
    height, width = frames[0].shape
    h, w = int(height * 0.6), int(width * 0.6)
    top = 0 if rng.random() < 0.5 else height - h
    ys = np.linspace(top, height - h, len(frames)).astype(int)
    xs = np.linspace(0, width - w, len(frames)).astype(int)
    return [f[y : y + h, x : x + w] for f, y, x in zip(frames, ys, xs, strict=True)]


def measure(shot: Shot) -> Measured:
    """Every cue and every peer on one shot."""
    seen = views(shot.frames, shot.ignore)
    count = len(shot.frames)
    return Measured(shot.source, shot.name, shot.form, count, cues_of(seen), peers_of(shot, seen))


def peers_of(shot: Shot, seen: Views) -> Values:
    third = shot.frames[0].shape[0] // 3
    stack = np.stack(shot.frames)
    top, bottom = stack[:, :third].mean(), stack[:, -third:].mean()
    return {
        "thirds": float(bottom - top),
        "histogram": skew(seen.planes[1][:, seen.valid[1]].ravel(), 2.0),
    }


def fit(found: list[Measured]) -> dict[str, CueWeight]:
    """Weights of at least 0 by logistic regression; a source counts as the root of its clips."""
    names = list(CUES)
    raw = np.array([[each.values[name] for name in names] for each in found])
    scale = np.sqrt((raw**2).mean(0))
    towards = np.tanh(raw / scale)
    share = np.array([1.0 if each.form == "as is" else FORM_WEIGHT for each in found])
    sources = np.array([each.source for each in found])
    for source in set(sources):
        share[sources == source] /= np.sqrt(share[sources == source].sum())
    weights = np.zeros(len(names))
    for _ in range(4000):
        wrong = 1 / (1 + np.exp(towards @ weights))
        rise = (towards * (share * wrong)[:, None]).sum(0) / share.sum() - SHRINK * weights
        weights = np.maximum(0, weights + 0.7 * rise)
    return {
        name: CueWeight(round(float(one), 3), round(float(other), 2))
        for name, one, other in zip(names, scale, weights, strict=True)
    }


def left_out(found: list[Measured]) -> list[tuple[Measured, PolarityGuess]]:
    """Each shot judged by weights that were fitted without its source."""
    judged = []
    for source in dict.fromkeys(each.source for each in found):
        weights = fit([each for each in found if each.source != source])
        mine = [each for each in found if each.source == source]
        judged += [(each, combine(each.values, each.frames, weights)) for each in mine]
    return judged


def line(title: str, judged: list[tuple[Measured, PolarityGuess]]) -> None:
    """One row of the table; every clip is white-hot."""
    right = np.array([guess.value == "white-hot" for _, guess in judged])
    sure = np.array([guess.sure for _, guess in judged])
    among = f"{right[sure].mean():8.1%}" if sure.any() else "       –"
    peers = [
        np.mean([each.peers[name] > 0 for each, _ in judged]) for name in ("thirds", "histogram")
    ]
    print(
        f"{title:<26}{len(judged):>6}{right.mean():>9.1%}{1 - sure.mean():>9.1%} {among}"
        f"{(sure & ~right).mean():>9.2%}   {peers[0]:>7.1%} {peers[1]:>9.1%}"
    )


def tables(judged: list[tuple[Measured, PolarityGuess]]) -> None:
    """Everything that is told of shots judged by weights fitted without their source."""
    print(
        f"\n{'':<26}{'shots':>6}{'right':>9}{'left':>9}{'sure: ok':>9}{'wrong+':>9}"
        f"   {'thirds':>7} {'histogram':>9}\n"
        f"{'':<26}{'':>6}{'':>9}{'to user':>9}{'':>9}{'sure':>9}   {'(peers: right)':>17}"
    )
    plain = [pair for pair in judged if pair[0].form == "as is"]
    for source in dict.fromkeys(each.source for each, _ in plain):
        line(source, [pair for pair in plain if pair[0].source == source])
    line("all", plain)
    line("all moving pictures", [pair for pair in plain if pair[0].frames > 1])
    for form in FORMS[1:]:
        line(f"all, {form}", [pair for pair in judged if pair[0].form == form])
    calibration(judged)
    print("\ncue alone: where it says something, how often it is right (clips as they are)")
    for name in CUES:
        said = [e.values[name] for e, _ in plain if abs(e.values[name]) > 0.02]
        print(
            f"{name:<8} says something of {len(said):>4}, right {np.mean(np.array(said) > 0):.1%}"
        )
    for each, guess in judged:
        if guess.sure and guess.value != "white-hot":
            print(f"wrong and sure: {each.name} ({each.form}), {guess.score:.3f}")


def calibration(judged: list[tuple[Measured, PolarityGuess]]) -> None:
    """How often those were right who were told to be so with some probability."""
    print("\nprobability told   shots   mean told   were right   each source the same (all forms)")
    sources = [each.source for each, _ in judged]
    share = {source: 1 / sources.count(source) for source in sources}
    for low, high in ((0.5, 0.6), (0.6, 0.7), (0.7, 0.8), (0.8, 0.9), (0.9, 0.96), (0.96, 1.01)):
        told = [pair for pair in judged if low <= pair[1].score < high]
        if not told:
            continue
        score = np.mean([guess.score for _, guess in told])
        right = np.array([guess.value == "white-hot" for _, guess in told])
        even_share = np.array([share[each.source] for each, _ in told])
        print(
            f"{low:.2f} to {min(high, 1):.2f} {len(told):>13}{score:>12.1%}{right.mean():>13.1%}"
            f"{(right * even_share).sum() / even_share.sum():>13.1%}"
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--every", type=int, default=1, help="of Svanström's clips")
    options = parser.parse_args()
    cv2.setNumThreads(1)
    machine = this_machine("auto")
    print(f"{machine.cpu}, {machine.cores} cores, {machine.versions}")
    found: list[Measured] = []
    inverted = exact = 0
    for number, shot in enumerate(listed(options.data, options.every)):
        found.append(measure(shot))
        if number % 10 == 0:
            turned = measure(shot._replace(frames=[255 - frame for frame in shot.frames]))
            inverted += 1
            exact += all(turned.values[name] == -found[-1].values[name] for name in CUES)
        if shot.source != "svanstrom" or number % 6 == 0:
            found += [measure(form) for form in harder(shot)]
    print(f"inverted, every cue has exactly the other sign: {exact} of {inverted} shots")
    tables(left_out(found))
    print("\nweights fitted to all   (in tirdata/frames/polarity.py)")
    for name, weight in fit(found).items():
        print(f"{name:<8} {weight}   ({WEIGHTS[name]})")
    noise = np.random.default_rng(0).normal(120, 30, (32, 512, 640)).clip(0, 255)
    frames = [cv2.GaussianBlur(frame, (0, 0), 3).astype(np.uint8) for frame in noise]
    started = time.process_time()
    judge_polarity(frames)
    print(f"\n32 frames of 640x512: {time.process_time() - started:.3f} s of one core")


if __name__ == "__main__":
    main()

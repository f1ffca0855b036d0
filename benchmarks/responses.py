"""What each matching branch of MMNet answers where there is more than one thing to answer to.

Each frame is searched around the previous true box with the template of the first frame, as the
tracker does, but never goes wrong by itself. Told of conv5, conv3 and their sum: in how many frames
the highest cell is on the object (within 4 cells: a quarter of its size), and how high the next
peak elsewhere is as a share. With --picture two cases are drawn: one of many parked cars of HIT-UAV
(the template's own picture with other noise, searched from half-way to the next car), and the frame
of --clip with the highest next peak (or --frame); of a clip that may not be shown, maps alone.

Run: python -m benchmarks.responses --data ../shared/data --picture docs/pictures/responses.png
"""

import argparse
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np
import torch
from lxml import etree
from numpy.typing import NDArray

from benchmarks.annotated import Clip, Take
from benchmarks.following import held_out_clips
from tirdata.crops import EXEMPLAR_SIDE, centre, context_side, crop
from tirdata.types import Box, Frame
from tracking.models.alexnet import STRIDE
from tracking.models.mmnet import MMNet, Templates
from tracking.trackers.mmnet import load_model
from tracking.trackers.response import Map, second_peak
from tracking.weights.load import shipped

NAMES = ("conv5", "conv3", "sum")
NEAR = 4.0  # cells
HIDDEN = ("vot-tir", "tass", "antiuav-day")  # of no licence that lets a picture be shown
CARS, CAR, BESIDE = "0_100_90_0_08284", 5, 4  # of HIT-UAV: a picture and two of its objects

Maps = dict[str, Map]


class Answer(NamedTuple):
    """One frame."""

    number: int
    searched: Frame
    maps: Maps
    place: NDArray[np.float64]  # (2,), cells right and down of the middle to the object

    def on_object(self, name: str) -> bool:
        """Whether a branch's highest cell is on the object."""
        values = self.maps[name]
        row, column = np.unravel_index(int(values.argmax()), values.shape)
        middle = (values.shape[0] - 1) / 2
        return bool(np.hypot(*(np.array([column, row]) - middle - self.place)) <= NEAR)


@torch.inference_mode()
def answers(model: MMNet, clip: Clip) -> Iterator[Answer]:
    """Every frame whose true box and the one before it are there."""
    pad = round(float(clip.frames[0].mean()))
    templates = model.templates(model.embed(first_crop(model, clip)))
    for number in range(1, len(clip.frames)):
        before, now = clip.boxes[number - 1], clip.boxes[number]
        if np.isnan(before).any() or np.isnan(now).any():
            continue
        searched, middle, side = _look(model, clip.frames[number], Box(*before.tolist()), pad)
        moved = np.array(centre(Box(*now.tolist()))) - np.array(middle)
        yield Answer(number, searched, _maps(model, templates, searched),
                     moved / side * model.input_size / STRIDE)  # fmt: skip


def first_crop(model: MMNet, clip: Clip) -> torch.Tensor:
    """The exemplar's, (1, 1, s, s) in 0..1."""
    pad = round(float(clip.frames[0].mean()))
    return _tensor(_look(model, clip.frames[0], Box(*clip.boxes[0].tolist()), pad)[0])


def _look(
    model: MMNet, frame: Frame, box: Box, pad: int
) -> tuple[Frame, tuple[float, float], float]:
    side = context_side(box.w, box.h) * model.input_size / EXEMPLAR_SIDE
    return crop(frame, centre(box), side, model.input_size, pad), centre(box), side


def _tensor(searched: Frame) -> torch.Tensor:
    return torch.from_numpy(searched.copy())[None, None].float() / 255


def _maps(model: MMNet, templates: Templates, searched: Frame) -> Maps:
    found = model.responses(templates, model.embed(_tensor(searched)))
    parts = (found.discriminative, found.fine_grained, found.total)
    return {name: np.asarray(part[0].numpy(), np.float32)
            for name, part in zip(NAMES, parts, strict=True) if part is not None}  # fmt: skip


def table(found: Mapping[str, Sequence[Answer]]) -> str:
    """A row a source: shares of frames, and means of the next peak."""
    rows = [["source", "frames", *(f"{name} on the object" for name in NAMES),
             *(f"next peak, {name}" for name in NAMES)], ["---"] * 8]  # fmt: skip
    for source, own in found.items():
        hits = (np.mean([each.on_object(name) for each in own]) for name in NAMES)
        nexts = (np.mean([second_peak(each.maps[name]) for each in own]) for name in NAMES)
        rows.append([source, str(len(own)), *(f"{value:.3f}" for value in (*hits, *nexts))])
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def parked_cars(data: Path) -> Clip | None:
    """A car among its like: the picture, where to look from, and the picture with other noise."""
    folder = data / "hit-uav"
    image = cv2.imread(str(folder / "images" / f"{CARS}.jpg"), cv2.IMREAD_GRAYSCALE)
    if image is None:
        return None
    nodes = etree.parse(str(folder / "annotations" / f"{CARS}.xml")).getroot().findall("object")
    corners = np.array([[float(node.findtext(f"bndbox/{key}", "nan")) for key in
                         ("xmin", "ymin", "xmax", "ymax")] for node in nodes])  # fmt: skip
    boxes = np.concatenate([corners[:, :2], corners[:, 2:] - corners[:, :2]], axis=1)
    car, other = boxes[CAR], boxes[BESIDE]
    between = car + np.concatenate([(other[:2] - car[:2]) / 2, [0.0, 0.0]])
    noise = np.random.default_rng(0).normal(0, 6, image.shape)
    noisy = np.clip(image + noise, 0, 255).astype(np.uint8)
    first = np.asarray(image, np.uint8)
    return Clip("HIT-UAV", "hit-uav", [first, noisy, noisy], np.array([car, between, car]))


def draw(rows: Sequence[tuple[str, Answer, bool]], path: Path) -> None:
    """Of each answer the searched crop, if it may be shown, and the maps beside it, as a PNG.

    The ring is the true centre, the cross the highest cell.
    """
    import matplotlib  # noqa: ICN001, PLC0415 - an optional package, for the picture alone

    matplotlib.use("Agg")
    from matplotlib import pyplot as plt  # noqa: PLC0415

    figure, grid = plt.subplots(len(rows), 4, figsize=(10, 2.7 * len(rows)), squeeze=False)
    for axes, (title, answer, shown) in zip(grid, rows, strict=True):
        middle = (np.array(answer.searched.shape[::-1]) - 1) / 2
        blank = np.full_like(answer.searched, 235)
        axes[0].imshow(answer.searched if shown else blank, cmap="gray", vmin=0, vmax=255)
        axes[0].plot(*(middle + answer.place * STRIDE), "o", mfc="none", mec="tab:green", ms=22)
        axes[0].set_title(title, fontsize=9)
        for axis, (name, values) in zip(axes[1:], answer.maps.items(), strict=False):
            half = (values.shape[0] - 1) / 2
            row, column = np.unravel_index(int(values.argmax()), values.shape)
            axis.imshow(values, cmap="inferno")
            axis.plot(column, row, "x", color="tab:cyan", ms=8)
            axis.plot(*(half + answer.place), "o", mfc="none", mec="tab:green", ms=14)
            axis.set_title(f"{name}: next peak {second_peak(values):.2f}", fontsize=9)
        for axis in axes:
            axis.set_axis_off()
    figure.tight_layout()
    figure.savefig(path, dpi=90)
    plt.close(figure)


def parse(words: list[str] | None = None) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--weights", type=Path, help="default: those that ship")
    parser.add_argument("--sources", nargs="*", default=["antiuav-41", "vot-tir", "tass"])
    parser.add_argument("--frames", type=int, default=60, help="most of each clip")
    parser.add_argument("--every", type=int, default=1, help="frames from one to the next")
    parser.add_argument("--picture", type=Path)
    parser.add_argument("--clip", default="vot-birds", help="that the picture is of")
    parser.add_argument("--frame", type=int, help="default: the one with the highest next peak")
    return parser.parse_args(words)


def main(words: list[str] | None = None) -> None:
    """Print the table; draw the picture."""
    given = parse(words)
    model = load_model(given.weights or shipped("mmnet"))
    found: dict[str, list[Answer]] = {}
    rows: list[tuple[str, Answer, bool]] = []
    cars = parked_cars(given.data) if given.picture else None
    if cars is not None:
        rows.append(("parked cars (HIT-UAV)", [*answers(model, cars)][-1], True))
    for source in given.sources:
        take = Take(every=given.every, frames=given.frames)
        for clip in held_out_clips(given.data, source, take):
            own = [*answers(model, clip)]
            found.setdefault(source, []).extend(own)
            if clip.name == given.clip and own:
                best = max(own, key=lambda each: second_peak(each.maps["sum"]))
                chosen = next((each for each in own if each.number == given.frame), best)
                title = f"{clip.name}, frame {chosen.number * given.every}"
                rows.append((title, chosen, clip.source not in HIDDEN))
    print(table(found))
    if given.picture and rows:
        draw(rows, given.picture)
        print(f"{given.picture}: {', '.join(title for title, _, _ in rows)}")


if __name__ == "__main__":
    main()

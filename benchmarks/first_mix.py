"""The mix that the first shipped weights were trained on, cut straight from clips and labels.

Svanström's thermal and visible clips (the first 80 % of the clip numbers of each class train, the
next 10 % validate, the last 10 % are held out and not read), three of Anti-UAV's and, as pairs of
one and the same picture, HIT-UAV's. Then:

    python -m benchmarks.first_mix --data ../shared/data --out mix-first
    tirdata train mmnet --mix mix-first --config benchmarks/first_weights.toml --out runs/first
"""

import argparse
import csv
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from itertools import chain
from pathlib import Path

import cv2
import numpy as np
from lxml import etree

from tirdata import files
from tirdata.config import to_json
from tirdata.dataset.classes import VID_CLASSES
from tirdata.decode import open_frames
from tirdata.geometry import inside
from tirdata.layouts.text import read_boxes
from tirdata.mix.manifest import Counts, MixManifest
from tirdata.mix.recipe import Domain, Recipe
from tirdata.mix.shards import Sample, ShardWriter, members
from tirdata.mix.tracklets import cut_sequence
from tirdata.types import Boxes, Frame, Track
from tirdata.types import Sequence as TrackedSequence

RECIPE = Recipe(stride=3)  # of the thermal clips; the others have their own
Item = tuple[str, Domain, TrackedSequence]  # subset, domain, sequence


class Chosen:
    """Some frames of a recording, by number; the others were never kept."""

    def __init__(self, frames: dict[int, Frame], count: int) -> None:
        self._frames, self._count = frames, count

    def __len__(self) -> int:
        return self._count

    def __getitem__(self, index: int) -> Frame:
        return self._frames[index]


def clip_sequence(
    name: str, video: Path, boxes: Boxes, class_name: str, stride: int
) -> TrackedSequence:
    """A clip with one track, only the frames that ``stride`` will take in memory."""
    wanted = np.flatnonzero(~np.isnan(boxes).any(axis=1))[::stride]
    keep = set(wanted.tolist())
    reader = open_frames(video)
    frames = {n: raw.pixels.astype(np.uint8) for n, raw in enumerate(reader.read()) if n in keep}
    reader.close()
    boxes = boxes.copy()
    boxes[[n for n in range(len(boxes)) if n not in frames]] = np.nan
    no = np.zeros(len(boxes), bool)
    return TrackedSequence(name, Chosen(frames, len(boxes)), (Track(0, class_name, boxes, no, no),))


def svanstrom(folder: Path, domain: Domain, stride: int) -> Iterator[Item]:
    """Clips of one modality; of a spliced one only its longest labelled shot."""
    by_class: dict[str, list[dict[str, str]]] = {}
    with folder.with_suffix(".csv").open(encoding="utf-8") as file:
        for row in csv.DictReader(file):
            by_class.setdefault(row["class"], []).append(row)
    for rows in by_class.values():
        ranked = sorted(rows, key=lambda row: row["clip"])
        for place, row in enumerate(ranked[: int(0.9 * len(ranked))]):
            subset = "train" if place < int(0.8 * len(ranked)) else "val"
            boxes = read_boxes(folder / f"{row['clip']}.txt", origin=1)[: int(row["frames"])]
            boxes[~inside(boxes, int(row["width"]), int(row["height"]))] = np.nan
            if row["cuts"]:
                start = int(row["shot_run_start"])
                outside = np.ones(len(boxes), bool)
                outside[start : start + int(row["shot_run_len"])] = False
                boxes[outside] = np.nan
            if (~np.isnan(boxes[:, 0])).sum() > stride:
                video = folder / f"{row['clip']}.mp4"
                yield subset, domain, clip_sequence(row["clip"], video, boxes, row["class"], stride)


def antiuav(folder: Path) -> Iterator[Item]:
    """Drones over clutter; clip 41 validates."""
    for number in ("4", "5", "40", "41"):
        boxes = read_boxes(folder / f"{number}.txt", origin=1)
        sequence = clip_sequence(f"antiuav{number}", folder / f"{number}.avi", boxes, "drone", 2)
        yield "val" if number == "41" else "train", "tir", sequence


def hit_uav(folder: Path) -> Iterator[Item]:
    """Single pictures of people and vehicles from above: twice the same, changed apart later."""
    for path in sorted((folder / "annotations").glob("*.xml")):
        image = cv2.imread(str(folder / "images" / f"{path.stem}.jpg"), cv2.IMREAD_GRAYSCALE)
        if image is None:
            continue
        tracks: list[Track] = []
        for node in etree.parse(str(path)).getroot().findall("object"):
            corners = [float(node.findtext(f"bndbox/{key}", "nan")) for key in _CORNERS]
            x, y, w, h = *corners[:2], corners[2] - corners[0], corners[3] - corners[1]
            name = node.findtext("name", "").lower()
            if min(w, h) >= 8 and name != "dontcare":
                no = np.zeros(2, bool)
                tracks.append(Track(len(tracks), name, np.array([[x, y, w, h]] * 2), no, no))
        frame = np.asarray(image, np.uint8)
        yield (
            "train",
            "tir",
            TrackedSequence(path.stem, Chosen({0: frame, 1: frame}, 2), tuple(_six(tracks))),
        )


_CORNERS = ("xmin", "ymin", "xmax", "ymax")


def _six(tracks: Sequence[Track]) -> list[Track]:
    order = np.random.default_rng(0).permutation(len(tracks))[:6]
    return [tracks[place] for place in order]


class Tally:
    """What went into each side of the mix."""

    def __init__(self) -> None:
        self.crops: Counter[str] = Counter()
        self.samples: Counter[str] = Counter()
        self.classes: Counter[str] = Counter()
        self.names: dict[str, set[str]] = {"train": set(), "val": set()}

    def add(self, subset: str, sample: Sample, crops: int) -> None:
        """Count one tracklet."""
        self.crops[subset] += crops
        self.samples[subset] += 1
        self.classes[sample.class_name] += crops
        self.names[subset].add(sample.sequence)

    def manifest(self, shards: Mapping[str, tuple[str, ...]]) -> MixManifest:
        """The mix's own words; duplicates were not looked for."""
        return MixManifest(
            recipe=RECIPE,
            classes=(*VID_CLASSES, *sorted(set(self.classes) - set(VID_CLASSES))),
            class_crops=dict(sorted(self.classes.items())),
            licences={},
            subsets={name: self._counts(name, shards[name]) for name in ("train", "val")},
            duplicates=(),
            left_out={},
            sequences=(),
        )

    def _counts(self, subset: str, shards: tuple[str, ...]) -> Counts:
        own = len(self.names[subset])  # here a sequence is a recording, and a group by itself
        return Counts(
            samples=self.samples[subset], crops=self.crops[subset], sequences=own, recordings=own,
            groups=own, shards=shards,
        )  # fmt: skip


def main() -> None:
    """Cut everything in one fixed order and write the mix."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--out", type=Path, default=Path("mix-first"))
    given = parser.parse_args()
    writers = {name: ShardWriter(given.out / name, RECIPE.shard_bytes) for name in ("train", "val")}
    tally = Tally()
    items = chain(
        svanstrom(given.data / "svanstrom" / "tir", "tir", RECIPE.stride),
        svanstrom(given.data / "svanstrom" / "visible", "vid", 4),
        antiuav(given.data / "antiuav"),
        hit_uav(given.data / "hit-uav"),
    )
    every = RECIPE.model_copy(update={"stride": 1})  # the frames are chosen already
    for subset, domain, sequence in items:
        for tracklet in cut_sequence(sequence, sequence.name, domain, sequence.name, every):
            blocks, offsets = members(tracklet.sample, tracklet.jpegs)
            sizes = [len(jpeg) for jpeg in tracklet.jpegs]
            writers[subset].add(tracklet.sample, blocks, offsets, sizes)
            tally.add(subset, tracklet.sample, len(sizes))
    for writer in writers.values():
        writer.close()
    manifest = tally.manifest({name: tuple(writer.shards) for name, writer in writers.items()})
    files.write_text(given.out / "mix.json", to_json(manifest))
    crops = {name: counts.crops for name, counts in manifest.subsets.items()}
    print(f"{given.out}: {crops['train']} crops to train, {crops['val']} to validate")


if __name__ == "__main__":
    main()

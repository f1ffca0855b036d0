r"""Whether the global network's map points at its target on clips that nobody trained on.

Svanström's thermal validation clips (the ninth tenth of the numbers of each class) and Anti-UAV's
clip 41, each its own visible half. The target is cut from a clip's first labelled frame; looked at
are frames after it. Printed for the network, for normalised cross-correlation of that cut with the
frame at the network's size, and by chance:

- alone: the strongest place lies in the target's box; the strongest region's centre lies there, or
  at most one mean side from the box's centre;
- of two: the target of another clip is pasted into the frame, and each of the two is asked for: the
  strongest place lies in the box of the one asked for, of the other, elsewhere;
- not here: how often the map's highest value is higher for the frame's own target than for one of
  another clip.

    python -m benchmarks.global_pointing --data ../shared/data --weights W --figure maps.png
"""

import argparse
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import cv2
import numpy as np
import torch
from numpy.typing import NDArray

from benchmarks.first_mix import antiuav, svanstrom
from tirdata.types import Box
from tracking.evaluation.machine import this_machine
from tracking.models.global_attention import GlobalAttention
from tracking.trackers.attention_regions import (
    AttentionMap,
    Placement,
    ProposalConfig,
    find_regions,
)
from tracking.trackers.global_search import (
    GlobalSearch,
    GlobalSearchConfig,
    Picture,
    as_input,
    cut_target,
)
from tracking.training.global_config import PairAugment
from tracking.training.pair_sources import LabelledPair, Targets
from tracking.training.pair_views import look

APART = 25  # frames between two that are looked at
MOST = 8  # of a clip


@dataclass(frozen=True)
class Clip:
    """What is looked at of a clip; frames and boxes at the network's size."""

    name: str
    kind: str  # of object
    target: Picture  # tight cut of the first frame, of its own size
    shrunk: Picture  # the same, as large as on a frame at the network's size
    frames: list[Picture]
    boxes: list[Box]


@dataclass
class Tally:
    """What a way of looking came to, summed over frames."""

    names: list[str] = field(default_factory=list)
    alone: list[tuple[bool, bool, bool]] = field(default_factory=list)
    two: list[tuple[bool, bool]] = field(default_factory=list)
    here: list[float] = field(default_factory=list)
    absent: list[float] = field(default_factory=list)

    def row(self, names: tuple[str, ...]) -> str:
        """Shares over the frames of clips whose kind is one of ``names``, and over all pairs."""
        chosen = [each for each, name in zip(self.alone, self.names, strict=True) if name in names]
        peak, centre, near = np.mean(chosen, axis=0)
        asked, other = np.mean(self.two, axis=0)
        told = np.mean([mine > theirs for mine, theirs in zip(self.here, self.absent, strict=True)])
        return (
            f"| {peak:.0%} | {centre:.0%} | {near:.0%} | {asked:.0%} / {other:.0%} | {told:.0%} |"
        )


See = Callable[[Picture, Picture], AttentionMap]  # frame, target (tight, its own size)


def clips(data: Path, size: tuple[int, int]) -> Iterator[Clip]:
    """The clips that nobody trained on."""
    items = [*svanstrom(data / "svanstrom" / "tir", "tir", APART), *antiuav(data / "antiuav")]
    for subset, _, sequence in items:
        if subset != "val":
            continue
        track = sequence.tracks[0]
        held = sorted(getattr(sequence.frames, "_frames", {}))
        picks = [i for i in held if np.isfinite(track.boxes[i]).all()]
        if sequence.name.startswith("antiuav"):
            picks = picks[:: APART // 2]
        first, later = picks[0], picks[1 : 1 + 3 * MOST]
        picture = sequence.frames[first]
        target = cut_target(picture, Box(*track.boxes[first]))
        scale = size[0] / picture.shape[1], size[1] / picture.shape[0]
        sides = (
            max(3, round(target.shape[1] * scale[0])),
            max(3, round(target.shape[0] * scale[1])),
        )
        later = later[: MOST if not sequence.name.startswith("antiuav") else None]
        kind = "clutter" if sequence.name.startswith("antiuav") else "sky"
        yield Clip(
            sequence.name, kind, as_input(target, (target.shape[1], target.shape[0])),
            as_input(target, sides), [as_input(sequence.frames[i], size) for i in later],
            [Box(*(track.boxes[i] * (*scale, *scale))) for i in later],
        )  # fmt: skip


class Network:
    """Maps of the network; a frame's features are made once."""

    def __init__(self, weights: Path) -> None:
        config = GlobalSearchConfig(weights=weights, device="cpu")
        search = GlobalSearch(config)
        self.size = search.size
        self.model: GlobalAttention = search.model
        self._features: dict[int, tuple[Picture, torch.Tensor]] = {}

    @torch.inference_mode()
    def __call__(self, frame: Picture, target: Picture) -> AttentionMap:
        """The map (h, w) of a frame for a target."""
        with torch.autocast("cpu", dtype=torch.bfloat16):
            features, asked = self._seen(frame), self._seen(target)
            logits = self.model.decode(features, self.model.take_target(asked))
        return np.asarray(torch.sigmoid(logits.float())[0, 0].numpy(), np.float32)

    def _seen(self, picture: Picture) -> torch.Tensor:
        if id(picture) not in self._features:
            shown = as_input(picture, self.size)  # frames have that size
            planes = torch.from_numpy(shown).permute(2, 0, 1)[None]
            one = self.model.encode(planes)
            self._features[id(picture)] = (picture, torch.cat([one, one], 1))
        return self._features[id(picture)][1]


def correlation(frame: Picture, target: Picture) -> AttentionMap:
    """Normalised cross-correlation of a target with a frame, at the target's centre; -1 outside."""
    found = cv2.matchTemplate(frame, target, cv2.TM_CCOEFF_NORMED)
    made = np.full(frame.shape[:2], -1, np.float32)
    top, left = target.shape[0] // 2, target.shape[1] // 2
    made[top : top + found.shape[0], left : left + found.shape[1]] = np.nan_to_num(found, nan=-1)
    return made


def look_at(
    see: See, clip: Clip, target: Picture, foreign: Clip, shrunk: bool, tally: Tally
) -> None:
    """Fill ``tally`` with the frames of a clip; ``foreign`` is what else is asked for."""
    other = foreign.shrunk if shrunk else foreign.target
    for number, (frame, box) in enumerate(zip(clip.frames, clip.boxes, strict=True)):
        attention = see(frame, target)
        tally.names.append(clip.kind)
        tally.alone.append(alone(attention, box))
        tally.here.append(float(attention.max()))
        tally.absent.append(float(see(frame, other).max()))
        both = with_another(frame, box, foreign, number)
        if both is None:
            continue
        shown, second = both
        for asked, own, theirs in ((target, box, second), (other, second, box)):
            peak = strongest(see(shown, asked))
            tally.two.append((inside(peak, own), inside(peak, theirs)))


def alone(attention: AttentionMap, box: Box) -> tuple[bool, bool, bool]:
    """Strongest place in the box, strongest region's centre in it, and near its centre."""
    regions = find_regions(attention, Placement((1.0, 1.0)), ProposalConfig())
    if not regions:
        return inside(strongest(attention), box), False, False
    centre = regions[0].centre
    middle = box.x + box.w / 2, box.y + box.h / 2
    near = np.hypot(centre[0] - middle[0], centre[1] - middle[1]) <= (box.w + box.h) / 2
    return inside(strongest(attention), box), inside(centre, box), bool(near)


def strongest(attention: AttentionMap) -> tuple[float, float]:
    """The map's highest place."""
    row, column = np.unravel_index(int(attention.argmax()), attention.shape)
    return float(column) + 0.5, float(row) + 0.5


def inside(point: tuple[float, float], box: Box) -> bool:
    """Whether a point lies in a box."""
    return bool(0 <= point[0] - box.x <= box.w and 0 <= point[1] - box.y <= box.h)


def with_another(frame: Picture, box: Box, other: Clip, seed: int) -> tuple[Picture, Box] | None:
    """A frame with another clip's target in it, and where; None where no room was found."""
    label = np.zeros(frame.shape[:2], np.bool_)
    x, y, w, h = (round(value) for value in box)
    label[max(y, 0) : y + h, max(x, 0) : x + w] = True
    pair = LabelledPair(frame, frame, label)
    size = (frame.shape[1], frame.shape[0])
    random = np.random.default_rng((seed, 7))
    pasted = Targets(other.shrunk, other.shrunk)
    view = look(pair, size, random, PairAugment(), pasted, alike=True)
    if len(view.labels) == 1:
        return None
    rows, columns = np.nonzero(view.labels[1])
    place = Box(float(columns.min()), float(rows.min()),
                float(np.ptp(columns) + 1), float(np.ptp(rows) + 1))  # fmt: skip
    return view.visible, place


def strips(see: See, found: list[Clip], chosen: list[str]) -> NDArray[np.uint8]:
    """Frame and map of some clips, side by side, the target's box drawn in."""
    rows = []
    for clip in [each for each in found if each.name in chosen]:
        cells = []
        for number in np.linspace(0, len(clip.frames) - 1, 3).round().astype(int):
            attention = see(clip.frames[number], clip.target)
            grey = (255 * attention).astype(np.uint8)
            seen = [clip.frames[number][:, :, ::-1].copy(), cv2.cvtColor(grey, cv2.COLOR_GRAY2BGR)]
            x, y, w, h = (round(value) for value in clip.boxes[number])
            for each in seen:
                cv2.rectangle(each, (x - 4, y - 4), (x + w + 4, y + h + 4), (0, 220, 0), 1)
            cells += [cv2.resize(each, (200, 160), interpolation=cv2.INTER_AREA) for each in seen]
        rows.append(np.hstack(cells))
    return np.asarray(np.vstack(rows), np.uint8)


def main() -> None:
    """Print the table, and draw some maps."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--weights", type=Path, required=True)
    parser.add_argument("--figure", type=Path)
    parser.add_argument("--shown", nargs="*", default=["antiuav41"], help="clips of the figure")
    given = parser.parse_args()
    torch.set_num_threads(1)
    cv2.setNumThreads(1)
    network = Network(given.weights)
    found = list(clips(given.data, network.size))
    frames = {
        kind: sum(len(c.frames) for c in found if c.kind == kind) for kind in ("sky", "clutter")
    }
    print(f"{this_machine('cpu')}; {len(found)} clips, frames {frames}, {network.size}")
    tallies = {"network": Tally(), "cross-correlation": Tally()}
    for place, clip in enumerate(found):
        foreign = found[(place + len(found) // 2) % len(found)]
        look_at(network, clip, clip.target, foreign, False, tallies["network"])
        look_at(correlation, clip, clip.shrunk, foreign, True, tallies["cross-correlation"])
    for kinds in (("sky",), ("clutter",), ("sky", "clutter")):
        print(", ".join(kinds))
        for name, tally in tallies.items():
            print(f"| {name} {tally.row(kinds)}")
        areas = [b.w * b.h for c in found if c.kind in kinds for b in c.boxes]
        print(f"chance: {np.mean(areas) / (network.size[0] * network.size[1]):.2%}")
    if given.figure is not None:
        cv2.imwrite(str(given.figure), strips(network, found, given.shown))


if __name__ == "__main__":
    main()

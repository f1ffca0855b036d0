"""Pictures of where dual-attention looks on real pairs, learned with and without the regulariser.

A row a pair: both halves about the object in a later frame; where the target's score looks there
(the 7 x 7 points of the object's region, Eq. 2's Ap) after the first frame alone was learned, by a
head that was learned without and with the regulariser; and the map of the global network over the
thermal frame, if its weights are named. How uneven each map is (deviation over mean) is printed.

    python -m benchmarks.rgbt_maps --data ../shared/data --out maps.png --global-weights W
"""

import argparse
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch
from numpy.typing import NDArray

from benchmarks.rgbt_ablation import Pair, dual, read_pairs
from tirdata.types import Box, FramePair
from tracking.models.reciprocative import maps_at_regions
from tracking.trackers.dual_attention import DualAttentionTracker
from tracking.trackers.global_search import GlobalSearch, GlobalSearchConfig
from tracking.trackers.pair_features import View

SIDE = 150
Tile = NDArray[np.uint8]


def main() -> None:
    """Draw the rows one below the other."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--out", type=Path, default=Path("maps.png"))
    parser.add_argument("--weights", type=Path, help="of the local net; default: those that ship")
    parser.add_argument("--global-weights", type=Path)
    parser.add_argument("--frame", type=int, default=10)
    parser.add_argument("--pairs", type=int, default=2)
    parser.add_argument("--maps-only", action="store_true", help="of pairs that may not be shown")
    given = parser.parse_args()
    torch.set_num_threads(1)
    found = []
    for pair in read_pairs(given.data / "research-only" / "rgbt", 1, given.frame + 1):
        tiles = row(pair, given.frame, given.weights, given.global_weights)
        found.append(beside(tiles[2:] if given.maps_only else tiles))
        if len(found) == given.pairs:
            break
    cv2.imwrite(str(given.out), np.vstack(found))


def row(pair: Pair, frame: int, weights: Path | None, wide: Path | None) -> list[Tile]:
    """Of one pair: both halves, the maps learned without and with the regulariser, the wide one."""
    later = pair.frames[frame]
    box, seen = Box(*pair.thermal[frame]), Box(*pair.visible[frame])
    tiles = [cut(later.visible, seen), cut(later.thermal, box)]
    each = {"weights": weights} if weights else {}
    tiles += [local_tile(pair, later, box, each | {"attention": how}) for how in ("off", "roi")]
    if wide is not None:
        tiles.append(global_tile(pair, later, wide, box))
    return tiles


def beside(tiles: list[Tile]) -> Tile:
    """A line of tiles of one height with gaps between and below."""
    gap = np.full((SIDE, 6, 3), 255, np.uint8)
    line = np.hstack([part for tile in tiles for part in (tile, gap)][:-1])
    return np.vstack([line, np.full((6, line.shape[1], 3), 255, np.uint8)])


def local_tile(pair: Pair, later: FramePair, box: Box, settings: dict[str, Any]) -> Tile:
    """Where the target's score looks in the object's region of a later frame."""
    tracker = DualAttentionTracker(dual(settings))
    tracker.init_pair(pair.frames[0], Box(*pair.thermal[0]), Box(*pair.visible[0]))
    view = View.of(later, tracker._halves.alignment, tracker.device)
    samples = tracker._extract(view, np.array([box], np.float64), np.array(box[2:]))
    with torch.no_grad():
        maps = maps_at_regions(tracker.model, samples.features.float(), samples.where)
        score = tracker.model.head(samples.features.float())[0].tolist()
    values = maps.positive[0, 0].numpy()
    uneven = [float(each.std() / each.mean()) for each in (values, maps.negative[0, 0].numpy())]
    told = f"{uneven[0]:.2f} (target), {uneven[1]:.2f} (background)"
    print(f"{pair.name}, attention {settings['attention']}: deviation over mean {told}; "
          f"scores {score[1]:.1f}, {score[0]:.1f}")  # fmt: skip
    return heat(values, np.zeros((SIDE, SIDE, 3), np.uint8))


def global_tile(pair: Pair, later: FramePair, weights: Path, box: Box) -> Tile:
    """The global map over the thermal frame, with the true box."""
    search = GlobalSearch(GlobalSearchConfig(weights=weights, device="cpu"))
    search.start(pair.frames[0], Box(*pair.thermal[0]), Box(*pair.visible[0]))
    below = np.asarray(cv2.cvtColor(later.thermal, cv2.COLOR_GRAY2BGR), np.uint8)
    shown = heat(search.attention(later), below)
    x, y, w, h = (round(value) for value in box)
    cv2.rectangle(shown, (x, y), (x + w, y + h), (255, 255, 255), 2)
    width = round(shown.shape[1] * SIDE / shown.shape[0])
    return np.asarray(cv2.resize(shown, (width, SIDE), interpolation=cv2.INTER_AREA), np.uint8)


def cut(picture: Any, box: Box) -> Tile:  # noqa: ANN401 - grey or of three channels
    """The object with the surroundings that the network sees."""
    colour = picture if picture.ndim == 3 else np.repeat(picture[:, :, None], 3, axis=2)
    middle = np.array([box.x + box.w / 2, box.y + box.h / 2])
    scale = SIDE / (1.2 * np.array([box.w, box.h]))
    shift = SIDE / 2 - scale * middle
    matrix = np.array([[scale[0], 0, shift[0]], [0, scale[1], shift[1]]])
    return np.asarray(cv2.warpAffine(colour[:, :, ::-1], matrix, (SIDE, SIDE)), np.uint8)


def heat(values: Any, below: Tile) -> Tile:  # noqa: ANN401 - a map of any size
    """A map in colours over a picture, half and half."""
    size = below.shape[1::-1]
    level = np.asarray(values, np.float32) / max(float(np.max(values)), 1e-12)
    grown = cv2.resize(level, size, interpolation=cv2.INTER_CUBIC)
    coloured = cv2.applyColorMap(np.clip(grown * 255, 0, 255).astype(np.uint8), cv2.COLORMAP_JET)
    return np.asarray(cv2.addWeighted(coloured, 0.5, below, 0.5, 0), np.uint8)


if __name__ == "__main__":
    main()

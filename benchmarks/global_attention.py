"""What the global attention network costs, part by part, and whether its map lies on the target.

    python -m benchmarks.global_attention
    python -m benchmarks.global_attention --weights W --sequences DIR --figure map.png

Counts are multiplications with additions (half the floating-point operations) of convolutions.
Times are processor seconds, the best of several passes, with random weights of the full size unless
``--weights`` are named. With sequences (GTOT's layout): the share of frames in which the map's
strongest place, and its strongest region's centre, lie inside the target's box.
"""

import argparse
import time
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import torch
from torch.utils.flop_counter import FlopCounterMode

from benchmarks.global_pointing import inside
from tirdata.layouts import open_layout
from tirdata.layouts.pictures import colour_frame
from tirdata.types import Box, FramePair, Sequence
from tracking.evaluation.machine import this_machine
from tracking.models.global_attention import HEIGHT, WIDTH, GlobalAttention
from tracking.trackers.attention_regions import Placement, ProposalConfig, find_regions, propose
from tracking.trackers.global_search import GlobalSearch, GlobalSearchConfig

BOX = Box(100, 80, 40, 30)


def report_costs(repeats: int) -> None:
    """GMAC and processor seconds of encoder, target, one evaluated pair, and proposals."""
    torch.set_num_threads(1)
    cv2.setNumThreads(1)
    network = GlobalAttention().eval()
    network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    picture = torch.randint(0, 255, (1, 3, HEIGHT, WIDTH), dtype=torch.uint8)
    with torch.inference_mode():
        target = network.see_target(picture, picture)
        parts: dict[str, Callable[[], object]] = {
            "encoder, one picture": lambda: network.encode(picture),
            "target, once a sequence": lambda: network.see_target(picture, picture),
            "pair of frames, targets known": lambda: network(picture, picture, target),
        }
        print(f"{'part':32}{'GMAC':>8}{'fp32 s':>9}{'bf16 s':>9}")
        for name, part in parts.items():
            with FlopCounterMode(display=False) as counter:
                part()
            plain = best(part, repeats)
            with torch.autocast("cpu", dtype=torch.bfloat16):
                coarse = best(part, repeats)
            print(f"{name:32}{counter.get_total_flops() / 2e9:8.2f}{plain:9.3f}{coarse:9.3f}")
    random = np.random.default_rng(0)
    blurred = cv2.GaussianBlur(random.random((HEIGHT, WIDTH), np.float32), (0, 0), 6)
    attention = np.asarray((blurred - blurred.min()) / np.ptp(blurred), np.float32)
    took = best(
        lambda: propose(
            attention, Placement((2.5, 2.5)), BOX, ProposalConfig(gate="off"),
            failures=0, count=256, random=random,
        ),
        20 * repeats,
    )  # fmt: skip
    print(f"{'map to proposals':32}{'':8}{took:9.4f}")
    weights = sum(each.numel() for each in network.parameters())
    print(f"{weights / 1e6:.2f} M weights")


def best(part: Callable[[], object], repeats: int) -> float:
    """Least processor seconds of a call."""
    took = []
    for _ in range(repeats):
        begun = time.process_time()
        part()
        took.append(time.process_time() - begun)
    return min(took)


def report_maps(weights: Path, folder: Path, figure: Path | None, stride: int) -> None:
    """How often the map points at the target, and a strip of frames with it."""
    search = GlobalSearch(GlobalSearchConfig(weights=weights, device="cpu"))
    strips = []
    for sequence in open_layout(folder).read(folder):
        peaks, centres, count, strip = 0, 0, 0, []
        for number in range(0, len(sequence.frames), stride):
            pair, box, visible = _at(sequence, number)
            if not np.isfinite([*box, *visible]).all():
                continue
            if not count:
                search.start(pair, box, visible)
            attention = search.attention(pair)
            size = (pair.visible.shape[1], pair.visible.shape[0])
            placed = Placement((size[0] / attention.shape[1], size[1] / attention.shape[0]))
            row, column = np.unravel_index(int(attention.argmax()), attention.shape)
            peak = ((column + 0.5) * placed.scale[0], (row + 0.5) * placed.scale[1])
            regions = find_regions(attention, placed, ProposalConfig())
            peaks += inside(peak, visible)
            centres += bool(regions) and inside(regions[0].centre, visible)
            count += 1
            strip.append(_picture(pair, attention, visible))
        print(
            f"{sequence.name}: {count} frames; the strongest place lies in the target in "
            f"{peaks / count:.0%}, the strongest region's centre in {centres / count:.0%}"
        )
        chosen = np.linspace(0, len(strip) - 1, 4).round().astype(int)
        strips.append(np.hstack([strip[index] for index in chosen]))
    if figure is not None:
        cv2.imwrite(str(figure), np.vstack(strips))


def _at(sequence: Sequence, number: int) -> tuple[FramePair, Box, Box]:
    visible = sequence.visible
    if visible is None:
        raise SystemExit(f"{sequence.name}: no visible half")
    track = sequence.tracks[0]
    own = sequence.visible_tracks[0] if sequence.visible_tracks else track
    pair = FramePair(sequence.frames[number], colour_frame(visible, number))
    return pair, Box(*track.boxes[number]), Box(*own.boxes[number])


def _picture(
    pair: FramePair, attention: np.ndarray[tuple[int, int], np.dtype[np.float32]], box: Box
) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    """Visible, thermal and map, one under another."""
    size = (208, 156)
    seen = cv2.resize(pair.visible[:, :, ::-1], size, interpolation=cv2.INTER_AREA)
    x, y = size[0] / pair.visible.shape[1], size[1] / pair.visible.shape[0]
    corner = (int(box.x * x), int(box.y * y))
    end = (int((box.x + box.w) * x), int((box.y + box.h) * y))
    cv2.rectangle(seen, corner, end, (0, 255, 0), 1)
    warm = cv2.cvtColor(cv2.resize(pair.thermal, size), cv2.COLOR_GRAY2BGR)
    grey = (255 * cv2.resize(attention, size)).astype(np.uint8)
    shown = cv2.cvtColor(grey, cv2.COLOR_GRAY2BGR)
    cv2.rectangle(shown, corner, end, (0, 255, 0), 1)
    stacked = np.vstack([seen, warm, shown])
    return np.asarray(cv2.copyMakeBorder(stacked, 2, 2, 2, 2, cv2.BORDER_CONSTANT), np.uint8)


def main() -> None:
    """Say what it costs; with weights and sequences, how well it points."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--weights", type=Path)
    parser.add_argument("--sequences", type=Path)
    parser.add_argument("--figure", type=Path)
    parser.add_argument("--stride", type=int, default=4)
    parser.add_argument("--repeats", type=int, default=3)
    given = parser.parse_args()
    print(this_machine("cpu"))
    if given.weights is None:
        report_costs(given.repeats)
    elif given.sequences is not None:
        report_maps(given.weights, given.sequences, given.figure, given.stride)


if __name__ == "__main__":
    main()

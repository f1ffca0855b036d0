"""How many planted copies are found, and how many pairs of different clips are taken for copies.

    python benchmarks/duplicates.py --data ../shared/data [--every 24]

Clips are compared by what `tirdata duplicates` uses, and, where `imagehash` is installed (it is no
dependency of ours), by its pHash: two clips are copies if half of the samples of the shorter one
have a sample of the other within 8 bits, mirrored or not.
"""

import argparse
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path

import cv2
import numpy as np
from PIL import Image

from tests.copies import COPIES, write_copy
from tirdata.decode import open_frames
from tirdata.frames.duplicate_index import find_matches
from tirdata.frames.fingerprint import STEP_S, Fingerprints, Samples, fingerprint, read_fingerprints
from tirdata.types import Frame
from tracking.evaluation.machine import this_machine

try:
    import imagehash  # type: ignore[import-not-found, unused-ignore]
except ImportError:
    imagehash = None

PHASH_BITS = 8
Hashes = np.ndarray  # (2, n) uint64: upright, mirrored


def main() -> None:
    cv2.setNumThreads(1)
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--every", type=int, default=24, help="copies are made of every n-th clip")
    given = parser.parse_args()
    paths = [
        *sorted((given.data / "svanstrom" / "tir").glob("*.mp4")),
        *sorted((given.data / "svanstrom" / "visible").glob("*.mp4")),
        *sorted((given.data / "antiuav").glob("*.avi")),
    ]
    print(this_machine("cpu"))
    looked = [look(path) for path in paths]
    copies = list(make_copies(paths, given.every))
    everything = [*looked, *(each[2] for each in copies)]
    time_fingerprint()
    started = time.perf_counter()
    found = {(i, j): m for i, j, m in find_matches([samples for samples, _ in everything])}
    print(f"{len(everything)} clips compared in {time.perf_counter() - started:.1f} s")
    show("tirdata", set(found), paths, copies)
    for (i, j), m in sorted(found.items()):
        if j < len(paths):
            how = "".join([" mirrored" * m.mirrored, " inverted" * m.inverted])
            print(f"    {paths[i].stem} {paths[j].stem}: alike {m.alike:.2f}, "
                  f"share {m.share:.2f}, offset {m.offset_s:+.2f} s{how}")  # fmt: skip
    if imagehash is None:
        print("imagehash is not installed: without the peer")
        return
    started = time.perf_counter()
    pairs = phash_pairs([hashes for _, hashes in everything])
    print(f"pHash: compared in {time.perf_counter() - started:.1f} s (without hashing)")
    show("pHash", pairs, paths, copies)


def look(path: Path) -> tuple[Samples, Hashes]:
    made = Fingerprints()
    hashes = []
    with closing(open_frames(path)) as reader:
        for frame in reader.read():
            if made.due(frame.time_s):
                grey = frame.pixels.astype(np.uint8)
                made.add(grey, frame.time_s)
                hashes.append([phash(grey), phash(np.ascontiguousarray(grey[:, ::-1]))])
    return read_fingerprints(made.result(), 30.0), np.array(hashes, np.uint64).T


def phash(frame: Frame) -> int:
    return int(str(imagehash.phash(Image.fromarray(frame))), 16) if imagehash else 0


def make_copies(
    paths: Sequence[Path], every: int
) -> Iterator[tuple[int, str, tuple[Samples, Hashes]]]:
    with tempfile.TemporaryDirectory() as folder:
        for number in range(3, len(paths), every):
            with closing(open_frames(paths[number])) as reader:
                frames = [frame.pixels.astype(np.uint8) for frame in reader.read()]
            for name in COPIES:
                copy = write_copy(
                    Path(folder) / "copy.mp4", frames, name, 35 if name == "encoded" else 23
                )
                yield number, name, look(copy)


def phash_pairs(hashes: Sequence[Hashes]) -> set[tuple[int, int]]:
    found = set()
    for j, two in enumerate(hashes):
        for i, one in enumerate(hashes[:j]):
            bits = np.bitwise_count(one[0][None, :, None] ^ two[:, None, :])  # (2, n, m)
            shorter = 2 if len(one[0]) <= len(two[0]) else 1
            near = (bits <= PHASH_BITS).any(axis=shorter)
            if near.mean(axis=1).max() >= 0.5:
                found.add((i, j))
    return found


def show(
    name: str,
    found: set[tuple[int, int]],
    paths: Sequence[Path],
    copies: Sequence[tuple[int, str, tuple[Samples, Hashes]]],
) -> None:
    """Recall by kind of copy; pairs of different originals, which are false but for real ones."""
    first = len(paths)
    for kind in COPIES:
        hits = [
            (number, first + at) in found
            for at, (number, what, _) in enumerate(copies) if what == kind
        ]  # fmt: skip
        print(f"  {name:<8} {kind:<9} {sum(hits):>3} of {len(hits)}")
    true = {(number, first + at) for at, (number, _, _) in enumerate(copies)}
    source = list(range(first)) + [number for number, _, _ in copies]
    false = {pair for pair in found if source[pair[0]] != source[pair[1]]}
    right = len(true & found)
    precision = right / max(1, right + len(false))
    print(f"  {name:<8} recall {right / max(1, len(true)):.3f}, precision {precision:.3f} "
          f"({len(false)} pairs of different clips)")  # fmt: skip
    originals = [pair for pair in found if pair[1] < first]
    print(f"  {name:<8} {len(originals)} pairs among the {first * (first - 1) // 2} of originals")


def time_fingerprint() -> None:
    frame = np.random.default_rng(0).integers(0, 255, (512, 640), np.uint8)
    started = time.perf_counter()
    for _ in range(500):
        fingerprint(frame)
    each = (time.perf_counter() - started) / 500
    print(f"fingerprint of 640x512: {each * 1e3:.3f} ms, {1 / STEP_S:.0f} a second")


if __name__ == "__main__":
    main()

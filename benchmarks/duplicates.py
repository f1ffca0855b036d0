"""How many planted copies are found, and how many pairs of different clips are taken for copies.

    python -m benchmarks.duplicates --data ../shared/data [--clips N] [--every N] [--keep FOLDER]

Clips are compared by what `tirdata duplicates` uses, and, where `imagehash` is installed (it is no
dependency of ours), by its pHash: two clips are copies if half of the samples of the shorter one
have a sample of the other within 8 bits, mirrored or not. ``--keep`` keeps fingerprints and hashes,
so that a change of how they are compared is measured in seconds.
"""

import argparse
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import TypeVar

import cv2
import numpy as np
from PIL import Image

from tests.copies import (
    COPIES,
    Copy,
    cropped,
    middle_third,
    resized,
    write_frames,
)
from tirdata.decode import open_frames
from tirdata.frames.duplicate_index import find_matches, grouped
from tirdata.frames.fingerprint import STEP_S, Fingerprints, Samples, fingerprint, read_fingerprints
from tirdata.types import Frame
from tracking.evaluation.machine import this_machine

try:
    import imagehash  # type: ignore[import-not-found, unused-ignore]
except ImportError:
    imagehash = None

PHASH_BITS = 8
PROGRESS_S = 20.0
Hashes = np.ndarray  # (2, n) uint64: upright, mirrored
Looked = tuple[Samples, Hashes]
Seen = tuple[tuple[str, ...], Hashes]
Thing = TypeVar("Thing")


def all_at_once(frames: Sequence[Frame]) -> list[Frame]:
    return resized(cropped(middle_third(frames)))


KINDS: dict[str, tuple[Copy, int]] = {
    **{name: (copy, 35 if name == "encoded" else 23) for name, copy in COPIES.items()},
    "all at once": (all_at_once, 32),
}


def main() -> None:
    cv2.setNumThreads(1)
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--clips", type=int, help="take no more, evenly from all")
    parser.add_argument("--every", type=int, default=12, help="copies are made of every n-th clip")
    parser.add_argument("--keep", type=Path, help="folder for what was seen, to be used again")
    given = parser.parse_args()
    paths = [
        *sorted((given.data / "svanstrom" / "tir").glob("*.mp4")),
        *sorted((given.data / "svanstrom" / "visible").glob("*.mp4")),
        *sorted((given.data / "antiuav").glob("*.avi")),
    ]
    which = np.linspace(0, len(paths) - 1, min(given.clips or len(paths), len(paths)))
    paths = [paths[number] for number in sorted(set(which.round().astype(int).tolist()))]
    print(this_machine("cpu"))
    say = Progress(len(paths))
    looked = [say(kept(given.keep, path.stem, partial(look, path))) for path in paths]
    originals = range(3, len(paths), given.every)
    say = Progress(len(originals) * len(KINDS))
    copies = [say(each) for each in make_copies(paths, originals, given.keep)]
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


class Progress:
    """Passes things through and says how many there were, now and then."""

    def __init__(self, total: int) -> None:
        self._total = total
        self._count = 0
        self._said = time.perf_counter()

    def __call__(self, thing: Thing) -> Thing:
        self._count += 1
        if time.perf_counter() - self._said > PROGRESS_S or self._count == self._total:
            self._said = time.perf_counter()
            print(f"looked at {self._count} of {self._total}", flush=True)
        return thing


def kept(folder: Path | None, name: str, make: Callable[[], Seen]) -> Looked:
    """What was seen under this name, from the folder or now."""
    if folder is None:
        texts, hashes = make()
    else:
        file = folder / f"{name}.npz"
        if not file.is_file():
            folder.mkdir(parents=True, exist_ok=True)
            made, seen = make()
            np.savez(file, texts=np.array(made), hashes=seen)
        with np.load(file) as data:
            texts, hashes = tuple(data["texts"].tolist()), data["hashes"]
    return read_fingerprints(texts, 30.0), hashes


def look(path: Path) -> Seen:
    made = Fingerprints()
    hashes = []
    with closing(open_frames(path)) as reader:
        for frame in reader.read():
            if made.due(frame.time_s):
                grey = frame.pixels.astype(np.uint8)
                made.add(grey, frame.time_s)
                hashes.append([phash(grey), phash(np.ascontiguousarray(grey[:, ::-1]))])
    return made.result(), np.array(hashes, np.uint64).T


def phash(frame: Frame) -> int:
    return int(str(imagehash.phash(Image.fromarray(frame))), 16) if imagehash else 0


def make_copies(
    paths: Sequence[Path], originals: Sequence[int], keep: Path | None
) -> Iterator[tuple[int, str, Looked]]:
    """Every kind of copy of each of the originals: (which, what kind, what is seen of it)."""
    with tempfile.TemporaryDirectory() as folder:

        def copied(path: Path, kind: str) -> Seen:
            copy, crf = KINDS[kind]
            with closing(open_frames(path)) as reader:
                frames = [frame.pixels.astype(np.uint8) for frame in reader.read()]
            return look(write_frames(Path(folder) / "copy.mp4", copy(frames), kind, crf))

        for number in originals:
            for kind in KINDS:
                name = f"{paths[number].stem} {kind}"
                yield number, kind, kept(keep, name, partial(copied, paths[number], kind))


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
    copies: Sequence[tuple[int, str, Looked]],
) -> None:
    """Recall by kind of copy: as a pair, and held together, be it through other copies.

    Pairs of different originals are counted as false, though some are real.
    """
    first = len(paths)
    groups = {
        each: number
        for number, group in enumerate(grouped(first + len(copies), sorted(found)))
        for each in group
    }
    for kind in KINDS:
        hits = [
            (number, first + at) in found
            for at, (number, what, _) in enumerate(copies) if what == kind
        ]  # fmt: skip
        held = [
            number in groups and groups[number] == groups.get(first + at)
            for at, (number, what, _) in enumerate(copies) if what == kind
        ]  # fmt: skip
        print(f"  {name:<8} {kind:<11} {sum(hits):>3} of {len(hits)}, in one group {sum(held):>3}")
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

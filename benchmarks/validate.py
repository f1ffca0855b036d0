"""How fast `validate` goes through a made dataset: frames linked to one tiny JPEG, real XML files.

    python -m benchmarks.validate --sequences 200 --frames 100

The dataset is made anew unless ``--folder`` holds one of that size already.
"""

import argparse
import hashlib
import os
import resource
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from tirdata.annotate.check import journal_faults
from tirdata.annotate.events import BoxEvent
from tirdata.annotate.journal import Journal
from tirdata.annotate.replay import replay, to_track
from tirdata.config import to_json
from tirdata.dataset.card import Card, Source
from tirdata.dataset.frames import encode_frame, frame_name
from tirdata.dataset.lists import write_lists
from tirdata.dataset.tree import Dataset, SequenceId
from tirdata.dataset.validate import validate
from tirdata.engine import build_engine
from tirdata.files import write_text
from tirdata.types import Box
from tracking.evaluation.machine import this_machine

SIZE = (64, 48)
ROUNDS = 3


def make(root: Path, sequences: int, frames: int) -> None:
    """A dataset whose sequences are alike but for their names; its boxes move."""
    dataset = Dataset.create(root, "made")
    picture = np.add.outer(np.arange(SIZE[1]), np.arange(SIZE[0])).astype(np.uint8)
    data = encode_frame(root, picture)
    tiny = root / "tiny.jpg"
    tiny.write_bytes(data)
    digest = hashlib.sha256(data).hexdigest()
    for number in range(sequences):
        each = SequenceId("train", number, 0)
        folder = dataset.frame_dir(each)
        folder.mkdir(parents=True)
        for frame in range(frames):
            try:
                os.link(tiny, folder / frame_name(frame))
            except OSError:  # a file system allows so many links to one file
                tiny.unlink()
                tiny.write_bytes(data)
                os.link(tiny, folder / frame_name(frame))
        _annotate(dataset, each, frames, digest)
    tiny.unlink()
    write_lists(dataset)


def _annotate(dataset: Dataset, each: SequenceId, frames: int, digest: str) -> None:
    recording = f"{each.recording:016x}"
    dataset.write_source(
        Source(
            recording_id=recording, subset="train", number=each.recording, sha256=recording * 4,
            bytes=0, title="made", fetched=datetime(2026, 1, 2, tzinfo=UTC), sequences=(each.name,),
        )
    )  # fmt: skip
    card = Card(
        recording_id=recording, title="made", first_frame=0, last_frame=frames - 1, frames=frames,
        times_s=tuple(index / 25 for index in range(frames)), width=SIZE[0], height=SIZE[1],
        frames_sha256=(digest,) * frames,
    )  # fmt: skip
    write_text(dataset.card_path(each), to_json(card))
    journal = Journal(dataset.journal_path(each))
    journal.append(
        [
            BoxEvent(track=0, frame=frame, class_name="drone", box=Box(frame % 40, 5, 12, 9))
            for frame in range(0, frames, 2)
        ]
    )
    tracks = [to_track(human, frames) for human in replay(journal.read()).values()]
    dataset.write_tracks(each, tracks)


def measure(root: Path, *, frames: bool, workers: int) -> float:
    """Seconds of one `validate`; it has to find nothing."""
    started = time.perf_counter()
    faults = list(
        validate(
            root, frames=frames, checks=(journal_faults,), engine=build_engine("local", workers)
        )
    )
    if faults:
        raise SystemExit(f"{len(faults)} faults in a dataset without any: {faults[:3]}")
    return time.perf_counter() - started


def _cpu_s() -> float:
    """Processor time of this process so far; workers are forked by another and are not in it."""
    return sum(os.times()[:4])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sequences", type=int, default=200)
    parser.add_argument("--frames", type=int, default=100)
    parser.add_argument("--workers", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--folder", type=Path)
    given = parser.parse_args()
    print(this_machine(None))
    with tempfile.TemporaryDirectory() as temporary:
        root = given.folder or Path(temporary) / "data"
        if not (root / "tirdata.toml").exists():
            started = time.perf_counter()
            make(root, given.sequences, given.frames)
            print(f"made in {time.perf_counter() - started:.1f} s")
        count = given.sequences * given.frames
        for frames in (False, True):
            for workers in given.workers:
                before = _cpu_s()
                times = [measure(root, frames=frames, workers=workers) for _ in range(ROUNDS)]
                busy, best = (_cpu_s() - before) / ROUNDS, min(times)
                what = "with frames" if frames else "--no-frames"
                spent = f"; {busy:.2f} s of processor time" if workers == 1 else ""
                print(
                    f"{what}, {workers} workers: {best:.2f} s, {count / best:,.0f} frames/s{spent}",
                    flush=True,
                )
    kib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    print(f"most memory of this process: {kib / 1024:.0f} MB")


if __name__ == "__main__":
    main()

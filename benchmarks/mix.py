"""How `build-mix` scales: time per frame and memory for datasets of two sizes, and crops a second.

    python -m benchmarks.mix scale --folder FOLDER --sequences 100 10000
    python -m benchmarks.mix crops
    python -m benchmarks.mix duplicates --sequences 1000 10000

Frames of the made datasets are tiny and hard-linked, each kept for half a second, and differ from
sequence to sequence; XML files are linked from one sequence to all. Each build runs in a process of
its own, whose memory at its highest (VmHWM) and that of its largest worker are told.
"""

import argparse
import json
import os
import subprocess
import sys
import tarfile
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np

from tirdata.config import to_json
from tirdata.dataset.card import Card
from tirdata.dataset.duplicates import Portrait, find_duplicates
from tirdata.dataset.frames import frame_name
from tirdata.dataset.tree import Dataset, SequenceId
from tirdata.dataset.vid_xml import write_annotations, xml_name
from tirdata.engine import build_engine
from tirdata.frames.fingerprint import HEIGHT, WIDTH, Fingerprints
from tirdata.mix.build import build_mix
from tirdata.mix.recipe import Recipe
from tirdata.mix.shards import MixReader
from tirdata.types import Frame, Track
from tracking.evaluation.machine import this_machine

SIZE = (64, 48)
FRAMES = 100
HELD = 13  # at 25 a second, half a second; frames that a picture is shown for
LONG = 4  # times FRAMES, of the sequences of large frames
LINKS = 20_000  # to one file, at most; file systems have a limit


class Linker:
    """Makes a few files appear under very many names."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._kept: dict[str, tuple[Path, int]] = {}
        folder.mkdir(parents=True, exist_ok=True)

    def link(self, name: str, data: bytes, target: Path) -> None:
        """``data`` as ``target``; the same data under one ``name``."""
        path, count = self._kept.get(name, (self._folder / name, LINKS))
        if count >= LINKS:
            path.unlink(missing_ok=True)
            path.write_bytes(data)
            count = 0
        os.link(path, target)
        self._kept[name] = (path, count + 1)


def scene(number: int, index: int) -> Frame:
    """A warm blob that moves over a ground of its own; the same arguments, the same pixels."""
    random = np.random.default_rng(number)
    ground = cv2.resize(
        random.uniform(40, 160, (6, 8)).astype(np.float32), SIZE, interpolation=cv2.INTER_CUBIC
    )
    x, y = 8 + 40 * random.random(2) * (0.4 + 0.6 * np.sin(index * random.uniform(0.5, 3, 2))) ** 2
    cv2.circle(ground, (int(x), int(y) % SIZE[1]), 4 + number % 5, (230.0,), -1)
    moving = random.uniform(-25, 25, (3, 4)).astype(np.float32)
    drift = cv2.resize(moving * np.cos(index * 0.7 + number), SIZE, interpolation=cv2.INTER_CUBIC)
    shown: Frame = np.clip(ground + drift, 0, 255).astype(np.uint8)
    return shown


def make(root: Path, sequences: int) -> None:
    """A dataset of ``sequences`` times 100 frames."""
    dataset = Dataset.create(root, "made")
    linker = Linker(root / "recordings" / "made")
    template = SequenceId("train", 0, 0)
    texts = _xml_texts(root / "template", template)
    (root / "sequences").mkdir()
    for number in range(sequences):
        each = SequenceId("train", number, 0)
        frames, boxes = dataset.frame_dir(each), dataset.annotation_dir(each)
        frames.mkdir(parents=True)
        boxes.mkdir(parents=True)
        made = Fingerprints()
        for index in range(FRAMES):
            if index % HELD == 0:
                picture = scene(number, index // HELD)
                made.add(picture, index / 25)
                data = cv2.imencode(".jpg", picture)[1].tobytes()
                (frames / frame_name(index)).write_bytes(data)
            else:
                os.link(frames / frame_name(index - index % HELD), frames / frame_name(index))
            linker.link(xml_name(index), texts[index], boxes / xml_name(index))
        _write_card(dataset, each, made.result())


def _xml_texts(folder: Path, sequence: SequenceId) -> list[bytes]:
    index = np.arange(FRAMES)
    boxes = np.stack([index % 40, index % 30, np.full(FRAMES, 12), np.full(FRAMES, 9)], 1)
    flags = np.ones(FRAMES, np.bool_)
    track = Track(0, "drone", boxes.astype(np.float64), flags, ~flags)
    write_annotations(folder, sequence, SIZE, FRAMES, (track,))
    return [(folder / xml_name(number)).read_bytes() for number in range(FRAMES)]


def _write_card(dataset: Dataset, each: SequenceId, fingerprint: tuple[str, ...]) -> None:
    recording = f"{each.recording:016x}"
    card = Card(
        recording_id=recording, title="made", first_frame=0, last_frame=FRAMES - 1, frames=FRAMES,
        times_s=tuple(index / 25 for index in range(FRAMES)), width=SIZE[0], height=SIZE[1],
        frames_sha256=(recording * 4,) * FRAMES, fingerprint=fingerprint, licence="cc0",
    )  # fmt: skip
    dataset.card_path(each).write_text(to_json(card))


def peak_mb(process: int | str = "self") -> float:
    """Most memory that a process ever had, in MB (not its parent's, as getrusage may say)."""
    try:
        text = Path(f"/proc/{process}/status").read_text()
    except OSError:
        return 0.0
    found = [line for line in text.splitlines() if line.startswith("VmHWM")]
    return int(found[0].split()[1]) / 1024 if found else 0.0


class Watch(threading.Thread):
    """Looks at the worker processes while they live."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.most_mb = 0.0

    def run(self) -> None:
        """Until the process ends."""
        while True:
            for task in Path("/proc/self/task").iterdir():
                try:
                    children = (task / "children").read_text().split()
                except OSError:
                    continue
                self.most_mb = max([self.most_mb, *(peak_mb(child) for child in children)])
            time.sleep(0.5)


def print_nothing(done: int, total: int) -> None:
    """Progress that nobody looks at."""


def build_one(root: Path, out: Path, stride: int, workers: int) -> None:
    """One build in this process, and what it took, as JSON."""
    watch = Watch()
    watch.start()
    recipe = Recipe(tir=(root,), crop_size=191, margin=0, stride=stride)
    started, cpu = time.perf_counter(), os.times()
    report = build_mix(recipe, out, build_engine("local", workers), print_nothing)
    after = os.times()
    print(json.dumps({
        "seconds": time.perf_counter() - started,
        "cpu_s": sum(after[:4]) - sum(cpu[:4]),
        "peak_mb": peak_mb(),
        "worker_mb": watch.most_mb,
        "crops": sum(each.crops for each in report.manifest.subsets.values()),
        "fresh": report.fresh,
        "reused": report.reused,
        "duplicates": len(report.manifest.duplicates),
    }))  # fmt: skip


def _apart(*arguments: object) -> dict[str, float]:
    command = [sys.executable, __file__, "build", *map(str, arguments)]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    took: dict[str, float] = json.loads(done.stdout)
    return took


def scale(folder: Path, sizes: list[int], stride: int, workers: int) -> None:
    """Build, build again with nothing to do, and read, for each size."""
    for sequences in sizes:
        root, out = folder / f"data-{sequences}", folder / f"mix-{sequences}"
        if not (root / "tirdata.toml").exists():
            started = time.perf_counter()
            make(root, sequences)
            print(f"{sequences} sequences made in {time.perf_counter() - started:.0f} s")
        frames = sequences * FRAMES
        for what in ("build", "nothing to do"):
            took = _apart(root, out, stride, workers)
            # The processor time of workers, which another process forks, is not known here.
            cpu = f", {1e6 * took['cpu_s'] / frames:.1f} CPU-us" if workers == 1 else ""
            print(
                f"{frames:,} frames, {what}: {took['seconds']:.1f} s; "
                f"{1e6 * took['seconds'] / frames:.1f} us{cpu} a frame; {took['crops']:,} crops; "
                f"{took['peak_mb']:.0f} MB, a worker {took['worker_mb']:.0f} MB; "
                f"{took['duplicates']} duplicates", flush=True,
            )  # fmt: skip


def crops(workers: int) -> None:
    """Crops a second from JPEG of 640x512, and reading them back."""
    random = np.random.default_rng(0)
    with tempfile.TemporaryDirectory() as temporary:
        root, out = Path(temporary) / "data", Path(temporary) / "mix"
        dataset = Dataset.create(root, "made")
        for number in range(8):
            _large(dataset, SequenceId("train", number, 0), random)
        for each in (1, workers):
            recipe = Recipe(tir=(root,), duplicates="ignore", seed=each)
            watch = time.perf_counter()
            engine = build_engine("local", each)
            report = build_mix(recipe, out / str(each), engine, print_nothing)
            count = sum(counts.crops for counts in report.manifest.subsets.values())
            seconds = time.perf_counter() - watch
            print(
                f"{count} crops of 640x512, {each} workers: {count / seconds:.0f} crops/s, "
                "start of workers included"
            )
        _read(out / "1")


def _read(out: Path) -> None:
    reader = MixReader(out, "train")
    places = [(entry, index) for entry in reader.entries for index in range(len(entry.offsets))]
    np.random.default_rng(0).shuffle(places)
    cv2.setNumThreads(1)
    read: dict[str, Callable[[], object]] = {
        "bytes of every file in order (tarfile)": lambda: _tar_bytes(out),
        "decoded at random": lambda: [reader.crop(entry, index) for entry, index in places],
    }
    for name, work in read.items():
        times = []
        for _ in range(3):
            started = time.process_time()
            work()
            times.append(time.process_time() - started)
        print(f"reading shards, {name}: {len(places) / min(times):,.0f} crops/s of one core")


def _tar_bytes(out: Path) -> None:
    for path in sorted((out / "train").glob("*.tar")):
        with tarfile.open(path) as tar:
            for member in tar:
                file = tar.extractfile(member)
                if file is not None:
                    file.read()


def _large(dataset: Dataset, each: SequenceId, random: np.random.Generator) -> None:
    folder = dataset.frame_dir(each)
    folder.mkdir(parents=True)
    rough = random.normal(0, 1, (512, 640)).astype(np.float32)
    texture = 110 + 900 * cv2.GaussianBlur(rough, (0, 0), 9) + 4 * rough
    for index in range(FRAMES * LONG):
        shifted = np.clip(np.roll(texture, 3 * index, 1), 0, 255).astype(np.uint8)
        data = cv2.imencode(".jpg", shifted, [cv2.IMWRITE_JPEG_QUALITY, 95])[1]
        (folder / frame_name(index)).write_bytes(data.tobytes())
    count = FRAMES * LONG
    boxes = np.stack([3 * np.arange(count) % 560, np.arange(count), *np.full((2, count), 40)], 1)
    card = Card(
        recording_id=f"{each.recording:016x}", title="made", first_frame=0, last_frame=count - 1,
        frames=count, times_s=tuple(index / 25 for index in range(count)), width=640, height=512,
        frames_sha256=("0" * 64,) * count,
    )  # fmt: skip
    dataset.add_sequence(each, card)
    flags = np.ones(count, np.bool_)
    dataset.write_tracks(each, [Track(0, "drone", boxes.astype(np.float64), flags, ~flags)])


def duplicates(sizes: list[int]) -> None:
    """Looking for duplicates among made scenes, every hundredth of which is there twice."""
    for count in sizes:
        portraits = [_portrait(number) for number in range(count)]
        started = time.process_time()
        found = find_duplicates(portraits)
        seconds = time.process_time() - started
        planted = sum(1 for pair in found if (pair.second - pair.first) == 1)
        print(
            f"{count} sequences: {seconds:.1f} CPU-s, {1000 * seconds / count:.2f} ms each; "
            f"{planted} of {count // 100} planted pairs, {len(found) - planted} others; "
            f"{peak_mb():.0f} MB", flush=True,
        )  # fmt: skip


def _portrait(number: int) -> Portrait:
    seed = number - 1 if number % 100 == 1 else number
    made = Fingerprints()
    noise = np.random.default_rng(number)
    for index in range(8):
        picture = cv2.resize(scene(seed, index), (WIDTH, HEIGHT), interpolation=cv2.INTER_AREA)
        noisy = np.clip(picture + noise.normal(0, 1.5, picture.shape), 0, 255).astype(np.uint8)
        made.add(noisy, index / 2)
    return Portrait(
        recording=str(number), files_sha256=str(number), fps=25.0, fingerprint=made.result()
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", choices=["scale", "crops", "duplicates", "build"])
    parser.add_argument("rest", nargs="*", help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path)
    parser.add_argument("--sequences", type=int, nargs="+", default=[100, 1000])
    parser.add_argument("--stride", type=int, default=1)
    parser.add_argument("--workers", type=int, default=2)
    given = parser.parse_args()
    if given.what == "build":
        root, out, stride, workers = given.rest
        build_one(Path(root), Path(out), int(stride), int(workers))
        return
    print(this_machine(None))
    if given.what == "crops":
        crops(given.workers)
    elif given.what == "duplicates":
        duplicates(given.sequences)
    else:
        with tempfile.TemporaryDirectory() as temporary:
            folder = given.folder or Path(temporary)
            scale(folder, given.sequences, given.stride, given.workers)


if __name__ == "__main__":
    main()

"""Speed and memory of fetch: decode, normalise, JPEG, cards and XML, beside the ffmpeg command.

Recordings are made from a shipped thermal clip, enlarged to 640x512 with the noise of a sensor.
ffmpeg dumps grey JPEGs of the quality whose size comes nearest to ours; both have all cores, and
take turns round by round. `--long` also follows memory up to 100,000 frames (some minutes).
"""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import closing
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np
from numpy.typing import NDArray

from tirdata.dataset.ingest import ingest
from tirdata.dataset.settings import IngestConfig
from tirdata.dataset.tree import Dataset
from tirdata.decode import open_frames
from tirdata.engine import build_engine
from tirdata.errors import MissingError
from tirdata.fetch.sources import read_sources
from tracking.evaluation.machine import this_machine

CLIP = Path(__file__).parent.parent / "tests" / "data" / "IR_HELICOPTER_043.mp4"
SIZE = (640, 512)
ROUNDS = 3
NOISE = 1.5  # levels


def pictures() -> list[NDArray[np.uint8]]:
    """The clip forth and back, enlarged, with noise that never comes twice the same."""
    random = np.random.default_rng(0)
    noise = random.normal(0, NOISE, (SIZE[1] + 64, SIZE[0] + 64)).astype(np.float32)
    with closing(open_frames(CLIP)) as reader:
        small = [raw.pixels for raw in reader.read()]
    frames = []
    for frame in small + small[-2:0:-1]:
        x, y = random.integers(0, 64, 2)
        large = cv2.resize(frame, SIZE, interpolation=cv2.INTER_CUBIC).astype(np.float32)
        large += noise[y : y + SIZE[1], x : x + SIZE[0]]
        frames.append(np.clip(large, 0, 255).astype(np.uint8))
    return frames


def write_h264(path: Path, frames: list[NDArray[np.uint8]]) -> None:
    """A recording of 8 bits, in several groups of pictures."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=30, options={"crf": "20", "g": "60"})
        stream.width, stream.height, stream.pix_fmt = *SIZE, "yuv420p"
        for frame in frames:
            container.mux(stream.encode(av.VideoFrame.from_ndarray(frame, format="gray")))
        container.mux(stream.encode(None))


def repeat(source: Path, path: Path, times: int) -> None:
    """The packets of a recording, ``times`` times; nothing is coded again."""
    with av.open(str(path), "w") as container, av.open(str(source)) as original:
        first = original.streams.video[0]
        stream = container.add_stream_from_template(first)
        length = int(Fraction(first.frames, 30) / first.time_base)
        packets = [packet for packet in original.demux(first) if packet.dts is not None]
        stamps = [(packet.pts, packet.dts) for packet in packets]
        for turn in range(times):
            for packet, (pts, dts) in zip(packets, stamps, strict=True):
                packet.pts, packet.dts = pts + turn * length, dts + turn * length
                packet.stream = stream
                container.mux(packet)
                packet.stream = first


def write_counts(path: Path, frames: list[NDArray[np.uint8]]) -> None:
    """A recording of 16 bits without a header, with the side file that says so."""
    with path.open("wb") as file:
        for frame in frames:
            file.write((frame.astype(np.uint16) * 12 + 3000).tobytes())
    path.with_name(f"{path.name}.toml").write_text(
        f"fps = 30\nsensor = true\n[raw]\nwidth = {SIZE[0]}\nheight = {SIZE[1]}\nbits = 14\n"
    )


def fetch(sources: list[Path], folder: Path, workers: int = 1, threads: int = 2) -> int:
    """Frames that fetch made of the sources."""
    shutil.rmtree(folder, ignore_errors=True)
    settings = IngestConfig(threads=threads)
    wanted = read_sources([str(source) for source in sources])
    report = ingest(wanted, Dataset.create(folder), settings, build_engine("local", workers))
    report.check()
    return sum(item.frames for item in report.items)


def ffmpeg(source: Path, folder: Path, quality: int) -> None:
    """The same by the command line tool, which knows nothing of shots, polarity and cards."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    tool = shutil.which("ffmpeg") or _bundled()
    command = [tool, "-v", "error", "-i", str(source), "-vf", "format=gray"]
    coding = ["-q:v", str(quality), "-qmin", "1"]  # without, it never goes below 2
    subprocess.run([*command, *coding, f"{folder}/%06d.jpg"], check=True)


def _bundled() -> str:
    try:
        import imageio_ffmpeg  # noqa: PLC0415  # only where there is no other
    except ImportError:
        message = "ffmpeg: not on the PATH; install it, or pip install 'tirdata[ffmpeg]'"
        raise MissingError(message) from None
    return str(imageio_ffmpeg.get_ffmpeg_exe())


def timed(runs: dict[str, Callable[[], object]], rounds: int) -> dict[str, tuple[float, float]]:
    """Wall and processor seconds of the best round of each, the runs taking turns."""
    best: dict[str, tuple[float, float]] = {}
    for _ in range(rounds):
        for name, run in runs.items():
            wall, used = time.perf_counter(), _used_s()
            run()
            result = (time.perf_counter() - wall, _used_s() - used)
            best[name] = min(best.get(name, result), result)
    return best


def _used_s() -> float:
    times = os.times()
    return times.user + times.system + times.children_user + times.children_system


def size_of(folder: Path) -> float:
    """Mean size of its pictures in kB."""
    files = [path.stat().st_size for path in folder.rglob("*.[Jj][Pp]*[Gg]")]
    return sum(files) / max(len(files), 1) / 1000


def fidelity(clip: Path, folder: Path) -> float:
    """How near the first pictures are to the decoded frames, as peak signal to noise in dB."""
    names = sorted(folder.rglob("*.[Jj][Pp]*[Gg]"))[:50]
    with closing(open_frames(clip)) as reader:
        pairs = zip(reader.read(), names, strict=False)
        errors = [
            float(
                (
                    (cv2.imread(str(name), cv2.IMREAD_GRAYSCALE).astype(float) - raw.pixels) ** 2
                ).mean()
            )
            for raw, name in pairs
        ]
    return 10 * float(np.log10(255**2 / np.mean(errors)))


def beside_ffmpeg(clip: Path, folder: Path, count: int) -> None:
    """Frames a second of both, at like size of the pictures."""
    fetch([clip], folder / "ours")
    wanted = size_of(folder / "ours")
    sizes = {}
    for quality in (1, 2, 3):
        ffmpeg(clip, folder / "theirs", quality)
        sizes[quality] = size_of(folder / "theirs")
    quality = min(sizes, key=lambda each: abs(sizes[each] - wanted))
    best = timed(
        {
            "tirdata fetch": lambda: fetch([clip], folder / "ours"),
            f"ffmpeg -qmin 1 -q:v {quality}": lambda: ffmpeg(clip, folder / "theirs", quality),
        },
        ROUNDS,
    )
    print(f"\nH.264 {SIZE[0]}x{SIZE[1]}, {count} frames")
    print(f"{'':24} {'frames/s':>8} {'CPU ms/frame':>12} {'kB/frame':>8} {'dB':>6}")
    for name, (wall, used) in best.items():
        made = folder / ("ours" if name.startswith("tirdata") else "theirs")
        print(
            f"{name:24} {count / wall:8.0f} {1000 * used / count:12.2f} {size_of(made):8.1f} "
            f"{fidelity(clip, made):6.1f}"
        )


def on_one_core(run: Callable[[], object]) -> None:
    """Run with a single core for all threads that start meanwhile."""
    cores = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(cores)})
    try:
        run()
    finally:
        os.sched_setaffinity(0, cores)


def workers(clips: list[Path], folder: Path, count: int) -> None:
    """What workers and threads give over several recordings.

    A worker decodes, looks and encodes in threads, so it uses more than a core by itself.
    """
    best = timed(
        {
            "1 worker, on 1 core": lambda: on_one_core(lambda: fetch(clips, folder / "ours", 1, 1)),
            "1 worker, 1 thread": lambda: fetch(clips, folder / "ours", 1, 1),
            "1 worker, 2 threads": lambda: fetch(clips, folder / "ours", 1, 2),
            "2 workers, 1 thread": lambda: fetch(clips, folder / "ours", 2, 1),
        },
        ROUNDS - 1,
    )
    print(f"\n{len(clips)} recordings of {count} frames")
    one = best["1 worker, on 1 core"][0]
    for name, (wall, _) in best.items():
        print(f"{name:24} {len(clips) * count / wall:8.0f} frames/s {one / wall:5.2f} times")


def sixteen_bits(path: Path, folder: Path, count: int) -> None:
    """The path of counts, by processor time: what one core does."""
    best = timed({"16 bits": lambda: fetch([path], folder / "ours", 1, 1)}, ROUNDS)
    _, used = best["16 bits"]
    print(f"\n16-bit counts, raw, {count} frames: {count / used:.0f} frames/s per core")


def peak_mb() -> int:
    """Peak memory of this process alone; what getrusage says starts from its parent's."""
    status = Path("/proc/self/status").read_text()
    return int(status.split("VmHWM:")[1].split()[0]) // 1024


def memory(clip: Path, folder: Path, turns: tuple[int, ...], count: int) -> None:
    """Peak memory of a process that fetches a recording, for growing length."""
    print()
    for turn in turns:
        long = folder / "long.mp4"
        repeat(clip, long, turn)
        started = time.perf_counter()
        result = subprocess.run(
            [sys.executable, __file__, "--only-fetch", str(long), str(folder / "ours")],
            check=True, capture_output=True, text=True,
        )  # fmt: skip
        rate = turn * count / (time.perf_counter() - started)
        print(f"{turn * count:7} frames: peak {result.stdout.strip()} MB, {rate:.0f} frames/s")


def main() -> None:
    """All of it."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--long", action="store_true", help="memory up to 100,000 frames")
    parser.add_argument("--only-fetch", nargs=2, type=Path, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.only_fetch:
        fetch([arguments.only_fetch[0]], arguments.only_fetch[1])
        print(peak_mb())
        return
    machine = this_machine(None)
    print(f"{machine.cpu}, {machine.cores} cores, {machine.system}")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        frames = pictures()
        clip, counts = folder / "clip.mp4", folder / "counts.raw"
        write_h264(clip, frames)
        write_counts(counts, frames)
        long = folder / "clip3.mp4"
        repeat(clip, long, 3)
        beside_ffmpeg(long, folder, 3 * len(frames))
        clips = [folder / f"clip-{index}.mp4" for index in range(4)]
        for index, each in enumerate(clips):
            write_h264(folder / "part.mp4", frames[index:])
            repeat(folder / "part.mp4", each, 3)
        workers(clips, folder, 3 * len(frames))
        sixteen_bits(counts, folder, len(frames))
        memory(clip, folder, (2, 155) if arguments.long else (2, 8), len(frames))


if __name__ == "__main__":
    main()

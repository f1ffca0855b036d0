"""What of this machine tirdata needs or can use: each check says what it found and what to do."""

import os
import re
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from importlib.metadata import PackageNotFoundError, distributions, version
from importlib.resources import files
from importlib.util import find_spec
from pathlib import Path
from typing import Literal

OLDEST_PYTHON = (3, 11)
NEEDED = ("numpy", "av", "lxml", "pydantic", "click", "rich", "pillow", "safetensors", "tifffile")
EXTRAS = {  # what `pip install 'tirdata[extra]'` brings, and what for
    "thermal": (("imagecodecs",), "TIFF with LZW, JPEG or other compression"),
    "youtube": (("yt_dlp_ejs",), "YouTube's pages"),
    "cluster": (("ray",), "--engine ray, over several machines"),
    "remote": (("fsspec",), "mixes at s3://, gs:// and other addresses"),
    "review": (("starlette", "uvicorn"), "the page to review annotations"),
    "track": (("tensorboard",), "curves of a training"),
    "openvino": (("openvino",), "MMNet in eight bits on the CPU"),
    "report": (("matplotlib",), "figures of a report as files"),
    "keras": (("h5py",), "weights in files of Keras"),
}
CODECS = {  # what recordings come in, and the decoders that do without a graphics card
    "h264": ("h264",),
    "hevc": ("hevc",),
    "vp9": ("vp9", "libvpx-vp9"),
    "av1": ("libdav1d", "libaom-av1", "libgav1"),
    "ffv1": ("ffv1",),
    "mpeg4": ("mpeg4",),
    "mjpeg": ("mjpeg",),
    "jpegls": ("jpegls",),
    "rawvideo": ("rawvideo",),
}
OPENCV = ("opencv-python", "opencv-python-headless", "opencv-contrib-python",
          "opencv-contrib-python-headless")  # fmt: skip
RUNTIMES = {"deno": (2, 3), "node": (22, 0)}  # oldest that yt-dlp takes for YouTube
YT_DLP_DAYS = 60  # sites change: yt-dlp has a release every few weeks
LITTLE_ROOM_GB = 2.0
FEW_FILES = 1024  # open at once: workers, decoders and connections


@dataclass(frozen=True)
class Check:
    """One thing that was looked at."""

    name: str
    status: Literal["ok", "note", "missing"]  # a note = works, but something is old or optional
    found: str
    advice: str | None = None


def run_checks(folder: Path, device: str | None) -> list[Check]:
    """Everything; ``folder`` is where datasets are to lie, ``device`` where networks are to run."""
    checks: list[Callable[[], Iterator[Check]]] = [
        _python,
        _packages,
        _opencv,
        _codecs,
        lambda: _torch(device),
        _yt_dlp,
        _runtime,
        _weights,
        lambda: _disk(folder),
        _open_files,
        _extras,
    ]
    return [check for look in checks for check in look()]


def _python() -> Iterator[Check]:
    found = ".".join(map(str, sys.version_info[:3]))
    if sys.version_info >= OLDEST_PYTHON:
        yield Check("Python", "ok", found)
    else:
        yield Check("Python", "missing", found, "install Python 3.11 or newer")


def _packages() -> Iterator[Check]:
    for name in NEEDED:
        found = _version(name)
        if found is None:
            yield Check(name, "missing", "not installed", f"pip install {name}")
        else:
            yield Check(name, "ok", found)


def _opencv() -> Iterator[Check]:
    found = sorted(
        f"{name} {each.version}"
        for each in distributions()
        if (name := (each.metadata["Name"] or "").lower()) in OPENCV
    )
    if not found:
        advice = "pip install opencv-python-headless"
        yield Check("OpenCV", "missing", "not installed", advice)
    elif len(found) > 1:
        names = " ".join(each.split()[0] for each in found)
        advice = f"they overwrite each other: pip uninstall {names}, then install one again"
        yield Check("OpenCV", "missing", " and ".join(found), advice)
    else:
        yield Check("OpenCV", "ok", found[0])


def _codecs() -> Iterator[Check]:
    if find_spec("av") is None:
        return
    import av

    lacking = [
        name
        for name, decoders in CODECS.items()
        if not any(each in av.codecs_available and _decodes(each) for each in decoders)
    ]
    ffmpeg = ".".join(map(str, av.library_versions["libavcodec"]))
    if lacking:
        advice = (
            f"recordings in {', '.join(lacking)} cannot be read: take the av wheel of PyPI, which "
            f"brings its own FFmpeg"
        )
        yield Check("codecs", "note", f"libavcodec {ffmpeg} without {', '.join(lacking)}", advice)
    else:
        yield Check("codecs", "ok", f"libavcodec {ffmpeg}: {', '.join(CODECS)}")


def _decodes(name: str) -> bool:
    import av

    try:
        return av.codec.Codec(name, "r").is_decoder
    except ValueError:  # only an encoder
        return False


def _torch(device: str | None) -> Iterator[Check]:
    """Without a device that is asked for, torch is not imported: that takes seconds."""
    found = _version("torch")
    if found is None:
        yield Check("torch", "missing", "not installed", "pip install torch")
    elif device is None or device in {"auto", "cpu"}:
        yield Check("torch", "ok", found)
        yield _gpu()
    else:
        yield _device(found, device)


def _gpu() -> Check:
    """Whether the driver is there and torch was built for it, from their files."""
    spec = find_spec("torch")
    text = Path(str(spec.origin)).with_name("version.py").read_text() if spec else ""
    built = re.search(r"^cuda\b.*= *'([0-9.]+)'", text, re.MULTILINE)
    driver = Path("/proc/driver/nvidia/version").exists()
    if built and driver:
        return Check("GPU", "ok", f"NVIDIA driver, torch for CUDA {built[1]}")
    if driver:
        advice = "install a CUDA build of torch to use the GPU"
        return Check("GPU", "note", "NVIDIA driver, but torch without CUDA", advice)
    return Check("GPU", "note", "none; networks run on the CPU", "training takes a GPU or patience")


def _device(found: str, device: str) -> Check:
    from tirdata.errors import MissingError
    from tracking.weights.load import pick_device

    try:
        return Check("torch", "ok", f"{found}: {pick_device(device)} works")
    except MissingError as error:
        advice = "install a build of torch for it, with its driver, or use --device cpu"
        return Check("torch", "missing", f"{found}: {error}", advice)


def _yt_dlp() -> Iterator[Check]:
    found = _version("yt-dlp")
    if found is None:
        yield Check("yt-dlp", "missing", "not installed", "pip install yt-dlp")
        return
    year, month, day = (int(part) for part in found.split(".")[:3])
    age = (datetime.now(UTC).date() - date(year, month, day)).days
    text = f"{found}, {age} days old"
    if age > YT_DLP_DAYS:
        advice = "sites change, and old releases stop working: pip install -U yt-dlp"
        yield Check("yt-dlp", "note", text, advice)
    else:
        yield Check("yt-dlp", "ok", text)


def _runtime() -> Iterator[Check]:
    """YouTube's pages need a JavaScript runtime; other sites and plain links do not."""
    seen = []
    for name, oldest in RUNTIMES.items():
        found = _program_version(name)
        if found is not None and found >= oldest:
            yield Check("JavaScript", "ok", f"{name} {'.'.join(map(str, found))}")
            return
        if found is not None:
            seen.append(f"{name} {'.'.join(map(str, found))} is too old")
    advice = "for YouTube: pip install 'tirdata[youtube]' (deno 2.3 or node 22 and newer do)"
    yield Check("JavaScript", "note", ", ".join(seen) or "no deno and no node", advice)


def _weights() -> Iterator[Check]:
    path = Path(str(files("tracking.weights") / "mmnet.safetensors"))
    if path.is_file():
        yield Check("weights", "ok", f"{path.name}, {path.stat().st_size / 1e6:.1f} MB")
    else:
        advice = "install the package again, or give --weights FILE to the commands that track"
        yield Check("weights", "missing", f"no {path.name} in the package", advice)


def _disk(folder: Path) -> Iterator[Check]:
    while not folder.exists():
        folder = folder.parent
    free = shutil.disk_usage(folder).free / 1e9
    room = f"{free:.1f} GB free in {folder.resolve()}"
    if free < LITTLE_ROOM_GB:
        yield Check("disk", "note", room, "make room: an hour of video is some 5 GB of frames")
    else:
        yield Check("disk", "ok", room)
    try:
        with tempfile.TemporaryFile(dir=folder):
            yield Check("writing", "ok", str(folder.resolve()))
    except OSError as error:
        advice = "choose a folder that you may write to"
        yield Check("writing", "missing", f"{folder.resolve()}: {error.strerror}", advice)


def _open_files() -> Iterator[Check]:
    import resource

    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = "no limit" if soft == resource.RLIM_INFINITY else f"{soft} at once"
    if soft != resource.RLIM_INFINITY and soft < FEW_FILES:
        yield Check(
            "open files", "note", most, f"many workers need more: ulimit -n {4 * FEW_FILES}"
        )
    else:
        yield Check("open files", "ok", most)


def _extras() -> Iterator[Check]:
    for extra, (modules, purpose) in EXTRAS.items():
        lacking = [name for name in modules if find_spec(name) is None]
        if lacking:
            found = f"without {', '.join(lacking)}"
            yield Check(
                f"[{extra}]", "note", found, f"for {purpose}: pip install 'tirdata[{extra}]'"
            )
        else:
            yield Check(f"[{extra}]", "ok", f"{', '.join(modules)}: {purpose}")


def _version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None


def _program_version(name: str) -> tuple[int, ...] | None:
    """First two numbers of what ``name --version`` says; the environment's own programs first."""
    path = os.pathsep.join([sysconfig.get_path("scripts"), os.environ.get("PATH", "")])
    program = shutil.which(name, path=path)
    if program is None:
        return None
    try:
        said = subprocess.run(  # noqa: S603  # a program of a fixed name
            [program, "--version"], capture_output=True, text=True, timeout=10, check=False
        ).stdout
    except (OSError, subprocess.TimeoutExpired):
        return None
    match = re.search(r"(\d+)\.(\d+)", said)
    return (int(match[1]), int(match[2])) if match else None

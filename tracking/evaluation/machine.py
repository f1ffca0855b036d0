"""What a tracker ran on: processor, GPU and the versions that decide numbers and speed."""

import os
import platform
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from tracking.evaluation.scores import Machine

_PACKAGES = ("tirdata", "numpy", "torch")
_OPENCV = ("opencv-python-headless", "opencv-contrib-python-headless",
           "opencv-python", "opencv-contrib-python")  # fmt: skip


def this_machine(device: str | None) -> Machine:
    """The machine, and its GPU if ``device`` says that the tracker uses one."""
    return Machine(
        cpu=_cpu(),
        cores=len(os.sched_getaffinity(0)),
        gpu=_gpu(device),
        system=f"{platform.system()} {platform.release()}",
        versions={"python": platform.python_version(), **_versions()},
    )


def _cpu() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        lines = []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or platform.machine()


def _gpu(device: str | None) -> str | None:
    if device is None or not device.startswith(("cuda", "auto")):
        return None
    import torch  # noqa: PLC0415 - only where a tracker may use a GPU

    return torch.cuda.get_device_name() if torch.cuda.is_available() else None


def _versions() -> dict[str, str]:
    found: dict[str, str] = {}
    for package in (*_PACKAGES, *_OPENCV):
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    return found

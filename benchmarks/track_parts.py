"""The parts of one pass of MMNet: operations counted, time taken, share of the roofline."""

import time
from collections.abc import Callable

import torch
from torch.utils.flop_counter import FlopCounterMode

from tracking.models.alexnet import Features
from tracking.trackers.mmnet import MMNetConfig
from tracking.trackers.mmnet_network import Network

REPEATS = 7


def report_parts(profiles: list[str], device: str) -> None:
    """A table for each profile."""
    for profile in profiles:
        network = Network(MMNetConfig.model_validate({"profile": profile, "device": device}))
        roof = roofline(network.device, network.dtype)
        print(f"\n{profile}: {network.search_size} x {network.search_size}, {network.dtype}; "
              f"a matrix product of that reaches {roof / 1e9:.0f} GFLOP/s")  # fmt: skip
        print(f"{'one crop':<22}{'GFLOP':>8}{'ms':>8}{'GFLOP/s':>9}{'of roof':>9}")
        for name, (operations, seconds) in parts(network).items():
            rate = operations / seconds
            print(f"{name:<22}{operations / 1e9:>8.2f}{1e3 * seconds:>8.2f}{rate / 1e9:>9.0f}"
                  f"{rate / roof:>9.0%}")  # fmt: skip


def parts(network: Network) -> dict[str, tuple[float, float]]:
    """Operations and seconds of each part. The filter's Fourier transforms are not counted."""
    model, side = network.model, network.search_size
    with torch.inference_mode():
        image = torch.rand(1, 1, side, side, device=network.device).mul_(255).to(network.dtype)
        exemplar = torch.rand(1, 1, network.size, network.size, device=network.device)
        image = image.contiguous(memory_format=torch.channels_last)
        raw: Features = model.backbone(image)
        features: Features = model.embed(image)
        whole: Features = model.embed(exemplar.mul_(255).to(network.dtype))
        templates = model.templates(whole)
        fine = model.fine_grained
        work: dict[str, Callable[[], object]] = {"backbone": lambda: model.backbone(image)}
        if fine is not None:
            work["fine-grained"] = lambda: fine(raw.conv3)
        work["correlation"] = lambda: model.answers(templates, features)
        work["a template's filter"] = lambda: model.templates(whole)
        found = {
            name: (operations(run), seconds(run, network.device)) for name, run in work.items()
        }
    if fine is not None and fine.pixel_level is not None and fine.pixel_level.adds:
        cells = raw.conv3.shape[-1]
        keys = -(-cells // fine.pixel_level.pooling)
        count, took = found["fine-grained"]
        if network.device.type == "cpu":  # the counter knows the attention of GPUs alone
            count += 4.0 * cells**2 * keys**2 * features.conv3.shape[1]
        found["fine-grained"] = (count, took)
    return found


def operations(run: Callable[[], object]) -> float:
    """Floating-point operations, two for a multiplication with its addition."""
    with FlopCounterMode(display=False) as counter:
        run()
    return float(counter.get_total_flops())


def seconds(run: Callable[[], object], device: torch.device) -> float:
    """The best of some repeats: what the device can, beside whatever else runs here.

    On a processor the time of all threads, by their number: waiting for others does not count.
    """
    best = float("inf")
    for _ in range(REPEATS + 1):
        if device.type == "cuda":
            torch.cuda.synchronize(device)
            started = time.perf_counter()
            run()
            torch.cuda.synchronize(device)
            took = time.perf_counter() - started
        else:
            started = time.process_time()
            run()
            took = (time.process_time() - started) / torch.get_num_threads()
        best = min(best, took)
    return best


def roofline(device: torch.device, dtype: torch.dtype) -> float:
    """Operations a second of a square matrix product."""
    side = 1536 if device.type == "cpu" else 8192
    left = torch.rand(side, side, device=device).to(dtype)
    with torch.inference_mode():
        return 2.0 * side**3 / seconds(lambda: left @ left, device)

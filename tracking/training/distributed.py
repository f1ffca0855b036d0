"""Training in several processes that torchrun started: each has a part of every batch."""

import os
from collections.abc import Iterable
from dataclasses import dataclass

import torch
import torch.distributed
from torch import Tensor, nn

from tirdata.errors import ConfigError


@dataclass(frozen=True)
class Ranks:
    """How many processes train together, and which one this is."""

    rank: int = 0
    count: int = 1

    @property
    def leads(self) -> bool:
        """Whether this is the process that writes."""
        return self.rank == 0

    def mean(self, value: Tensor) -> Tensor:
        """The mean over the processes, in all of them."""
        if self.count > 1:
            value = value.detach().clone()
            torch.distributed.all_reduce(value)
            value /= self.count
        return value

    def average_gradients(self, parameters: Iterable[nn.Parameter]) -> None:
        """Give every process the mean of all gradients, so that all take the same step."""
        if self.count == 1:
            return
        held = [each.grad for each in parameters if each.grad is not None]
        works = [torch.distributed.all_reduce(gradient, async_op=True) for gradient in held]
        for gradient, work in zip(held, works, strict=True):
            if work is not None:
                work.wait()
            gradient.div_(self.count)

    def meet(self) -> None:
        """Wait until every process is here."""
        if self.count > 1:
            torch.distributed.barrier()

    def slice_of(self, batch: int, name: str = "batch") -> range:
        """Which places of a batch are this process's; ``name`` is the setting that says its size.

        Raises:
            ConfigError: they cannot be shared evenly.
        """
        if batch % self.count:
            raise ConfigError(f"{name} {batch} cannot be shared by {self.count} processes evenly")
        each = batch // self.count
        return range(self.rank * each, (self.rank + 1) * each)


ALONE = Ranks()


def join(device: str) -> tuple[Ranks, str]:
    """The processes that torchrun started, and this one's device; without torchrun, alone.

    By NCCL on CUDA, by gloo on the CPU.
    """
    count = int(os.environ.get("WORLD_SIZE", "1"))
    if count == 1:
        return ALONE, device
    cuda = device.startswith("cuda") or (device == "auto" and torch.cuda.is_available())
    if cuda:
        device = f"cuda:{os.environ.get('LOCAL_RANK', '0')}"
        torch.cuda.set_device(device)
    if not torch.distributed.is_initialized():
        torch.distributed.init_process_group("nccl" if cuda else "gloo")
    return Ranks(torch.distributed.get_rank(), count), device


def leave() -> None:
    """End what ``join`` began."""
    if torch.distributed.is_available() and torch.distributed.is_initialized():
        torch.distributed.destroy_process_group()

"""Training in several processes that torchrun started: each has a part of every batch."""

import itertools
import os
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import torch
import torch.distributed
from torch import Tensor, nn
from torch.distributed.rendezvous import rendezvous

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

    def total(self, value: Tensor) -> Tensor:
        """The sum over the processes, in all of them; gradients go back to every one."""
        if self.count == 1:
            return value
        summed: Tensor = _Sum.apply(value)  # type: ignore[no-untyped-call]
        return summed

    def gather(self, value: Tensor) -> Tensor:
        """The values (n, ...) of all processes one after another, (n * count, ...)."""
        if self.count == 1:
            return value
        empty = torch.zeros_like(value)
        return self.total(
            torch.cat([value if rank == self.rank else empty for rank in range(self.count)])
        )

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
_JOINED = itertools.count()


class _Sum(torch.autograd.Function):
    """A sum over the processes; its gradient is one, too."""

    @staticmethod
    def forward(ctx: Any, value: Tensor) -> Tensor:  # noqa: ANN401, ARG004 - torch's own
        summed = value.detach().clone()
        torch.distributed.all_reduce(summed)
        return summed

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> Tensor:  # noqa: ANN401, ARG004
        summed = gradients[0].clone()
        torch.distributed.all_reduce(summed)
        return summed


class SharedNorm(nn.BatchNorm2d):
    """A batch norm whose batch is that of all processes.

    torch's own is for GPUs alone; with this one, CPUs take the steps of one process, too.
    """

    ranks = ALONE

    def forward(self, x: Tensor) -> Tensor:
        if not self.training:
            return super().forward(x)
        values = x.float()
        count = self.ranks.count * values.numel() // values.shape[1]
        mean = self.ranks.total(values.sum(dim=(0, 2, 3))) / count
        centred = values - mean[:, None, None]
        variance = self.ranks.total((centred**2).sum(dim=(0, 2, 3))) / count
        with torch.no_grad():
            self._remember(mean, variance * count / (count - 1))
        scale = self.weight * torch.rsqrt(variance + self.eps)
        return (centred * scale[:, None, None] + self.bias[:, None, None]).to(x.dtype)

    def _remember(self, mean: Tensor, variance: Tensor) -> None:
        rate = self.momentum or 0.0
        for kept, new in ((self.running_mean, mean), (self.running_var, variance)):
            if kept is not None:
                kept.lerp_(new, rate)
        if self.num_batches_tracked is not None:
            self.num_batches_tracked.add_(1)


def share_norms(model: nn.Module, ranks: Ranks) -> None:
    """Let batch norms see the batch of all processes; of one alone they stay what they are."""
    if ranks.count == 1:
        return
    for module in model.modules():
        if type(module) is nn.BatchNorm2d:
            module.__class__ = SharedNorm
            module.ranks = ranks  # type: ignore[assignment]


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
        store, rank, _ = next(rendezvous("env://"))
        # Keys of its own each time: those of an earlier group name processes that have left.
        name = f"tirdata-{next(_JOINED)}"
        own = torch.distributed.PrefixStore(name, store)  # type: ignore[attr-defined]
        backend = "nccl" if cuda else "gloo"
        torch.distributed.init_process_group(backend, store=own, rank=rank, world_size=count)
    return Ranks(torch.distributed.get_rank(), count), device


def leave() -> None:
    """End what ``join`` began."""
    if torch.distributed.is_available() and torch.distributed.is_initialized():
        torch.distributed.destroy_process_group()

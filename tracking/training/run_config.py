"""What every training may be told of how it runs, whatever it learns."""

from typing import Literal

from pydantic import Field

from tirdata.config import Config


class RunConfig(Config):
    """Settings of a run that the machine decides, and its seed."""

    precision: Literal["fp32", "bf16"] = "fp32"
    """Of the convolutions; all else, the loss too, is always fp32."""
    device: str = "auto"
    """cpu, cuda, cuda:N or auto; under torchrun each process takes a GPU of its own."""
    workers: int = Field(0, ge=0)
    """Processes that prepare batches."""
    seed: int = Field(0, ge=0)
    """Decides the start, the order of the data, samples and changes."""
    checkpoint_every: int = Field(200, ge=1)
    """Steps between checkpoints."""

"""What is known of one kind of weights file that others publish."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

from torch import Tensor

Shapes = dict[str, tuple[int, ...]]


class Kind(NamedTuple):
    """One kind of file."""

    about: dict[str, Any]
    """What our file says of itself; ``model`` is the network that it is for."""
    shapes: Shapes
    """Of the tensors of that network, by name."""
    read: Callable[[Path], dict[str, Tensor]]
    """The tensors of a file under our names; raises DataError or MissingError."""
    where: str
    """Where people get the file."""

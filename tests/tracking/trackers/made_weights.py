"""Weights of MMNet that nobody trained: the filter and the loop alone follow a warm blob."""

from pathlib import Path

import numpy as np
import torch
from torch import nn

from tirdata.mix.tracklets import cut
from tirdata.types import Box, Sequence
from tracking.models.mmnet import BRANCHES, MMNet
from tracking.weights.load import write_weights

SIZE = 207  # of the network's input: less work than 255


def untrained(path: Path, sequence: Sequence, branches: tuple[str, ...] = BRANCHES) -> Path:
    """Random weights; the norms have seen two crops, so that features have a sane scale."""
    torch.manual_seed(0)
    model = MMNet(branches, input_size=SIZE)
    for module in model.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.momentum = 1.0
    crops = [
        cut(sequence.frames[at], Box(*sequence.tracks[0].boxes[at]), SIZE, 0)[0] for at in (0, 3)
    ]
    with torch.no_grad():
        model.train().embed(torch.from_numpy(np.stack(crops))[:, None].float() / 255)
    about = {"model": "mmnet", "branches": list(branches), "classes": 30, "input_size": SIZE}
    write_weights(path, model, about)
    return path

"""A network whose weights are written as others do."""

import pytest
import torch

from tracking.models.vgg16 import Vgg16

WIDTH = 2  # VGG-16 itself would be 59 MB


@pytest.fixture
def network() -> Vgg16:
    torch.manual_seed(3)
    made = Vgg16(WIDTH)
    for name, value in made.named_parameters():
        if name.endswith("bias"):
            torch.nn.init.normal_(value)
    return made

"""The box refiner at work: exemplars from boxes that fit, corrections of boxes that may not."""

import copy
import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

from tirdata.errors import DataError
from tirdata.types import Box, Frame
from tracking.models.box_refiner import BoxRefiner, Exemplars
from tracking.trackers.refine_crops import corrected, cut, difference
from tracking.weights.load import load_weights, pick_device, read_about, shipped

LEAST_SIDE = 3.0  # pixels: of a smaller box nothing can be seen
MOST_SIDES = 4.0  # of the frame: a larger box is no object's
LAYER = 3  # modules: convolution, norm, activation
LIMIT = 0.5  # of the box's sides and of the logarithm of its growth, in one round


class Refiner:
    """The trained network on its device.

    Raises:
        MissingError: the weights or the device are not there.
        DataError: the weights are of another model.
    """

    def __init__(self, weights: Path | None = None, device: str = "auto") -> None:
        self.device = pick_device(device)
        self.model = inference_copy(load_refiner(weights or shipped("box_refiner")))
        self.model.to(self.device)

    @torch.inference_mode()
    def exemplars(self, frames: Sequence[Frame], boxes: Sequence[Box]) -> Exemplars:
        """What is to be known of boxes that fit, box i in ``frames[i]``."""
        return self.model.exemplars(self._crops(frames, boxes))

    @torch.inference_mode()
    def refine(
        self,
        exemplars: Exemplars,
        frames: Sequence[Frame],
        boxes: Sequence[Box],
        *,
        trust: float,
        rounds: int,
    ) -> list[Box]:
        """Boxes that fit as the exemplars do, as far as that can be told.

        Args:
            exemplars: of the same objects.
            frames: box i is in ``frames[i]``.
            boxes: that may be off.
            trust: by how much boxes are off as a rule, shares of their sides. What is seen counts
                by how its square compares with that of what is seen in doubt.
            rounds: looks at a box, each at where the last one saw it.
        """
        rows = [row for row, box in enumerate(boxes) if _can_be_seen(frames[row], box)]
        found = list(boxes)
        if not rows:
            return found
        own = Exemplars(exemplars.profiles[rows], exemplars.sign[rows])
        seen = [frames[row] for row in rows]
        now = [boxes[row] for row in rows]
        doubt = np.zeros((len(rows), 4))
        for _ in range(rounds):
            answer = self.model(own, self._crops(seen, now))
            off = answer.mean.clamp(-LIMIT, LIMIT).double().cpu().numpy()
            doubt = answer.doubt.double().cpu().numpy()
            now = [corrected(box, each) for box, each in zip(now, off, strict=True)]
        for row, box, each in zip(rows, now, doubt, strict=True):
            share = trust**2 / (trust**2 + each**2)
            found[row] = corrected(boxes[row], share * np.array(difference(boxes[row], box)))
        return found

    def _crops(self, frames: Sequence[Frame], boxes: Sequence[Box]) -> Tensor:
        crops = [cut(frame, box) for frame, box in zip(frames, boxes, strict=True)]
        return torch.from_numpy(np.stack(crops))[:, None].to(self.device)


def load_refiner(path: Path) -> BoxRefiner:
    """The network of a weights file, in evaluation mode.

    Raises:
        MissingError: no such file.
        DataError: it is of another model.
    """
    model = read_about(path).get("model")
    if model != "box_refiner":
        raise DataError(f"{path}: weights of {model}; expected those of train refiner")
    network = BoxRefiner()
    load_weights(path, network)
    return network.eval()


def inference_copy(model: BoxRefiner) -> BoxRefiner:
    """A copy to answer only: batch norms go into the convolutions before them."""
    ready = copy.deepcopy(model).eval().requires_grad_(requires_grad=False)
    for name in ("trunk", "along", "compare"):
        layers = list(getattr(ready, name))
        fused: list[nn.Module] = []
        while len(layers) >= LAYER:
            conv, norm, activation, *layers = layers
            fused += [fuse_conv_bn_eval(conv, norm), activation]
        setattr(ready, name, nn.Sequential(*fused, *layers))
    return ready.to(memory_format=torch.channels_last)  # type: ignore[call-overload,no-any-return]


def _can_be_seen(frame: Frame, box: Box) -> bool:
    if not all(math.isfinite(value) for value in box):
        return False
    height, width = frame.shape
    x, y = box.x + box.w / 2, box.y + box.h / 2
    sized = min(box.w, box.h) >= LEAST_SIDE and max(box.w / width, box.h / height) <= MOST_SIDES
    return sized and 0 <= x <= width and 0 <= y <= height

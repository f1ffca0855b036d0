"""A made thermal sequence: a warm blob on a noisy, drifting ground, with exact boxes."""

import cv2
import numpy as np

from tirdata.types import Boxes, Frame, Sequence, Track


def made_sequence(
    count: int = 40,
    *,
    size: tuple[int, int] = (160, 128),
    target: tuple[float, float] = (20.0, 14.0),
    seed: int = 0,
    name: str = "made",
) -> Sequence:
    """A sequence of ``count`` frames of ``size`` (w, h) with one ``target`` (w, h) in each.

    The target wanders without leaving the frame and breathes by a tenth; the ground is smooth
    texture that moves against it; every frame has noise of its own. Same arguments, same pixels.
    """
    random = np.random.default_rng(seed)
    boxes = _path(count, size, target, random)
    ground = _ground(count, size, random)
    frames = [_draw(ground, index, boxes[index], size, random) for index in range(count)]
    track = Track(
        id=0,
        class_name="drone",
        boxes=boxes,
        generated=np.zeros(count, dtype=np.bool_),
        occluded=np.zeros(count, dtype=np.bool_),
    )
    return Sequence(name=name, frames=frames, tracks=(track,))


def _path(
    count: int, size: tuple[int, int], target: tuple[float, float], random: np.random.Generator
) -> Boxes:
    time = np.arange(count) / 40
    phase = random.uniform(0, 2 * np.pi, 3)
    scale = 1 + 0.1 * np.sin(2 * np.pi * time + phase[2])
    sides = np.outer(scale, target)
    reach = (np.array(size) - 1.2 * np.array(target)) / 2
    swing = np.stack(
        [np.sin(2 * np.pi * time * 0.7 + phase[0]), np.sin(2 * np.pi * time * 0.5 + phase[1])], 1
    )
    middle = np.array(size) / 2 + 0.7 * reach * swing
    return np.hstack([middle - sides / 2, sides])


def _ground(count: int, size: tuple[int, int], random: np.random.Generator) -> Frame:
    """Smooth texture around 80 counts, wide enough to drift a pixel a frame."""
    rough = random.normal(0, 1, (size[1], size[0] + count)).astype(np.float32)
    smooth = cv2.GaussianBlur(rough, (0, 0), 5)
    texture: Frame = np.clip(80 + 15 * smooth / smooth.std(), 0, 255).astype(np.uint8)
    return texture


def _draw(
    ground: Frame,
    index: int,
    box: np.ndarray[tuple[int, ...], np.dtype[np.float64]],
    size: tuple[int, int],
    random: np.random.Generator,
) -> Frame:
    """The ground of this frame with the blob; its edge (half height) is the box's."""
    x, y, w, h = box
    across = (np.arange(size[0]) + 0.5 - x - w / 2) / (w / 2)
    down = (np.arange(size[1]) + 0.5 - y - h / 2) / (h / 2)
    heat = 2.0 ** -(across[None, :] ** 4 + down[:, None] ** 4)
    picture = ground[:, index : index + size[0]] + 110 * heat + random.normal(0, 3, heat.shape)
    frame: Frame = np.clip(np.rint(picture), 0, 255).astype(np.uint8)
    return frame

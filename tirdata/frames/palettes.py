"""The false-colour palettes that cameras and programs use, as tables from cold to warm.

Cameras' palettes are corner points with straight lines between them: the colours that their
manuals, files and screens show, to about two levels. Those that OpenCV can paint come from it.

To add one, write its corners into ``_CORNERS`` (``docs/palettes.md`` says how to find them).
"""

from typing import TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray

Table: TypeAlias = NDArray[np.uint8]  # (256, 3) red, green, blue from cold to warm

GREY = "grey"
TINTED = "tinted"  # one hue, as light as it is warm: a table is made for each recording

_Weights: TypeAlias = tuple[float, float]  # of red and blue in luma
_BT601: _Weights = (0.299, 0.114)
_BT709: _Weights = (0.2126, 0.0722)
_Corners: TypeAlias = tuple[tuple[int, int, int, int], ...]  # position 0..255, red, green, blue

_CORNERS: dict[str, _Corners] = {
    GREY: ((0, 0, 0, 0), (255, 255, 255, 255)),
    # FLIR's "iron", as its radiometric files carry it
    "ironbow": (
        (0, 0, 17, 24), (16, 15, 1, 99), (32, 65, 0, 144), (48, 108, 0, 165), (64, 145, 3, 167),
        (80, 178, 17, 153), (96, 204, 36, 129), (112, 224, 58, 96), (128, 240, 84, 64),
        (144, 251, 112, 31), (160, 255, 140, 9), (176, 255, 166, 0), (192, 255, 193, 0),
        (208, 255, 216, 25), (224, 255, 237, 75), (240, 251, 251, 155), (255, 244, 255, 255),
    ),
    # FLIR Lepton's "fusion"; many call it ironbow
    "ironbow-fusion": (
        (0, 0, 2, 36), (10, 14, 5, 51), (20, 32, 9, 75), (30, 55, 13, 103), (40, 79, 18, 129),
        (50, 102, 25, 147), (60, 124, 33, 155), (70, 145, 42, 147), (80, 168, 51, 124),
        (90, 191, 62, 92), (100, 211, 74, 59), (110, 231, 87, 29), (120, 245, 102, 9),
        (130, 253, 117, 6), (165, 253, 184, 7), (180, 253, 210, 22), (190, 253, 225, 36),
        (200, 253, 236, 57), (210, 253, 244, 89), (220, 254, 248, 128), (230, 254, 251, 169),
        (240, 254, 253, 207), (250, 254, 254, 238), (255, 255, 255, 255),
    ),
    # FLIR Lepton's "iron black": white, black, then iron
    "iron-black": (
        (0, 255, 255, 255), (127, 0, 0, 0), (143, 31, 0, 118), (161, 121, 1, 136),
        (175, 186, 7, 141), (191, 223, 55, 59), (209, 240, 116, 12), (224, 247, 171, 13),
        (239, 255, 224, 30), (255, 255, 255, 255),
    ),
    # FLIR's "rainbow"
    "rainbow": (
        (0, 0, 3, 74), (8, 0, 3, 82), (20, 0, 40, 119), (30, 0, 56, 145), (40, 0, 75, 179),
        (50, 0, 92, 205), (62, 0, 109, 223), (68, 1, 120, 219), (75, 4, 133, 202),
        (80, 8, 142, 172), (86, 15, 149, 140), (90, 28, 156, 109), (94, 51, 164, 79),
        (100, 89, 179, 39), (108, 128, 193, 14), (118, 173, 206, 1), (128, 212, 215, 3),
        (140, 234, 210, 6), (152, 247, 197, 12), (165, 255, 163, 22), (175, 255, 127, 32),
        (183, 254, 82, 43), (192, 251, 33, 59), (199, 250, 27, 65), (206, 247, 25, 79),
        (213, 247, 50, 92), (218, 249, 81, 104), (226, 251, 109, 117), (234, 254, 151, 140),
        (240, 255, 178, 155), (248, 255, 216, 185), (255, 255, 233, 208),
    ),
    # Of an unknown camera, measured on a clip; its pace is that of the colours' distance
    "rainbow-dark": (
        (0, 0, 8, 24), (11, 1, 27, 55), (17, 1, 39, 72), (25, 1, 54, 92), (33, 1, 71, 113),
        (43, 1, 95, 137), (53, 2, 119, 160), (63, 2, 144, 184), (73, 2, 170, 205),
        (81, 2, 193, 212), (87, 1, 202, 193), (105, 1, 186, 136), (128, 1, 184, 59),
        (142, 2, 182, 11), (155, 43, 188, 1), (176, 110, 200, 0), (186, 144, 198, 3),
        (198, 183, 190, 2), (208, 195, 160, 2), (216, 208, 135, 1), (223, 226, 118, 1),
        (232, 241, 92, 3), (243, 255, 60, 3), (255, 255, 20, 3),
    ),
    # "Rainbow HC" of FLIR Boson and others, "double rainbow" of hobby cameras
    "rainbow-hc": (
        (0, 2, 0, 2), (16, 162, 30, 140), (35, 50, 101, 255), (54, 0, 158, 76), (67, 207, 206, 0),
        (90, 208, 126, 7), (107, 178, 34, 34), (120, 206, 151, 255), (126, 218, 177, 255),
        (147, 0, 182, 199), (172, 143, 210, 0), (194, 255, 254, 0), (215, 255, 127, 43),
        (227, 243, 37, 42), (242, 253, 179, 185), (255, 255, 254, 255),
    ),
    "arctic": (
        (0, 0, 0, 151), (23, 0, 0, 246), (26, 0, 2, 255), (38, 0, 68, 255), (70, 42, 234, 255),
        (72, 44, 246, 252), (83, 58, 238, 238), (102, 84, 179, 179), (128, 100, 100, 100),
        (183, 255, 99, 0), (219, 255, 217, 0), (238, 255, 238, 125), (255, 255, 255, 255),
    ),
    "glowbow": (
        (0, 0, 0, 0), (71, 208, 22, 38), (132, 255, 90, 0), (197, 255, 218, 0),
        (255, 255, 255, 255),
    ),
    "lava": (
        (0, 0, 0, 0), (21, 33, 68, 163), (44, 0, 104, 165), (85, 0, 141, 134), (108, 125, 48, 120),
        (128, 173, 30, 73), (149, 207, 21, 37), (171, 255, 54, 34), (191, 255, 91, 0),
        (213, 255, 169, 0), (234, 255, 217, 0), (255, 255, 255, 255),
    ),
    # K. Moreland's diverging map of 2009
    "cool-warm": (
        (0, 59, 76, 192), (32, 98, 130, 234), (64, 141, 176, 254), (96, 185, 208, 249),
        (128, 221, 220, 220), (160, 245, 196, 172), (192, 244, 152, 122), (224, 221, 95, 75),
        (255, 180, 4, 38),
    ),
}  # fmt: skip

# Parts of other palettes: found only where those do not fit as well.
_PARTS: dict[str, _Corners] = {
    # The hues from blue to red, without and with black and white at the ends
    "blue-red": (
        (0, 0, 0, 255), (64, 0, 255, 255), (128, 0, 255, 0), (191, 255, 255, 0), (255, 255, 0, 0),
    ),
    "rainbow-white": (
        (0, 0, 0, 0), (43, 0, 0, 255), (85, 0, 255, 255), (128, 0, 255, 0), (170, 255, 255, 0),
        (213, 255, 0, 0), (255, 255, 255, 255),
    ),
}  # fmt: skip

_PAINTED_BY_OPENCV = {
    "inferno": cv2.COLORMAP_INFERNO,
    "jet": cv2.COLORMAP_JET,
    "hot": cv2.COLORMAP_HOT,
    "magma": cv2.COLORMAP_MAGMA,
    "plasma": cv2.COLORMAP_PLASMA,
    "viridis": cv2.COLORMAP_VIRIDIS,
    "turbo": cv2.COLORMAP_TURBO,
    "parula": cv2.COLORMAP_PARULA,
    "rainbow-opencv": cv2.COLORMAP_RAINBOW,  # red is cold in it
}


def _between(corners: _Corners) -> Table:
    points = np.array(corners, np.float64)
    steps = np.arange(256)
    channels = [np.interp(steps, points[:, 0], points[:, 1 + c]) for c in range(3)]
    return _frozen(np.stack(channels, axis=1))


def _painted(number: int) -> Table:
    ramp = np.arange(256, dtype=np.uint8)[:, None]
    return _frozen(np.asarray(cv2.applyColorMap(ramp, number), np.float64)[:, 0, ::-1])


def _frozen(colours: NDArray[np.float64]) -> Table:
    table: Table = np.clip(np.round(colours), 0, 255).astype(np.uint8)
    table.flags.writeable = False
    return table


PALETTES: dict[str, Table] = (
    {name: _between(corners) for name, corners in _CORNERS.items()}
    | {name: _painted(number) for name, number in _PAINTED_BY_OPENCV.items()}
    | {name: _between(corners) for name, corners in _PARTS.items()}
)


def tinted(red: int, green: int, blue: int) -> Table:
    """From black by way of a full colour to white, as light as it is warm.

    The full colour stands where its own luma (BT.601) does, so that luma rises evenly.
    """
    full = np.array([red, green, blue], np.float64)
    luma = float(full @ np.array([0.299, 0.587, 0.114]))
    steps = np.arange(256.0)[:, None]
    up = full * steps / max(luma, 1.0)
    on = full + (255 - full) * (steps - luma) / max(255 - luma, 1.0)
    return _frozen(np.where(steps <= luma, up, on))


def limited(table: Table) -> Table:
    """The same palette where 0..255 was squeezed into 16..235, as some programs show it."""
    return _frozen(16 + table.astype(np.float64) * (219 / 255))


def variants(table: Table) -> list[Table]:
    """What cameras and wrong colour matrices make of a palette: hues turned, lightness bent."""
    changes = [(turn, 1.0) for turn in (-0.05, -0.025, 0.025, 0.05)] + [(0.0, 0.85), (0.0, 1.18)]
    changed = []
    for turn, power in changes:
        hsv = cv2.cvtColor(table[None].astype(np.float32) / 255, cv2.COLOR_RGB2HSV)
        hsv[..., 0] = (hsv[..., 0] + 360 * turn) % 360
        hsv[..., 2] = np.power(hsv[..., 2], power)
        changed.append(_frozen(255.0 * np.asarray(cv2.cvtColor(hsv, cv2.COLOR_HSV2RGB), float)[0]))
    return [*changed, *(_mistaken(table, *each) for each in ((_BT601, _BT709), (_BT709, _BT601)))]


def _mistaken(table: Table, made: _Weights, read: _Weights) -> Table:
    """Encoded by one matrix, decoded by another."""
    (kr, kb), (red_weight, blue_weight) = made, read
    levels = table.astype(np.float64)
    luma = levels @ np.array([kr, 1 - kr - kb, kb])
    red = luma + (levels[:, 0] - luma) * (1 - red_weight) / (1 - kr)
    blue = luma + (levels[:, 2] - luma) * (1 - blue_weight) / (1 - kb)
    green = (luma - red_weight * red - blue_weight * blue) / (1 - red_weight - blue_weight)
    return _frozen(np.stack([red, green, blue], axis=1))

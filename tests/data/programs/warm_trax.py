"""A tracker that speaks TraX, version 1 to 4, without the TraX library."""

import base64
import os
import re
import shlex
import sys
import time

import cv2
import numpy as np
from warm import read, warm_box

VERSION = int(os.environ.get("TRAX_VERSION", "4"))
IMAGES = os.environ.get("TRAX_IMAGES", "path")
REGION = os.environ.get("TRAX_REGION", "rectangle")


def say(kind, *words):
    """One message."""
    print(f"@@TRAX:{kind}", *(f'"{word}"' for word in words), flush=True)


def picture(text):
    """The pixels of an image argument."""
    if text.startswith("file://"):
        return read(text.removeprefix("file://"))
    head, _, data = text.rpartition(";")
    data = np.frombuffer(base64.b64decode(data), np.uint8)
    if head.startswith("image:"):
        width, height = (int(word) for word in head.removeprefix("image:").split(";")[:2])
        return data.reshape(height, width)
    return cv2.imdecode(data, cv2.IMREAD_GRAYSCALE)


def box_of(text):
    """A rectangle, or the bounds of a polygon."""
    numbers = [float(word) for word in text.split(",")]
    if len(numbers) == 4:
        return tuple(numbers)
    x, y = numbers[::2], numbers[1::2]
    return (min(x), min(y), max(x) - min(x), max(y) - min(y))


def region(box):
    """As the tracker says it answers."""
    x, y, w, h = box
    corners = (x, y, x + w, y, x + w, y + h, x, y + h)
    return ",".join(f"{number:.4f}" for number in (box if REGION == "rectangle" else corners))


box, fresh = None, False
print("loading ...")
say("hello", f"trax.version={VERSION}", "trax.name=warm", f"trax.image={IMAGES}",
    f"trax.region={REGION}")  # fmt: skip
PAUSE_S = float(os.environ.get("WARM_PAUSE_S", "0"))
for line in sys.stdin:
    time.sleep(PAUSE_S)
    kind, *words = shlex.split(line.removeprefix("@@TRAX:"))
    words = [word for word in words if not re.match(r"[\w.]+=", word) or word.startswith("data:")]
    if kind == "quit":
        break
    if kind == "initialize":
        box = box_of(words[-1]) if words else None
        fresh = VERSION >= 4
        if fresh:
            continue
    elif not fresh:
        box = warm_box(picture(words[0]), box)
    fresh = False
    say("state", region(box), "confidence=0.75")

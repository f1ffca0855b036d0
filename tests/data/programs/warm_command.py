"""python warm_command.py FRAMES.txt X,Y,W,H OUTPUT.txt."""

import sys
from pathlib import Path

from warm import read, warm_box

frames, first, output = sys.argv[1:4]
boxes = [tuple(float(number) for number in first.split(","))]
for path in Path(frames).read_text().splitlines()[1:]:
    boxes.append(warm_box(read(path), boxes[-1]))
Path(output).write_text("".join(f"{x:.3f},{y:.3f},{w:.3f},{h:.3f}\n" for x, y, w, h in boxes))

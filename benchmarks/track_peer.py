"""A tracker of OpenCV in an environment of its own: what `benchmarks.track` asks round by round.

Knows OpenCV alone. Reads JSON lines: first what to track, then how many frames to go on; answers
each with the seconds that it took.
"""

import json
import sys
import time
from itertools import cycle
from pathlib import Path

import cv2


def main() -> None:
    wanted = json.loads(sys.stdin.readline())
    cv2.setNumThreads(wanted["threads"])
    paths = sorted(str(path) for path in Path(wanted["frames"]).iterdir())
    name = f"Tracker{wanted['tracker'].upper()}_create"
    create = getattr(cv2, name, None) or getattr(getattr(cv2, "legacy", None), name, None)
    if create is None:
        print(json.dumps({"missing": f"OpenCV {cv2.__version__} has no {name}"}), flush=True)
        return
    tracker = create()
    tracker.init(cv2.imread(paths[0]), tuple(wanted["box"]))
    print(json.dumps({"version": cv2.__version__}), flush=True)
    following = cycle(paths[1:] + paths[-2:0:-1])
    for line in sys.stdin:
        processor, clock = time.process_time(), time.perf_counter()
        for _ in range(json.loads(line)):
            tracker.update(cv2.imread(next(following)))
        took = {"cpu": time.process_time() - processor, "wall": time.perf_counter() - clock}
        print(json.dumps(took), flush=True)


if __name__ == "__main__":
    main()

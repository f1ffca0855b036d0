"""Small trackers as programs of their own: what people bring who track with something else.

They find the warm middle of the last box's surroundings, with nothing imported but OpenCV.
"""

import sys
from pathlib import Path
from typing import Any, Final

FOLDER: Final = Path(__file__).parent / "data" / "programs"

PROGRAMS: Final[dict[str, dict[str, Any]]] = {
    "trax": {"command": f"{sys.executable} warm_trax.py", "folder": FOLDER},
    "command": {
        "command": f"{sys.executable} warm_command.py {{frames}} {{box}} {{output}}",
        "folder": FOLDER,
    },
}
"""Settings by tracker."""

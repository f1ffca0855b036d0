"""Result files as VOT's toolkit writes them: a region or a code a line."""

import numpy as np

from tirdata.layouts.text import number_text
from tracking.evaluation.results import ANSWERED, SKIPPED, Trajectory


def vot_result_text(trajectory: Trajectory) -> str:
    """The text of one repetition, to four decimals as the toolkit has it.

    ``1`` = started on this frame, ``2`` = lost on it, ``0`` = not asked, or no answer.
    """
    states = trajectory.states
    lines = []
    for index, row in enumerate(trajectory.rows):
        if states is not None and states[index] != ANSWERED:
            lines.append(str(int(states[index])))
        elif np.isnan(row).any():
            lines.append(str(SKIPPED))
        else:
            lines.append(",".join(map(number_text, row)))
    return "".join(f"{line}\n" for line in lines)

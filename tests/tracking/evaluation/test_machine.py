"""What is told of the machine."""

import os
import platform

import numpy as np

from tracking.evaluation.machine import this_machine


def test_it_is_this_machine() -> None:
    machine = this_machine(None)
    assert machine.cpu
    assert machine.cores == len(os.sched_getaffinity(0))
    assert machine.versions["python"] == platform.python_version()
    assert machine.versions["numpy"] == np.__version__


def test_a_gpu_is_named_only_where_the_tracker_ran_on_it() -> None:
    assert this_machine("cpu").gpu is None

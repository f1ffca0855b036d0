from dataclasses import dataclass
import numpy as np
@dataclass(frozen=True,eq=False)
class Overlay:
    regions: tuple=(); mask: object=None
NO_OVERLAY=Overlay()
def find_overlay(f): return NO_OVERLAY
def treat(f,o,h): return f

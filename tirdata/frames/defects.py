from dataclasses import dataclass
import numpy as np
@dataclass(frozen=True,eq=False)
class Defects:
    dead: tuple=(); pattern: object=None; strength: float=0.0
    def has(self,x): return False
def find_defects(f): return Defects()
def repair(p,d,r): return p

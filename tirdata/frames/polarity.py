from dataclasses import dataclass
@dataclass(frozen=True)
class PolarityGuess:
    value:str; score:float; sure:bool; cues:dict
def judge_polarity(f,i): return PolarityGuess('white-hot',0.99,True,{})
def is_flip(a,b): return False
def judge_recording(g,f): return list(g)

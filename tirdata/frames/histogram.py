import numpy as np
class CountHistogram:
    def __init__(self): self.h=np.zeros(65536,np.int64)
    def add(self,c): self.h+=np.bincount(c[::2,::2].ravel(),minlength=65536)

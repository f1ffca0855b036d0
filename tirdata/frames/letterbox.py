def find_letterbox(f): return None

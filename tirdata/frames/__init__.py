"""Raw frames to white-hot 8-bit shots: decisions per shot, and what carries them out."""

"""An evaluation as one HTML page and as tables."""

"""The supervised protocol of VOT: restarts, regions as pixels, accuracy, robustness, EAO."""

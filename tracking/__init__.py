"""Networks, trackers, training, scores."""

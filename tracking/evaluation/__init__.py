"""Trackers run on data sets, and scored."""

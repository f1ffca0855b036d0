"""Data sets to shards to train on: chosen, split without leakage, cut, put together."""

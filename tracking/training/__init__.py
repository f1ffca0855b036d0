"""A mix to weights."""

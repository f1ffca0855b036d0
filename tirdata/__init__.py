"""Thermal-infrared video to annotated sequences: the data, without any network."""

__version__ = "0.1.0"

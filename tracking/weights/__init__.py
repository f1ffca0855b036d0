"""Trained weights with their model cards, and reading them."""

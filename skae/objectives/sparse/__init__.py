"""Sparse codes: their initialization."""

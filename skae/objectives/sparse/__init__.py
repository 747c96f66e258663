"""Sparse codes: sparsity penalties, the loss that adds them, and an initialization."""

"""Initial weights from principal components."""

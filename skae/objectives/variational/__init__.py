"""Variational inference: likelihoods, evidence lower bounds, probabilistic PCA."""

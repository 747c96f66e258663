"""Generative stochastic networks: Markov chains and walkback training."""

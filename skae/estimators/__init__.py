"""The estimators: one file per autoencoder, on a shared base in `skae.estimators.base`.

A file defines the parameters that its autoencoder adds, their documentation and constraints, and
hooks that return pure functions of `skae.objectives`. No file imports another autoencoder's.
"""

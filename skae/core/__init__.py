"""Networks, losses, training and inference in pure JAX and NumPy.

This package does not import scikit-learn and works without it.
"""

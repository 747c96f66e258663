"""The engine in pure JAX and NumPy: networks, losses, training, inference.

It knows nothing of scikit-learn and runs where that is not installed.
"""

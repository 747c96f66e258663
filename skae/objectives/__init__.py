"""One objective per idea: its loss, its initialization, its sampling. Pure JAX and NumPy."""

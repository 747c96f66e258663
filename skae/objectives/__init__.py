"""One module or package per idea: its loss, its initialization and its sampling.

Everything here is a pure function on JAX and NumPy arrays and needs no scikit-learn. The
estimators in `skae.estimators` add parameters, documentation and fitted attributes.
"""

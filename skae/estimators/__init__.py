"""The estimators: one file for each autoencoder, over one base.

An autoencoder is a pure loss, the few parameters it adds and one hook that binds them; no file
here imports another autoencoder's.
"""

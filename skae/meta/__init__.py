"""Estimators made of an autoencoder: what codes are good for."""

"""Denoising: corruption of samples by noise, and the loss of their reconstructions."""

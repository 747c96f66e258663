"""Denoising: corruption of samples by noise."""

"""Samples on the host: reading, units, moments, mini-batches, and copies on the device."""

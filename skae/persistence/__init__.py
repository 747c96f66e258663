"""Serialization of estimators and checkpoints: arrays and a JSON header, no executable content."""

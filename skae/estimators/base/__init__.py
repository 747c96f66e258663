"""Machinery that all estimators share."""

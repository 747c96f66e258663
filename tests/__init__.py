"""Tests of skae. Estimators are found by discovery: a new one is tested without a new line here."""

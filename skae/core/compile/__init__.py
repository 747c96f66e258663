"""The cache of compiled programs and of traced shapes."""

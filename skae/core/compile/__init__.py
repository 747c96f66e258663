"""Cache of compiled programs and of output shapes."""

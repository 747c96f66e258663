"""Binary codes: iterative quantization and neighborhoods."""

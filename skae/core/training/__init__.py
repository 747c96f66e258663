"""The training loop: compiled steps, the host that drives them, plans, optimizers, records."""

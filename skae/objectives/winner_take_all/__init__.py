"""Winner-take-all masks."""

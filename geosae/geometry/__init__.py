"""Floor 0: pure mathematics on numpy arrays."""

"""The terminal explorer, which draws what the checker returns: not written yet."""

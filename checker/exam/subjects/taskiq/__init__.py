"""taskiq, with Redis as its broker."""

"""A spec with something taken away, or with fewer runs."""

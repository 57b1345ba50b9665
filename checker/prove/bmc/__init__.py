"""Bounded search with z3 alone. It proves nothing: it is an oracle beside the explorer."""

"""Dramatiq, with Redis as its broker."""

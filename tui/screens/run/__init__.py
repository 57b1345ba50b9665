"""Screens on a run: step through it, ask why, try something else, compare."""

"""Servers of one's own, with standbys, and single steps on them: for tests and experiments."""

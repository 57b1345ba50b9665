"""Limits: how many jobs at once, and which of two that are about the same."""

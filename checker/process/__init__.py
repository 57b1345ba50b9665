"""Processes that work for this one: asked, watched, and ended with it."""

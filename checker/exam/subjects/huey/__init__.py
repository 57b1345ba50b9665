"""Huey, a task queue, on SQLite or Redis."""

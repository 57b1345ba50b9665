"""Celery, with Redis as its broker."""

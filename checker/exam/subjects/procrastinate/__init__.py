"""Procrastinate, a task queue on PostgreSQL."""

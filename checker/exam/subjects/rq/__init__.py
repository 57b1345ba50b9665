"""RQ, a queue on Redis."""

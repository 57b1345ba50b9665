"""DBOS, durable workflows on PostgreSQL."""

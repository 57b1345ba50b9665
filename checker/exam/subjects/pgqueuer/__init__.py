"""PgQueuer, a queue on PostgreSQL."""

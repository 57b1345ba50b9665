"""awa, a queue on PostgreSQL with a core in Rust."""

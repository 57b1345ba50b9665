"""litequeue, a queue in a table of SQLite."""

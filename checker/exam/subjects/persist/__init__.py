"""persist-queue, a queue in a file of SQLite."""

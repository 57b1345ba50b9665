"""What a crash may leave of the files, and what another SQLite makes of it."""

"""The store on SQLite: its file, its locks, and one transition at a time."""

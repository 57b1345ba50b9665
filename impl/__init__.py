"""The reference implementation on SQLite, driven by the spec's transitions: not written yet."""

"""`ffq`: one file a command, which loads what it needs when it runs."""

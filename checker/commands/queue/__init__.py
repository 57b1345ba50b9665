"""`ffq queue`: the queue in a file, from a terminal."""

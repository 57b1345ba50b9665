"""`ffq queue`: the queue, in a file or on a server, from a terminal."""

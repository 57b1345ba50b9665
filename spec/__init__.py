"""The specification: the language it is written in, and the queue written in it."""

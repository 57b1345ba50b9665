"""The queue of this project."""

"""A file of another spec or schema taken over, and a queue written out and taken in."""

"""What may still come of a state, and what would make a step possible."""

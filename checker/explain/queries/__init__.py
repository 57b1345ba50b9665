"""What a reader asks of a run: which steps are such, and what an expression is in each state."""

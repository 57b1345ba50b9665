"""`ffq trace`: what can be asked of a run."""

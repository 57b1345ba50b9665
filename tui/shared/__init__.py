"""What all screens share: the run that is open, and the checks that run in the background."""

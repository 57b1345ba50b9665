"""The failure modes, by what a queue does when they strike."""

"""`python -m checker.commands`: the program `ffq`, where it is not installed."""

from checker.commands.entry import run

run()

"""The two solvers, each in a file of its own, the text that both are given, and their answers."""

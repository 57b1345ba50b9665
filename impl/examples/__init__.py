"""Examples, each a program: it prepares its jobs, works until they are done, and prints the books.

`python -m impl.examples.payments FILE` may be killed at any instant and started again, or run in
several terminals at once; the books come out right.
"""

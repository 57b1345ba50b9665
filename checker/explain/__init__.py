"""Explains a run: what changed and who wrote it, which clause is false since when and because of
whom, what would make it true, and how near every state is to a violation.

All of it is pure: plain data in, plain data out. Nothing here prints, and nothing runs the
implementation.
"""

"""The checker: explores a spec in a scope, prints what it found, and explains it.

Read `exploration` (what a search returns), then `plain` (the search itself); `compiled` does the
same faster.
"""

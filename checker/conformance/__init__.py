"""Runs of the implementation, held against the spec after the fact.

Read `sparse` first (the spec's evaluator, for any number of jobs and processes), then `follow` (a
trace is followed step by step) and `validate` (a whole file is judged).
"""

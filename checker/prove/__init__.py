"""Proofs for any number of jobs, workers, recoverers, attempts and steps.

`smt` prints the spec in SMT-LIB, `obligations` says what has to be proved, `z3_solver` and
`cvc5_solver` decide the same text, and `proof` judges what both have said. `bounded` proves
nothing: it searches a scope for the shortest violation with z3.
"""

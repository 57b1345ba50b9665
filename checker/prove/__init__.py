"""Proofs for any number of jobs, workers, recoverers, attempts and steps.

`obligations` says what has to be proved, `portfolio` puts it to both of the `solvers`, and `proof`
judges what they have said.
"""

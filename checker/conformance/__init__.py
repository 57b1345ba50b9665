"""The store beside the spec: traces replayed step by step, and files judged after the fact.

`beside_spec` takes a trace on both, `watched` says what each of them holds after every step, and
`generate` makes runs that meet every action and every refusal. Of the judge read `sparse`
first (the spec's evaluator, for any number of jobs and processes), then `follow` (a trace is
followed step by step) and `validate` (a whole file is judged).
"""

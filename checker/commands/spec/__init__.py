"""Commands that ask of the spec: checks, proofs, and who misses what."""

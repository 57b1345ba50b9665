"""The five proofs of a failure mode, computed: reproduced, replayed, prevented, detected and
recovered.

`traces` finds the shortest trace and reads the one that is kept; `marks` says what a proof is
worth; `proofs` puts all together, and `matrix` keeps what is known.
"""

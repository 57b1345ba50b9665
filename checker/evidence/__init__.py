"""The five proofs of a failure mode, computed: reproduced, replayed, prevented, detected and
recovered.

`found` finds the shortest trace and reads the one that is kept; `marks` says what a proof is worth;
`five` puts all together.
"""

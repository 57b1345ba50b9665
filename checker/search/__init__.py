"""Every state of a scope: the plain search that a newcomer reads, liveness, and what was found
before.
"""

"""Torture: real processes on one queue, killed, paused and misled, and judged by a ledger outside.

What each process was told, it writes into the ledger: a file beside the queue, of which the queue
knows nothing. In the end the two are compared.
"""

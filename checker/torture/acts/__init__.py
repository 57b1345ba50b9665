"""What the tortured processes do, and the ledger in which they note it."""

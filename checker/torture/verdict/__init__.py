"""The ledger against the queue: what is missing, twice, or made up."""

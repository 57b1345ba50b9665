"""The terminal explorer: it draws what the checker returns, and decides nothing itself."""

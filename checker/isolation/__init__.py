"""What isolation levels are worth: what the spec says of stale guards, and what a server does."""

"""The loss of a server: what the spec says of it, and what real ones do."""

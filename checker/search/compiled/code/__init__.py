"""From a scope to machine code."""

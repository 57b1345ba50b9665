"""A scope and its traces in the formats of other tools."""

"""Commands that run the implementation: replay, validate, torture, the laboratory."""

"""From the spec to a store: tables, statements, and each action as a transition."""

"""Whether a recorded run of a store is a run of the spec, and where it leaves it."""

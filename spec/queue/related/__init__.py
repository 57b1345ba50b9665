"""Jobs that have to do with each other: one follows another, or waits for it, or takes it in."""

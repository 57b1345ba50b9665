"""What a spec declares: state, actions, claims, and what later modules add to them."""

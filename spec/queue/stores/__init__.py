"""What a store may lose, forget, or have no room for."""

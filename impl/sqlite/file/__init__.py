"""The file of a store: where it is, who may open it, and what it says of itself."""

"""The pages' blocks of the spec: what is declared, in tables and in diagrams."""

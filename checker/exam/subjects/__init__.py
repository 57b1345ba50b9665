"""What is examined, a folder each: its settings, its adapter, and the packages that it needs.

This runs in the product's own environment: the standard library and the product, nothing else.
"""

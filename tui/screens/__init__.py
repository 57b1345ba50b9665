"""The screens of the explorer, one place in each module."""

"""Pages that cannot drift: what they say of the spec is printed from the spec, between two marks.

`blocks` finds the marks and mends what stands between them, `pages` says which texts there are and
which names in them nobody knows, `tables` and `diagrams` print the spec, `figures` prints what
explorations count.
"""

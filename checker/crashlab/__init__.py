"""The crash laboratory: the store is cut off at every call it makes of the file system.

A run is written down call by call; a model of the disk says what may be left of it after a crash at
any of them; each such image is opened by another SQLite and held against the spec.
"""

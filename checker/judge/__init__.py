"""Histories of anybody's queue against the spec: runs of it, or of which edits of it?"""

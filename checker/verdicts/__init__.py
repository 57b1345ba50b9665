"""Scopes judged: checks, guards and assumptions taken away in turn, known designs."""

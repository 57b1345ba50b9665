"""Scopes in TLA+, for TLC."""

"""Detectors of failure modes: queries on a store, and what sets them off."""

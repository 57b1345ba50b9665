"""Runs of the store and of the queue, written down call by call."""

"""How fast the explorer is, measured side by side with other searches of the same specs in one
run.
"""

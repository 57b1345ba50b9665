"""Imported by the process that the others are forked from, and by nobody else: it loads what they
need, so that each starts at once, and dies with the torture, so that they do.
"""

import checker.torture.processes  # noqa: F401
from checker.torture.acts.conditions import die_with_parent
from impl.derive.reference import design

die_with_parent()
design()

"""The compiled explorer: generates machine code from a scope and visits every state with it."""

from checker.compiled.explore import explore
from checker.compiled.layout import TooWide
from checker.compiled.module import prepare_ahead
from checker.compiled.tuning import Tuning

__all__ = ["TooWide", "Tuning", "explore", "prepare_ahead"]

"""The compiled explorer: generates machine code from a scope and visits every state with it."""

from checker.search.compiled.code.layout import TooWide
from checker.search.compiled.code.module import prepare_ahead
from checker.search.compiled.explore import explore
from checker.search.compiled.tuning import Tuning

__all__ = ["TooWide", "Tuning", "explore", "prepare_ahead"]

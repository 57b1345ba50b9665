"""The scope on which stores are tried, and what is derived from it."""

from impl.derive.design import derive
from spec.queue import SCOPES

LIFE = SCOPES["life"]
DESIGN = derive(LIFE)

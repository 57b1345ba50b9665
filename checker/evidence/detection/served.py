"""How detectors are said to PostgreSQL: there the trace has text, and columns have types.

Rows of its trace have numbers in the order of a row, and of a process. A detector asks of one row,
and of what the process remembers that took the step: so any order of the others will do.
"""

from __future__ import annotations

from checker.evidence.detection.queries import Words
from impl.postgresql.text.sql import column_type, identifier
from spec.language.declared.model import Field
from spec.language.terms.types import is_sort, is_timer

_BY_HAND = {
    "json_each(": "json_each_text(",
    "instr(": "strpos(",
    "json_extract(params, '$.j')": "params ->> 'j'",
    "INDEX temp.": "INDEX ",
}


def _column(f: Field, last: str, initial: str) -> str:
    kind = "text" if is_timer(f.type) or is_sort(f.type) else column_type(f.type)
    return f"coalesce({last}, ({initial})::text)::{kind}"


def _by_hand(text: str) -> str:
    for word, other in _BY_HAND.items():
        text = text.replace(word, other)
    return text


POSTGRESQL = Words(identifier, _column, _by_hand)

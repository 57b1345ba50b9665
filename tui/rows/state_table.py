"""A state beside the one before: what changed, grouped by whom it belongs to."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence

from checker.explain.diff import Entity
from tui.rows.rows import Row, row


def state_rows(
    entities: Sequence[Entity], unchanged: bool, folded: Collection[str] = ()
) -> list[Row]:
    """Return the rows of a state; what did not change is left out, or shown dim."""
    shown = [field for e in entities for field in e.rows if unchanged or field.mark == "~"]
    widths = _width(field.field for field in shown), _width(field.before for field in shown)
    rows = [each for e in entities for each in _entity(e, unchanged, folded, widths)]
    hidden = sum(field.mark != "~" for entity in entities for field in entity.rows)
    if hidden and not unchanged:
        rows.append(row((f"{hidden} unchanged; d shows them", "dim")))
    return rows


def _width(texts: Iterable[str]) -> int:
    return min(max(map(len, texts), default=0), 14)


def _entity(
    entity: Entity, unchanged: bool, folded: Collection[str], widths: tuple[int, int]
) -> Iterator[Row]:
    shown = [field for field in entity.rows if unchanged or field.mark == "~"]
    if not shown:
        return
    if entity.name in folded:
        yield row((f"{entity.name}  ({len(shown)} folded)", "title"), subject=entity.name)
        return
    yield row((entity.name, "title"), subject=entity.name)
    for field in shown:
        name = f"{field.mark} {field.field:<{widths[0]}}  "
        if field.mark == "~":
            values = f"{field.before:<{widths[1]}} -> {field.after}"
            yield row((name + values, "changed"), subject=field, hang=4)
        else:
            yield row((name + field.after, "dim"), subject=field, hang=4)

"""How PostgreSQL writes a step into the trace: by a trigger, with the change of the row.

Whose step it is stands in the setting `ffq.steps` of the transaction, in turn if they are several,
and its moment in `ffq.now`. A change that is no step, by whomever, is refused. Rows of the trace
are known by the row of the store and its version, and by the process and how many it had: no other
order is there.
"""

from __future__ import annotations

from collections.abc import Iterator

from impl.derive.sql import called
from impl.derive.tables import Table
from impl.derive.view import Global
from impl.postgresql.text.sql import identifier, literal, table_name
from spec.language.declared.model import Field
from spec.language.terms.types import is_enum, is_sort, is_timer

TRACE = """\
CREATE TABLE trace (  -- every durable step
  element text NOT NULL,  -- the row that it changes, such as `job1`
  version bigint NOT NULL,  -- how often that row was changed, this time included
  process text,  -- whose memory it changes, and
  nth bigint,  -- how many steps of that one are here, this one included
  seq bigint GENERATED ALWAYS AS IDENTITY,  -- of a row, in order; of two rows it says nothing
  tx text NOT NULL,  -- a name by chance of the transaction
  actor text NOT NULL,
  action text NOT NULL,
  params json NOT NULL,
  before json NOT NULL,  -- of what the step changes
  after json NOT NULL,
  unseen json NOT NULL,  -- by its process since its last row
  note text,  -- what the spec does not speak of
  at bigint NOT NULL,  -- by the clock of the server, in ms
  PRIMARY KEY (element, version)
);

CREATE INDEX trace_as_written ON trace USING brin (seq);

CREATE FUNCTION is_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'DELETE' THEN
    IF OLD.seq <= (SELECT value::bigint FROM meta WHERE name = 'origin') THEN RETURN OLD; END IF;
  END IF;
  RAISE EXCEPTION 'the trace is append-only';
END $$;

CREATE TRIGGER trace_is_not_rewritten BEFORE UPDATE OR DELETE ON trace
FOR EACH ROW EXECUTE FUNCTION is_append_only();
"""

OVER = """\
CREATE FUNCTION job_is_over() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO ended VALUES (
    NEW.id, CASE WHEN NEW.reason = 'cancelled' THEN NEW.reason ELSE NEW.status END,
    current_setting('ffq.now')::bigint
  );
  RETURN NULL;
END $$;

CREATE TRIGGER job_is_over AFTER UPDATE OF status ON job FOR EACH ROW
WHEN (NEW.status IN ('done', 'dead')) EXECUTE FUNCTION job_is_over();

CREATE FUNCTION job_is_taken_up() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN DELETE FROM ended WHERE job = NEW.retry_of; RETURN NULL; END $$;

CREATE TRIGGER job_is_taken_up AFTER INSERT ON job FOR EACH ROW
WHEN (NEW.retry_of IS NOT NULL) EXECUTE FUNCTION job_is_taken_up();
"""
"""When work is over, and taken up again: what triggers written for SQLite say there."""

_EVENTS = ("INSERT", "UPDATE", "DELETE")


def triggers(t: Table) -> str:
    """Return the triggers of a table, as SQL."""
    return "\n".join(_trigger(t, event) for event in _EVENTS)


def name_of(t: Table, event: str) -> str:
    """Return what a trigger and its function are called."""
    return f"{t.sort.__name__.lower()}_is_traced_at_{event.lower()}"


def _trigger(t: Table, event: str) -> str:
    row = "OLD" if event == "DELETE" else "NEW"
    element = "'-'" if t.sort is Global else f"'{t.sort.__name__.lower()}' || {row}.id"
    return f"""\
CREATE FUNCTION {name_of(t, event)}() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  steps json := nullif(current_setting('ffq.steps', true), '')::json;
  now bigint := nullif(current_setting('ffq.now', true), '')::bigint;
  one text := {element};
  step json;
  may bigint;
  untouched bigint := -1;
  was text;
  becomes text;
BEGIN
  IF steps IS NULL THEN RAISE EXCEPTION 'a row was to be changed by no step'; END IF;
  PERFORM set_config('ffq.steps', '', true);
  FOR step IN SELECT value FROM json_array_elements(steps) LOOP
  may := (step ->> 'columns')::bigint;
  was := '';
  becomes := '';
{chr(10).join(_columns(t, event))}
  untouched := untouched & ~may;
  INSERT INTO trace
    (element, version, process, nth, tx, actor, action, params, before, after, unseen, note, at)
  SELECT one, coalesce(max(version), 0) + 1, step ->> 'process', (step ->> 'nth')::bigint,
    step ->> 'tx', step ->> 'actor', step ->> 'action', step -> 'params',
    ('{{' || substr(was || (step ->> 'was'), 3) || '}}')::json,
    ('{{' || substr(becomes || (step ->> 'becomes'), 3) || '}}')::json,
    step -> 'unseen', step ->> 'note', now
  FROM trace WHERE element = one;
  END LOOP;
  RETURN NULL;
END $$;

CREATE TRIGGER {name_of(t, event)} AFTER {event} ON {table_name(t.sort)}
FOR EACH ROW EXECUTE FUNCTION {name_of(t, event)}();
"""


def _columns(t: Table, event: str) -> Iterator[str]:
    """Yield what says of each column how it was, if the step has changed it or it has run out, and
    is: of the steps of one statement each changes columns of its own.
    """

    def side(f: Field, row: str, none: bool) -> str:
        return literal(f.type, t.initial[f.name]) if none else f"{row}.{identifier(f.name)}"

    for n, f in enumerate(t.columns):
        old, new = side(f, "OLD", event == "INSERT"), side(f, "NEW", event == "DELETE")
        told, shown = _told(f, old, "now"), _told(f, new, "now - 1")
        differs = f"{old} IS DISTINCT FROM {new}"
        over = ""
        if is_timer(f.type):
            # One that was started for no time at all runs still just before.
            differs += f" AND {told} IS DISTINCT FROM {shown}"
            # No step of its own says that it has run out.
            over = "" if event == "INSERT" else f"untouched & {1 << n} <> 0 AND {old} <= now"
        yield f"  IF (may & {1 << n} <> 0 AND {differs}) THEN"
        yield f"    was := was || {_said(t, f, told)};"
        yield f"    becomes := becomes || {_said(t, f, shown)};"
        if over:
            yield f"  ELSIF ({over}) THEN"
            yield f"    was := was || {_said(t, f, told)};"
        yield "  END IF;"


def _said(t: Table, f: Field, column: str) -> str:
    """Return a place and what is there, as the trace has it, as SQL."""
    if t.sort is Global:
        return f"', \"{f.name}\": ' || {_json(f, column)}"
    return f"', \"{f.name}[' || one || ']\": ' || {_json(f, column)}"


def _told(f: Field, column: str, now: str) -> str:
    if not is_timer(f.type):
        return column
    return called(f.type, "NULL" if column.startswith("NULL") else column, now)


def _json(f: Field, column: str) -> str:
    """Return a column as JSON, as SQL."""
    if is_sort(f.type):
        prefix = f.type.__name__.lower()
        return f"coalesce('\"{prefix}' || {column} || '\"', 'null')"
    if is_enum(f.type):
        return f"'\"' || {column} || '\"'"
    return f"({column})::text"

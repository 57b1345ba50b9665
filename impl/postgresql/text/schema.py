"""What makes an empty store on PostgreSQL, in a schema of its own, and whose it is."""

from __future__ import annotations

import re
from functools import lru_cache

from impl.derive.design import Design
from impl.postgresql.text.by_hand import declared
from impl.postgresql.text.sql import POSTGRESQL
from impl.postgresql.text.tracing import OVER, TRACE, triggers

VERSION = "3"
"""The version of the schema."""

META = """\
CREATE TABLE meta (  -- whose the schema is, and which spec and which constants it belongs to
  name text PRIMARY KEY,
  value text NOT NULL
);

CREATE UNLOGGED TABLE incarnation (  -- nothing is in it after a crash, or after a promotion
  schema oid PRIMARY KEY,  -- another one where a dump was put back
  epoch bigint NOT NULL,
  name text NOT NULL
);

CREATE TABLE origin (  -- a state from which the trace is followed; `meta` says after which row
  element text PRIMARY KEY,  -- such as `job1`; one that is not here is as in the beginning
  state text NOT NULL CHECK (state IS JSON),  -- the fields that are not
  nth bigint NOT NULL DEFAULT 0  -- of a process: how many steps of it were there by then
);
"""

MORE = """\
CREATE SEQUENCE job_number;

CREATE INDEX job_in_line ON job (due, id) WHERE due IS NOT NULL;

CREATE FUNCTION claims_of_forgotten_keys() RETURNS bigint LANGUAGE plpgsql AS $$
BEGIN
  PERFORM pg_advisory_xact_lock_shared(hashtextextended('ffq claims ' || current_schema(), 0));
  RETURN coalesce((SELECT value::bigint FROM meta WHERE name = 'claims'), 0);  -- as it is by now
END $$;
"""
"""What SQLite needs none of: numbers are given out before rows are there, who takes the first job
in line passes over those that others are about to take, and who puts a job in may be beside one who
forgets its key.
"""


OURS = """\
CREATE FUNCTION is_ours() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF current_setting('ffq.theirs', true) = 'on' THEN
    RAISE EXCEPTION USING ERRCODE = 'FQ001', MESSAGE =
      format('would write ''%s'', which is the queue''s own; leave it be', TG_TABLE_NAME);
  END IF;
  RETURN NULL;
END $$;
"""
"""Refuses statements of users, where we run them in our transactions."""

REFUSED = "FQ001"
"""What the server calls that."""

_TABLE = re.compile(r"^CREATE (?:UNLOGGED )?TABLE (\w+)", re.MULTILINE)
_TRIGGER = re.compile(r"^CREATE TRIGGER (\w+)", re.MULTILINE)


@lru_cache(maxsize=8)
def whole(design: Design, checks: bool = True) -> str:
    """Return all that makes an empty store."""
    tables = POSTGRESQL.tables(design.scope, design.tables, checks)
    beside = declared(design.beside) + MORE + OVER if design.beside else ""
    made = "\n".join([tables, TRACE, META, *map(triggers, design.tables), beside])
    return "\n".join([made, OURS, *map(_ours, _TABLE.findall(made))])


def _ours(table: str) -> str:
    return f"""\
CREATE TRIGGER {table}_is_ours BEFORE INSERT OR UPDATE OR DELETE OR TRUNCATE ON {table}
FOR EACH STATEMENT EXECUTE FUNCTION is_ours();
"""


def own_tables(design: Design) -> list[str]:
    """Return the tables of the queue."""
    return _TABLE.findall(whole(design))


def own_triggers(design: Design) -> set[str]:
    """Return the triggers of the queue."""
    return set(_TRIGGER.findall(whole(design)))


def says(design: Design) -> dict[str, str]:
    """Return what a store of this design says of itself."""
    return {"application": "failure-first job queue", "version": VERSION, **design.identity}

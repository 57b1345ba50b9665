"""What the spec leaves out: what a job is about, when it is due, and what was sent on its behalf.

These rows say when a step is taken. Whether it may be is for the guards of the spec alone.
"""

from __future__ import annotations

from dataclasses import replace
from functools import cache

from impl.derive.budgets import own_budgets
from impl.derive.design import Design, derive
from impl.derive.tables import Carried
from spec.language.declared.model import Spec
from spec.language.scope import Scope
from spec.queue import SCOPES
from spec.queue.job import Job

MOST = 100
"""More failures, or interruptions, than this no job can be allowed."""

CARRIED = (
    Carried("key", "TEXT NOT NULL", "of its request; a retry has that of the dead job"),
    Carried("kind", "TEXT NOT NULL", "which handler"),
    Carried(
        "timeout_ms", "INTEGER NOT NULL CHECK (timeout_ms > 0)", "how long one attempt may take"
    ),
    Carried("retry_of", "INTEGER REFERENCES job (id)", "the dead job that this one does again"),
    Carried(
        "claimed_before",
        "INTEGER NOT NULL CHECK (claimed_before >= 0)",
        "how many claims there were before under its key, or more",
    ),
    Carried("subject", "TEXT", "what it is about, if not about itself alone"),
    Carried("payload", "TEXT NOT NULL CHECK (json_valid(payload))", "for the handler"),
)
"""What a job is about."""

LASTS = {"deadline": "timeout_ms"}
"""Timers of which the row says how long they last."""

ANSWERS = {"paused": "EXISTS (SELECT 1 FROM paused WHERE paused.kind = job.kind)"}
"""What the world says of a job, and the store knows."""

SCHEMA = """
CREATE UNIQUE INDEX job_of_a_key ON job (key) WHERE retry_of IS NULL;
CREATE UNIQUE INDEX job_is_a_retry ON job (retry_of) WHERE retry_of IS NOT NULL;
CREATE INDEX job_about ON job (subject) WHERE subject IS NOT NULL;
CREATE INDEX job_is_due ON job (kind, due) WHERE due IS NOT NULL;
CREATE INDEX job_is_leased ON job (lease) WHERE lease IS NOT NULL;
CREATE INDEX job_has_a_notice ON job (notice) WHERE notice = 'due';

CREATE TABLE checkpoint (  -- what of a handler need not be done again
  job INTEGER NOT NULL REFERENCES job (id),
  what TEXT NOT NULL CHECK (what IN ('once', 'result')),  -- a step, or something worked out
  name TEXT NOT NULL,
  result TEXT CHECK (
    iif(what = 'result', result IS NOT NULL AND json_valid(result), result IS NULL)
  ),
  PRIMARY KEY (job, what, name)
) STRICT;

CREATE TABLE outbox (  -- what is to be done elsewhere, at least once
  id INTEGER PRIMARY KEY,
  key TEXT NOT NULL,  -- for the receiver, who must do it once
  job INTEGER NOT NULL REFERENCES job (id),
  topic TEXT NOT NULL,
  body TEXT NOT NULL CHECK (json_valid(body)),
  sent INTEGER NOT NULL DEFAULT 0 CHECK (sent IN (0, 1)),
  tries INTEGER NOT NULL DEFAULT 0,  -- how often it was handed over
  due INTEGER DEFAULT 0,  -- in ms: not before; none if it is given up
  error TEXT,  -- why it was not taken last time
  UNIQUE (topic, key)
) STRICT;

CREATE INDEX outbox_is_unsent ON outbox (topic, due) WHERE NOT sent;
CREATE INDEX outbox_of_a_job ON outbox (job);

CREATE TABLE notice (  -- deaths that were told, and not heard of
  job INTEGER PRIMARY KEY REFERENCES job (id),
  tries INTEGER NOT NULL,  -- as of a message
  due INTEGER,
  error TEXT
) STRICT;

CREATE TABLE failures (  -- of jobs of a kind, lately
  kind TEXT PRIMARY KEY,
  until INTEGER NOT NULL  -- in ms: when the budget has made up for all of them
) STRICT;

CREATE TABLE ended (  -- work that is over, and not taken up again
  job INTEGER PRIMARY KEY REFERENCES job (id) ON DELETE CASCADE,
  how TEXT NOT NULL CHECK (how IN ('done', 'dead', 'cancelled')),
  at INTEGER NOT NULL  -- in ms
) STRICT;

CREATE INDEX ended_since ON ended (how, at);

CREATE TRIGGER job_is_over AFTER UPDATE OF status ON job WHEN NEW.status IN ('done', 'dead')
BEGIN
INSERT INTO ended
VALUES (NEW.id, iif(NEW.reason = 'cancelled', NEW.reason, NEW.status), ffq_now());
END;

CREATE TRIGGER job_is_taken_up AFTER INSERT ON job WHEN NEW.retry_of IS NOT NULL
BEGIN DELETE FROM ended WHERE job = NEW.retry_of; END;

CREATE TABLE process (  -- who has ever opened the queue: a number is used once
  id INTEGER PRIMARY KEY,
  sort TEXT NOT NULL,
  pid INTEGER NOT NULL,
  kinds TEXT CHECK (kinds IS NULL OR json_valid(kinds))  -- those that a worker knows
) STRICT;

CREATE TABLE paused (  -- kinds of which nothing is claimed
  kind TEXT PRIMARY KEY,
  since INTEGER NOT NULL,  -- in ms
  user TEXT NOT NULL,
  pid INTEGER NOT NULL
) STRICT;
"""


ENDED = """\
INSERT INTO ended
SELECT id, CASE WHEN reason = 'cancelled' THEN reason ELSE status END, CAST(? AS INTEGER) FROM job
WHERE status IN ('done', 'dead') AND id NOT IN (
  SELECT retry_of FROM job WHERE retry_of IS NOT NULL
)"""
"""Lets what is over have ended at a moment, where nobody has written down when it did."""


@cache
def design() -> Design:
    """Return the store of the whole spec."""
    return queue_of(SCOPES["reference"].spec)


def queue_of(spec: Spec) -> Design:
    """Return the store of a spec, where each job has budgets of its own."""
    # A store does not ask how many jobs there are: only whoever maps its rows to a scope does.
    sizes = {sort.__name__: 1 for sort in spec.sorts}
    scope = Scope("queue", spec, sizes | dict.fromkeys(spec.constants, MOST))
    derived = derive(own_budgets(scope, Job), carried={Job: CARRIED}, lasts=LASTS, answers=ANSWERS)
    return replace(derived, beside=SCHEMA)


def stepping_as(spec: Spec) -> Design:
    """Return the same store, whose steps are those of an edited spec: to see that it is noticed."""
    edited = derive(design().scope.on(spec), carried={Job: CARRIED}, lasts=LASTS, answers=ANSWERS)
    return replace(design(), transitions=edited.transitions)

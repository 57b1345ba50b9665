"""What shows the damage of each failure mode: a property, from which the query is derived, or a
condition over steps written by hand; or why nothing durable shows it.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Detector:
    """Either the property whose violation is looked for, or the condition itself, as SQL over
    `table`: the rows (`job`) or the steps of the trace (`step`).
    """

    by: str = ""
    table: str = ""
    where: str = ""


_STALE = "held <> token"

DETECTORS = {
    "FM-001": Detector("rows_are_kept"),
    "FM-002b": Detector("a_claim_is_one_record"),
    "FM-003a": Detector(table="step", where="action = 'promote' AND status_after = 'absent'"),
    "FM-003b": Detector("a_claim_is_one_record"),
    "FM-006a": Detector("rows_are_kept"),
    "FM-006c": Detector("verdicts_are_just"),
    "FM-007": Detector("every_claim_has_an_outcome"),
    "FM-009": Detector("leases_run_by_their_stamp"),
    "FM-005": Detector("changes_are_followed_by_jobs"),
    "FM-008d": Detector(
        table="step",
        where="action = 'return_store' AND status = 'claimed' AND silence_after <> 'none'",
    ),
    "FM-008e": Detector("connections_decide_nothing"),
    "FM-010": Detector(table="step", where=f"action = 'settle_done' AND {_STALE}"),
    "FM-011": Detector(
        table="step",
        where=f"action IN ('settle_failed', 'settle_released', 'heartbeat') AND {_STALE}",
    ),
    "FM-012": Detector("writes_never_go_back"),
    "FM-013": Detector("terminal_is_absorbing"),
    "FM-015": Detector("one_outcome_per_claim"),
    "FM-016": Detector("no_renewal_after_the_deadline"),
    "FM-018": Detector(table="step", where="action = 'record' AND recorded"),
    "FM-021": Detector("no_hidden_partial_update"),
    "FM-022b": Detector(table="job", where="status = 'done' AND NOT recorded"),
    "FM-023": Detector("what_was_passed_was_handed_on"),
    "FM-024a": Detector("terminal_is_absorbing"),
    "FM-024b": Detector("one_job_about_the_same"),
    "FM-025a": Detector("permits_come_back"),
    "FM-025b": Detector("who_is_at_work_has_a_permit"),
    "FM-026a": Detector("parents_wait_for_their_children"),
    "FM-026b": Detector("parents_count_their_children"),
    "FM-027a": Detector("deliveries_are_bounded"),
    "FM-027b": Detector("deliveries_are_bounded"),
    "FM-028": Detector("verdicts_are_just"),
    "FM-029": Detector("deaths_are_announced"),
    "FM-030": Detector("terminal_is_absorbing"),
    "FM-036": Detector("retries_are_paced"),
    "FM-065": Detector("retries_keep_to_the_budget"),
    "FM-031b": Detector(table="step", where="action = 'enqueue' AND status <> 'absent'"),
    "FM-032a": Detector("lanes_keep_their_order"),
    "FM-035b": Detector("nothing_stands_on_a_withdrawn_input"),
    "FM-041": Detector("a_permit_has_one_job"),
    "FM-042": Detector("permits_come_back"),
    "FM-044": Detector("served_ticks_have_their_job"),
    "FM-045": Detector("parents_count_their_children"),
    "FM-046": Detector("parents_wait_for_their_children"),
    "FM-048": Detector("done_has_its_follow_up"),
    "FM-050": Detector("done_has_handled_its_value"),
    "FM-051": Detector("values_never_go_back"),
    "FM-052": Detector("rows_are_kept"),
    "FM-053": Detector("no_item_fails_for_another"),
    "FM-054": Detector("done_has_no_open_item"),
    "FM-055": Detector(
        table="step",
        where="action = 'handle' AND item_one = item_one_after AND item_two = item_two_after",
    ),
    "FM-066": Detector("results_are_kept"),
    "FM-060": Detector(table="step", where="action = 'retry' AND status <> 'dead'"),
    "FM-061": Detector("budgets_are_spent_since_the_retry"),
    "FM-062": Detector("the_dead_alone_are_listed"),
    "FM-063": Detector("workers_read_what_is_shown"),
    "FM-056": Detector("failures_are_of_those_who_can_read"),
    "FM-049": Detector(table="step", where="action = 'settle_done' AND followed"),
}

_TIME = (
    "an orphan looks like any claim whose lease has expired: only its age tells, and there is no "
    "clock here. Watch the age of the oldest expired lease"
)

_OUTSIDE = (
    "the store that has lost an answer is in good order, its trace included: only {who} knows "
    "better. {remedy}"
)

_ALIVE = (
    "a worker that does not renew is to the store what a dead one is, and recovery treats it so. "
    "Watch how many claims of workers that live are ended by recovery"
)

_LATER = (
    "the trace hears of it with the next row of that worker, and of one that dies first never. "
    "From that row on `ffq validate` names the step"
)

UNDETECTED = {
    "FM-002a": _TIME,
    "FM-003c": _OUTSIDE.format(
        who="the sender", remedy="Compare what it has released with what is here"
    ),
    "FM-004": _OUTSIDE.format(
        who="the client", remedy="Compare what it was told with what is here"
    ),
    "FM-006b": "the row says that the job has failed, and not that nobody understood it: have "
    "workers say which kinds they know, and compare",
    "FM-008a": _ALIVE,
    "FM-008b": _ALIVE,
    "FM-008c": f"beginning a job changes no row, and what is written after it is fenced; {_LATER}",
    "FM-014": "the row is that of any claim that is renewed; that its worker was started again in "
    "between is no step on a row. Watch the age of the oldest claim",
    "FM-017": _TIME,
    "FM-019": "the marker says that the effect took place, and the store holds nothing else that "
    "knows of it: ask whatever the effect was made in",
    "FM-020": "what would show it is what was forgotten: a key that comes again looks like a new "
    "one. Compare the horizon with how long clients go on asking",
    "FM-022a": "dropping a job changes no row, and the claim looks like that of a dead worker, as "
    f"which recovery treats it; {_LATER}",
    "FM-024c": _OUTSIDE.format(
        who="the client", remedy="Compare what it was told with what is here"
    ),
    "FM-025c": "a job that is put aside looks like any other that is, whether or not anybody comes "
    "back to it. Watch the age of the oldest one, and whether permits are free meanwhile",
    "FM-031a": "a job that was never put in leaves no row: compare the moments of the schedule "
    "with the keys that are there",
    "FM-033": "how much room is left is known to the file system alone: watch it, and the log",
    "FM-034a": "dropping a job changes no row; the claim looks like that of a dead worker, and "
    "recovery treats it as one. Count the answers that were busy",
    "FM-035a": _OUTSIDE.format(
        who="whoever received an effect or holds a token",
        remedy="Compare the keys that receivers have noted with the jobs that wait",
    ),
    "FM-037": "the row is that of any claim, and the trace does not say what was paused: compare "
    "when each job was claimed with since when its kind is paused",
    "FM-038": _OUTSIDE.format(
        who="whoever asks both stores",
        remedy="Ask each server whether it takes writes, and compare who was told what by which",
    ),
    "FM-039": "the row is that of any claim whose lease has expired; who has it locked is known to "
    "the server alone. Watch the age of the oldest transaction that is idle",
    "FM-043": _TIME,
    "FM-032b": "a job that waits looks like any other, whoever stands before it. Watch the age of "
    "the oldest job of each lane, and whether workers are idle meanwhile",
    "FM-047": "a parent that waits for a child that is to come looks like any other, whether or "
    "not anybody will put it in. Watch the age of the oldest one",
    "FM-064": "a job that waits looks like any other, whoever sleeps. Watch the age of the "
    "oldest job that is ready, and whether workers are idle meanwhile",
    "FM-057": "a job that waits looks like any other, whoever can read it. Compare the forms of "
    "what is open with the versions that run",
    "FM-058": "a claim whose worker is not listed is found in a healthy queue as well, until its "
    "lease has expired and somebody has looked. Watch the age of the oldest one",
    "FM-059": _TIME,
    "FM-040": "a job that waits looks like any other, whoever was told of it. Watch the age of the "
    "oldest job that is ready",
}
"""Why a failure mode has no detector over what is durable."""

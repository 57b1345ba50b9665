"""Repairs: what is done to a damaged row once the protection is back.

Each is one guarded step on one row, so that it can be killed between any two steps and run again:
the row alone says what is left to do. Workers and recoverers have been restarted by then, for the
protection came with a new version of them. No repair touches a row that a healthy run can have.
What no repair mends is set aside.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from spec.failures.repairs.fleet import do_by_a_reader, fail_by_a_reader, give_to_a_reader
from spec.failures.repairs.life import (
    announce_late,
    ask_again,
    charge,
    correct_reason,
    done_is_on_record,
    drop_lease,
    drop_permit,
    end_without_permit,
    give_back,
    let_expire,
    put_back,
    put_back_untried,
    reopen_unjust,
    reopen_unproved,
    take_back_effect,
    take_back_notice,
    unmark,
)
from spec.failures.repairs.operators import (
    forget_what_was_before,
    read_what_is_shown,
)
from spec.failures.repairs.related import (
    count_again,
    do_with_the_newer_value,
    end_early_claim,
    follow_late,
    go_on_with_what_is_open,
    hand_on_late,
    put_back_behind,
    put_in_again,
    take_back_the_failure,
)

Repair = Callable[..., Any]

SHOWS = {"done_has_its_effect": done_is_on_record}
"""For an invariant that speaks of the world outside, what a row has to show of it."""

REPAIRS: dict[str, tuple[Repair, ...]] = {
    "FM-001": (put_back,),
    "FM-002b": (drop_lease, give_back, let_expire),
    "FM-003b": (drop_lease, let_expire, announce_late, take_back_notice),
    "FM-006c": (put_back_untried,),
    "FM-005": (ask_again,),
    "FM-008e": (charge,),
    "FM-022b": (reopen_unproved,),
    "FM-023": (hand_on_late,),
    "FM-025a": (drop_permit,),
    "FM-025b": (end_without_permit,),
    "FM-026a": (count_again, end_early_claim),
    "FM-026b": (count_again,),
    "FM-027a": (charge,),
    "FM-027b": (charge,),
    "FM-028": (reopen_unjust, correct_reason, announce_late),
    "FM-029": (announce_late,),
    "FM-032a": (put_back_behind,),
    "FM-035b": (take_back_effect,),
    "FM-042": (drop_permit,),
    "FM-044": (unmark,),
    "FM-045": (count_again,),
    "FM-046": (count_again, end_early_claim),
    "FM-048": (follow_late,),
    "FM-053": (take_back_the_failure,),
    "FM-054": (go_on_with_what_is_open,),
    "FM-056": (fail_by_a_reader, do_by_a_reader, give_to_a_reader),
    "FM-052": (put_in_again,),
    "FM-050": (do_with_the_newer_value,),
    "FM-061": (forget_what_was_before,),
    "FM-063": (read_what_is_shown,),
}
"""Which repairs each failure mode wants; where none is named, bad rows are set aside."""

RESIDUE = {
    "FM-001": "whatever the lost worker had begun is begun again: only a key at the effect keeps "
    "it from happening twice",
    "FM-002b": "a job that was done may be given up later: the trace alone names it",
    "FM-003a": "the job is gone, and its client does not know: whoever planned it has to ask again",
    "FM-003c": "the job is gone: its sender keeps what it sent for as long as a copy may be "
    "restored, and sends it again",
    "FM-004": "the answer was a promise that nobody can keep now: clients ask again with the same "
    "key, and what runs again finds its effect on record",
    "FM-006a": "the job is gone: its client has to ask again",
    "FM-006b": "a job that died of it looks like any other that has failed: bring back what "
    "failed while the deployment lasted",
    "FM-006c": "the job was late by as long as it lay given up",
    "FM-009": "work that was under way was begun again beside it; what the first worker then "
    "reports is refused",
    "FM-005": "the job is late by as long as nobody had asked for it",
    "FM-008d": "work that was under way was doubled: the token keeps the late worker out of the "
    "row, not out of the world",
    "FM-008e": "work that was under way was doubled, and its first worker is refused at the end",
    "FM-010": "the job is done by the word of a worker that had lost it; the worker that held it "
    "was never heard",
    "FM-011": "an attempt was charged to the wrong claim, and work that was under way was doubled",
    "FM-012": "the halves of two attempts stay mixed until somebody puts them right by hand",
    "FM-013": "a job that had ended was tried again",
    "FM-015": "a job that was done may be tried again, and be done twice: the trace alone names it",
    "FM-018": "the world has seen the effect twice; the trace names the job, and only a "
    "compensation takes it back",
    "FM-019": "work that is marked and was not done looks done: ask whatever the effect is made in",
    "FM-020": "the effect has taken place twice, and only a compensation takes it back",
    "FM-024a": "the counts and the token of the first life are gone, and the job has run again",
    "FM-023": "the job is handed on late, and after others that were put in later",
    "FM-024c": "there is no job, and whoever was told of one does not know: it has to ask again",
    "FM-024b": "the work was done twice; what the second job did outside stays done",
    "FM-025a": "what waited was late by as long as the permit was lost",
    "FM-025b": "more was at work than the limit allows, and whatever it protects has seen that",
    "FM-025c": "the job is late by as long as nobody looked",
    "FM-028": "the job was late by as long as it lay buried",
    "FM-031a": "what was to happen at that moment did not: whoever knows the schedule has to ask",
    "FM-031b": "the counts and the token of the first job are gone, and what it did stays done",
    "FM-033": "room has to be made from outside: a larger disk, or a file that was kept for it",
    "FM-034a": "the work is done again, and its effect meets its key",
    "FM-035a": "what two workers did under one token cannot be told apart; the store is put back "
    "once more, as a new history, so that both are refused",
    "FM-029": "whoever waits for the notice was told late",
    "FM-036": "what was tried too soon has used up its attempts, beside the load",
    "FM-065": "what was tried beyond the budget has used up its attempts, beside the load",
    "FM-037": "what the job has done outside, while somebody wanted it to wait, stays done",
    "FM-038": "what the store that is given up had promised since they parted is to be looked for "
    "by hand, and receivers asked which keys they know",
    "FM-039": "the job is late by as long as its row was locked",
    "FM-040": "the job is late by as long as nobody asked",
    "FM-064": "the job is late by as long as everybody slept",
    "FM-041": "more was at work than the limit allows, and whatever it protects has seen that",
    "FM-042": "what waited was late by as long as the job backed off with its permit",
    "FM-044": "the job is late by as long as the mark stood",
    "FM-043": "the job, and what waited for it, is late by as long as it was nobody's",
    "FM-026a": "what the parent has made of children that were not over stays made",
    "FM-026b": "the parent was late by as long as nobody counted",
    "FM-045": "the parent was late by as long as nobody counted",
    "FM-046": "what the parent has made of children that were not there stays made",
    "FM-047": "the parent is late by as long as nobody put the child in",
    "FM-048": "what follows is late by as long as nobody asked for it",
    "FM-049": "the second follow-up has run, and what it did stays done",
    "FM-050": "what the older value has brought about stays until the newer one is handled",
    "FM-051": "the newer value is gone: whoever made it has to bring it again",
    "FM-052": "both values are gone: their clients have to ask again",
    "FM-053": "what could have been done was late by as long as it lay given up",
    "FM-054": "what was left open was late by as long as nobody looked",
    "FM-055": "what was done twice stays done, and only a compensation takes it back",
    "FM-066": "the part is done again, and what it has done outside stays done twice",
    "FM-060": "work that was under way, or done, was begun once more",
    "FM-061": "the job was late by as long as it lay given up for the second time",
    "FM-062": "what was done twice stays done, and only a compensation takes it back",
    "FM-063": "what was begun while somebody wanted it to wait stays done",
    "FM-056": "what was done by half, by a version that passed over the rest, stays done",
    "FM-057": "what waited was late by as long as nobody could read it",
    "FM-058": "the job is late by as long as nobody looked for it",
    "FM-059": "the jobs, and the deployment, are late by as long as nobody resumed by hand",
    "FM-032a": "what was done before its turn stays done in that order",
    "FM-032b": "the others were late by as long as nobody looked past the first",
    "FM-035b": "whoever read the effect before it was taken back has read it",
}
"""What no repair takes back."""

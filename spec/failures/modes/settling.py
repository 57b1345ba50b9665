"""Failure modes of ending a claim: by a worker that is late, or for a reason that is not true."""

from spec.failures.failure import FailureMode, Loss

MODES = (
    FailureMode(
        "FM-010",
        "a_late_worker_is_believed",
        Loss(
            ("settle_done.fenced",),
            "only_the_holder_settles",
            "one-job",
            "A worker that lost its claim reports success, and the queue believes it while "
            "another one is at work.",
        ),
        "Success is accepted only with the token of the claim that the row names.",
        naive=(
            Loss(
                ("instead settle_done settle_what_is_done",),
                "a_job_is_done_once",
                "one-job",
                "So that a report may come twice, success is taken of what is done: a late worker "
                "writes over the next one.",
            ),
        ),
    ),
    FailureMode(
        "FM-011",
        "a_late_worker_ends_the_claim_of_another",
        Loss(
            ("settle_released.fenced",),
            "a_live_claim_ends_by_its_holder",
            "one-job",
            "A worker that lost its claim gives the job back, and so ends the claim of the one "
            "that is at work.",
        ),
        "Failure, release and renewal are accepted only with the token that the row names.",
        elsewhere=(
            Loss(
                ("settle_failed.fenced",),
                "a_live_claim_ends_by_its_holder",
                "one-job",
                "A worker that lost its claim reports a failure, which is charged to the claim of "
                "another one.",
            ),
            Loss(
                ("settle_released.leased",),
                "one_outcome_per_claim",
                "one-job",
                "A worker gives back a job whose claim was ended before: it is charged twice.",
            ),
            Loss(
                ("settle_failed.leased",),
                "one_outcome_per_claim",
                "one-job",
                "A worker reports the failure of a claim that was ended before: it is charged "
                "twice.",
            ),
            Loss(
                ("heartbeat.fenced",),
                "leases_are_renewed_for_their_holder",
                "one-job",
                "A worker that lost its claim renews the lease of another one that has died.",
            ),
            Loss(
                ("heartbeat.leased",),
                "a_claim_is_one_record",
                "one-job",
                "A worker renews the lease of a claim that was ended before.",
            ),
        ),
    ),
    FailureMode(
        "FM-022a",
        "a_worker_walks_away_from_what_it_holds",
        Loss(
            ("abandon.lost",),
            "workers_settle_what_they_hold",
            "one-job",
            "A worker takes a settle that did not get through for one that did, and drops a job "
            "that is still its own.",
        ),
        "A worker drops a job only when it has read that the job is no longer its own.",
    ),
    FailureMode(
        "FM-034a",
        "a_busy_store_is_taken_for_an_answer",
        Loss(
            ("instead abandon let_go_when_put_off",),
            "workers_settle_what_they_hold",
            "busy",
            "A worker wants to report its job, the store is locked, and the worker takes the error "
            "for the end of it.",
        ),
        "A worker that was put off tries again, in a transaction that begins with the lock, until "
        "the row says that the job is no longer its own.",
        modelled="the lock is an answer here, and nobody holds one",
    ),
    FailureMode(
        "FM-022b",
        "done_without_evidence",
        Loss(
            ("settle_done.evidence",),
            "done_has_its_effect",
            "whole",
            "A handler returns without having done its work, and the job counts as done.",
        ),
        "A job is done only where its effect is on record.",
        elsewhere=(
            Loss(
                ("settle_done.running",),
                "done_was_run",
                "one-job",
                "A worker reports success of a job that it never began.",
            ),
            Loss(
                ("find_recorded.recorded",),
                "no_hidden_partial_update",
                "whole",
                "A worker takes the effect for committed without looking, and later commits what "
                "it never wrote.",
            ),
        ),
    ),
    FailureMode(
        "FM-027b",
        "a_failure_leaves_no_trace",
        Loss(
            ("instead settle_failed fail_and_roll_back",),
            "deliveries_are_bounded",
            "one-job",
            "A failure is written in the transaction that fails, so that the count is rolled back "
            "and the job is tried for ever.",
        ),
        "A failure is counted in a step of its own that can always be taken.",
        elsewhere=(
            Loss(
                ("split settle_failed status",),
                "one_outcome_per_claim",
                "one-job",
                "A failure is counted, and the worker dies before the claim is ended.",
            ),
        ),
    ),
    FailureMode(
        "FM-036",
        "a_failure_is_tried_again_at_once",
        Loss(
            ("instead settle_failed fail_at_once",),
            "retries_are_paced",
            "due",
            "A job that has failed is put back to be taken at once, and its retries add to the "
            "load that made it fail.",
        ),
        "A job that has failed waits before it is tried again, and is not taken before its time.",
        elsewhere=(
            Loss(
                ("claim.due",),
                "claims_are_of_what_is_due",
                "due",
                "A worker takes a job that waits, without looking whether its time has come.",
            ),
            Loss(
                ("split settle_failed due",),
                "retries_are_paced",
                "due",
                "The failure is written, and the worker dies before it writes how long to wait.",
            ),
        ),
    ),
    FailureMode(
        "FM-030",
        "the_dead_come_back_to_life",
        Loss(
            ("settle_done.leased",),
            "terminal_is_absorbing",
            "one-job",
            "A job was buried, and a worker that was slow reports success under the same token.",
        ),
        "No step leaves an end: a settle needs a claim that is open, not only the right token.",
        elsewhere=(
            Loss(
                ("settle_done.leased",),
                "terminal_is_absorbing",
                "whole",
                "A job is cancelled while its worker runs, and success overwrites the "
                "cancellation.",
            ),
            Loss(
                ("cancel.open",),
                "terminal_is_absorbing",
                "whole",
                "A client cancels a job that has ended, and its end is written over.",
            ),
        ),
    ),
    FailureMode(
        "FM-065",
        "retries_come_all_at_once",
        Loss(
            ("claim.affordable",),
            "retries_keep_to_the_budget",
            "pace",
            "Everything has failed during an outage, each job has waited its time, and all of them "
            "are tried again together.",
            through=("via settle_failed then spend then claim",),
        ),
        "A retry is begun only while something is left of a budget that all retries share, and "
        "takes its part of it by the same step.",
        elsewhere=(
            Loss(
                ("stale claim.affordable",),
                "retries_keep_to_the_budget",
                "pace",
                "Workers look at the budget first and begin afterwards, and one rest of it lets "
                "all of them go.",
            ),
            Loss(
                ("split claim spent",),
                "each_retry_is_charged",
                "pace",
                "A retry is begun and charged afterwards, and others begin in between.",
            ),
        ),
        naive=(
            Loss(
                ("instead claim claim_and_charge_failures",),
                "retries_keep_to_the_budget",
                "pace",
                "Only failures need the budget: what recovery puts back after the outage, having "
                "been cut short, goes on at once.",
            ),
        ),
    ),
)

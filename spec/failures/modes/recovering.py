"""Failure modes of recovery: it does not come, comes on an old picture, or ends jobs its own
way.
"""

from spec.failures.failure import FailureMode, Loss

MODES = (
    FailureMode(
        "FM-002a",
        "an_orphan_is_never_given_back",
        Loss(
            ("unfair expire",),
            "orphans_are_freed",
            "one-job",
            "A worker dies with a job, and because no lease runs out the job stays claimed.",
        ),
        "A claim has a lease that runs out, and somebody looks for leases that have.",
        elsewhere=(
            Loss(
                ("unfair look",),
                "orphans_are_freed",
                "one-job",
                "The lease runs out, and nobody looks.",
            ),
        ),
    ),
    FailureMode(
        "FM-003b",
        "a_job_is_in_two_places",
        Loss(
            ("split recover lease",),
            "a_claim_is_one_record",
            "one-job",
            "A recoverer dies between giving a job back and ending its lease, so the job waits "
            "and is leased at once.",
        ),
        "A job is moved by one step.",
    ),
    FailureMode(
        "FM-013",
        "recovery_acts_on_an_old_picture",
        Loss(
            ("recover.expired",),
            "terminal_is_absorbing",
            "one-job",
            "A recoverer saw an expired lease, the worker then ended the job for good, and the "
            "recoverer gives it back.",
        ),
        "The write of a recoverer is conditional on what it saw: the lease is still expired.",
        elsewhere=(
            Loss(
                ("look.expired",),
                "only_expired_claims_are_taken_up",
                "one-job",
                "A recoverer takes up a job without having looked at its lease.",
            ),
            Loss(
                ("stale recover.expired",),
                "a_live_claim_ends_by_its_holder",
                "one-job",
                "A recoverer asks whether the lease has run out before it has the row, and writes "
                "when it has it: in between the lease was renewed.",
            ),
        ),
        naive=(
            Loss(
                ("instead recover recover_what_is_claimed",),
                "a_live_claim_ends_by_its_holder",
                "one-job",
                "The recoverer looks again whether the job is claimed; the lease was renewed, or "
                "the claim is another one, and it cannot tell.",
            ),
        ),
    ),
    FailureMode(
        "FM-015",
        "two_guardians_act_at_once",
        Loss(
            ("split recover",),
            "one_outcome_per_claim",
            "one-job",
            "A recoverer checks the lease, another one ends the claim, and the first one writes "
            "what it had decided: one claim is charged twice.",
            through=("never settle_released", "never settle_failed", "never settle_done"),
        ),
        "Check and write of a recoverer are one step, so that the second one changes nothing.",
    ),
    FailureMode(
        "FM-017",
        "the_guardian_does_not_come_back",
        Loss(
            ("unfair recoverer_restart",),
            "orphans_are_freed",
            "one-job",
            "The recoverers die and nobody restarts them, so the jobs of dead workers stay where "
            "they are.",
        ),
        "Recovery is restarted like any other process, and does not depend on the queue it guards.",
        elsewhere=(
            Loss(
                ("unfair recoverer_restart",),
                "the_guardian_returns",
                "one-job",
                "A recoverer that has died stays dead.",
            ),
            Loss(
                ("unfair recover",),
                "orphans_are_freed",
                "one-job",
                "The recoverer looks, and never gets round to writing.",
            ),
        ),
        naive=(
            Loss(
                ("weakly recover",),
                "orphans_are_freed",
                "requests",
                "The recoverer runs, and always looks next at a worker that lets its lease run "
                "out and renews it: it never gets round to the one that died.",
            ),
        ),
    ),
    FailureMode(
        "FM-027a",
        "a_job_kills_its_workers_for_ever",
        Loss(
            ("instead recover recover_uncharged",),
            "deliveries_are_bounded",
            "one-job",
            "A job kills each worker that runs it, and since the attempt is not charged it is "
            "handed out again and again.",
            through=("never settle_released", "via crash then recover then crash then recover"),
        ),
        "Each claim that recovery ends is charged to the job, and the budget buries it.",
    ),
    FailureMode(
        "FM-028",
        "a_job_is_buried_for_an_interruption",
        Loss(
            ("instead recover recover_as_failure",),
            "verdicts_are_just",
            "one-job",
            "A worker goes silent once, and the job is buried as failed although it never failed.",
        ),
        "Failures and interruptions have a budget each.",
    ),
    FailureMode(
        "FM-029",
        "a_death_is_not_told",
        Loss(
            ("instead recover recover_without_notice",),
            "deaths_are_announced",
            "one-job",
            "Recovery buries a job by a step of its own, and nobody is told of the death.",
        ),
        "There is one way to die, for workers and recoverers: it writes reason, letter and notice.",
        elsewhere=(
            Loss(
                ("instead settle_failed fail_directly",),
                "deaths_are_announced",
                "one-job",
                "A worker buries a job by a step of its own, and nobody is told of the death.",
            ),
            Loss(
                ("prune.told",),
                "a_notice_is_final",
                "keeping",
                "The row of a dead job is forgotten before anybody was told of the death.",
            ),
        ),
    ),
)

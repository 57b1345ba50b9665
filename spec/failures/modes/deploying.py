"""Failure modes of deployments: versions side by side, a registry of workers, and drains."""

from spec.failures.failure import FailureMode, Loss

MODES = (
    FailureMode(
        "FM-056",
        "a_row_is_taken_by_a_version_that_cannot_read_it",
        Loss(
            ("claim.readable",),
            "failures_are_of_those_who_can_read",
            "fleet",
            "A deployment is rolled back, an old worker takes a row that the new version has put "
            "in, cannot read it, and reports a failure of the job.",
            through=(
                "via upgrade then upgrade then roll_back then restart then claim then "
                "settle_failed",
            ),
        ),
        "The row says in whose form it is, and a worker takes only what its version can read.",
        elsewhere=(
            Loss(
                ("claim.readable",),
                "done_was_readable",
                "fleet",
                "The old worker passes over what it does not know, and reports the job done.",
            ),
        ),
    ),
    FailureMode(
        "FM-057",
        "nobody_is_left_who_can_read_it",
        Loss(
            ("instead claim claim_of_ones_own_version",),
            "every_job_ends",
            "fleet",
            "The last old worker is deployed away while a job of the old version is open, and the "
            "new ones take only their own.",
        ),
        "A version reads what the one before it has written, until nothing of that is open.",
        elsewhere=(
            Loss(
                ("unfair upgrade",),
                "every_job_ends",
                "fleet",
                "Clients of the new version put jobs in, its workers are rolled back for good or "
                "never come, and the jobs wait.",
            ),
        ),
    ),
    FailureMode(
        "FM-058",
        "an_orphan_goes_with_the_entry_of_its_worker",
        Loss(
            ("instead look look_in_the_registry",),
            "orphans_are_freed",
            "fleet",
            "A worker dies and is struck off the registry, and recovery, which goes through the "
            "workers that are listed, never sees what it had.",
        ),
        "Recovery goes through the claims, and asks of none whether its worker is listed.",
        naive=(
            Loss(
                ("instead strike strike_with_its_claim",),
                "a_live_claim_ends_by_its_holder",
                "fleet",
                "Whoever strikes a worker off ends its claims as well, and a worker that was "
                "unheard for a moment loses what it is at.",
            ),
        ),
    ),
    FailureMode(
        "FM-059",
        "recovery_waits_for_what_it_is_to_end",
        Loss(
            ("instead look look_as_a_job",),
            "orphans_are_freed",
            "fleet",
            "Recovery is a job of the queue, which is kept back until nothing is at work, and an "
            "orphan is at work until it is recovered.",
        ),
        "Recovery is no job: it runs whether or not the queue hands anything out.",
    ),
)

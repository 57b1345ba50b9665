"""Failure modes of limits: how many jobs at once, and which of two that are about the same."""

from spec.failures.failure import FailureMode, Loss

MODES = (
    FailureMode(
        "FM-024b",
        "two_jobs_are_put_in_where_one_is_enough",
        Loss(
            ("stale enqueue.vacant",),
            "one_job_about_the_same",
            "unique",
            "Two clients look for a job about the same, find none, and each inserts one.",
        ),
        "The step that inserts a job asks whether one about the same is there, and a unique index "
        "decides.",
        elsewhere=(
            Loss(
                ("enqueue.vacant",),
                "one_job_about_the_same",
                "unique",
                "Each request has a key of its own, and nobody asks what it is about.",
            ),
        ),
    ),
    FailureMode(
        "FM-025a",
        "a_permit_outlives_its_claim",
        Loss(
            ("split recover permit",),
            "permits_come_back",
            "permits",
            "A recoverer ends the claim of a dead worker and gives its permit back afterwards; if "
            "it dies in between, nobody gets it.",
        ),
        "The permit stands in the row of the job, and the step that ends a claim gives it back.",
        elsewhere=(
            Loss(
                ("split recover permit",),
                "every_job_ends",
                "permits",
                "The limit is smaller by one for ever, and where it was one nothing is begun any "
                "more.",
            ),
            Loss(
                ("split settle_done permit",),
                "permits_come_back",
                "permits",
                "A worker reports success and dies before it gives the permit back.",
            ),
            Loss(
                ("split cancel permit",),
                "permits_come_back",
                "permits",
                "A job is cancelled, and its permit stays with it.",
            ),
            Loss(
                ("split settle_done keeps_out",),
                "who_is_over_keeps_nobody_out",
                "unique",
                "A job is done and keeps out whoever is about the same.",
            ),
        ),
        naive=(
            Loss(
                ("instead pass_deadline free_when_overdue",),
                "who_is_at_work_has_a_permit",
                "permits",
                "The permit runs out after a time, so that it cannot be lost: a job that takes "
                "longer is still at work when the next one begins.",
            ),
        ),
    ),
    FailureMode(
        "FM-025b",
        "a_permit_is_given_back_by_another",
        Loss(
            ("instead abandon abandon_and_give_back",),
            "who_is_at_work_has_a_permit",
            "permits",
            "A late worker gives back the permit that was its own, and which the next claim of "
            "the job has by now.",
        ),
        "A permit is given back by the step that ends its claim, and by nobody else.",
        elsewhere=(
            Loss(
                ("instead abandon abandon_and_make_room",),
                "who_was_not_begun_keeps_others_out",
                "unique",
                "A late worker lets another job in, although the one about the same waits for its "
                "retry.",
            ),
        ),
        naive=(
            Loss(
                ("instead look look_and_free",),
                "who_is_at_work_has_a_permit",
                "permits",
                "A sweeper frees the permits of workers that it takes for dead, and one of them "
                "is only slow.",
            ),
        ),
    ),
    FailureMode(
        "FM-025c",
        "a_job_that_is_put_aside_is_not_looked_at_again",
        Loss(
            ("unfair look_again",),
            "every_job_ends",
            "permits",
            "A job is put aside for want of a permit, the permit comes back at that moment, and "
            "nobody comes to look.",
        ),
        "A job that is put aside is looked at again after a while, whether or not anybody has told "
        "of a permit.",
    ),
    FailureMode(
        "FM-041",
        "two_claims_take_one_permit",
        Loss(
            ("stale claim.free",),
            "a_permit_has_one_job",
            "permits",
            "Two workers see that less than the limit is at work, and each begins a job.",
        ),
        "A permit is a value that two rows cannot have: the step that claims takes it, and a "
        "unique index decides.",
        elsewhere=(
            Loss(
                ("claim.free",),
                "a_permit_has_one_job",
                "permits",
                "A worker begins a job without asking who else is at work.",
            ),
        ),
    ),
    FailureMode(
        "FM-042",
        "a_job_waits_for_its_own_permit",
        Loss(
            ("instead settle_failed fail_and_keep",),
            "every_job_ends",
            "permits",
            "A job that has failed keeps its permit until the retry, and the retry finds it taken.",
        ),
        "A job that backs off has no permit, and takes one as any other does when it is tried "
        "again.",
        elsewhere=(
            Loss(
                ("instead settle_failed fail_and_keep",),
                "permits_come_back",
                "permits",
                "A job that backs off keeps out those that could be at work.",
            ),
        ),
    ),
    FailureMode(
        "FM-043",
        "a_recovery_is_refused_for_what_the_job_is_about",
        Loss(
            ("instead recover recover_into_a_free_place",),
            "orphans_are_freed",
            "unique",
            "A job is put back by the step that puts in new ones, which refuses it, for one about "
            "the same is there: the job itself.",
        ),
        "What ends a claim asks nobody: a job that is tried again keeps what it has, or waits "
        "beside a newer one.",
    ),
)

"""Failure modes of keeping jobs: moved, deleted, given up, forgotten, or without room."""

from spec.failures.failure import FailureMode, Loss

MODES = (
    FailureMode(
        "FM-003a",
        "a_job_is_lost_on_its_way_into_the_queue",
        Loss(
            ("split promote status",),
            "promised_jobs_are_somewhere",
            "schedule",
            "A job that is due is taken out of the schedule and put into the queue afterwards; if "
            "the promoter dies in between, it is in neither.",
        ),
        "A job is moved out of the schedule and into the queue by one step; or it has one place, "
        "and is not moved at all.",
        elsewhere=(
            Loss(
                ("promote.due",),
                "terminal_is_absorbing",
                "schedule",
                "A second promoter, which saw the job when it was due, moves it once more.",
            ),
        ),
        modelled="the list and its promoters are another design; in this queue a job for later "
        "waits in its row",
    ),
    FailureMode(
        "FM-006a",
        "an_unfinished_job_is_deleted",
        Loss(
            ("prune.over",),
            "rows_are_kept",
            "keeping",
            "The cleaning deletes what is old, and a job that still waits is old as well.",
        ),
        "Only the rows of jobs that are over are deleted.",
    ),
    FailureMode(
        "FM-006b",
        "a_job_dies_of_a_worker_that_does_not_know_it",
        Loss(
            ("claim.known",),
            "failures_are_of_those_who_know",
            "keeping",
            "A worker meets a job of a kind that it does not know, and reports a failure of the "
            "job.",
        ),
        "Who does not know a kind leaves its jobs alone: they wait until somebody does.",
        elsewhere=(
            Loss(
                ("claim.known",),
                "done_was_understood",
                "keeping",
                "A worker that does not know the kind has nothing to do, and reports success.",
            ),
        ),
    ),
    FailureMode(
        "FM-006c",
        "a_job_is_given_up_for_its_age",
        Loss(
            ("instead grow_old give_up_when_old",),
            "verdicts_are_just",
            "keeping",
            "No worker was there for a long time, and the jobs that waited are given up because "
            "they are old.",
        ),
        "A job is given up for the attempts that it has used, never for how long it has waited.",
    ),
    FailureMode(
        "FM-020",
        "a_key_is_forgotten_too_early",
        Loss(
            ("grow_old.outlives",),
            "a_key_outlives_its_requests",
            "keeping",
            "Keys are remembered for a shorter time than clients go on asking.",
        ),
        "A key is remembered for longer than any request that bears it can come.",
        elsewhere=(
            Loss(
                ("grow_old.outlives",),
                "a_job_is_done_once",
                "keeping",
                "A client asks once more after its key was forgotten, and the job is done a second "
                "time.",
            ),
            Loss(
                ("prune.old",),
                "a_job_is_done_once",
                "keeping",
                "A row is deleted as soon as its job is over, and the key with it.",
            ),
            Loss(
                ("grow_old.outlives",),
                "one_worker_per_token",
                "keeping",
                "A worker of the key's first life is at work when another one claims its second, "
                "and both hold one token.",
            ),
        ),
    ),
    FailureMode(
        "FM-033",
        "a_full_store_cannot_be_drained",
        Loss(
            ("enqueue.headroom",),
            "a_full_store_can_be_drained",
            "space",
            "Jobs are admitted until the file system is full, and then nobody can write what would "
            "make room.",
        ),
        "New jobs are refused while there is still room for those who settle and delete.",
        modelled="the pages are counted here, and no file system is full",
    ),
)

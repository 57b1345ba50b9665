"""Failure modes of the store: it answers too early, or comes back as it was."""

from spec.failures.failure import FailureMode, Loss

_DISK = "the disk is columns beside the row here, and a real one is cut off by `ffq crashlab`"
_LOCK = "the lock is a column here, and a real one is tried on the page on failover"
_OTHER = "the old store is what a worker knows of it; the page on failover has two real ones"

MODES = (
    FailureMode(
        "FM-003c",
        "a_job_is_released_before_it_is_stored",
        Loss(
            ("weaken enqueue",),
            "accepted_jobs_are_in_the_queue",
            "storage",
            "A job is handed to another store, and given up here before it is synced there: a loss "
            "of power leaves it in neither.",
        ),
        "Whoever hands a job over keeps it until the other store has made it durable.",
        elsewhere=(
            Loss(
                ("confirm.stored",),
                "accepted_jobs_are_in_the_queue",
                "storage",
                "A sender gives up a job that no other store has: it was told before anything was "
                "written.",
            ),
        ),
        modelled=_DISK,
    ),
    FailureMode(
        "FM-004",
        "an_answer_is_given_before_it_is_durable",
        Loss(
            ("weaken settle_done",),
            "terminal_is_absorbing",
            "storage",
            "A worker is told that its job is done, the power fails, and the job is handed out "
            "again.",
        ),
        "No answer to an enqueue or a settle is given before its write is synced; a claim needs no "
        "sync of its own.",
        elsewhere=(
            Loss(
                ("weaken enqueue",),
                "rows_are_kept",
                "storage",
                "A client is told that its job is in the queue, the power fails, and the job is "
                "gone.",
            ),
            Loss(
                ("weaken settle_failed",),
                "counts_only_grow",
                "storage",
                "A failure is counted, the power fails, and the job has an attempt more than it is "
                "allowed.",
            ),
            Loss(
                ("weaken settle_released",),
                "counts_only_grow",
                "storage",
                "A job is given back, the power fails, and the interruption is not counted.",
            ),
            Loss(
                ("weaken recover",),
                "counts_only_grow",
                "storage",
                "A claim of a dead worker is ended, the power fails, and the interruption is not "
                "counted.",
            ),
        ),
        modelled=_DISK,
    ),
    FailureMode(
        "FM-035a",
        "an_old_copy_gives_out_old_tokens",
        Loss(
            ("instead restore restore_in_the_same_history",),
            "one_worker_per_token",
            "copies",
            "An older copy of the store is restored, the counter of claims goes back with it, and "
            "two workers hold the same token.",
        ),
        "A store that was put back begins a new history, which is part of every token; what runs "
        "again asks for its effect first.",
        elsewhere=(
            Loss(
                ("instead settle_done settle_by_the_number_alone",),
                "only_the_holder_settles",
                "copies",
                "A worker of a history that is over settles a job that another one has in the new "
                "one: the numbers are the same.",
            ),
            Loss(
                ("instead settle_done settle_by_the_history_alone",),
                "only_the_holder_settles",
                "copies",
                "Only the history is compared, and not the token: a late worker settles the claim "
                "of another one.",
            ),
            Loss(
                ("deliver.fresh",),
                "one_delivery_per_job",
                "copies",
                "A job that was done is restored as ready, runs again, and nobody asks whether its "
                "effect is there.",
            ),
            Loss(
                ("restore.copied",),
                "rows_are_kept",
                "copies",
                "A copy is restored that is older than the job, and the job is in no store.",
            ),
        ),
        naive=(
            Loss(
                ("instead lose_power come_back_as_if_nothing_had_been",),
                "one_worker_per_token",
                "storage",
                "A loss of power is taken for a restart: the token of a claim that was not synced "
                "is given out again, beside its first holder.",
            ),
        ),
        modelled=_DISK,
    ),
    FailureMode(
        "FM-038",
        "two_stores_answer",
        Loss(
            ("instead settle_done settle_at_the_store_it_was_claimed_at",),
            "a_job_is_done_once",
            "storage",
            "A standby was promoted while the old store is still up: a worker settles its job at "
            "the one, and the same job is done again at the other.",
        ),
        "A store that is no longer the only one answers nothing: it is shut off before another one "
        "is promoted, or waits for a standby that no longer listens.",
        modelled=_OTHER,
    ),
    FailureMode(
        "FM-039",
        "a_row_stays_locked",
        Loss(
            ("unfair break_off",),
            "orphans_are_freed",
            "busy",
            "A process stops inside a transaction, and recovery goes round the row that it has "
            "locked, for ever.",
        ),
        "The store breaks a transaction off in which nothing happens for too long.",
        modelled=_LOCK,
    ),
)

"""Failure modes of the store: it answers too early, or comes back as it was."""

from spec.failures.failure import FailureMode, Loss

_DISK = "the disk is columns beside the row here, and a real one is cut off by `ffq crashlab`"

MODES = (
    FailureMode(
        "FM-003c",
        "a_job_is_released_before_it_is_stored",
        Loss(
            ("instead release release_what_is_written",),
            "every_job_is_in_a_store",
            "storage",
            "A job is handed to another store, and given up here before it is synced there: a loss "
            "of power leaves it in neither.",
        ),
        "Whoever hands a job over keeps it until the other store has made it durable.",
        modelled=_DISK,
    ),
    FailureMode(
        "FM-004",
        "an_answer_is_given_before_it_is_durable",
        Loss(
            ("instead acknowledge acknowledge_what_is_written",),
            "answers_are_kept",
            "storage",
            "A client is told that its job is in the queue, the power fails, and the job is gone.",
        ),
        "No answer to an enqueue or a settle is given before its write is synced; a claim needs no "
        "sync of its own.",
        elsewhere=(
            Loss(
                ("instead hear hear_what_is_written",),
                "answers_are_kept",
                "storage",
                "A worker is told that its job is done, the power fails, and the job is handed out "
                "again.",
            ),
            Loss(
                ("acknowledge.durable",),
                "answers_are_kept",
                "storage",
                "A client is told that its job is in the queue before anything was written.",
            ),
            Loss(
                ("hear.durable",),
                "answers_are_kept",
                "storage",
                "A worker takes its job for done without having settled it.",
            ),
            Loss(
                ("release.durable",),
                "every_job_is_in_a_store",
                "storage",
                "A sender gives up a job that no other store has.",
            ),
        ),
        modelled=_DISK,
    ),
    FailureMode(
        "FM-035a",
        "an_old_copy_gives_out_old_tokens",
        Loss(
            ("instead restore restore_in_the_same_history",),
            "one_worker_per_token_and_history",
            "storage",
            "An older copy of the store is restored, the counter of claims goes back with it, and "
            "two workers hold the same token.",
        ),
        "A store that was put back begins a new history, which is part of every token; what runs "
        "again asks for its effect first.",
        elsewhere=(
            Loss(
                ("settle.current",),
                "the_last_claim_settles",
                "storage",
                "A worker of a history that is over settles a job that another one has in the new "
                "one: the numbers are the same.",
            ),
            Loss(
                ("settle.fenced",),
                "the_last_claim_settles",
                "storage",
                "Only the history is compared, and not the token: a late worker settles the claim "
                "of another one.",
            ),
            Loss(
                ("deliver.fresh",),
                "one_delivery_per_job",
                "storage",
                "A job that was done is restored as ready, runs again, and nobody asks whether its "
                "effect is there.",
            ),
            Loss(
                ("restore.copied",),
                "every_job_is_in_a_store",
                "storage",
                "A copy is restored that is older than the job, and its sender has given it up.",
            ),
        ),
        naive=(
            Loss(
                ("instead lose_power come_back_as_if_nothing_had_been",),
                "one_worker_per_token_and_history",
                "storage",
                "A loss of power is taken for a restart: the token of a claim that was not synced "
                "is given out again, beside its first holder.",
            ),
        ),
        modelled=_DISK,
    ),
)

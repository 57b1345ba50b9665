"""Failure modes of waiting: for a lease, by the wrong clock; for a lock, not at all."""

from spec.failures.failure import FailureMode, Loss

MODES = (
    FailureMode(
        "FM-009",
        "a_lease_is_judged_by_another_clock",
        Loss(
            ("instead take_back take_back_by_another_clock",),
            "leases_last_their_term",
            "waiting",
            "A clock is ahead of the one that has stamped a lease, and by it a worker that is "
            "alive has been silent for too long.",
        ),
        "A lease is stamped and judged by one clock, that of the store.",
        elsewhere=(
            Loss(
                ("take_back.over",),
                "leases_last_their_term",
                "waiting",
                "A job is taken back without looking at the stamp.",
            ),
        ),
        modelled="the ticks are counted in the row, and no clock is asked",
    ),
    FailureMode(
        "FM-034a",
        "a_busy_store_is_taken_for_an_answer",
        Loss(
            ("instead let_go let_go_when_put_off",),
            "busy_is_no_outcome",
            "waiting",
            "A worker wants to report its job, the store is locked, and the worker takes the error "
            "for the end of it.",
        ),
        "A worker that was put off tries again, in a transaction that begins with the lock, until "
        "the row says that the job is no longer its own.",
        elsewhere=(
            Loss(
                ("let_go.lost",),
                "busy_is_no_outcome",
                "waiting",
                "A worker drops its job without having read the row.",
            ),
        ),
        modelled="the lock is an answer here, and nobody holds one",
    ),
)

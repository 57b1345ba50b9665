"""Failure modes of schedules: a job for each moment, lost or put in twice."""

from spec.failures.failure import FailureMode, Loss

MODES = (
    FailureMode(
        "FM-031a",
        "a_tick_is_lost_while_nobody_looks",
        Loss(
            ("instead see see_in_the_moment",),
            "ticks_are_served",
            "ticks",
            "A scheduler reckons the next moment from its own start, and one that goes by while "
            "none is up is served by nobody.",
        ),
        "A scheduler looks for moments that have come and have no job, however long ago they came.",
    ),
    FailureMode(
        "FM-031b",
        "a_tick_is_served_twice",
        Loss(
            ("enqueue.new_key",),
            "one_job_for_each_tick",
            "ticks",
            "Two schedulers each take themselves for the only one, and each puts in a job for the "
            "same moment.",
        ),
        "The moment is the key of its job, so that a second one is refused, whoever leads.",
        elsewhere=(
            Loss(
                ("stale enqueue.new_key",),
                "one_job_for_each_tick",
                "ticks",
                "Two schedulers look whether the moment has its job, find none, and each puts one "
                "in.",
            ),
        ),
    ),
    FailureMode(
        "FM-044",
        "a_tick_is_marked_before_its_job_is_there",
        Loss(
            ("instead see see_and_mark",),
            "served_ticks_have_their_job",
            "ticks",
            "A scheduler writes that a moment is served and then puts its job in; it dies in "
            "between, and everybody takes the moment for served.",
        ),
        "That a moment is served and that its job is in the queue are written by one step.",
    ),
)

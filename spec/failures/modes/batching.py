"""Failure modes of batches and of parts: several things under one claim, none of them the other."""

from spec.failures.failure import FailureMode, Loss

MODES = (
    FailureMode(
        "FM-053",
        "one_refusal_refuses_all",
        Loss(
            ("settle_failed.all_refused",),
            "no_item_fails_for_another",
            "items",
            "One item of a batch cannot be done, the batch fails for it until it is given up, and "
            "the others with it.",
            through=("via refuse then settle_failed",),
        ),
        "An item that cannot be done is refused by itself, and a batch fails only if all of it is.",
    ),
    FailureMode(
        "FM-054",
        "who_is_not_mentioned_counts_as_done",
        Loss(
            ("settle_done.mentioned",),
            "done_has_no_open_item",
            "items",
            "A worker reports its batch done, and an item that it has never come to is done as "
            "well.",
            through=("via handle then settle_done",),
        ),
        "A batch is done when of each of its items something is known.",
        elsewhere=(
            Loss(
                ("settle_done.complete",),
                "done_has_every_part",
                "parts",
                "One part of a job comes to its end, and the worker reports the job done while the "
                "other part is at work.",
                through=("via write_results then settle_done",),
            ),
        ),
    ),
    FailureMode(
        "FM-055",
        "what_is_done_is_done_again_with_its_batch",
        Loss(
            ("handle.open",),
            "an_item_is_done_once",
            "items",
            "A batch is tried again from its beginning, and what was done of it is done again.",
            through=("via recover then handle",),
        ),
        "What was made of an item stands in the row, and an attempt does what is open.",
        elsewhere=(
            Loss(
                ("refuse.open",),
                "items_end_once",
                "items",
                "An item is refused after it was done, and its result is no longer known.",
            ),
            Loss(
                ("read_results.unfinished",),
                "a_part_is_done_once",
                "parts",
                "A part is begun again whose result is there, and is done twice.",
            ),
        ),
    ),
    FailureMode(
        "FM-066",
        "a_result_is_lost_between_parts",
        Loss(
            ("write_results.fresh",),
            "results_are_kept",
            "parts",
            "Two parts of a job end side by side, and the second overwrites the result of the "
            "first, which it has not read.",
        ),
        "Results are written only over the row that was read, and whoever comes too late reads "
        "again.",
        elsewhere=(
            Loss(
                ("write_results.fresh",),
                "a_part_is_done_once",
                "parts",
                "The part whose result is gone looks as if it had not been done, and is done "
                "again.",
            ),
        ),
        naive=(
            Loss(
                ("instead write_results write_results_of_the_same_time",),
                "results_are_kept",
                "parts",
                "What is compared is the time at which the row was last written, and two parts "
                "write at the same one.",
            ),
        ),
    ),
)

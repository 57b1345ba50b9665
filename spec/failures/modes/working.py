"""Failure modes of the work itself: what a handler changes, twice, half, or behind a fence."""

from spec.failures.failure import FailureMode, Loss

MODES = (
    FailureMode(
        "FM-012",
        "a_late_worker_writes_on",
        Loss(
            ("write_second.fenced",),
            "writes_never_go_back",
            "whole",
            "A worker that lost its claim goes on writing, over what the next one has written.",
        ),
        "Shared state takes a write only with the token of the claim that the row names.",
        elsewhere=(
            Loss(
                ("write_first.fenced",),
                "writes_never_go_back",
                "whole",
                "A worker that lost its claim begins to write, over what the next one has written.",
            ),
            Loss(
                ("record.fenced",),
                "no_hidden_partial_update",
                "whole",
                "A worker that lost its claim commits while the next one is half-way.",
            ),
            Loss(
                ("write_first.leased",),
                "dead_letters_are_true",
                "whole",
                "A worker writes after the job was buried, and the dead letter is no longer true.",
            ),
            Loss(
                ("write_second.leased",),
                "dead_letters_are_true",
                "whole",
                "A worker writes on after the job was buried.",
            ),
            Loss(
                ("record.leased",),
                "dead_letters_are_true",
                "whole",
                "A worker commits after the job was buried.",
            ),
            Loss(
                ("handle.own",),
                "items_end_under_their_claim",
                "items",
                "A worker that lost its batch goes on with the items that the next one has.",
            ),
            Loss(
                ("refuse.own",),
                "items_end_under_their_claim",
                "items",
                "A worker that lost its batch refuses an item that the next one can do.",
            ),
            Loss(
                ("write_results.own",),
                "results_come_under_their_claim",
                "parts",
                "A part whose worker has lost the job writes its result.",
            ),
        ),
    ),
    FailureMode(
        "FM-018",
        "an_effect_takes_place_twice",
        Loss(
            ("record.once",),
            "one_effect_per_job",
            "whole",
            "The answer to a commit is lost, and the worker commits again.",
        ),
        "Effect and idempotency key are written in one step, which refuses a key that is there.",
    ),
    FailureMode(
        "FM-019",
        "the_marker_lies",
        Loss(
            ("split record applied",),
            "the_record_tells_the_truth",
            "whole",
            "The marker is written and the worker dies before the effect, so everybody after it "
            "believes that the work is done.",
        ),
        "Marker and effect are one durable step.",
        elsewhere=(
            Loss(
                ("record.second",),
                "no_hidden_partial_update",
                "whole",
                "The effect is recorded before the work is complete.",
            ),
        ),
        naive=(
            Loss(
                ("instead write_first mark_first",),
                "no_hidden_partial_update",
                "whole",
                "The marker is written first, to keep others away: if its worker dies, what is "
                "half done stays so for ever and is marked as complete.",
            ),
        ),
    ),
    FailureMode(
        "FM-021",
        "work_begins_again_over_what_is_committed",
        Loss(
            ("write_first.unrecorded",),
            "no_hidden_partial_update",
            "whole",
            "An attempt that follows a committed one starts from the beginning, and writes over "
            "the first step of what is committed.",
        ),
        "Each attempt looks at what is on record before it writes.",
    ),
    FailureMode(
        "FM-035b",
        "what_was_made_of_a_withdrawn_input_stands",
        Loss(
            ("record.valid",),
            "nothing_stands_on_a_withdrawn_input",
            "versions",
            "The input of a job is withdrawn while its worker is at it, and the worker commits "
            "what it made of it.",
        ),
        "A commit needs an input that is still valid, and a withdrawal takes back what was made.",
        elsewhere=(
            Loss(
                ("split withdraw undone",),
                "nothing_stands_on_a_withdrawn_input",
                "versions",
                "The input is marked, and whoever marks it dies before the effect is taken back.",
            ),
        ),
        naive=(
            Loss(
                ("instead withdraw withdraw_and_undo",),
                "only_what_took_place_is_undone",
                "versions",
                "The withdrawal takes the effect back without looking whether there was one.",
            ),
        ),
    ),
)

"""Failure modes of requests and readers that meet insertions which are not committed."""

from spec.failures.failure import FailureMode, Loss

MODES = (
    FailureMode(
        "FM-023",
        "a_cursor_passes_an_open_number",
        Loss(
            ("move_past.closed",),
            "what_was_passed_was_handed_on",
            "cursor",
            "A relay reads a later number first and moves on; the job before it is committed "
            "behind the relay, and never read.",
        ),
        "A relay moves past a number only when its insertion is over and what came of it is handed "
        "on.",
        elsewhere=(
            Loss(
                ("move_past.handed_on",),
                "what_was_passed_was_handed_on",
                "cursor",
                "The relay moves on before it hands on, and what it had read is lost when it dies.",
            ),
            Loss(
                ("stale move_past.closed",),
                "no_open_number_is_passed",
                "cursor",
                "The relay asks what is open, an insertion begins, and it moves on by the old "
                "answer.",
            ),
            Loss(
                ("stale move_past.handed_on",),
                "what_was_passed_was_handed_on",
                "cursor",
                "The relay reads the rows and asks afterwards what is open: what was committed in "
                "between it moves past unread.",
            ),
        ),
        naive=(
            Loss(
                ("instead move_past move_past_in_the_end",),
                "what_was_passed_was_handed_on",
                "cursor",
                "The relay waits for a missing number, and not for ever: one transaction takes "
                "longer.",
            ),
        ),
    ),
    FailureMode(
        "FM-024c",
        "a_duplicate_of_nothing",
        Loss(
            ("instead confirm confirm_what_is_open",),
            "nobody_was_told_of_what_is_rolled_back",
            "cursor",
            "A second request is answered as a duplicate of a job that is not committed; the first "
            "is rolled back, and there is no job.",
            through=("via begin_insertion then send",),
        ),
        "A request is answered as a duplicate only of a job that is committed: until then it "
        "waits, or is told that nothing is known.",
    ),
)

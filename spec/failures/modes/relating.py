"""Failure modes between jobs: order, parents that wait, follow-ups, and values taken in."""

from spec.failures.failure import FailureMode, Loss

MODES = (
    FailureMode(
        "FM-032a",
        "a_job_overtakes_one_that_is_tried_again",
        Loss(
            ("instead claim claim_past_a_retry",),
            "lanes_keep_their_order",
            "lanes",
            "The first job of a lane has failed and waits for its retry, nobody is at work, and "
            "the second goes first.",
        ),
        "A job of a lane is taken only when the one before it is over, and one that is to be tried "
        "again is not.",
        elsewhere=(
            Loss(
                ("claim.first",),
                "lanes_keep_their_order",
                "lanes",
                "A worker takes any job that is ready, whatever lane it is in.",
            ),
        ),
    ),
    FailureMode(
        "FM-032b",
        "a_stuck_lane_holds_up_the_others",
        Loss(
            ("instead claim claim_at_the_front",),
            "every_job_ends",
            "lanes",
            "The job that stands first cannot be taken, its lane being stuck; workers look at no "
            "other, and are idle.",
        ),
        "A lane holds back its own jobs and no others: a worker looks past what it cannot take.",
    ),
    FailureMode(
        "FM-026a",
        "a_child_is_counted_twice",
        Loss(
            ("end_elder.first_end",),
            "parents_wait_for_their_children",
            "joins",
            "A child that is over is reported once more, its parent counts it again, and begins "
            "while another one is at work.",
        ),
        "The step that counts a child asks whether it has been over before, and marks it.",
        elsewhere=(
            Loss(
                ("end_younger.first_end",),
                "parents_wait_for_their_children",
                "joins",
                "It is the last child that is reported twice, before the first one is over.",
            ),
        ),
    ),
    FailureMode(
        "FM-026b",
        "an_end_tells_nobody",
        Loss(
            ("instead end_younger end_and_tell_if_done",),
            "parents_are_resumed",
            "joins",
            "A child is given up, only a child that is done tells its parent, and the parent waits "
            "for ever.",
        ),
        "The step that ends a child counts it, however the child ends and whoever ends it.",
        elsewhere=(
            Loss(
                ("split end_younger left",),
                "parents_count_their_children",
                "joins",
                "A child is over before its parent is told, and whoever is to tell it may die.",
            ),
        ),
    ),
    FailureMode(
        "FM-045",
        "nobody_is_the_last",
        Loss(
            (
                "instead end_elder end_elder_by_the_picture",
                "instead end_younger end_younger_by_the_picture",
                "stale end_elder.picture",
                "stale end_younger.picture",
            ),
            "parents_are_resumed",
            "joins",
            "Two children end at the same moment, each sees the other one at work, and nobody "
            "resumes the parent.",
        ),
        "How many children are left is counted by the statement that writes it, and not by whoever "
        "has read it before.",
    ),
    FailureMode(
        "FM-046",
        "a_parent_is_resumed_before_its_children_are_there",
        Loss(
            (
                "instead enqueue enqueue_to_wait_for_one",
                "instead put_in_younger put_in_and_count",
            ),
            "parents_wait_for_their_children",
            "joins",
            "The first child is over before the second is put in, nothing is left to wait for, and "
            "the parent is done with work missing.",
        ),
        "A parent waits from the beginning for every child that is to come.",
        elsewhere=(
            Loss(
                ("claim.complete",),
                "parents_wait_for_their_children",
                "joins",
                "A worker takes a parent as it takes any other job, and nobody asks for whom it "
                "waits.",
            ),
            Loss(
                ("put_in_younger.coming",),
                "parents_wait_for_their_children",
                "joins",
                "Whoever makes the children begins again and puts one in once more, which nobody "
                "waits for.",
            ),
        ),
    ),
    FailureMode(
        "FM-047",
        "a_child_never_comes",
        Loss(
            ("unfair put_in_younger",),
            "parents_are_resumed",
            "joins",
            "Whoever makes the children dies half-way, and the parent waits for one that is never "
            "put in.",
        ),
        "Which children are to come stands in the store with their parent, and whoever comes next "
        "puts them in.",
    ),
    FailureMode(
        "FM-048",
        "a_follow_up_is_lost",
        Loss(
            ("split settle_done followed",),
            "done_has_its_follow_up",
            "followups",
            "A worker reports that its job is done and dies before it has put in what follows.",
        ),
        "The step that says that a job is done puts its follow-up in.",
    ),
    FailureMode(
        "FM-049",
        "a_completion_makes_two_follow_ups",
        Loss(
            ("instead settle_done settle_and_follow_again",),
            "one_follow_up_for_each_job",
            "followups",
            "Two workers report the same job done, both reports are taken, and each puts in a "
            "follow-up.",
        ),
        "Only the step that ends the claim puts the follow-up in, and a claim ends once.",
        elsewhere=(
            Loss(
                ("instead start start_with_its_follow_up",),
                "one_follow_up_for_each_job",
                "followups",
                "The handler puts the follow-up in before the job is done, and does so again when "
                "the job is tried again.",
            ),
        ),
    ),
    FailureMode(
        "FM-050",
        "a_value_goes_into_a_job_that_has_begun",
        Loss(
            ("stale take_in.waits",),
            "done_has_handled_its_value",
            "coalescing",
            "A client sees that the job waits and writes its newer value, which a worker that has "
            "begun in between never sees.",
        ),
        "A job takes in a value by the step that asks whether it waits, and the claim takes the "
        "value along.",
        elsewhere=(
            Loss(
                ("take_in.waits",),
                "done_has_handled_its_value",
                "coalescing",
                "A newer value is written into a job wherever it is.",
            ),
            Loss(
                ("instead claim claim_with_a_value_read_before", "stale claim.picture"),
                "done_has_handled_its_value",
                "coalescing",
                "A worker reads the value, the job takes in a newer one, and the worker claims it "
                "with what it has read.",
            ),
            Loss(
                ("split enqueue value",),
                "done_has_handled_its_value",
                "coalescing",
                "A job is put in and its value afterwards: a worker begins it with none.",
            ),
        ),
    ),
    FailureMode(
        "FM-051",
        "an_older_value_replaces_a_newer_one",
        Loss(
            ("take_in.newer",),
            "values_never_go_back",
            "coalescing",
            "A client is late with what it has seen, and its value takes the place of one that was "
            "made after it.",
        ),
        "A job takes in a value only if it was made later than its own.",
    ),
    FailureMode(
        "FM-052",
        "a_job_is_taken_out_to_change_it",
        Loss(
            ("instead take_in take_out_for_a_newer_one",),
            "rows_are_kept",
            "coalescing",
            "A client takes the job out, to put it in again with a newer value, and dies in "
            "between: neither value is in the queue.",
        ),
        "The value of a job that waits is replaced in its row, by one step.",
    ),
)

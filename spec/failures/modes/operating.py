"""Failure modes of operators: what they do from a screen that is older than the row."""

from spec.failures.failure import FailureMode, Loss

MODES = (
    FailureMode(
        "FM-060",
        "a_retry_acts_on_an_old_screen",
        Loss(
            ("retry.same_end",),
            "a_live_claim_ends_by_its_holder",
            "operators",
            "A screen shows a job as dead that was tried anew since and is at work, and whoever "
            "looks at it tries it anew once more.",
        ),
        "A retry is a write on a condition: the job is dead, and it is the end that the screen "
        "shows.",
        elsewhere=(
            Loss(
                ("see_dead.listed",),
                "a_live_claim_ends_by_its_holder",
                "operators",
                "The screen offers a retry of any job, and nobody asks whether it is dead.",
            ),
            Loss(
                ("stale retry.same_end",),
                "a_live_claim_ends_by_its_holder",
                "operators",
                "The page asks whether the job is still dead and writes afterwards: another "
                "operator was faster.",
            ),
        ),
        naive=(
            Loss(
                ("instead retry retry_what_is_dead",),
                "one_retry_for_each_look",
                "operators",
                "The retry asks whether the job is dead; it has died again since, and one look "
                "tries it anew twice.",
            ),
        ),
    ),
    FailureMode(
        "FM-061",
        "a_job_dies_again_of_its_old_attempts",
        Loss(
            ("instead retry retry_once_more",),
            "budgets_are_spent_since_the_retry",
            "operators",
            "An operator tries a dead job anew, its attempts count on from where they were, and it "
            "dies at its first interruption.",
        ),
        "A job that is tried anew has whole budgets, and what is counted begins with it.",
    ),
    FailureMode(
        "FM-062",
        "a_retry_copies_and_does_not_move",
        Loss(
            ("instead retry retry_by_a_copy",),
            "a_job_is_done_once",
            "operators",
            "A dead job is put into the queue and stays on the list of the dead; it is tried anew "
            "by two, and done twice.",
        ),
        "The step that puts a dead job into the queue takes it off the list of the dead.",
        elsewhere=(
            Loss(
                ("split retry listed",),
                "the_dead_alone_are_listed",
                "operators",
                "Whoever tries jobs anew puts the job into the queue and dies before it has taken "
                "it off the list.",
            ),
        ),
    ),
    FailureMode(
        "FM-063",
        "a_pause_stands_in_one_of_two_places",
        Loss(
            ("split pause_kind read_paused",),
            "what_is_shown_as_paused_is_not_claimed",
            "operators",
            "The setting says that a kind is paused, what workers read does not say so yet, and a "
            "job is begun.",
        ),
        "The step that writes the setting writes what workers read.",
        elsewhere=(
            Loss(
                ("claim.let",),
                "what_is_shown_as_paused_is_not_claimed",
                "operators",
                "There is a way to a job on which nobody asks whether its kind is paused.",
            ),
            Loss(
                ("split resume_kind read_paused",),
                "workers_read_what_is_shown",
                "operators",
                "A kind is shown as resumed, and for workers it is still paused.",
            ),
        ),
    ),
)

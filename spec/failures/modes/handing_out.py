"""Failure modes of asking for a job, taking it and beginning it."""

from spec.failures.failure import FailureMode, Loss

MODES = (
    FailureMode(
        "FM-001",
        "a_job_is_dropped_when_it_is_handed_over",
        Loss(
            ("instead claim pop",),
            "accepted_jobs_are_in_the_queue",
            "requests",
            "A worker takes a job out of the queue, and if it dies nobody has the job any more.",
        ),
        "A claim changes the row and keeps it; only a known outcome ends it.",
        naive=(
            Loss(
                ("instead claim acknowledge_early",),
                "done_was_run",
                "one-job",
                "The row is kept, and is marked done when it is handed over: the job is not lost "
                "from the table, only from the world.",
            ),
        ),
    ),
    FailureMode(
        "FM-002b",
        "a_claim_is_without_its_lease",
        Loss(
            ("split claim lease",),
            "a_claim_is_one_record",
            "one-job",
            "A worker dies between claiming the row and writing the lease, so no lease ever "
            "expires and no recoverer looks.",
        ),
        "Claim, lease and token change in one durable step.",
    ),
    FailureMode(
        "FM-005",
        "a_change_is_committed_without_its_job",
        Loss(
            ("split commit outbox",),
            "changes_are_followed_by_jobs",
            "intents",
            "A client commits its change and dies before it asks for the job that has to follow.",
        ),
        "The request for the job is written in the transaction that it belongs to.",
        elsewhere=(
            Loss(
                ("cross_off.stored",),
                "changes_are_followed_by_jobs",
                "intents",
                "The relay takes the request out of the outbox before the job is in the queue.",
            ),
        ),
        naive=(
            Loss(
                ("enqueue.due",),
                "jobs_follow_changes",
                "intents",
                "The job is put into the queue first, not to be forgotten: a worker may begin it "
                "before the change is there, and it may never be.",
            ),
        ),
    ),
    FailureMode(
        "FM-007",
        "two_workers_take_one_job",
        Loss(
            ("split claim",),
            "every_claim_has_an_outcome",
            "one-job",
            "Two workers see that a job is ready, and both write that they have it.",
        ),
        "A claim is one conditional write: it takes the row only if the row is ready by then.",
        elsewhere=(
            Loss(
                ("claim.ready",),
                "only_legal_transitions",
                "one-job",
                "A worker takes whatever it is told to take, in whichever state the row is.",
            ),
        ),
    ),
    FailureMode(
        "FM-008c",
        "a_job_is_begun_after_its_lease",
        Loss(
            ("start.fenced",),
            "handlers_are_entered_under_a_claim",
            "one-job",
            "A worker that fetched a job long ago enters the handler when another one has it.",
        ),
        "A worker looks at the row again when it begins, not only when it fetches.",
        elsewhere=(
            Loss(
                ("start.leased",),
                "handlers_are_entered_under_a_claim",
                "one-job",
                "A worker that fetched a job long ago enters the handler when the claim is over.",
            ),
        ),
    ),
    FailureMode(
        "FM-016",
        "a_heartbeat_hides_a_handler_that_hangs",
        Loss(
            ("heartbeat.in_time",),
            "no_renewal_after_the_deadline",
            "one-job",
            "A handler hangs, and the heartbeat of its process renews the lease for ever.",
        ),
        "A lease is not renewed after the deadline of the attempt.",
        elsewhere=(
            Loss(
                ("heartbeat.in_time",),
                "hung_attempts_end",
                "one-job",
                "The attempt keeps its claim for ever: no fair run has to end it.",
            ),
        ),
    ),
    FailureMode(
        "FM-024a",
        "a_repeated_request_revives_an_ended_job",
        Loss(
            ("enqueue.new_key",),
            "terminal_is_absorbing",
            "requests",
            "A client did not hear the answer and asks again, and a job that has ended is put "
            "back.",
        ),
        "A request carries a key, and a key that is taken is not inserted again: one step looks "
        "for it and inserts it.",
        elsewhere=(
            Loss(
                ("split enqueue",),
                "terminal_is_absorbing",
                "requests",
                "Two clients look for the key at once and find it free; one inserts the job, and "
                "when it has ended the other one inserts it again.",
            ),
        ),
    ),
    FailureMode(
        "FM-037",
        "a_paused_kind_is_begun",
        Loss(
            ("claim.unpaused",),
            "paused_kinds_are_not_claimed",
            "pausing",
            "Somebody pauses a kind, and a worker that runs already knows nothing of it and takes "
            "the next job.",
        ),
        "The step that claims a job asks whether its kind is paused.",
        elsewhere=(
            Loss(
                ("claim.undrained",),
                "what_is_drained_is_not_claimed",
                "fleet",
                "Jobs are kept back for a deployment, and a worker takes one all the same.",
            ),
        ),
        naive=(
            Loss(
                ("stale claim.unpaused",),
                "paused_kinds_are_not_claimed",
                "pausing",
                "The worker asks before it waits for a job: the kind is paused while it waits, and "
                "it takes what comes.",
            ),
            Loss(
                ("instead pause pause_and_take_back",),
                "a_pause_takes_no_job_away",
                "pausing",
                "The pause takes the jobs of the kind from their workers as well, and what was "
                "under way is done again.",
            ),
        ),
    ),
    FailureMode(
        "FM-040",
        "a_job_waits_for_a_lost_hint",
        Loss(
            ("instead claim claim_when_told",),
            "every_job_ends",
            "hints",
            "Workers sleep until they are told of a job, and a job of which nobody heard is never "
            "claimed.",
        ),
        "A worker asks of its own accord, and a hint only lets it ask sooner.",
    ),
    FailureMode(
        "FM-064",
        "asleep_while_work_waits",
        Loss(
            ("instead subscribe subscribe_after_the_look",),
            "sleepers_wake_for_a_job",
            "wakeups",
            "Workers find nothing, a job comes while nobody listens, and they subscribe and sleep.",
        ),
        "A worker subscribes, then looks, then sleeps; and begins again with each new connection.",
        elsewhere=(
            Loss(
                ("fall_asleep.looked",),
                "sleepers_wake_for_a_job",
                "wakeups",
                "A worker subscribes and sleeps, and what was in the queue before is never told.",
            ),
            Loss(
                ("fall_asleep.listening",),
                "sleepers_wake_for_a_job",
                "wakeups",
                "A worker whose connection broke when it had looked sleeps, and hears of nothing.",
            ),
            Loss(
                ("fall_asleep.untold",),
                "nobody_sleeps_over_a_hint",
                "wakeups",
                "A job is told between the look and the sleep, and the worker sleeps all the same.",
            ),
            Loss(
                ("instead lose_connection lose_connection_unawares",),
                "sleepers_wake_for_a_job",
                "wakeups",
                "A connection breaks without a word, and the worker sleeps on.",
            ),
        ),
        modelled="a look at all rows is asked of the world, for a step sees one row here",
    ),
)

"""Failure modes of holding a claim: its lease, its name, its connection, while time goes on."""

from spec.failures.failure import FailureMode, Loss

MODES = (
    FailureMode(
        "FM-008a",
        "a_lease_is_not_renewed",
        Loss(
            ("pass_period.renewed",),
            "no_lease_runs_out_on_the_well",
            "holding",
            "A worker is at work and does not renew its lease, and the job is handed out again.",
        ),
        "Whoever has a claim renews it in each period, and the lease runs from the renewal.",
        elsewhere=(
            Loss(
                ("expire.silent",),
                "no_lease_runs_out_on_the_well",
                "holding",
                "A lease runs from the claim, and renewals are not looked at: a job that takes "
                "long is handed out again while its worker is at it.",
            ),
            Loss(
                ("instead claim claim_stamped_before_the_wait",),
                "no_lease_runs_out_on_the_well",
                "holding",
                "The clock is read before the statement has its row: after a long wait the lease "
                "has run out as soon as it is given.",
            ),
        ),
    ),
    FailureMode(
        "FM-008b",
        "a_renewal_waits_for_the_handler",
        Loss(
            ("instead pass_period pass_over_the_busy",),
            "no_lease_runs_out_on_the_well",
            "holding",
            "The renewal is sent by the thread that runs the handler, and while the handler is "
            "busy the lease runs out.",
        ),
        "A lease is renewed whatever the handler does.",
    ),
    FailureMode(
        "FM-008d",
        "an_outage_counts_as_silence",
        Loss(
            ("instead return_store return_without_grace",),
            "no_lease_runs_out_on_the_well",
            "holding",
            "The store was out of reach, and when it is back the first thing it sees is that all "
            "leases have run out.",
        ),
        "A store that is back gives each claim a whole period before it counts silence.",
        elsewhere=(
            Loss(
                ("expire.reachable",),
                "no_lease_runs_out_on_the_well",
                "holding",
                "Leases run out while the store is out of reach.",
            ),
        ),
    ),
    FailureMode(
        "FM-008e",
        "a_claim_ends_with_its_connection",
        Loss(
            ("instead disconnect free_with_connection",),
            "a_live_claim_ends_by_its_holder",
            "holding",
            "A job belongs to a connection, and when that breaks another worker takes it while the "
            "first one is at work.",
        ),
        "A claim is in the row, and ends by a step on the row alone.",
    ),
    FailureMode(
        "FM-009",
        "a_lease_is_judged_by_another_clock",
        Loss(
            ("instead expire expire_by_another_clock",),
            "no_lease_runs_out_on_the_well",
            "clocks",
            "A clock is ahead of the one that has stamped a lease, and by it a worker that is "
            "alive has been silent for too long.",
        ),
        "A lease is stamped and judged by one clock, that of the store.",
        modelled="periods are counted in the row, and no clock is asked",
    ),
    FailureMode(
        "FM-014",
        "a_name_is_taken_for_its_predecessor",
        Loss(
            ("instead heartbeat renew_by_name",),
            "orphans_are_freed",
            "holding",
            "A worker dies and is started again under its name, and the new process renews the "
            "lease of a job that it knows nothing of.",
        ),
        "A claim is known by its token, which a process that was started again does not have.",
        elsewhere=(
            Loss(
                ("instead heartbeat renew_by_name",),
                "leases_are_renewed_for_their_holder",
                "holding",
                "The lease of the dead worker is made live again.",
            ),
        ),
    ),
)

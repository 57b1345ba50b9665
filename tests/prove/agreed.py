"""Two-phase commit with the lemmas that a proof on paper uses: decisions are sent when made, a
decision to commit was agreed to by everybody, and who has prepared does not abort by himself.
"""

from ffq.textbook.two_phase_commit import Decision, Manager, Phase, commit_protocol

from spec.language import Spec

agreed = Spec("two-phase commit, proved", commit_protocol)


@agreed.lemma("TC-1")
def decisions_are_sent(s):  # type: ignore[no-untyped-def]
    """What was decided is what was sent."""
    return (s.commit_sent == (s.decision == Decision.committed)) & (
        s.abort_sent == (s.decision == Decision.aborted)
    )


@agreed.lemma("TC-1")
def what_was_heard_was_sent(s, m: Manager):  # type: ignore[no-untyped-def]
    """The transaction manager knows only of managers that have prepared."""
    return s.heard[m] >> s.prepared_sent[m]


@agreed.lemma("TC-1")
def nobody_is_left_out(s, m: Manager):  # type: ignore[no-untyped-def]
    """A decision to commit was made when everybody had prepared."""
    return (s.decision == Decision.committed) >> s.heard[m]


@agreed.lemma("TC-1")
def who_has_prepared_waits(s, m: Manager):  # type: ignore[no-untyped-def]
    """A manager that has prepared ends only as it is told."""
    told = ((s.phase[m] == Phase.committed) & s.commit_sent) | (
        (s.phase[m] == Phase.aborted) & s.abort_sent
    )
    return s.prepared_sent[m] >> ((s.phase[m] == Phase.prepared) | told)


@agreed.lemma("TC-1")
def who_has_not_prepared_is_not_done(s, m: Manager):  # type: ignore[no-untyped-def]
    """A manager that never prepared commits only if it is told to."""
    return (s.phase[m] == Phase.committed) >> s.commit_sent

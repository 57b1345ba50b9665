"""A trace says nothing of the world: what is asked of it all the same, and what is not."""

from impl.derive.worldless import claims, shown
from spec.language.terms.expr import Read
from spec.language.terms.tree import walk
from spec.queue import SCOPES

SPEC = SCOPES["reference"].spec


def asks_the_world(*whole: object) -> bool:
    read = (e for one in whole for e in walk(one) if isinstance(e, Read))  # type: ignore[arg-type]
    return any(e.field.survival == "world" for e in read)


def test_nothing_that_is_asked_of_a_trace_asks_the_world() -> None:
    assert not any(asks_the_world(p.body) for p in claims(SPEC))
    for action in map(shown, SPEC.actions.values()):
        assert not asks_the_world(*(g.condition for g in action.guards)), action.name


def test_what_has_only_an_exemption_of_the_world_is_asked_all_the_same() -> None:
    left_out = SPEC.properties.keys() - {p.name for p in claims(SPEC)}
    assert left_out == {
        "a_key_outlives_its_requests",
        "jobs_come_from_clients",
        "what_is_old_is_asked_for_no_more",
        "a_full_store_can_be_drained",
        "rows_take_pages",
        "a_job_waits_for_a_deployment",
        "paused_kinds_are_not_claimed",
        "a_pause_takes_no_job_away",
        "a_job_waits_for_a_resume",
        "a_job_ends_while_its_kind_is_paused",
        "a_job_is_refused_and_another_one_waits",
    }


def test_who_claims_is_taken_to_know_the_kind() -> None:
    (update,) = (
        u for u in shown(SPEC.actions["claim"]).updates(SPEC) if u.field.name == "understood"
    )
    assert str(update.value) == "True"

"""The witness hides and does not change: it adds no guard to a step of the queue, and writes
nothing that the queue reads.
"""

import pytest

from spec.language.terms.expr import Read
from spec.language.terms.tree import walk
from spec.queue.outside.witness import watched
from spec.queue.watched import WATCHED


@pytest.mark.parametrize("name", WATCHED)
def test_the_witness_adds_no_guard_to_a_step_of_the_queue(name: str) -> None:
    queue = WATCHED[name]
    spec = watched(queue)
    for action in queue.actions.values():
        beside = spec.actions[action.name]
        assert beside.guards == action.guards
        assert (beside.fair, beside.finite) == (action.fair, action.finite)


@pytest.mark.parametrize("name", WATCHED)
def test_the_witness_changes_nothing_of_the_queue(name: str) -> None:
    queue = WATCHED[name]
    spec = watched(queue)
    for action in spec.actions.values():
        known = queue.actions.get(action.name)
        updates = [u for u in action.updates(spec) if u.field.name in queue.fields]
        assert [str(u) for u in updates] == [
            str(u) for u in (known.updates(queue) if known else [])
        ]
        for u in updates:
            read = {e.field.name for e in walk(u.value) if isinstance(e, Read)}
            assert read <= queue.fields.keys()

"""A machine that tries steps of the spec on the store in any order, and shrinks what it finds.

It is independent of the explorer, which says for each fault how long the shortest run to it is.
"""

from collections.abc import Collection
from functools import partial

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import (
    RuleBasedStateMachine,
    rule,
    run_state_machine_as_test,
)
from hypothesis.strategies import sampled_from

from checker.conformance.beside_spec import Divergence, Replay, Steps
from checker.conformance.heard import OnServer
from checker.search.targets import Target, ways
from impl.derive.design import Design, derive
from impl.postgresql.trial.embedded import Server
from spec.language.evaluate import Instance
from spec.queue import SCOPES
from tests.conformance.faults import setting, unasked
from tests.postgresql.mutants import mutate, rewritten
from tests.walks import Opened

ONE_JOB = SCOPES["one-job"]
BARE = derive(ONE_JOB, checks=False)
"""Without CHECKs, so that it is the comparison that notices a fault."""


def machine(design: Design, opened: Opened) -> type[RuleBasedStateMachine]:
    """Return a machine that tries any step at any time: the store takes it as the spec does, or
    refuses it as the spec does.

    One rule for all steps, possible or not: what is refused can be left out of a run without harm
    to the rest, and no choice of rules has to be shrunk beside the steps.
    """
    steps = Steps(design.scope)

    class Machine(RuleBasedStateMachine):
        def __init__(self) -> None:
            super().__init__()
            self.replay = opened(design, steps=steps)

        @rule(step=sampled_from(steps.every))
        def attempt(self, step: Instance) -> None:
            self.replay.step(step)

        def teardown(self) -> None:
            self.replay.store.close()

    return Machine


def hunt(
    design: Design, examples: int, opened: Opened = Replay, phases: Collection[Phase] = tuple(Phase)
) -> None:
    """Run the machine; derandomized, so that it does the same every time."""
    run_state_machine_as_test(
        machine(design, opened),
        settings=settings(
            max_examples=examples,
            phases=phases,
            stateful_step_count=100,
            derandomize=True,
            database=None,
            deadline=None,
            suppress_health_check=list(HealthCheck),
            print_blob=False,
        ),
    )


DEEP = [pytest.param(name, marks=pytest.mark.deep) for name in ("whole", "unique")]


@pytest.mark.parametrize("name", ["one-job", *DEEP])
def test_the_machine_finds_no_difference(name: str) -> None:
    hunt(derive(SCOPES[name]), examples=30)


@pytest.mark.deep
@pytest.mark.parametrize("name", ["one-job", "whole", "unique"])
def test_the_machine_finds_no_difference_on_a_server(name: str, server: Server) -> None:
    hunt(derive(SCOPES[name]), 30, partial(OnServer, server=server))


FAULTS: dict[str, tuple[Design, Target]] = {
    "a claim raises the token by two": (
        setting(BARE, "claim", "token", "token + 2"),
        Target("claim", None),
    ),
    "success leaves the lease": (
        setting(BARE, "settle_done", "lease", "lease"),
        Target("settle_done", None),
    ),
    "a notice is never sent": (
        setting(BARE, "notify", "notice", "'due'"),
        Target("notify", None),
    ),
    "recovery does not count": (
        setting(BARE, "recover", "interrupts", "interrupts"),
        Target("recover", None),
    ),
    "a lease is renewed after the deadline": (
        unasked(BARE, "heartbeat.in_time"),
        Target("heartbeat", "in_time"),
    ),
}


SHORT = "a claim raises the token by two"


@pytest.mark.parametrize(
    "fault",
    [SHORT, *(pytest.param(f, marks=pytest.mark.deep) for f in FAULTS if f != SHORT)],
)
def test_a_fault_is_found_and_shrunk_to_the_shortest_run(fault: str) -> None:
    design, target = FAULTS[fault]
    (way,) = (w for w in ways(ONE_JOB).found if w.target == target)
    with pytest.raises(Divergence) as differs:
        hunt(design, examples=1500)
    found = differs.value
    assert found.call.startswith(f"{target.action}(")
    assert found.step == len(way.steps) + 1


@pytest.mark.deep
def test_a_job_that_is_put_in_beside_one_about_the_same_is_found() -> None:
    """Without the index, which would keep it out as well."""
    design = derive(SCOPES["unique"], checks=False)
    with pytest.raises(Divergence, match=r"the spec says refused by vacant, the store done"):
        hunt(unasked(design, "enqueue.vacant"), 300, phases=[Phase.generate])


@pytest.mark.deep
def test_a_fault_on_a_server_is_found(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    """To shrink it, a store made anew for each run is too slow."""
    twice = partial(rewritten, rewrite=lambda text: text.replace("token + 1", "token + 2"))
    mutate(monkeypatch, "claim", twice)
    with pytest.raises(Divergence, match=r"claim.*token.job1.: the spec says 1, the store 2"):
        hunt(BARE, 100, partial(OnServer, server=server, checks=False), [Phase.generate])

"""All that is known of one failure mode: its five proofs, and the first three of its variants."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from checker.evidence import traces
from checker.evidence.detection.detected import detected
from checker.evidence.marks import Detected, Mark, Prevented, Recovered, Replayed, Reproduced
from checker.evidence.recovered import recovered
from checker.evidence.replayed import prevented, replayed, reproduced
from checker.prove.proof import prove
from checker.runs.cache import place, recall, remember
from checker.runs.sources import Sources
from checker.runs.trace import BadTrace
from spec.failures import FailureMode, Loss


@dataclass(frozen=True)
class Three:
    """The proofs of one loss that need no more than its trace."""

    loss: Loss
    reproduced: Reproduced
    replayed: Replayed
    prevented: Prevented


@dataclass(frozen=True)
class Five:
    """The proofs of a failure mode; `variants` are losses elsewhere and naive fixes."""

    mode: FailureMode
    main: Three
    detected: Detected
    recovered: Recovered
    variants: tuple[Three, ...]

    @property
    def marks(self) -> dict[str, Mark]:
        """The five marks by name, in order."""
        return {
            "reproduced": self.main.reproduced,
            "replayed": self.main.replayed,
            "prevented": self.main.prevented,
            "detected": self.detected,
            "recovered": self.recovered,
        }

    @property
    def complaints(self) -> list[str]:
        """What was tried and did not succeed; a mark that is missing for a reason is none."""
        said = [f"{self.mode.id}: {n}: {m.says}" for n, m in self.marks.items() if m.failed]
        for three in self.variants:
            name = traces.file_of(self.mode, three.loss).stem
            for mark in (three.reproduced, three.replayed, three.prevented):
                said += [f"{name}: {mark.says}"] if mark.failed else []
        return said


def five(mode: FailureMode) -> Five:
    """Compute the five proofs of a failure mode."""
    return Five(
        mode,
        three(mode, mode.loss),
        _kept(lambda: detected(mode), Detected),
        _kept(lambda: recovered(mode), Recovered),
        tuple(three(mode, loss) for loss in (*mode.elsewhere, *mode.naive)),
    )


def remembered(mode: FailureMode) -> Five:
    """Return the five proofs of a failure mode, computed once where none failed; what can be proved
    for any number is proved first, so that they are the same whatever was remembered before.
    """
    for loss in mode.losses:
        prove(traces.healthy(loss).spec)
    kept = tuple(traces.file_of(mode, loss) for loss in mode.losses)
    at = place("fives", Sources(__name__, specs=True, data=kept), [mode.id])
    found = recall(at, lambda stored: _read(mode, stored))
    if found is None:
        found = five(mode)
        if not found.complaints:
            remember(at, _stored(found))
    return found


def _stored(found: Five) -> dict[str, Any]:
    threes = [
        {name: vars(mark) for name, mark in vars(three).items() if name != "loss"}
        for three in (found.main, *found.variants)
    ]
    return {
        "threes": threes,
        "detected": vars(found.detected),
        "recovered": vars(found.recovered),
    }


def _read(mode: FailureMode, stored: Any) -> Five:
    main, *variants = (
        Three(
            loss,
            Reproduced(**three["reproduced"]),
            Replayed(**three["replayed"]),
            Prevented(**three["prevented"]),
        )
        for loss, three in zip(mode.losses, stored["threes"], strict=True)
    )
    detected, recovered = Detected(**stored["detected"]), Recovered(**stored["recovered"])
    return Five(mode, main, detected, recovered, tuple(variants))


def three(mode: FailureMode, loss: Loss) -> Three:
    """Compute the proofs of one loss that need no more than its trace."""
    return Three(
        loss,
        reproduced(mode, loss),
        _kept(lambda: replayed(mode, loss), Replayed),
        _kept(lambda: prevented(mode, loss), Prevented),
    )


def _kept(prove: Callable[[], Any], kind: type[Any]) -> Any:
    """Return the proof, or that there is no trace to prove it from."""
    try:
        return prove()
    except BadTrace:  # of which the first proof complains
        return kind(False, "", "", "the kept trace cannot be read")


def as_json(proofs: Five) -> dict[str, Any]:
    """Return the failure mode as `ffq failures --json` prints it."""
    mode, main = proofs.mode, proofs.main
    claim = traces.claim_of(mode.loss)
    detail: dict[str, dict[str, Any]] = {
        "reproduced": {"steps": main.reproduced.steps, "trace": main.reproduced.trace},
        "replayed": {"trace": main.reproduced.trace},
        "prevented": {
            "refused_by": main.prevented.refused_by or None,
            "at_step": main.prevented.at_step or None,
        },
        "detected": {
            "query": proofs.detected.query or None,
            "found": proofs.detected.found,
            "false_alarms": proofs.detected.false_alarms,
            "states_checked": proofs.detected.states_checked,
        },
        "recovered": {
            "states_checked": proofs.recovered.states_checked,
            "residue": proofs.recovered.residue or None,
        },
    }
    return {
        "id": mode.id,
        "name": mode.name,
        "says": mode.doc,
        "protection": mode.protection,
        "edit": list(mode.loss.edits),
        "through": list(mode.loss.through),
        "breaks": {"id": claim.id, "name": claim.name},
        "scope": mode.loss.scope,
        "incidents": [
            {"id": i.id, "system": i.system, "title": i.title, "url": i.url, "grade": i.grade}
            for i in mode.incidents
        ],
        "evidence": {n: _mark(m) | detail[n] for n, m in proofs.marks.items()},
        "variants": [_variant(mode, v) for v in proofs.variants],
    }


def _mark(mark: Mark) -> dict[str, Any]:
    return {
        "ok": mark.ok,
        "evidence": mark.evidence or None,
        "says": mark.says or None,
        "missing": mark.missing or None,
    }


def _variant(mode: FailureMode, three: Three) -> dict[str, Any]:
    loss = three.loss
    return {
        "kind": "naive" if loss in mode.naive else "elsewhere",
        "says": loss.doc,
        "edit": list(loss.edits),
        "breaks": {"id": traces.claim_of(loss).id, "name": loss.breaks},
        "scope": loss.scope,
        "steps": three.reproduced.steps,
        "trace": three.reproduced.trace,
        "ok": three.reproduced.ok and three.replayed.ok and three.prevented.ok,
        "refused_by": three.prevented.refused_by or None,
    }

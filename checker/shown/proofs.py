"""What people and programs see of proofs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.text import Text

from checker.prove.bmc.search import Bounded
from checker.prove.export import commented, everything
from checker.prove.portfolio import Decided
from checker.prove.proof import Proof
from checker.prove.proof_verdict import claims, verdict
from checker.prove.solvers.answer import Answer
from checker.runs.story import tell
from checker.runs.verdict import WORDS, Verdict
from checker.runs.walk import Walk
from checker.shown.checks import print_rows
from checker.shown.console import COLOURS, show_story, show_title
from spec.language.terms.expr import Read
from spec.language.terms.tree import walk

_SOLVERS = ("z3", "cvc5")


def status(proofs: Sequence[Proof]) -> int:
    """Return the exit status: 1 if an obligation fails or is disputed, 3 if one is not known."""
    decided = [d for p in proofs for d in p.decided]
    if any(d.verdict == "refuted" or d.disputed for d in decided):
        return 1
    return 3 if any(d.verdict == "unknown" for d in decided) else 0


def show(
    out: Console, proofs: Sequence[Proof], names: frozenset[str] | None, full: bool = True
) -> None:
    """Print each spec with its obligations counted, then each claim with its verdict; if not
    `full`, only what is not proved.
    """
    width = max((len(p.spec.name) for p in proofs), default=0)
    for proof in proofs:
        if full or not all(d.verdict == "proved" for d in proof.decided):
            _show_proof(out, proof)
        else:
            spared = f"{len(framed([proof])):>5,} by the frame"
            asked = f"{len(proof.decided) - len(framed([proof])):>3,} by both solvers"
            said = f"{len(proof.decided):>5,} obligations: {spared}, {asked}"
            out.print(Text(f"{proof.spec.name.ljust(width)} {said}"))
    rows: dict[tuple[str, str], list[tuple[Verdict, str]]] = {}
    for proof in proofs:
        for p in claims(proof.spec):
            if (names is None or p.name in names) and (full or not proof.proves(p.name)):
                found = rows.setdefault((p.id, p.name), [])
                found.append((verdict(proof, p), proof.spec.name))
    print_rows(out, rows, len(proofs))
    out.print()
    _show_idle(out, proofs)
    out.print(Text(summary(proofs)), soft_wrap=True)


def _show_proof(out: Console, proof: Proof) -> None:
    title = Text(proof.spec.name, style="bold")
    sizes = ", ".join([*(s.__name__ for s in proof.spec.sorts), *proof.spec.constants])
    title.append(f": any number of {sizes}", style="not bold")
    for edit in proof.spec.edits:
        title.append(f"; {edit}", style="bold red")
    out.print(title)
    total = len(proof.decided)
    each = (f"{len(_proved(proof, s)):,} by {s} in {_seconds(proof, s):.1f} s" for s in _SOLVERS)
    how = ", ".join([f"{len(framed([proof])):,} by the frame", *each])
    out.print(Text(f"  {total:,} obligations: proved {how}"), style="dim")
    for d in proof.decided:
        if d.disputed:
            said = f"z3 says {d.z3.verdict}, cvc5 says {d.cvc5.verdict}"
            out.print(Text(f"  disputed: {d.name}: {said}", style=COLOURS["✗"]))
        elif d.name in proof.first:
            style = COLOURS["✗" if d.verdict == "refuted" else "?"]
            out.print(Text(f"  {d.verdict}: {d.name}: {d.says}", style=style))
    more = sum(d.verdict != "proved" and d.name not in proof.first for d in proof.decided)
    if more:
        plural = "obligation fails" if more == 1 else "obligations fail"
        out.print(Text(f"  and {more} more {plural} for want of these", style=COLOURS["?"]))
    out.print()


def _show_idle(out: Console, proofs: Sequence[Proof]) -> None:
    """Print the lemmas that no spec which has them needs. Those of an image are made and not
    written: nobody can take them out.
    """
    having = {
        n
        for p in proofs
        for n, c in p.spec.properties.items()
        if c.kind == "lemma"
        and not any(isinstance(e, Read) and e.field.image for e in walk(c.body))
    }
    needed = {n for p in proofs for n in having & p.spec.properties.keys() if n not in p.idle}
    for name in sorted(having - needed):
        out.print(Text(f"  no proof needs the lemma {name}", style=COLOURS["V"]))


def summary(proofs: Sequence[Proof]) -> str:
    """Return the obligations of all specs counted, in one line."""
    decided = [d for p in proofs for d in p.decided]
    spared = len(framed(proofs))
    proved = sum(d.verdict == "proved" for d in decided) - spared
    specs = "1 spec" if len(proofs) == 1 else f"{len(proofs)} specs"
    how = f"{spared:,} proved by the frame, {proved:,} by both solvers"
    return f"{specs}, {len(decided):,} obligations: {how}, asked {texts(proofs):,} texts"


def framed(proofs: Sequence[Proof]) -> list[Decided]:
    """Return what needs no solver: the action writes nothing that the claim reads after it."""
    return [d for p in proofs for d in p.decided if d.framed]


def texts(proofs: Sequence[Proof]) -> int:
    """Return how many texts the solvers were asked: what specs share is asked once."""
    return len({d.text for p in proofs for d in p.decided if not d.framed})


def show_why(out: Console, proof: Proof, decided: Decided) -> None:
    """Print what an obligation says, what each solver says of it, and what the proof used."""
    out.print(Text(f"{decided.name} in {proof.spec.name}", style="bold"))
    out.print(Text(f"  {decided.says}"))
    if decided.framed:
        out.print(Text("  the frame: the step writes nothing that the claim reads after it."))
        return
    for solver, answer in _answers(decided):
        why = f": {answer.why}" if answer.why else ""
        out.print(Text(f"  {solver}: {answer.verdict} in {answer.seconds * 1000:.0f} ms{why}"))
    if decided.verdict != "proved":
        return
    used = _used(proof, decided)
    out.print(Text("  z3 used:" if used else "  z3 used no hypothesis: the step alone shows it."))
    for name, doc in used:
        line = Text(f"    {name}")
        line.append(f"  {doc}", style="dim")
        out.print(line)


def _used(proof: Proof, decided: Decided) -> list[tuple[str, str]]:
    """Return what the proof used, with a sentence for each that has one."""
    from checker.prove.obligations import inductive
    from checker.prove.progress import AFTER

    docs = {p.name: p.doc for p in inductive(proof.spec)}
    docs |= {s.name: s.doc for s in proof.spec.stages.values()}
    docs |= {
        f"{a.name}.{g.name}": f"`{g.condition}`"
        for a in proof.spec.actions.values()
        for g in a.guards
    }
    names = [n for n in decided.z3.core if n != "denied"]
    return [(n, docs.get(n.removesuffix(AFTER), "")) for n in names]


def show_bounded(out: Console, found: Bounded, wanted: int) -> None:
    """Print what a bounded search found; that it found nothing is no evidence of more."""
    show_title(out, found.scope, found.scope.spec.edits)
    if found.violated:
        told = tell(found.scope, _walk(found), found.violated[0])
        out.print()
        show_story(out, told)
        out.print()
        others = f"; so do runs for {', '.join(found.violated[1:])}" if found.violated[1:] else ""
        steps = "1 step" if found.depth == 1 else f"{found.depth} steps"
        out.print(f"The shortest violation has {steps}{others}.")
    elif found.stopped_by:
        known = f"none of up to {found.depth} steps" if found.depth >= 0 else "nothing is known yet"
        out.print(f"  not finished ({found.stopped_by}): {known}")
    else:
        out.print(
            f"  no run of up to {wanted} steps violates anything; nothing is said of longer ones"
        )


def _walk(found: Bounded) -> Walk:
    assert found.walk is not None
    return found.walk


# ---------------------------------------------------------------- for programs
def bounded_as_json(found: Bounded) -> dict[str, Any]:
    """Return a bounded search as `--bounded --json` prints it."""
    return {
        "scope": found.scope.name,
        "bounds": dict(found.scope.bounds),
        "edits": list(found.scope.spec.edits),
        "depth": found.depth,
        "violated": list(found.violated),
        "steps": [
            {"action": s.action.name, "binding": dict(s.binding)}
            for s in (found.walk.steps if found.walk else ())
        ],
        "stopped_by": found.stopped_by,
        "seconds": round(found.seconds, 3),
    }


def as_json(proofs: Sequence[Proof], names: frozenset[str] | None) -> dict[str, Any]:
    """Return the proofs as `--json` prints them; a property has a row for each spec."""
    decided = [(p, d) for p in proofs for d in p.decided]

    def named(which: str) -> list[str]:
        return [f"{p.spec.name}:{d.name}" for p, d in decided if d.verdict == which]

    return {
        "obligations": len(decided),
        "proved": len(named("proved")),
        "framed": len(framed(proofs)),
        "texts": texts(proofs),
        "unknown": named("unknown"),
        "failed": named("refuted"),
        "disputed": [f"{p.spec.name}:{d.name}" for p, d in decided if d.disputed],
        "solvers": {
            s: {
                "proved": sum(len(_proved(p, s)) for p in proofs),
                "seconds": round(sum(_seconds(p, s) for p in proofs), 3),
            }
            for s in _SOLVERS
        },
        "properties": [
            {
                "id": c.id,
                "name": c.name,
                "kind": c.kind,
                "spec": p.spec.name,
                "verdict": "proved" if p.proves(c.name) else WORDS["?"],
                "evidence": verdict(p, c).evidence,
                "says": verdict(p, c).says,
                "lemmas": p.lemmas_of(c.name),
                "stages": list(p.stages.get(c.name, ())),
                "fairness": p.fairness(c.name) if c.kind == "leads_to" else [],
            }
            for p in proofs
            for c in claims(p.spec)
            if names is None or c.name in names
        ],
        "idle_lemmas": sorted({name for p in proofs for name in p.idle}),
    }


def obligation_as_json(proof: Proof, decided: Decided) -> dict[str, Any]:
    """Return one obligation as `--why --json` prints it."""
    return {
        "spec": proof.spec.name,
        "obligation": decided.name,
        "says": decided.says,
        "verdict": decided.verdict,
        "framed": decided.framed,
        "solvers": {
            solver: {"verdict": a.verdict, "seconds": round(a.seconds, 4), "why": a.why}
            for solver, a in _answers(decided)
        },
        "used": [name for name, _ in _used(proof, decided)],
    }


def keep_disputes(proofs: Sequence[Proof], folder: Path) -> Iterator[str]:
    """Write each text on which the solvers disagree, once for each of them; yield where."""
    for proof in proofs:
        names = {d.name: d for d in proof.decided if d.disputed}
        for obligation in everything(proof.spec) if names else ():
            if obligation.name not in names:
                continue
            folder.mkdir(parents=True, exist_ok=True)
            for solver, answer in _answers(names[obligation.name]):
                stem = f"{proof.spec.name}.{obligation.name.replace('/', '.')}.{solver}.smt2"
                text = f"; {solver} says {answer.verdict}\n{commented(obligation)}"
                (folder / stem).write_text(text, encoding="utf-8")
                yield f"{solver} says {answer.verdict} of {folder / stem}"


def _answers(decided: Decided) -> list[tuple[str, Answer]]:
    return [] if decided.framed else [("z3", decided.z3), ("cvc5", decided.cvc5)]


def _proved(proof: Proof, solver: str) -> list[Decided]:
    return [d for d, answer in _said(proof, solver) if answer.verdict == "proved"]


def _seconds(proof: Proof, solver: str) -> float:
    return sum(answer.seconds for _, answer in _said(proof, solver))


def _said(proof: Proof, solver: str) -> list[tuple[Decided, Answer]]:
    return [(d, dict(_answers(d))[solver]) for d in proof.decided if not d.framed]

"""Writes what a stranger needs to check a proof: each obligation, and cvc5's proof of it.

Nothing here checks those proofs, and none of it says that they are: what is counted is which
obligations have one, and in which a step is only trusted.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import Executor
from dataclasses import asdict, dataclass
from pathlib import Path

from checker.prove.export import export, stem
from checker.prove.obligations import Obligation
from checker.runs.trace import put

_RULE = re.compile(r":rule ([\w-]+)")

_README = """\
# Proofs of {name}

Each obligation is a file `.smt2`; the file `.cpc` of the same name is how cvc5 {version} proved
that it has no model, in its Cooperating Proof Calculus. `certificate.json` says of each which rules
it uses.

**These proofs were not checked.** A program that is neither solver reads them: Ethos
(https://github.com/cvc5/ethos), with the signature `proofs/eo/cpc/Cpc.eo` of cvc5's own sources. It
has to be built; no package of it was found, and it was not run on these files.

{counts}

What no file here shows:

- that each text says what the spec says: `checker/prove` makes it, and tests compare it;
- that the obligations together are enough: an induction over the steps of a run, and for a
  `leads_to` the rules whose conditions are in `liveness-rules`, beside this folder;
- what z3 says: it decides the same texts, and its answers have no proof here.
"""


@dataclass(frozen=True)
class Certified:
    """What there is of one obligation: a proof of so many steps by these rules, or none; `trusted`:
    steps that say nothing of why they hold.
    """

    name: str
    claim: str
    says: str
    sha256: str
    steps: int
    trusted: int
    rules: dict[str, int]

    @property
    def whole(self) -> bool:
        """Whether there is a proof, with a reason for each step."""
        return self.steps > 0 and not self.trusted


def certify(
    name: str, asked: Sequence[Obligation], folder: Path, executor: Executor
) -> list[Certified]:
    """Write the obligations of this name and their proofs; return what there is of each."""
    from checker.prove.solvers import cvc5_solver

    export(name, asked, folder)
    found = []
    proofs = executor.map(cvc5_solver.proof, [o.text for o in asked], chunksize=4)
    for o, proof in zip(asked, proofs, strict=True):
        if proof is not None:
            put(folder / f"{stem(o)}.cpc", proof)
        rules = Counter(_RULE.findall(proof or ""))
        holes = sum(n for rule, n in rules.items() if rule.startswith("trust"))
        digest = hashlib.sha256(o.text.encode()).hexdigest()
        steps = sum(rules.values())
        found.append(Certified(o.name, o.claim, o.says, digest, steps, holes, dict(rules)))
    rows = [asdict(each) for each in found]
    put(folder / "certificate.json", json.dumps(rows, indent=1) + "\n")
    text = _README.format(name=name, version=cvc5_solver.VERSION, counts=counted(found))
    put(folder / "PROOFS.md", text)
    return found


def counted(found: Sequence[Certified]) -> str:
    """Return in a sentence how many obligations have a proof, and which have none."""
    whole = sum(each.whole for each in found)
    said = f"{whole:,} of {len(found):,} obligations have a proof with a reason for each step"
    trusted = [each.name for each in found if each.trusted]
    without = [each.name for each in found if not each.steps]
    said += f"; a step is only trusted in {', '.join(trusted)}" if trusted else ""
    return said + (f"; there is none of {', '.join(without)}" if without else "") + "."

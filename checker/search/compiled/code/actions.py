"""The generated code of one action: which states of a batch allow it, and what it makes of them.

For each choice of the parameters the whole batch is filtered down to the states in which the guards
hold, without branches, and only then are the states after computed. A guard that compares fields
with known values costs almost nothing: all of them together are one mask and one comparison,
prepared outside the loop.
"""

from __future__ import annotations

from checker.search.compiled.code.layout import Layout
from checker.search.compiled.code.terms import Bits, Element, Terms, conjoin, disjoin, either, moved
from checker.search.compiled.code.text import Names, Text
from spec.language.declared.model import Action, Update
from spec.language.declared.tracing import references
from spec.language.terms.expr import Add, Count, Expr, Ite, Read, Subtract, Var
from spec.language.terms.tree import alike
from spec.language.terms.types import Nat


class ActionCode:
    """Writes the function of one action; `steps` are added by the claims that watch what it
    changes.
    """

    def __init__(self, layout: Layout, action: Action, names: Names) -> None:
        self.layout, self.action, self.names = layout, action, names
        self.spec = layout.scope.spec
        self.terms = Terms(layout)
        self.env: dict[str, Element] = {p.name: f"p{i}" for i, p in enumerate(action.params)}
        self.updates = action.updates(self.spec)
        self.references = action.references(self.spec)
        self.locals = []
        for i, reference in enumerate(self.references):
            text = self.terms.number(reference, self.env)
            self.terms.known[text] = f"r{i}"
            self.locals.append(f"r{i} = {text}")
        self.fixed: list[tuple[Bits, str]] = []
        self.others: list[str] = []
        for g in action.guards:
            self._guard(f"{action.name}.{g.name}", g.condition)
        self._follow()

    # ---------------------------------------------------------------- guards
    def _guard(self, name: str, condition: Expr) -> None:
        switch = f"g{self.names.guards[name]}"
        rest = []
        for e, env in self.terms.conjuncts(condition, self.env):
            b = self.terms.bits(e, env)
            if b is not None and not any(_clash(b, other) for other, _ in self.fixed):
                self.fixed.append((b, switch))
            else:
                rest.append((e, env))
        if rest:
            self.others.append(disjoin([self.terms.all_of(rest), f"({switch} != 0)"]))

    def _follow(self) -> None:
        """A reference must not be none while a guard in force, or an update, follows it."""
        always = [u.value for u in self.updates] + [Read(u.field, u.index) for u in self.updates]
        followed = references(always, self.action.params)
        for i, r in enumerate(self.references):
            if any(alike(r, other) for other in followed):
                self.others.append(f"(r{i} != 0)")
                continue
            users = [
                f"g{self.names.guards[f'{self.action.name}.{g.name}']}"
                for g in self.action.guards
                if any(alike(r, other) for other in references([g.condition], self.action.params))
            ]
            self.others.append(f"((r{i} != 0) | (({' & '.join(users)}) != 0))")

    # ---------------------------------------------------------------- the function
    def write(self, text: Text, broken: list[str], rare: list[str], noted: list[str]) -> None:
        """Write the function.

        `broken` are conditions on an edge that should not hold; the lines `rare` follow where one
        does, the lines `noted` always.
        """
        text.open(f"def {self.function}(states, first, n, buf, m, work):")
        for g in self.action.guards:
            number = self.names.guards[f"{self.action.name}.{g.name}"]
            text.add(f"g{number} = get(work, OFF + {number})")
        for i, p in enumerate(self.action.params):
            text.open(f"for p{i} in range({len(self.layout.scope.choices(p.type))}):")
        self._filter(text)
        text.open("if c != 0:")
        text.add(f"put(work, FIRED + {self.fired}, get(work, FIRED + {self.fired}) + c)")
        self._apply(text, broken)
        if broken:
            text.open("if hit != 0:")
            text.add(*rare)
            text.depth -= 1
        text.add(*noted, f"put(work, LABELS + m, {self._label()})")
        self._keep(text)
        text.close(1)
        text.add("return m")
        text.close(0)
        text.add("", "")

    @property
    def function(self) -> str:
        """The name of the function."""
        return f"act_{self.fired}_{self.action.name}"

    @property
    def fired(self) -> int:
        """The action's number."""
        return self.names.fired[self.action.name]

    def _label(self) -> str:
        """Return the text of the number that this choice of the parameters has among all steps."""
        label = "0"
        for i, p in enumerate(self.action.params):
            label = f"({label} * {len(self.layout.scope.choices(p.type))} + p{i})"
        actions = list(self.spec.actions.values())[: self.fired]
        before = sum(1 for a in actions for _ in self.layout.scope.bindings(a.params))
        return f"{before} + {label}"

    def load(self, i: str) -> list[str]:
        """Return lines that read state i of the batch and the references followed."""
        words = self.layout.words
        at = f"(first + {i})" if words == 1 else f"(first + {i}) * {words}"
        return [f"s{w} = get(states, {at} + {w})" for w in range(words)] + self.locals

    def _filter(self, text: Text) -> None:
        words: dict[int, list[tuple[Bits, str]]] = {}
        for b, switch in self.fixed:
            words.setdefault(b.word, []).append((b, switch))
        quick = []
        for word, parts in words.items():
            masks = [f"(1 - {g}) * {moved(b.mask, b.shift)}" for b, g in parts]
            values = [f"(1 - {g}) * {moved(b.value, b.shift)}" for b, g in parts]
            text.add(f"km{word} = {' | '.join(masks)}", f"kv{word} = {' | '.join(values)}")
            quick.append(f"((s{word} & km{word}) == kv{word})")
        late = self.others if quick and "".join(self.others).count("r") > 2 else []
        first = [*quick, *([] if late else self.others)]
        at = text.depth
        text.add("c = 0", "b = 0")
        text.open("while b < n:")
        text.add("mask = 0")
        text.open("for i in range(min(64, n - b)):")
        text.add(*self.load("b + i"), f"mask |= shl(flag({conjoin(first)}), i)")
        text.close(at + 1)
        text.open("while mask != 0:")
        text.add("put(work, c, b + trailing(mask))", "mask &= mask - 1", "c += 1")
        text.close(at + 1)
        text.add("b += 64")
        text.close(at)
        if late:
            text.add("d = 0")
            text.open("for k in range(c):")
            text.add("i = get(work, k)", *self.load("i"), "put(work, d, i)")
            text.add(f"d += flag({conjoin(late)})")
            text.close(at)
            text.add("c = d")

    # ---------------------------------------------------------------- updates
    def _apply(self, text: Text, broken: list[str]) -> None:
        stages = self._stages()
        values, checks = self._values()
        at = text.depth
        text.add(*(["bad = 0"] if checks else []), *(["hit = 0"] if broken else []))
        words = self.layout.words
        text.open("for k in range(c):")
        text.add("i = get(work, k)", f"put(work, {'ALIVE' if checks else 'EDGE'} + i, 1)")
        for w in range(words):
            read = f"get(states, {_at('(first + i)', words, w)})"
            text.add(f"put(work, SOURCE + {_at('k', words, w)}, {read})")
        text.close(at)
        text.open("for k in range(c):")
        text.add(*(f"s{w} = get(work, SOURCE + {_at('k', words, w)})" for w in range(words)))
        text.add(*self.locals, *values)
        for _, _, outside in checks:
            text.add(f"bad |= flag({outside})")
        text.add(*stages, *(f"hit |= flag({condition})" for condition in broken))
        for w in range(words):
            text.add(f"put(buf, {_at('m + k', words, w)}, t{w})")
        text.close(at)
        if checks:
            self._drop(text, values, checks)

    def _values(self) -> tuple[list[str], list[tuple[str, str, str]]]:
        """Return lines that compute what is stored, and the range checks that are needed."""
        lines, checks = [], []
        for i, u in enumerate(self.updates):
            if not isinstance(u.field.type, Nat):
                continue
            limit = self.layout.scope.limit(u.field.type)
            low, high = self._interval(u.value)
            if low < 0 or high > limit:
                lines.append(f"v{i} = {self.terms.number(u.value, self.env)}")
                checks.append(
                    (f"range_{u.field.name}", f"v{i}", f"((v{i} < 0) | (v{i} > {limit}))")
                )
        return lines, checks

    def _interval(self, e: Expr) -> tuple[int, int]:
        constant = self.layout.constant(e)
        if constant is not None:
            return constant, constant
        match e:
            case Read():
                return 0, self.layout.highest(e.field)
            case Count():
                return 0, len(self.layout.scope.choices(e.var.type))
            case Ite():
                (a, b), (c, d) = self._interval(e.then), self._interval(e.other)
                return min(a, c), max(b, d)
            case Add():
                (a, b), (c, d) = self._interval(e.left), self._interval(e.right)
                return a + c, b + d
            case Subtract():
                (a, b), (c, d) = self._interval(e.left), self._interval(e.right)
                return a - d, b - c
        raise AssertionError(type(e))

    def _drop(self, text: Text, values: list[str], checks: list[tuple[str, str, str]]) -> None:
        """Write the rare path: steps that store a number out of range are noted and dropped."""
        words, at = self.layout.words, text.depth
        text.open("if bad != 0:")
        text.add("d = 0")
        text.open("for k in range(c):")
        text.add("i = get(work, k)", *self.load("i"), *values, "o = 0")
        for name, _, outside in reversed(checks):
            text.add(f"o = pick({outside}, {self.names.violations[name] + 1}, o)")
        text.add("put(work, d, i)")
        for w in range(words):
            text.add(f"put(buf, {_at('m + d', words, w)}, get(buf, {_at('m + k', words, w)}))")
        text.add("d += flag(o == 0)")
        text.open("if o != 0 and get(work, FOUND + o - 1) == 0:")
        text.add("put(work, FOUND + o - 1, first + i + 1)")
        text.close(at + 1)
        text.add("c = d")
        text.close(at)
        text.open("for k in range(c):")
        text.add("put(work, EDGE + get(work, k), 1)")
        text.close(at)

    def _stages(self) -> list[str]:
        """Return lines that compute the state after; a later write of a field wins, so it goes
        second.
        """
        stages: list[list[tuple[int, Update]]] = []
        for i, u in enumerate(self.updates):
            if not stages or any(u.field is other.field for _, other in stages[-1]):
                stages.append([])
            stages[-1].append((i, u))
        lines = []
        before = "s"
        for stage in stages:
            lines += self._stage(stage, before)
            before = "t"
        return lines or [f"t{w} = s{w}" for w in range(self.layout.words)]

    def _stage(self, stage: list[tuple[int, Update]], before: str) -> list[str]:
        clear: dict[int, list[Element]] = {}
        store: dict[int, list[Element]] = {}
        blocks: dict[tuple[int, str], list[tuple[int, int, Element]]] = {}
        for i, u in stage:
            slot = self.layout.slots[u.field.name]
            value = self._stored(i, u)
            if u.index is None:
                place, base = "", slot.base
            elif isinstance(u.index, Var):
                place, base = f"{self.env[u.index.name]} * {slot.stride}", slot.base
            else:
                reference = self.terms.reference(u.index, self.env)
                place, base = f"{reference} * {slot.stride}", slot.base - slot.stride
            blocks.setdefault((slot.word, place), []).append((base, slot.mask, value))
        for (word, place), parts in blocks.items():
            low = min(base for base, _, _ in parts) if place else 0
            shift: Element = f"{place} + {low}" if place else 0
            mask = sum(m << (base - low) for base, m, _ in parts)
            known = sum(v << (base - low) for base, _, v in parts if isinstance(v, int))
            clear.setdefault(word, []).append(moved(mask, shift))
            values = store.setdefault(word, [])
            values += [moved(known, shift)] if known else []
            for base, _, v in parts:
                if not isinstance(v, int):
                    values.append(moved(v, f"{place} + {base}" if place else base))
        lines = []
        for w in range(self.layout.words):
            if w in clear:
                kept = f"({before}{w} & ~({either(clear[w])}))"
                lines.append(f"t{w} = {' | '.join([kept, either(store[w])])}")
            elif before == "s":
                lines.append(f"t{w} = s{w}")
        return lines

    def _stored(self, i: int, u: Update) -> Element:
        constant = self.layout.constant(u.value)
        slot = self.layout.slots[u.field.name]
        if constant is not None:
            return constant & slot.mask  # one that is out of range is dropped, but must not spill
        if isinstance(u.field.type, Nat):
            low, high = self._interval(u.value)
            if low < 0 or high > self.layout.scope.limit(u.field.type):
                return f"v{i}"
        return self.terms.number(u.value, self.env)

    # ---------------------------------------------------------------- what to keep
    def _keep(self, text: Text) -> None:
        """A step that changes nothing leads to a state already known: it need not be looked up."""
        words, at = self.layout.words, text.depth
        if not self._may_stutter():
            text.add("m += c")
            return
        text.add("d = m")
        text.open("for k in range(c):")
        text.add("i = get(work, k)")
        for w in range(words):
            text.add(f"x{w} = get(buf, {_at('m + k', words, w)})")
            text.add(f"put(buf, {_at('d', words, w)}, x{w})")
        different = disjoin(
            f"(x{w} != get(states, {_at('first + i', words, w)}))" for w in range(words)
        )
        text.add(f"d += flag({different})")
        text.close(at)
        text.add("m = d")

    def _may_stutter(self) -> bool:
        fixed = {(b.field, b.index): b.value for b, _ in self.fixed}
        for i, u in enumerate(self.updates):
            if u.index is not None and not isinstance(u.index, Var):
                continue
            index = None if u.index is None else self.env[u.index.name]
            required, stored = fixed.get((u.field.name, index)), self._stored(i, u)
            alone = sum(other.field is u.field for other in self.updates) == 1
            known = isinstance(required, int) and isinstance(stored, int)
            if alone and known and required != stored:
                return False
        return True


def _at(position: str, words: int, word: int) -> str:
    """Return the index of one word of a state."""
    return position if words == 1 else f"({position}) * {words} + {word}"


def _clash(a: Bits, b: Bits) -> bool:
    """Return whether the two might fix the same place."""
    if a.field != b.field:
        return False
    return not (isinstance(a.index, int) and isinstance(b.index, int) and a.index != b.index)

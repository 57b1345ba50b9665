"""One representative for states that differ only in which element is which.

Exact where references form stars: the elements of a sort hold one reference at most, to a sort that
holds none. An element pointed at is told apart by its own bits and by what points at it; so those
are sorted, given new numbers in that order, and then the elements that point are sorted. No
branches: the code runs over a whole batch at a time.
"""

from __future__ import annotations

from dataclasses import dataclass

from checker.search.compiled.code.layout import Group, Layout
from checker.search.compiled.code.terms import conjoin, disjoin
from spec.language.declared.model import Field
from spec.language.terms.types import Sort, is_sort

_PART_BITS = 62


@dataclass(frozen=True)
class Star:
    """A sort, and the fields of other sorts that point at it."""

    centre: type[Sort]
    rays: tuple[Field, ...]


def stars(layout: Layout) -> tuple[Star, ...]:
    """Return the sorts whose elements can be exchanged; one that nothing points at is a star
    without rays.
    """
    held = references_held(layout)
    fixed = _told_apart(layout, held)
    size = layout.scope.size
    centres: dict[type[Sort], list[Field]] = {}
    for sort, fields in held.items():
        target: type[Sort] | None = fields[0].type if fields else None  # type: ignore[assignment]
        if sort in fixed:
            continue
        if target is not None and target not in fixed and size(target) > 1:
            centres.setdefault(target, []).append(fields[0])
        elif size(sort) > 1:
            centres.setdefault(sort, [])
    return tuple(Star(sort, tuple(rays)) for sort, rays in centres.items())


def references_held(layout: Layout) -> dict[type[Sort], list[Field]]:
    """Return, for each sort, the fields in which its elements refer to others; where there is one
    element to refer to, a reference is a bit like any other.
    """
    held: dict[type[Sort], list[Field]] = {sort: [] for sort in layout.scope.spec.sorts}
    for f in layout.fields:
        if f.over is not None and is_sort(f.type) and layout.scope.size(f.type) > 1:
            held[f.over].append(f)
    return held


def _told_apart(layout: Layout, held: dict[type[Sort], list[Field]]) -> set[type[Sort]]:
    """Return the sorts that are left alone because references to or from them form no star."""
    targets = {sort: {f.type for f in fields if is_sort(f.type)} for sort, fields in held.items()}
    fixed = {f.type for f in layout.fields if f.over is None and is_sort(f.type)}
    for sort, fields in held.items():
        n = layout.scope.size(sort)
        chained = any(held[t] for t in targets[sort])
        if len(fields) > 1 or chained or (fields and n * n.bit_length() > _PART_BITS):
            fixed |= {sort, *targets[sort]}
    while more := {t for sort in fixed for t in targets[sort]} - fixed:
        fixed |= more
    return fixed


def merged(layout: Layout) -> tuple[str, ...]:
    """Return the names of the sorts whose elements are exchanged."""
    found = []
    for star in stars(layout):
        found.append(star.centre)
        found += [f.over for f in star.rays if f.over and layout.count(f.over) > 1]
    return tuple(s.__name__ for s in layout.scope.spec.sorts if s in found)


@dataclass(frozen=True)
class Part:
    """Some bits of an element: the text of element i's bits is `text(i)`."""

    group: Group
    shift: int
    width: int

    def text(self, element: int, words: str = "s") -> str:
        """Return the text that reads the bits of an element."""
        at = self.group.base + element * self.group.width + self.shift
        return f"(({words}{self.group.word} >> {at}) & {(1 << self.width) - 1})"

    def place(self, element: int) -> int:
        """Return the bit at which the element's bits begin."""
        return self.group.base + element * self.group.width + self.shift


class CanonCode:
    """Writes the lines that turn the words `s0, s1..` into those of the representative."""

    def __init__(self, layout: Layout) -> None:
        self.layout = layout
        self.lines: list[str] = []
        self.taken: dict[int, int] = {}
        self.stored: dict[int, list[str]] = {}
        self.fresh = 0
        for star in stars(layout):
            self._star(star)
        for word, mask in self.taken.items():
            self.lines.append(f"s{word} = (s{word} & ~{mask}) | {' | '.join(self.stored[word])}")

    def _name(self) -> str:
        self.fresh += 1
        return f"c{self.fresh}"

    def _let(self, text: str) -> str:
        name = self._name()
        self.lines.append(f"{name} = {text}")
        return name

    def _parts(self, sort: type[Sort], without: Field | None = None) -> list[Part]:
        """Return the bits of one element, those of a reference left out."""
        found = []
        for g in self.layout.groups:
            if g.sort is not sort:
                continue
            if without not in g.fields or without is None:
                found.append(Part(g, 0, g.width))
                continue
            slot = self.layout.slots[without.name]
            below = slot.base - g.base
            above = below + slot.width
            found += [Part(g, 0, below)] if below else []
            found += [Part(g, above, g.width - above)] if g.width > above else []
        return found

    # ---------------------------------------------------------------- a star
    def _star(self, star: Star) -> None:
        if not star.rays:
            self._sort_alone(star.centre)
            return
        count = self.layout.scope.size(star.centre)
        tallies: list[tuple[list[str], int]] = []
        rays = []
        for f in star.rays:
            content, references = self._read_ray(f)
            rays.append((f, content, references))
            tallies.append(self._tally(f, content, references, count))
        keys, own = self._keys(star.centre, tallies, count)
        places = self._sort(keys)
        index_bits = count.bit_length()
        last = [self._let(f"{key[-1]} & {(1 << index_bits) - 1}") for key in places]
        for part, (position, shift) in own.items():
            for i in range(count):
                bits = f"((({places[i][position]}) >> {shift}) & {(1 << part.width) - 1})"
                self._store(part, i, bits)
        rename = self._renaming(last, count)
        for f, content, references in rays:
            self._write_ray(f, content, [self._let(rename(r)) for r in references])

    def _read_ray(self, f: Field) -> tuple[list[list[str]], list[str]]:
        """Return, for each element that points, the rest of its bits and the reference."""
        assert f.over is not None
        slot, parts = self.layout.slots[f.name], self._parts(f.over, f)
        content, references = [], []
        for k in range(self.layout.scope.size(f.over)):
            content.append([self._let(p.text(k)) for p in parts])
            at = slot.base + k * slot.stride
            references.append(self._let(f"(s{slot.word} >> {at}) & {slot.mask}"))
        return content, references

    def _tally(
        self, f: Field, content: list[list[str]], references: list[str], count: int
    ) -> tuple[list[str], int]:
        """Return for each centre what points at it, as a number, and the width of that number.

        The number counts pointing elements by rank, which is how many have smaller content.
        """
        n = len(content)
        digit = n.bit_length()
        ranks = ["0"] * n
        for k in range(n):
            smaller = [f"flag({self._less(content[o], content[k])})" for o in range(n) if o != k]
            if smaller and content[k]:
                ranks[k] = self._let(" + ".join(smaller))
        codes = [self._let(f"shl(1, {rank} * {digit})") for rank in ranks]
        width = n * digit
        if (count + 1) * width <= 63:
            total = " + ".join(
                f"shl({c}, {r} * {width})" for c, r in zip(codes, references, strict=True)
            )
            whole = self._let(total)
            mask = (1 << width) - 1
            return [f"((({whole}) >> {(i + 1) * width}) & {mask})" for i in range(count)], width
        tallies = []
        for i in range(count):
            chosen = [
                f"pick({r} == {i + 1}, {c}, 0)" for c, r in zip(codes, references, strict=True)
            ]
            tallies.append(self._let(" + ".join(chosen)))
        return tallies, width

    def _keys(
        self, sort: type[Sort], tallies: list[tuple[list[str], int]], count: int
    ) -> tuple[list[list[str]], dict[Part, tuple[int, int]]]:
        """Return the key of each element, as one number or several, and where in it the own bits
        are.

        The element itself comes last, so that no two keys are equal and the order can be read back.
        """
        pieces: list[tuple[Part | list[str] | None, int]] = []
        pieces += [(p, p.width) for p in self._parts(sort)]
        pieces += list(tallies)
        pieces.append((None, count.bit_length()))
        numbers: list[list[tuple[Part | list[str] | None, int]]] = [[]]
        for piece, width in pieces:
            if sum(w for _, w in numbers[-1]) + width > _PART_BITS:
                numbers.append([])
            numbers[-1].append((piece, width))
        own: dict[Part, tuple[int, int]] = {}
        keys: list[list[str]] = [[] for _ in range(count)]
        for position, members in enumerate(numbers):
            shift = sum(w for _, w in members)
            terms: list[list[str]] = [[] for _ in range(count)]
            for piece, width in members:
                shift -= width
                if isinstance(piece, Part):
                    own[piece] = position, shift
                for i in range(count):
                    if isinstance(piece, Part):
                        text = piece.text(i)
                    else:
                        text = str(i) if piece is None else piece[i]
                    terms[i].append(f"({text} << {shift})")
            for i in range(count):
                keys[i].append(self._let(" | ".join(terms[i])))
        return keys, own

    def _renaming(self, last: list[str], count: int):  # type: ignore[no-untyped-def]
        """Return how a reference is renumbered, given the old element at each new position."""
        width = count.bit_length()
        if (count + 1) * width <= 63:
            table = self._let(
                " | ".join(f"shl({i + 1}, ({o} + 1) * {width})" for i, o in enumerate(last))
            )
            return lambda r: f"shr({table}, {r} * {width}) & {(1 << width) - 1}"

        def search(r: str) -> str:
            text = "0"
            for i, o in enumerate(last):
                text = f"pick({o} + 1 == {r}, {i + 1}, {text})"
            return text

        return search

    def _write_ray(self, f: Field, content: list[list[str]], references: list[str]) -> None:
        assert f.over is not None
        slot, parts = self.layout.slots[f.name], self._parts(f.over, f)
        keys = [[*c, r] for c, r in zip(content, references, strict=True)]
        group = next(g for g in self.layout.groups if f in g.fields)
        reference = Part(group, slot.base - group.base, slot.width)
        for k, key in enumerate(self._sort(keys)):
            for part, bits in zip([*parts, reference], key, strict=True):
                self._store(part, k, bits)

    def _sort_alone(self, sort: type[Sort]) -> None:
        parts = self._parts(sort)
        count = self.layout.scope.size(sort) if parts else 0
        keys = [[self._let(p.text(i)) for p in parts] for i in range(count)]
        for i, key in enumerate(self._sort(keys)):
            for part, bits in zip(parts, key, strict=True):
                self._store(part, i, bits)

    def _store(self, part: Part, element: int, bits: str) -> None:
        at, word = part.place(element), part.group.word
        self.taken[word] = self.taken.get(word, 0) | ((1 << part.width) - 1) << at
        self.stored.setdefault(word, []).append(f"({bits} << {at})")

    # ---------------------------------------------------------------- sorting
    def _less(self, a: list[str], b: list[str]) -> str:
        """Return the text that one key is smaller than another."""
        cases = []
        for i in range(len(a)):
            same = [f"({a[j]} == {b[j]})" for j in range(i)]
            cases.append(conjoin([*same, f"({a[i]} < {b[i]})"]))
        return disjoin(cases)

    def _sort(self, keys: list[list[str]]) -> list[list[str]]:
        """Write a sorting network and return the keys in order."""
        keys = list(keys)
        for low, high in network(len(keys)):
            swap = self._let(self._less(keys[high], keys[low]))
            a, b = keys[low], keys[high]
            keys[low] = [self._let(f"pick({swap}, {y}, {x})") for x, y in zip(a, b, strict=True)]
            keys[high] = [self._let(f"pick({swap}, {x}, {y})") for x, y in zip(a, b, strict=True)]
        return keys


def network(n: int) -> list[tuple[int, int]]:
    """Return the comparisons of Batcher's odd-even merge sort of n things."""
    found = []
    p = 1
    while p < n:
        k = p
        while k >= 1:
            for j in range(k % p, n - k, 2 * k):
                for i in range(min(k, n - j - k)):
                    if (i + j) // (p * 2) == (i + j + k) // (p * 2):
                        found.append((i + j, i + j + k))
            k //= 2
        p *= 2
    return found

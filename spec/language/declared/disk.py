"""A store on a real disk, and a store that is put back from a copy: transformations of any spec.

`on_a_disk`: a write is in a cache until it is synced, and a loss of power takes it back. What would
survive is kept beside each row, field by field: its image. A step waits for the disk, unless its
action is `loose`; as a commit that is waited for it brings all earlier writes of its row along. So
what a loss takes from a row is the loose steps since the last one that was waited for.
`with_copies`: a copy of a row is put away, and may take the place of the row at any later time.

Rows are lost and put back one by one, for no step sees two of them: a loss that takes from several
is several losses. Left out: torn and reordered writes, of which `ffq crashlab` knows more.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from functools import reduce
from typing import Any

from spec.language.declared.model import Action, Field, Part, Property, Spec, Update
from spec.language.misuse import Misuse, near
from spec.language.terms.expr import Equal, Expr, Ite, Read, Var
from spec.language.terms.tree import alike, rebuild, walk
from spec.language.terms.types import Sort


@dataclass(frozen=True)
class Disk:
    """What survives of the rows of a sort: each field with its image."""

    over: type[Sort]
    images: Mapping[Field, Field]

    def awaits(self, action: Action, spec: Spec) -> bool:
        """Return whether the action waits for the disk to have what it writes."""
        return not action.loose and bool(self.synced(action.updates(spec)))

    def synced(self, writes: Collection[Update]) -> list[Update]:
        """Return what a step that waits for the disk writes besides: the image of each row that it
        writes takes all that the row holds after it.
        """
        found: list[Update] = []
        rows: list[Expr] = []
        for u in writes:
            known = any(alike(u.index, row) for row in rows)
            if u.field not in self.images or u.index is None or known:
                continue
            rows.append(u.index)
            for f, image in self.images.items():
                value = _after(writes, Read(f, u.index))
                if not alike(value, Read(image, u.index)):  # a loss makes the row its image
                    found.append(Update(image, u.index, value))
        return found


def _after(writes: Collection[Update], place: Read) -> Expr:
    """Return what is in the place when all the writes are made."""

    def written(value: Expr, u: Update) -> Expr:
        assert u.index is not None and place.index is not None
        here = alike(u.index, place.index)
        return u.value if here else Ite(Equal(u.index, place.index), u.value, value)

    before: Expr = place
    return reduce(written, [u for u in writes if u.field is place.field], before)


def on_a_disk(
    name: str, *specs: Spec, over: type[Sort], elsewhere: Collection[str] = (), doc: str = ""
) -> Spec:
    """Return a spec that extends these, with the rows `over` a sort on a disk.

    `sync` copies a row into its image, at any time or never; `lose_power`, a fault, copies it back.
    Fields named `elsewhere`, or declared later, are in another store, and stay. Each invariant or
    lemma of one row becomes a lemma of its image too, `{name}_kept`.
    """
    disk = Spec(name, *specs, doc=doc)
    images = _images(disk, over, "kept", "if the power fails", elsewhere)
    back = {image: f for f, image in images.items()}
    losing = "The power fails: what was not synced of the row is gone."
    _copies(disk, "sync", "The disk has all that was written to the row.", images)
    _copies(disk, "lose_power", losing, back, fault=True)
    disk.disk = Disk(over, images)
    return disk


def with_copies(
    name: str, *specs: Spec, over: type[Sort], elsewhere: Collection[str] = (), doc: str = ""
) -> Spec:
    """Return a spec that extends these, with copies of the rows `over` a sort.

    `copy` puts a copy of a row away, in place of the last one; `restore`, a fault, puts the row
    back as it is in the copy. Fields named `elsewhere`, or declared later, stay. Each invariant or
    lemma of one row becomes a lemma of its copy too, `{name}_saved`.
    """
    copied = Spec(name, *specs, doc=doc)
    images = _images(copied, over, "saved", "in the last copy", elsewhere)
    back = {image: f for f, image in images.items()}
    restoring = "The copy takes the place of the row: what came after it is gone."
    _copies(copied, "copy", "A copy of the row is put away.", images)
    _copies(copied, "restore", restoring, back, fault=True)
    return copied


def _images(
    spec: Spec, over: type[Sort], suffix: str, when: str, elsewhere: Collection[str]
) -> dict[Field, Field]:
    """Declare an image of each durable field of the rows, and the lemmas of it."""
    kept = () if spec.disk is None else spec.disk.images.values()
    own = {
        f.name: f
        for f in spec.fields.values()
        if f.survival == "durable" and f.over is over and f not in kept
    }
    for name in elsewhere:
        if name not in own:
            raise Misuse(f"no row of {over.__name__} has the field '{name}'", near(name, own))
    images: dict[Field, Field] = {}
    for f in own.values():
        if f.name not in elsewhere:
            name = f"{f.name}_{suffix}"
            images[f] = replace(f, name=name, doc=f"{f.doc}, {when}", image=True)
            _declare(spec, spec.fields, images[f])
    for p in list(spec.properties.values()):
        body = _of_image(p, over, images)
        if body is not None:
            doc = f"{p.doc.rstrip('.')}, {when}."
            same = replace(
                p, name=f"{p.name}_{suffix}", doc=doc, kind="lemma", own=body, exemptions=()
            )
            _declare(spec, spec.properties, same)
    return images


def _of_image(p: Property, over: type[Sort], images: Mapping[Field, Field]) -> Expr | None:
    """Return what a property of one row says of its image; none of another property."""
    reads = [e for e in walk(p.body) if isinstance(e, Read)]
    alone = [v.type for v in p.variables] == [over]
    if p.kind not in ("invariant", "lemma") or not alone:
        return None
    if not any(r.field in images for r in reads) or any(isinstance(r.index, Read) for r in reads):
        return None

    def seen(e: Expr) -> Expr:
        if isinstance(e, Read):
            return replace(e, field=images.get(e.field, e.field))
        return rebuild(e, seen)

    return seen(p.body)


def _copies(
    spec: Spec,
    name: str,
    doc: str,
    images: Mapping[Field, Field],
    fault: bool = False,
) -> None:
    """Declare the action that copies each field of a row into its image."""
    over = next(iter(images)).over
    assert over is not None
    row = Var(over.__name__[0].lower(), over)
    writes = tuple(Update(image, row, Read(f, row)) for f, image in images.items())
    _declare(spec, spec.actions, Action(name, doc, (Part((row,), (), writes),), fault=fault))


def _declare(spec: Spec, known: dict[str, Any], thing: Any) -> None:
    spec.fresh(thing.name)
    known[thing.name] = thing

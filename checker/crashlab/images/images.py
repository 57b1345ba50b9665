"""What may be left after a crash: of the process, which loses nothing, or of the machine."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from checker.crashlab.images.disk import PAGE, Change, Disk, Grown, Image, pages, with_changes
from impl.lab import Event, Written

SECTORS = (512, PAGE)

How = tuple[str, str]
"""What happened to the disk: in a word, and which writes arrived: `+-+`, oldest first."""

PROCESS = "process crash"
SUBSET = "power loss"


@dataclass(frozen=True)
class Pending:
    """What is on its way to one folder: which inode each change belongs to, oldest first."""

    disk: Disk
    folder: Mapping[str, int]
    changes: tuple[tuple[int, Change], ...]

    def image(self, arrived: int, other: tuple[int, Sequence[Change]] | None = None) -> Image:
        """Return the files where these changes arrived, a bit for each; in place of one of them,
        `other` ones.
        """
        of: dict[int, list[Change]] = {}
        for n, (inode, change) in enumerate(self.changes):
            if other is not None and n == other[0]:
                of.setdefault(inode, []).extend(other[1])
            elif arrived >> n & 1:
                of.setdefault(inode, []).append(change)
        return {
            name: with_changes(self.disk.inodes[inode].durable, of.get(inode, []))
            for name, inode in self.folder.items()
        }

    def marks(self, arrived: int) -> str:
        """Return what arrived, `+` for each change that did."""
        return "".join("-+"[arrived >> n & 1] for n in range(len(self.changes)))

    def place(self, write: Written) -> int | None:
        """Return where the write is among the changes."""
        return next((n for n, (_, c) in enumerate(self.changes) if c is write), None)


def process_crash(disk: Disk, event: Event | None) -> Iterator[tuple[How, Image]]:
    """Yield what is left if the process dies before this event, or in the middle of it."""
    yield (PROCESS, ""), disk.running()
    if isinstance(event, Written):
        size = len(event.data)
        for part in sorted({1, size // 2, size // 512 * 512} - {0, size}):
            image = disk.running()
            cut = Written(event.file, event.offset, event.data[:part])
            image[event.file] = with_changes(image[event.file], [cut])
            yield (PROCESS, f"{part} of {size} bytes"), image


def power_loss(
    disk: Disk, newest: Event | None, chance: random.Random, most: int
) -> Iterator[tuple[How, Image]]:
    """Yield what may be left if the power goes now: at most so many subsets of what is pending, all
    of them where there are fewer; and what may become of the newest write.
    """
    folders = disk.folders()
    for n, folder in enumerate(folders):
        pending = on_its_way(disk, folder)
        where = f" folder {n} of {len(folders) - 1}" if len(folders) > 1 else ""
        for arrived in _subsets(len(pending.changes), chance, most):
            yield (SUBSET, pending.marks(arrived) + where), pending.image(arrived)
        if isinstance(newest, Written) and (at := pending.place(newest)) is not None:
            for how, image in _damaged(pending, at, newest, chance):
                yield (how[0], how[1] + where), image


def on_its_way(disk: Disk, folder: Mapping[str, int]) -> Pending:
    """Return what is pending of the files that the folder names."""
    used = sorted(set(folder.values()))
    changes = [(inode, change) for inode in used for change in disk.inodes[inode].pending]
    return Pending(disk, folder, tuple(changes))


def _subsets(count: int, chance: random.Random, most: int) -> list[int]:
    """Return the subsets as bits: every one, or the first and last so many, and some by chance."""
    if 1 << count <= most:
        return list(range(1 << count))
    every = (1 << count) - 1
    chosen = {0, every}
    for n in range(count):
        chosen |= {(1 << n) - 1, every ^ ((1 << n) - 1), 1 << n, every ^ (1 << n)}
    if len(chosen) > most:
        chosen = {0, every, *chance.sample(sorted(chosen - {0, every}), most - 2)}
    while len(chosen) < most:
        chosen.add(chance.getrandbits(count))
    return sorted(chosen)


# ---------------------------------------------------------------- one write that arrives otherwise
def _damaged(
    pending: Pending, at: int, newest: Written, chance: random.Random
) -> Iterator[tuple[How, Image]]:
    """Yield images in which the newest write arrived otherwise: with all others, none, and some."""
    count = len(pending.changes)
    for word, instead in _otherwise(pending.disk, pending.changes[at][0], newest, chance):
        for arrived in dict.fromkeys(((1 << count) - 1, 0, chance.getrandbits(count))):
            marks = pending.marks(arrived)
            how = marks[:at] + "~" + marks[at + 1 :]
            yield (word, how), pending.image(arrived, (at, instead))


def _otherwise(
    disk: Disk, inode: int, write: Written, chance: random.Random
) -> Iterator[tuple[str, tuple[Change, ...]]]:
    """Yield what may become of a write: parts of it, garbage, room for it and nothing in it."""
    size = len(write.data)
    for sector in SECTORS:
        parts = _parts(write, sector)
        if len(parts) > 1:
            some = tuple(p for p in parts if chance.random() < 0.5)
            for kept in dict.fromkeys(((parts[0],), (parts[-1],), some)):
                yield f"torn at {sector} B", kept
    yield "garbage", (Written(write.file, write.offset, chance.randbytes(size)),)
    if write.offset + size > len(disk.inodes[inode].durable):
        yield "zeros", (Grown(write.offset + size),)
    if disk.vice.spills:
        touched = pages(write)
        begin = touched.start * PAGE
        end = min(touched.stop * PAGE, max(len(disk.inodes[inode].seen), write.offset + size))
        yield "spilled", (Written(write.file, begin, chance.randbytes(end - begin)),)


def _parts(write: Written, sector: int) -> list[Change]:
    """Return the write cut where sectors end."""
    end = write.offset + len(write.data)
    first = (write.offset // sector + 1) * sector
    cuts = [write.offset, *range(first, end, sector), end]
    return [
        Written(write.file, a, write.data[a - write.offset : b - write.offset])
        for a, b in pairwise(cuts)
    ]

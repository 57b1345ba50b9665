"""What a run of the store did to its files, call by call, and what was said in between."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Created:
    """The file came into being, empty."""

    file: str


@dataclass(frozen=True, slots=True)
class Written:
    """Bytes were written at an offset."""

    file: str
    offset: int
    data: bytes


@dataclass(frozen=True, slots=True)
class Truncated:
    """The file was cut off, or extended by zeros, to this size."""

    file: str
    size: int


@dataclass(frozen=True, slots=True)
class Synced:
    """The file was to be made durable, with the folder too if `folder`; `failed`: it was not."""

    file: str
    folder: bool = False
    failed: bool = False


@dataclass(frozen=True, slots=True)
class Deleted:
    """The file was removed; with `folder`, its removal was made durable."""

    file: str
    folder: bool


@dataclass(frozen=True, slots=True)
class Linked:
    """The file got another name beside its own."""

    file: str
    name: str


@dataclass(frozen=True, slots=True)
class FolderSynced:
    """What has become of names was made durable; of what is in the files it says nothing."""


@dataclass(frozen=True, slots=True)
class Failed:
    """A call ended with an error, on purpose."""

    what: str
    file: str


@dataclass(frozen=True, slots=True)
class Marked:
    """No call: whoever uses the store says what may be in it from here on."""

    what: Hashable


Event = Created | Written | Truncated | Synced | Deleted | Linked | FolderSynced | Failed | Marked


@dataclass(frozen=True, slots=True)
class Called:
    """A call that can fail: what was asked, of which file."""

    what: str
    file: str


@dataclass
class Log:
    """Events in order, each noted before it takes place, and every call that could have failed."""

    events: list[Event] = field(default_factory=list)
    calls: list[Called] = field(default_factory=list)

    def mark(self, what: Hashable) -> None:
        """Note what may be in the store from here on."""
        self.events.append(Marked(what))

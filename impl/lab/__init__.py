"""A laboratory for the store: every call that SQLite makes of the file system is written down, and
any of them can be made to fail.
"""

from impl.lab.events import (
    Called,
    Created,
    Deleted,
    Event,
    Failed,
    FolderSynced,
    Linked,
    Log,
    Marked,
    Synced,
    Truncated,
    Written,
)
from impl.lab.faults import Fault
from impl.lab.vfs import recorded

__all__ = [
    "Called", "Created", "Deleted", "Event", "Failed", "Fault", "FolderSynced", "Linked",
    "Log", "Marked", "Synced", "Truncated", "Written", "recorded",
]  # fmt: skip

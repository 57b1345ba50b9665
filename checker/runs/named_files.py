"""Files that a user names, opened to be read: only what is a file, of a size that can be held."""

from __future__ import annotations

import contextlib
import os
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from checker.runs.trace import BadTrace


@contextlib.contextmanager
def opened(
    file: Path, kind: str, bytes_max: int, *, missing: str, too_large: str
) -> Iterator[BinaryIO]:
    """Open a file of this kind, which has so many bytes at most; raises `BadTrace` for what is none
    and for whatever the system says while it is read. `missing` and `too_large` are remedies.
    """
    name = f"name {kind}"
    try:
        # Without waiting: a fifo has nobody at its other end.
        number = os.open(file, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
        with open(number, "rb") as found:
            status = os.fstat(number)
            if stat.S_ISDIR(status.st_mode):
                raise BadTrace(file, "is a directory", name)
            if not stat.S_ISREG(status.st_mode):
                raise BadTrace(file, "is not a regular file", name)
            if status.st_size > bytes_max:
                size = f"{status.st_size / 2**20:,.0f} MiB"
                fact = f"has {size}, and {kind} has {bytes_max // 2**20} at most"
                raise BadTrace(file, fact, too_large)
            yield found
    except FileNotFoundError:
        raise BadTrace(file, "there is no such file", missing) from None
    except IsADirectoryError:
        raise BadTrace(file, "is a directory", name) from None
    except OSError as failed:
        raise BadTrace(file, f"cannot be read: {failed.strerror}", "name a readable file") from None
    except ValueError:  # a NUL in the name
        raise BadTrace(repr(str(file)), "is no file name", name) from None

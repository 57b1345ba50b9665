"""The program `ffq`: from the first moment on an interrupt is one line, and ends it at once."""

from __future__ import annotations

import atexit
import os
import sys
from typing import NoReturn

from checker.commands.statuses import ENDED, INTERRUPTED


def run() -> NoReturn:
    """Run the command line, and leave with its exit status."""
    try:
        from checker.commands.main import main  # what it loads takes most of a second
        from checker.shown.duration import timed

        status = timed(sys.argv[1:], main)
    except KeyboardInterrupt:
        sys.stderr.write("ffq: interrupted\n")
        status = INTERRUPTED
    if status in (INTERRUPTED, ENDED):
        # Python would wait for threads that are at work, such as to compile.
        atexit._run_exitfuncs()
        sys.stderr.flush()
        os._exit(status)
    sys.exit(status)

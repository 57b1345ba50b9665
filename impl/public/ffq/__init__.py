"""What users import: the language that specs are written in; `ffq.queue` is the job queue.

    from ffq import Sort, Spec, require

The command `ffq` checks, proves and shows what is written in it.
"""

from spec.language import *  # noqa: F403  # all of it, and nothing else
from spec.language import __all__ as __all__

"""The exit statuses of `ffq` beside 0, which is what was expected."""

FAILED, USAGE, NOT_FINISHED = 1, 2, 3
FAULT, UNWRITABLE, INTERRUPTED, BROKEN_PIPE, ENDED = 70, 74, 130, 141, 143

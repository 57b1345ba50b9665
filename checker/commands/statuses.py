"""The exit statuses of `ffq` that are not an answer."""

USAGE, FAULT, UNWRITABLE, INTERRUPTED, BROKEN_PIPE, ENDED = 2, 70, 74, 130, 141, 143

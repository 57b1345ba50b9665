"""Runs an adapter in the product's own environment: `python -m subjects.agent SUBJECT ROLE`.

A client reads a line of JSON for each question, `[operation, job]`, and answers with one. Products
print to stdout, so the answers have a descriptor of their own.
"""

from __future__ import annotations

import json
import os
import sys
from importlib import import_module
from types import ModuleType
from typing import TextIO


def _answer(adapter: ModuleType, answers: TextIO) -> None:
    """Answer until nobody asks any more."""
    for line in sys.stdin:
        operation, *given = json.loads(line)
        try:
            answer = {"answer": getattr(adapter, operation)(*given)}
        except Exception as failed:  # it is said to whoever has asked
            answer = {"failed": f"{type(failed).__name__}: {failed}"[:300]}
        answers.write(json.dumps(answer) + "\n")
        answers.flush()


def main() -> None:
    """Be a client or a worker, until told to end."""
    subject, role = sys.argv[1:]
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    adapter = import_module(f"subjects.{subject}.adapter")
    if role == "worker":
        answers.close()
        adapter.work(os.environ["EXAM_WORKER"])
    else:
        _answer(adapter, answers)


if __name__ == "__main__":
    main()

"""The product's own environment: made when it is first needed, from pins, and kept."""

from __future__ import annotations

import fcntl
import hashlib
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from checker.exam.subject import Subject
from checker.runs.cache import cache_folder


class Unavailable(Exception):
    """A subject that cannot be had here, and why."""


def python(subject: Subject, say: Callable[[str], None]) -> Path:
    """Return the Python that has the product; raises `Unavailable`."""
    if subject.package is None:  # it is here
        return Path(sys.executable)
    pins = subject.requirements.read_bytes()
    key = hashlib.sha256(pins + sys.version.encode()).hexdigest()[:16]
    folder = cache_folder() / "exam" / f"{subject.id}-{key}"
    found = folder / "bin" / "python"
    if not found.exists():
        say(f"making an environment for {subject.name}")
        folder.parent.mkdir(parents=True, exist_ok=True)
        with folder.with_suffix(".lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)  # whoever waited finds it made
            if not found.exists():
                _make(subject, folder)
    return found


def _make(subject: Subject, folder: Path) -> None:
    draft = Path(tempfile.mkdtemp(prefix="draft-", dir=folder.parent))
    try:
        _run(subject, [sys.executable, "-m", "venv", str(draft)])
        pip = [str(draft / "bin" / "python"), "-m", "pip", "--disable-pip-version-check"]
        pip += ["--no-input", "-q", "install", "--require-hashes", "--only-binary", ":all:"]
        _run(subject, [*pip, "-r", str(subject.requirements)])
        draft.rename(folder)
    finally:
        shutil.rmtree(draft, ignore_errors=True)


def _run(subject: Subject, command: list[str]) -> None:
    made = subprocess.run(command, capture_output=True, text=True, check=False)
    if made.returncode:
        said = (made.stderr.strip() or made.stdout.strip()).splitlines()
        raise Unavailable(f"{subject.name}: cannot be had: {said[-1] if said else 'pip fails'}")


def version(subject: Subject, interpreter: Path) -> str:
    """Return the version of the product."""
    if subject.package is None:
        return "of this checkout"
    ask = f"from importlib.metadata import version; print(version({subject.package!r}))"
    asked = subprocess.run([interpreter, "-c", ask], capture_output=True, text=True, check=True)
    return asked.stdout.strip()

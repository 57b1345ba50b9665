"""`ffq design`: a queue as somebody builds it, described by answers, against the claims."""

from __future__ import annotations

import shlex
import sys
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from checker.commands.options import AsJson, Wrong, catalogue, close, group, reachable, writing

if TYPE_CHECKING:
    from checker.verdicts.mends import Broken, Held
    from spec.failures.answers import Design, Question

_HEAD = "# A design of a job queue; `ffq design check FILE` holds it against the claims."


def new(
    file: Annotated[Path, typer.Argument(help="The file to write.", callback=reachable)],
    as_json: AsJson = False,
) -> None:
    """Ask ten questions about a queue, in everyday words, and keep the answers in a TOML file.

    Without a terminal nothing is asked: the file has the first answers, and what else can be said.

    Exit status: 0 it is written, 2 it cannot be, and nothing is changed.
    """
    from checker.shown import console
    from spec.failures.answers import QUESTIONS

    if file.exists():
        raise Wrong(f"{file}: is there, and was left alone; name another file")
    ask = sys.stdin.isatty() and not as_json
    answers = {q.word: _asked(q, n) if ask else 1 for n, q in enumerate(QUESTIONS.values(), 1)}
    with writing(file, "name another file"), file.open("x", encoding="utf-8") as out:
        out.write(_as_toml(file.stem, answers))
    again = f"ffq design check {shlex.quote(str(file))}"
    if as_json:
        console.emit({"ok": True, "file": str(file)})
        return
    console.console().print(f"{file} is written\nCheck it: {again}", soft_wrap=True)


def _asked(question: Question, number: int) -> int:
    """Return the number of the answer that the user chooses."""
    from checker.shown import console

    out = console.console()
    out.print(f"\n{number}. {question.doc}", soft_wrap=True)
    for n, answer in enumerate(question.answers, 1):
        out.print(f"   {n} {answer.doc}", soft_wrap=True)
    while True:
        said: str = typer.prompt("  ", default="1", prompt_suffix="", show_default=False)
        if said.strip() in map(str, range(1, len(question.answers) + 1)):
            return int(said)
        console.say(f"write a number from 1 to {len(question.answers)}")


def _as_toml(name: str, answers: dict[str, int]) -> str:
    from spec.failures.answers import QUESTIONS

    lines = [_HEAD, "", f"name = {_quoted(name)}"]
    for question in QUESTIONS.values():
        lines += ["", f"# {question.doc}"]
        lines += [f"#   {answer.word}: {answer.doc}" for answer in question.answers]
        chosen = question.answers[answers[question.word] - 1]
        lines.append(f"{question.word} = {_quoted(chosen.word)}")
    return "\n".join(lines) + "\n"


def _quoted(text: str) -> str:
    import json

    return json.dumps(text)  # a basic string of TOML, but for what no file name has


# ---------------------------------------------------------------- reading
def read(what: str) -> Design:
    """Return the design that a file holds, or a known one; raises `Wrong`."""
    from spec.failures.answers import QUESTIONS, Design
    from spec.failures.profiles import PROFILES
    from spec.language.misuse import Misuse

    if what in PROFILES:
        return PROFILES[what]
    file = Path(what)
    try:
        given = tomllib.loads(file.read_text("utf-8"))
    except FileNotFoundError:
        near = close(what, PROFILES, "ffq profiles")
        raise Wrong(f"there is no file and no known design '{what}'; {near}") from None
    except OSError as failed:
        raise Wrong(f"{what}: cannot be read: {failed.strerror}; name another file") from None
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as wrong:
        raise Wrong(f"{what}: is not TOML: {wrong}; `ffq design new` writes one") from None
    name, doc = given.pop("name", file.stem), given.pop("doc", "")
    for word, answer in {"name": name, "doc": doc, **given}.items():
        if not isinstance(answer, str):
            raise Wrong(f'{what}: {word} is no text; write {word} = "..."')
    unknown = [word for word in given if word not in QUESTIONS]
    if unknown:
        near = close(unknown[0], QUESTIONS, "ffq design new")
        raise Wrong(f"{what}: nothing is asked by the name of '{unknown[0]}'; {near}")
    first = {q.word: q.answers[0].word for q in QUESTIONS.values()}
    try:
        return Design(name, doc, {w: a for w, a in given.items() if a != first[w]})
    except Misuse as wrong:
        raise Wrong(f"{what}: {wrong.fact}; {wrong.remedy}") from None


# ---------------------------------------------------------------- checking
def check(
    what: Annotated[
        str, typer.Argument(help="A file of `ffq design new`, or a design that is known.")
    ],
    verbose: Annotated[
        bool, typer.Option("--verbose", "-v", help="Print every run, and every claim that holds.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Say of each claim whether it holds of a design; or the run that breaks it, and what mends it.

    Exit status: 0 nothing breaks, 1 something does, 2 bad usage, 3 something was not decided.
    """
    from checker.commands.spec import design_show as shown
    from checker.shown import console
    from checker.shown.live import Live
    from checker.verdicts.mends import Held, judge
    from spec.language.scope import Scope

    design = read(what)
    scopes = [catalogue().scope(name) for name in design.scopes]
    out = console.console()
    if not as_json:
        shown.show_design(out, design)
    held: list[Held] = []
    broken: list[Broken] = []
    with Live() as live:

        def watch(scope: Scope, name: str) -> Any:
            if not live.err.is_terminal:  # where no line can be drawn anew
                console.say(f"{name}: visiting every state of {scope.name}")
            return live.watch(Scope(name, scope.spec, scope.bounds))

        for found in judge(design, scopes, watch):
            if isinstance(found, Held):
                held.append(found)
                continue
            broken.append(found)
    if as_json:
        console.emit(shown.as_json(design, held, broken))
    else:
        shown.show_all_broken(out, design, broken, verbose)
        where = [(scope.name, console.bounds(scope)) for scope in scopes]
        shown.show_end(out, held, broken, where, verbose)
    raise typer.Exit(1 if broken else 3 if any(one.mark == "?" for one in held) else 0)


design = group("Designs of a queue, of your own or known.", {"new": new, "check": check})

"""`ffq docs`: shows which generated blocks of the pages are stale, and rewrites them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from checker.commands.options import AsJson, Wrong, catalogue

if TYPE_CHECKING:
    from rich.console import Console

    from checker.docs.pages import Page
    from checker.runs.exploration import Report
    from checker.shown.live import Live
    from spec.language.scope import Scope


def docs(
    pages: Annotated[
        list[Path] | None,
        typer.Argument(help="Only these pages; default: README.md, docs and postmortems."),
    ] = None,
    write: Annotated[
        bool, typer.Option("--write", help="Rewrite what is stale, and nothing else.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Compare the generated blocks of the pages with the spec; print what is stale as a diff.

    Names in the prose that the spec does not know are reported too. Exit status: 0 if all is
    fresh, 1 if not, 2 for a page that cannot be read or a block that nobody can print.
    """
    from checker.shown import console
    from checker.shown.live import Live

    with Live() as live:
        found, troubles = _read(pages, live)
    if troubles:
        # One line for each, and nothing is written: half a set of pages helps nobody.
        for trouble in troubles[:-1]:
            console.say(trouble)
        raise Wrong(troubles[-1])
    out = console.console()
    if write:
        _write(found)
    unknown = [line for page in found for line in page.unknown]
    stale = [page for page in found if page.stale]
    ok = not unknown and (write or not stale)
    if as_json:
        listed = [_as_json(page, write) for page in found]
        console.emit({"ok": ok, "pages": listed, "unknown": unknown})
        raise typer.Exit(0 if ok else 1)
    for page in stale:
        if write:
            out.print(f"{page.path}: rewritten")
        else:
            _show_difference(out, page)
    for line in unknown:
        out.print(line, style="bold red", soft_wrap=True)
    if stale and not write:
        names = ", ".join(page.path for page in stale)
        console.say(f"stale: {names}; `ffq docs --write` mends it")
    elif ok:
        agree = "page agrees" if len(found) == 1 else "pages agree"
        out.print(f"{len(found)} {agree} with the spec")
    raise typer.Exit(0 if ok else 1)


def _read(pages: list[Path] | None, live: Live) -> tuple[list[Page], list[str]]:
    """Return the pages, and one line for each that cannot be printed."""
    from checker.commands.main import command_line
    from checker.docs.blocks import Trouble
    from checker.docs.model.spec_index import PACKAGES, index
    from checker.docs.pages import Printers, all_pages, read

    found = catalogue()
    known = index(found.scopes.values(), found.default, PACKAGES)

    def watch(scope: Scope, what: str) -> Report | None:
        return live.watch(replace(scope, name=f"{scope.name} {what}"))

    printers = Printers(
        known,
        watch,
        commands(command_line()),
        count=lambda spec: live.count(spec.name, "obligations"),
    )
    files = pages or all_pages()
    if not files:
        raise Wrong("there are no pages here; run it in a checkout of the repository")
    done, troubles = [], []
    for file in files:
        try:
            done.append(read(file, printers))
        except Trouble as trouble:
            troubles.append(str(trouble))
        except UnicodeError:
            troubles.append(f"{file}:1: this is no UTF-8 text; name a page of Markdown")
        except OSError as failed:
            troubles.append(f"{file}:1: {failed.strerror}; name a page that can be read")
    return done, troubles


def commands(app: typer.Typer) -> dict[str, str]:
    """Return the commands of `ffq`, each with the sentence that opens its help."""
    group = typer.main.get_command(app)
    found = getattr(group, "commands", {})
    return {name: _first_sentence(command.help or "") for name, command in found.items()}


def _first_sentence(text: str) -> str:
    return " ".join(text.split("\n\n")[0].split())


def _write(pages: list[Page]) -> None:
    from checker.docs.pages import write

    for page in pages:
        if page.stale:
            try:
                write(page.file, page.after)
            except OSError as failed:
                raise Wrong(f"{page.path}: {failed.strerror}; make it writable") from None


def _show_difference(out: Console, page: Page) -> None:
    styles = {"+": "green", "-": "red", "@": "cyan"}
    for line in page.difference.splitlines():
        out.print(line, style=styles.get(line[:1], ""), soft_wrap=True)


def _as_json(page: Page, written: bool) -> dict[str, object]:
    return {
        "path": page.path,
        "stale": page.stale,
        "written": page.stale and written,
        "difference": page.difference,
    }

"""Where ledger and queue differ: each account names what is missing, twice, or made up."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from itertools import pairwise
from typing import Any

from checker.torture.acts.kinds import KINDS
from checker.torture.acts.plan import Plan, order
from checker.torture.verdict.both_sides import Books, Effect, Task

Account = Callable[[Plan, Books], Iterator[str]]


def asked(plan: Plan, books: Books) -> Iterator[str]:
    """What was answered is there, as it was asked for, once; and nothing that nobody asked for."""
    by_key = {task.key: (job, task) for job, task in books.tasks.items() if task.retry_of is None}
    new = Counter[str]()
    about = {line["key"]: line["about"] for line in books.told["asks"] if "about" in line}
    for line in books.answers("enqueue"):
        key, (job, is_new, kept_out) = line["key"], line["answer"]
        if kept_out:
            holder = about.get(books.tasks[job].key) if job in books.tasks else None
            if holder is None or holder != about.get(key):
                yield f"{key} was kept out by job {job}, which is not about the same"
            continue
        new[key] += is_new
        if key not in by_key:
            yield f"{key} is lost: a producer was told that it is job {job}"
        elif by_key[key][0] != job:
            yield f"{key} is job {by_key[key][0]}, and a producer was told that it is job {job}"
        elif not _is(by_key[key][1], line):
            yield f"{key} is another job than the one that a producer was told is in"
    yield from (f"{key} was new {count} times" for key, count in new.items() if count > 1)
    wanted = defaultdict(list)
    for line in books.told["asks"]:
        wanted[line["key"]].append(line)
    for key, (job, task) in by_key.items():
        if not any(_is(task, line) for line in wanted[key]):
            yield f"job {job}, {key}, was never asked for"
    for line in books.told["refused"]:
        if line["what"] == "enqueue":
            yield from _refused(line, by_key)
    known = {
        line["n"] for line in [*books.answers("enqueue"), *books.told["refused"]] if "n" in line
    }
    for n in set(range(plan.jobs)) - known:
        yield f"{order(plan, n).key} was never answered"


def _is(task: Task, line: dict[str, Any]) -> bool:
    return (task.kind, task.payload) == (line["kind"], line["payload"])


def _refused(line: dict[str, Any], by_key: dict[str, tuple[int, Task]]) -> Iterator[str]:
    """A job may be refused if its key is another's, or if it is too deep."""
    key = line["key"]
    if key in by_key and _is(by_key[key][1], line):
        yield f"{key} was refused, and is in: {line['why']}"
    elif key not in by_key and line["kind"] != "deep":
        yield f"{key} was refused: {line['why']}"


def ended(plan: Plan, books: Books) -> Iterator[str]:
    """Each job came to an end that is right for its kind, and the one that was told."""
    cancelled = {line["job"] for line in books.told["cancels"]}
    for job, task in books.tasks.items():
        kind, end = KINDS[task.kind], (task.status, task.reason)
        right = {("dead", "interruptions")}
        right |= {("done", "none")} if kind.done else set()
        right |= {("dead", "failures")} if kind.fails else set()
        right |= {("dead", "cancelled")} if job in cancelled else set()
        if end not in right:
            yield f"job {job}, {task.key}, ended as {task.status}, by {task.reason}"
    for line in books.answers("cancel"):
        found = books.tasks.get(line["job"])
        if found is None:
            yield f"job {line['job']} is lost: a producer was told that it is cancelled"
        elif found.reason != "cancelled":
            yield f"job {line['job']}, which is {found.status}, was cancelled: so it was told"
    done = Counter(line["job"] for line in books.told["ended"] if line["how"] == "done")
    for job, times in done.items():
        if times > 1:
            yield f"{times} attempts of job {job} were told that it is done"
        if job not in books.tasks or books.tasks[job].status != "done":
            yield f"job {job} is not done, and its worker was told that it is"


def retried(plan: Plan, books: Books) -> Iterator[str]:
    """A retry is that of a dead job, and there is one at the most."""
    asked_for = {line["job"] for line in books.told["retries"]}
    later = Counter(task.retry_of for task in books.tasks.values() if task.retry_of is not None)
    for job, times in later.items():
        if times > 1:
            yield f"job {job} was retried as {times} jobs"
        if job not in asked_for:
            yield f"job {job} was retried, and nobody asked for it"
        if books.tasks[job].status != "dead":
            yield f"job {job} was retried, and is {books.tasks[job].status}"
    for line in books.answers("retry"):
        made, *_ = line["answer"]
        if made not in books.tasks or books.tasks[made].retry_of != line["job"]:
            yield f"job {made} is lost: a producer was told that it retries job {line['job']}"


def effects(plan: Plan, books: Books) -> Iterator[str]:
    """Each effect was made once by a job and its retries, and under a claim of its own job."""
    made: dict[int, Counter[str]] = defaultdict(Counter)
    for effect in books.effects:
        if effect.job not in books.tasks:
            yield f"effect '{effect.name}' is that of job {effect.job}, which is not there"
            continue
        made[books.first(effect.job)][effect.name] += 1
        if not _held(books, effect):
            yield f"effect '{effect.name}' of job {effect.job} was made when its claim was over"
    done = {books.first(job) for job, task in books.tasks.items() if task.status == "done"}
    for first in {books.first(job) for job in books.tasks}:
        task, got = books.tasks[first], made[first]
        kind = KINDS[task.kind]
        must = {*kind.once, "done"} if first in done else set()
        may = must | {*kind.once, *kind.maybe}
        if any(times > 1 for times in got.values()) or not must <= got.keys() <= may:
            wanted = ", ".join(sorted(must)) or "none"
            yield f"job {first}, {task.key}: effects {dict(got)}, and wanted once each: {wanted}"
    rows = {(effect.job, effect.name) for effect in books.effects}
    for line in books.told["made"]:
        if (line["job"], line["effect"]) not in rows:
            yield f"effect '{line['effect']}' of job {line['job']} is lost: its handler knows of it"


def _held(books: Books, effect: Effect) -> bool:
    """Return whether the claim under which an effect was made was in force then."""
    return any(
        claim.number == effect.number and claim.begun <= effect.seq < claim.ended
        for claim in books.claims[effect.job]
    )


def tokens(plan: Plan, books: Books) -> Iterator[str]:
    """Whoever claims a job, or a retry of it, later than others has a larger token."""
    told: dict[int, dict[tuple[int, int], list[int]]] = defaultdict(dict)
    for line in books.told["begun"]:
        if line["job"] in books.tasks:
            told[books.first(line["job"])][line["job"], line["number"]] = line["token"]
    for first, found in told.items():
        in_time = [found[claim] for claim in sorted(found)]
        if any(one >= other for one, other in pairwise(in_time)):
            yield f"claims of job {first} and its retries have tokens that do not grow: {in_time}"


def results(plan: Plan, books: Books) -> Iterator[str]:
    """All attempts at a job and its retries saw the same results."""
    seen: dict[tuple[int, str], list[Any]] = defaultdict(list)
    for line in books.told["seen"]:
        if line["job"] in books.tasks:
            seen[books.first(line["job"]), line["name"]].append(line["result"])
    for (job, name), found in seen.items():
        if any(result != found[0] for result in found):
            yield f"attempts at job {job} saw other results of '{name}'"


def messages(plan: Plan, books: Books) -> Iterator[str]:
    """Each message of a job that is done was delivered as it was sent, and no other."""
    delivered = {line["key"]: line for line in books.told["delivered"]}
    for key, sent in books.sent.items():
        if key not in delivered:
            yield f"message {key} was never delivered"
        elif (delivered[key]["job"], delivered[key]["body"]) != (sent.job, sent.body):
            yield f"message {key} is not what was delivered"
    yield from (f"message {key} was never sent" for key in delivered.keys() - books.sent.keys())
    by_job = Counter(sent.job for sent in books.sent.values())
    for job, task in books.tasks.items():
        wanted = int(task.kind == "send" and task.status == "done")
        if by_job[job] != wanted and not (task.kind == "keep" and task.status == "done"):
            yield f"job {job}, {task.key}, sent {by_job[job]} messages, not {wanted}"


def deaths(plan: Plan, books: Books) -> Iterator[str]:
    """Each death was told with its reason, and no other."""
    told = {(line["job"], line["reason"]) for line in books.told["told"]}
    dead = {(job, task.reason) for job, task in books.tasks.items() if task.status == "dead"}
    yield from (f"nobody was told that job {job} is dead of {why}" for job, why in dead - told)
    yield from (f"job {job} did not die of {why}, as was told" for job, why in told - dead)


ACCOUNTS: tuple[Account, ...] = (asked, ended, retried, effects, tokens, results, messages, deaths)

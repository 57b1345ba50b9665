"""A damaged file is refused in one clear line, or answered as the whole one is, or told of."""

from collections import Counter
from collections.abc import Iterable
from pathlib import Path

import pytest

from impl.queue import Queue
from impl.terms.unusable import StoreError
from tests.damage.asking import WORKER, Answer, ask, shown
from tests.damage.images import Image, damaged, foreign, headless, made, misplaced

Left = tuple[Image, Path]
"""What is left of a queue, and in which folder: elsewhere it would be a copy."""


@pytest.fixture(scope="module")
def closed(tmp_path_factory: pytest.TempPathFactory) -> Left:
    """A queue that was closed: all is in its file."""
    folder = tmp_path_factory.mktemp("closed")
    return made(folder, killed=False), folder


@pytest.fixture(scope="module")
def killed(tmp_path_factory: pytest.TempPathFactory) -> Left:
    """A queue whose process was killed: much is in its log."""
    folder = tmp_path_factory.mktemp("killed")
    return made(folder, killed=True), folder


def wrong(image: Image, answers: dict[str, Answer]) -> list[str]:
    found = [text for answer in answers.values() for text in answer.wrong()]
    return [f"{image.done}: {text}" for text in found]


def told(answers: dict[str, Answer]) -> bool:
    """Return whether `ffq validate` says that something is the matter."""
    return answers["validate"].status != 0


def asked_of_all(
    images: Iterable[Image], whole: Image, folder: Path
) -> tuple[list[str], Counter[str]]:
    """Return what is wrong, and how often which answer was given."""
    found, counts, right = list[str](), Counter[str](), shown(whole, folder)
    for image in images:
        answers = ask(image, folder)
        found += wrong(image, answers)
        counts["images"] += 1
        if answers["validate"].refused:
            counts["refused"] += 1
        elif told(answers):
            counts["told by validate"] += 1
        elif shown(image, folder) != right:
            counts["another answer while validate says fine"] += 1
            print(f"another answer: {image.done}")
        else:
            counts["nothing to be seen"] += 1
    print(dict(counts))
    return found, counts


@pytest.mark.parametrize("left", ["closed", "killed"])
def test_the_whole_queue_is_answered(left: str, request: pytest.FixtureRequest) -> None:
    answers = ask(*request.getfixturevalue(left))
    assert {command: answer.status for command, answer in answers.items()} == dict.fromkeys(
        answers, 0
    )
    if left == "closed":  # else its log is put away
        changed = {command for command, answer in answers.items() if answer.changed}
        assert changed == {"queue enqueue", WORKER}
    assert answers["queue list"].out.count("\n") == 23  # 22 jobs below their heading


@pytest.mark.parametrize("left", ["closed", "killed"])
@pytest.mark.parametrize(
    ("seed", "count"), [(1, 25), *(pytest.param(n, 200, marks=pytest.mark.deep) for n in (2, 3, 4))]
)
def test_a_damaged_file_is_refused_or_told_of_or_read_right(
    left: str, seed: int, count: int, request: pytest.FixtureRequest
) -> None:
    image, folder = request.getfixturevalue(left)
    found, counts = asked_of_all(damaged(image, seed, count), image, folder)
    assert found == [], "\n".join(found)
    assert counts["images"] == count
    assert counts["nothing to be seen"] < count  # or it was no damage


def test_a_file_whose_schema_is_no_text_is_refused(closed: Left) -> None:
    image, folder = closed
    content = image.files[""].replace(b"-- for the handler", b"-- for t\xff\xff handler", 1)
    assert content != image.files[""]
    answers = ask(Image("a schema that is no text", {**image.files, "": content}), folder)
    assert {answer.status for answer in answers.values()} == {2}
    assert list(wrong(image, answers)) == []
    for a in answers.values():
        assert "is damaged: text in it is not UTF-8" in a.err


def test_a_queue_without_the_first_page_of_a_table_is_refused_or_told_of(closed: Left) -> None:
    image, folder = closed
    found, counts = asked_of_all(headless(image, folder), image, folder)
    assert found == [], "\n".join(found)
    assert counts["refused"] == counts["images"] > 12


def test_files_that_are_lost_or_copied_wrongly_are_refused_or_read(
    closed: Left, killed: Left, tmp_path: Path
) -> None:
    found, _ = asked_of_all(misplaced(closed[0], killed[0]), killed[0], tmp_path)
    assert found == [], "\n".join(found)


def test_a_file_that_never_was_a_queue_is_left_alone(tmp_path: Path) -> None:
    for image in foreign(tmp_path):
        answers = ask(image, tmp_path)
        assert wrong(image, answers) == []
        assert {answer.status for answer in answers.values()} == {2}, image.done
        with pytest.raises(StoreError):
            Queue(image.put(tmp_path))

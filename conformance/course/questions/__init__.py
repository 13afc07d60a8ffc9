"""Questions about nearest neighbours as interviewers ask them, each with its answer and a proof.

Each TOML file of this folder is a group of questions. ``read_groups`` reads them, ``page.py`` makes
``docs/questions.md`` of them (``python -m conformance.course.questions --write``), and ``python -m conformance quiz``
asks them.
"""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent
NEEDED = ("slug", "asks", "answer", "follow_up", "follow_up_answer")
OF_CANDIDATES = ("weak", "good", "strong", "difference")


class QuestionError(ValueError):
    """A file of questions cannot be used; the message names the file, the question and the entry."""


@dataclass(frozen=True)
class Candidates:
    """How a weak, a good and a strong candidate answer a question, and the difference between them."""

    weak: str
    good: str
    strong: str
    difference: str


@dataclass(frozen=True)
class Question:
    """A question, its answer, and the question that follows it.

    The proof is a doctest; ``shown_by`` has names of tests, such as ``tests/test_votes.py::test_name``, and of claims,
    such as ``claim: all_rows_alike``; ``source`` is a publication. A question has at least one of the first two.
    """

    slug: str
    asks: str
    answer: str
    follow_up: str
    follow_up_answer: str
    proof: str = ""
    shown_by: tuple[str, ...] = ()
    source: str = ""
    candidates: Candidates | None = None


@dataclass(frozen=True)
class Group:
    """Questions on one subject, and the files that teach it."""

    name: str
    read: tuple[str, ...]
    questions: tuple[Question, ...]


def read_groups(folder: Path = FOLDER) -> list[Group]:
    """Returns the groups of a folder in the order of their files' names. Raises QuestionError for a bad entry."""
    groups = [_read_group(file) for file in sorted(folder.glob("*.toml"))]
    seen: set[str] = set()
    for question in (question for group in groups for question in group.questions):
        if question.slug in seen:
            raise QuestionError(f"two questions have the slug {question.slug!r}: give one of them another")
        seen.add(question.slug)
    return groups


def with_candidates(groups: list[Group]) -> list[Group]:
    """Returns the groups with those questions only that have the answers of candidates."""
    chosen = [(group, tuple(q for q in group.questions if q.candidates)) for group in groups]
    return [replace(group, questions=questions) for group, questions in chosen if questions]


def _read_group(file: Path) -> Group:
    try:
        table = tomllib.loads(file.read_text(encoding="utf-8"))
    except tomllib.TOMLDecodeError as error:
        raise QuestionError(f"{file.name} is not TOML: {error}") from error
    _check(table, {"group": str, "read": list, "questions": list}, {}, file.name)
    entries = enumerate(table["questions"], 1)
    questions = tuple(_read_question(entry, f"{file.name}, question {i}") for i, entry in entries)
    return Group(table["group"], tuple(table["read"]), questions)


def _read_question(entry: dict[str, Any], place: str) -> Question:
    needed = dict.fromkeys(NEEDED, str)
    _check(entry, needed, {"proof": str, "shown_by": list, "source": str, "candidates": dict}, place)
    place = f"{place} ({entry['slug']})"
    if not re.fullmatch(r"[a-z][a-z0-9_]*", entry["slug"]):
        raise QuestionError(f"{place}: a slug has small letters, digits and underscores only")
    if not entry.get("proof") and not entry.get("shown_by"):
        raise QuestionError(f"{place}: it needs a proof, which is a doctest, or shown_by, a list of tests and claims")
    if ">>> " not in entry.get("proof", ">>> "):
        raise QuestionError(f"{place}: the proof has no line that starts with >>>")
    candidates = entry.get("candidates")
    if candidates is not None:
        _check(candidates, dict.fromkeys(OF_CANDIDATES, str), {}, f"{place}, candidates")
    texts = {name: value.strip() for name, value in entry.items() if isinstance(value, str)}
    return Question(
        **texts,
        shown_by=tuple(entry.get("shown_by", ())),
        candidates=candidates and Candidates(**{name: value.strip() for name, value in candidates.items()}),
    )


def _check(table: dict[str, Any], needed: Mapping[str, type], optional: Mapping[str, type], place: str) -> None:
    """Raises QuestionError unless the table has all the needed entries, of their types, and no unknown ones."""
    for name in needed:
        if not table.get(name):
            raise QuestionError(f"{place}: the entry {name!r} is missing or empty")
    known = {**needed, **optional}
    for name, value in table.items():
        if name not in known:
            raise QuestionError(f"{place}: {name!r} is not an entry; the entries are {', '.join(known)}")
        if not isinstance(value, known[name]):
            raise QuestionError(f"{place}: {name!r} is a {type(value).__name__}, but must be a {known[name].__name__}")

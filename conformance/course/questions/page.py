"""Makes ``docs/questions.md`` of the questions."""

from conformance.course.questions import Candidates, Group, Question

INTRODUCTION = """\
# Questions

{count} questions about nearest neighbours as interviewers ask them.
Each has an answer, the question that follows it, and a proof: lines of Python that print the facts of the answer,
and tests and claims of this repository. `python -m conformance reference --only NAME` tries a claim.
`tests/test_questions.py` runs every proof.
{candidates} of them also have the answers of a weak, a good and a strong candidate.

`python -m conformance quiz` asks these questions in the terminal, and `--group NAME` those of a group.
This page is made from `conformance/course/questions/` by `python -m conformance.course.questions --write`.
"""


def make_page(groups: list[Group]) -> str:
    """Returns the text of the page."""
    questions = [question for group in groups for question in group.questions]
    n_candidates = sum(question.candidates is not None for question in questions)
    contents = [f"- [{group.name}](#{anchor(group.name)}): {len(group.questions)}" for group in groups]
    introduction = INTRODUCTION.format(count=len(questions), candidates=n_candidates)
    return "\n".join([introduction, *contents, "", *map(_group, groups)])


def anchor(name: str) -> str:
    """Returns the part of a link that leads to a heading of the page.

    >>> anchor("Vectorisation and memory")
    'vectorisation-and-memory'
    """
    return name.lower().replace(" ", "-")


def _group(group: Group) -> str:
    read = " and ".join(f"[`{file}`](../{file})" for file in group.read)
    return "\n".join([f"## {group.name}", "", f"Read {read}.", "", *map(_question, group.questions)])


def _question(question: Question) -> str:
    parts = [f"### {question.asks}", question.answer, f"**{question.follow_up}** {question.follow_up_answer}"]
    if question.candidates:
        parts.append(_folded("A weak, a good and a strong answer", _candidates(question.candidates)))
    return "\n\n".join([*parts, _folded("Proof", _proof(question))]) + "\n"


def _candidates(candidates: Candidates) -> str:
    lines = [("Weak", candidates.weak), ("Good", candidates.good), ("Strong", candidates.strong)]
    return "\n".join(f"- **{name}:** {text}" for name, text in [*lines, ("The difference", candidates.difference)])


def _proof(question: Question) -> str:
    """The doctest, with an empty line before the fence that ends its last output, and the names of tests and claims."""
    parts = [f"```python\n{question.proof}\n\n```"] if question.proof else []
    if question.shown_by:
        names = ", ".join(f"the claim `{n[7:]}`" if n.startswith("claim: ") else f"`{n}`" for n in question.shown_by)
        parts.append(f"Tested by {names}.")
    if question.source:
        parts.append(f"Source: {question.source}")
    return "\n\n".join(parts)


def _folded(title: str, text: str) -> str:
    return f"<details>\n<summary>{title}</summary>\n\n{text}\n\n</details>"

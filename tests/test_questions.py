"""The questions of the course: every proof runs, every named test and claim exists, and the page is up to date."""

import ast
import doctest
import re
from pathlib import Path

import pytest

from conformance.claims import BY_NAME
from conformance.course.questions import FOLDER, QuestionError, read_groups, with_candidates
from conformance.course.questions.__main__ import PAGE, main
from conformance.course.questions.page import make_page

ROOT = Path(__file__).parent.parent
GROUPS = read_groups()
QUESTIONS = [question for group in GROUPS for question in group.questions]
NAMED = sorted({name for question in QUESTIONS for name in question.shown_by})
ENTRY = '[[questions]]\nslug = "{slug}"\nasks = "a?"\nanswer = "b"\nfollow_up = "c?"\nfollow_up_answer = "d"\n'
GOOD = 'group = "A"\nread = ["README.md"]\n' + ENTRY.format(slug="first") + "proof = '>>> 1 + 1'\n"


@pytest.mark.parametrize("question", [q for q in QUESTIONS if q.proof], ids=lambda question: question.slug)
def test_a_proof_prints_the_output_that_is_shown(question):
    parsed = doctest.DocTestParser().get_doctest(question.proof, {}, question.slug, question.slug, 0)
    output = []

    failed, tried = doctest.DocTestRunner().run(parsed, out=output.append)

    assert failed == 0, "".join(output)
    assert any(example.want for example in parsed.examples) or "assert" in question.proof
    assert tried > 1


@pytest.mark.parametrize("name", NAMED)
def test_a_named_test_or_claim_exists(name):
    if name.startswith("claim: "):
        assert name.removeprefix("claim: ") in BY_NAME
    else:
        file, _, function = name.partition("::")
        tree = ast.parse((ROOT / file).read_text())
        assert function in [node.name for node in tree.body if isinstance(node, ast.FunctionDef)]


@pytest.mark.parametrize("group", GROUPS, ids=lambda group: group.name)
def test_the_files_that_a_group_tells_to_read_exist(group):
    assert [file for file in group.read if not (ROOT / file).is_file()] == []


@pytest.mark.parametrize("question", QUESTIONS, ids=lambda question: question.slug)
def test_an_answer_has_two_to_six_lines(question):
    assert 2 <= len(question.answer.splitlines()) <= 6


def test_there_are_twelve_groups_and_ten_questions_with_answers_of_candidates():
    assert len(GROUPS) == 12
    assert len(QUESTIONS) >= 66
    assert sum(len(group.questions) for group in with_candidates(GROUPS)) == 10


def test_the_page_is_up_to_date():
    page = "python -m conformance.course.questions --write makes it"

    assert PAGE.read_text(encoding="utf-8") == make_page(GROUPS), page


def test_the_page_has_every_question_and_every_proof():
    page = make_page(GROUPS)

    assert re.findall(r"^### (.+)$", page, flags=re.M) == [question.asks for question in QUESTIONS]
    assert page.count("<summary>Proof</summary>") == len(QUESTIONS)
    assert page.count("<details>") == page.count("</details>") == len(QUESTIONS) + 10
    examples = [len(doctest.DocTestParser().get_examples(text)) for text in (page, *(q.proof for q in QUESTIONS))]
    assert examples[0] == sum(examples[1:])


def test_a_good_file_is_read(tmp_path):
    (tmp_path / "01_a.toml").write_text(GOOD)

    [group] = read_groups(tmp_path)

    assert (group.name, group.questions[0].slug, group.questions[0].proof) == ("A", "first", ">>> 1 + 1")


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('group = "A"', 'group = "A', r"01_a\.toml is not TOML"),
        ('group = "A"\n', "", r"01_a\.toml: the entry 'group' is missing or empty"),
        ('answer = "b"\n', "", r"01_a\.toml, question 1: the entry 'answer' is missing or empty"),
        ('answer = "b"', 'answer = "b"\nanswers = "c"', r"question 1: 'answers' is not an entry; the entries are"),
        ('answer = "b"', "answer = 3", r"question 1: 'answer' is a int, but must be a str"),
        ('slug = "first"', 'slug = "Not a slug"', r"question 1 \(Not a slug\): a slug has small letters"),
        ("proof = '>>> 1 + 1'\n", "", r"question 1 \(first\): it needs a proof, .* or shown_by"),
        (">>> 1 + 1", "1 + 1", r"question 1 \(first\): the proof has no line that starts with >>>"),
        ("proof =", 'candidates = {weak = "a"}\nproof =', r"\(first\), candidates: the entry 'good' is missing"),
        (">>> 1 + 1'\n", f">>> 1 + 1'\n{ENTRY.format(slug='first')}shown_by = ['a']\n", "two questions have the slug"),
    ],
)
def test_a_bad_entry_is_named(tmp_path, old, new, message):
    assert old in GOOD
    (tmp_path / "01_a.toml").write_text(GOOD.replace(old, new))

    with pytest.raises(QuestionError, match=message):
        read_groups(tmp_path)


def test_the_page_is_written_when_asked(tmp_path, monkeypatch, capsys):
    page = tmp_path / "questions.md"
    monkeypatch.setattr("conformance.course.questions.__main__.PAGE", page)

    assert main([]) == 0
    assert not page.exists()
    assert main(["--write"]) == 0
    assert page.read_text(encoding="utf-8") == make_page(GROUPS)
    assert f"{len(QUESTIONS)} questions in 12 groups" in capsys.readouterr().out


def test_without_a_clone_the_page_is_not_written(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr("conformance.course.questions.__main__.PAGE", tmp_path / "docs" / "questions.md")

    with pytest.raises(SystemExit):
        main(["--write"])

    assert "--write is for a clone of the repository" in capsys.readouterr().err


def test_a_bad_file_is_told_in_one_line(monkeypatch, capsys):
    def fail():
        raise QuestionError("02_b.toml: the entry 'group' is missing or empty")

    monkeypatch.setattr("conformance.course.questions.__main__.read_groups", fail)

    assert main([]) == 1
    assert capsys.readouterr().err == "02_b.toml: the entry 'group' is missing or empty\n"


def test_the_files_are_beside_the_code_that_reads_them():
    assert len(list(FOLDER.glob("*.toml"))) == len(GROUPS)


def test_the_pages_say_how_many_questions_there_are():
    count = sum(len(group.questions) for group in read_groups())
    pages = [ROOT / "README.md", ROOT / "CHANGELOG.md", ROOT / "docs" / "README.md", ROOT / "docs" / "study.md"]

    assert [re.findall(r"(\d+) questions", page.read_text(encoding="utf-8")) for page in pages] == [[str(count)]] * 4

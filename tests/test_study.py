"""The study path: its links, quotations, steps and minutes are right, and so are the numbers that it says in words."""

import doctest
import re
from pathlib import Path

import numpy as np
import pytest

from conformance.course.own_claim import ENOUGH
from conformance.course.solutions.step_07_weights import get_weights
from conformance.course.steps import STEPS
from conformance.zoo import ZOO

DOCS = Path(__file__).parent.parent / "docs"
PAGE = (DOCS / "study.md").read_text(encoding="utf-8")
PROSE = re.sub(r"```.+?```", "", PAGE, flags=re.S)
LINK = re.compile(r"\]\(([^)#]*)#?([^)]*)\)")
STOPS = re.findall(r"^### ([^\n]+)\n(.+?)(?=\n#)", PAGE, flags=re.M | re.S)
ROWS = re.findall(r"^\| \[(\d+\. [^]]+)\]\((#\S+)\) \| (.+) \| (\d+) \| (.+) \| (\d+) \|$", PAGE, flags=re.M)
READ = re.findall(r"^- \*\*Read\*\* (.+?)(?: \*\*Write\*\*.*)?$", PAGE, flags=re.M)


def slug(heading):
    """The anchor that GitHub gives to a heading."""
    return re.sub(r"[^\w\- ]", "", heading.strip().lower()).replace(" ", "-")


def anchors(file):
    return {slug(heading) for heading in re.findall(r"^#+ (.+)$", file.read_text(encoding="utf-8"), flags=re.M)}


def numbers_of_steps(text):
    return [int(number) for part in re.findall(r"steps? ([\d, and]+)", text) for number in re.findall(r"\d+", part)]


@pytest.mark.parametrize(("link", "anchor"), sorted(set(LINK.findall(PROSE))))
def test_a_link_leads_to_a_file_and_a_heading(link, anchor):
    file = (DOCS / link).resolve() if link else DOCS / "study.md"

    assert file.is_file()
    assert not anchor or anchor in anchors(file)


@pytest.mark.parametrize("line", [line for line in READ if "../" in line or ".md)" in line])
def test_the_code_that_is_quoted_stands_in_a_file_that_is_linked_beside_it(line):
    files = [DOCS / link for link, _ in LINK.findall(line) if link]
    text = " ".join(" ".join(file.read_text(encoding="utf-8") for file in files).split())
    quoted = re.findall(r"`([^`]+)`", re.sub(r"\[[^]]*\](?=\()", "", line))  # without the labels of links

    assert [code for code in quoted if " ".join(code.split()) not in text] == []


def test_most_stops_quote_code():
    assert sum(line.count("`") >= 4 for line in READ) >= 10


def test_the_table_has_the_stops_in_their_order():
    assert [title for title, *_ in ROWS] == [title for title, _ in STOPS]
    assert [link for _, link, *_ in ROWS] == [f"#{slug(title)}" for title, _ in STOPS]
    assert len(STOPS) == 16


@pytest.mark.parametrize(("title", "text"), STOPS, ids=lambda part: part.partition("\n")[0][:20])
def test_a_stop_says_what_to_read_and_to_notice_and_has_a_question_with_a_wrong_answer(title, text):
    assert re.findall(r"\*\*(Read|Notice|Asked|Wrong)\*\*", text)[:4] == ["Read", "Notice", "Asked", "Wrong"]
    assert re.search(r'\*\*Asked\*\* "[^"]+[?.]" \*\*Wrong\*\* "[^"]+"', text)


def test_the_stops_name_every_step_and_no_other():
    named = re.findall(r"`(step_\w+)`", PAGE)

    assert set(named) == {step.file.removesuffix(".py") for step in STEPS}
    assert f"a folder of {len(STEPS)} files" in PAGE and f"or all {len(STEPS)} (two days)" in PAGE


def test_the_path_of_two_days_has_each_step_once_in_the_stop_that_names_it():
    in_table = [numbers_of_steps(two_days) for *_, two_days, _ in ROWS]
    flat = [number for steps in in_table for number in steps]
    repeated = {2}  # written again without looking, at the stop on loops
    in_stops = [{int(n) for n in re.findall(r"`step_(\d+)_", text)} for _, text in STOPS]

    assert sorted(flat) == [step.number for step in STEPS]
    assert all(set(steps) <= named <= {*steps, *repeated} for steps, named in zip(in_table, in_stops, strict=True))


def test_the_path_of_two_hours_writes_steps_of_the_same_stop():
    for _, _, two_hours, _, two_days, _ in ROWS:
        assert set(numbers_of_steps(two_hours)) <= set(numbers_of_steps(two_days))


def test_the_checklist_has_the_steps_of_the_path_of_two_hours():
    [listed] = re.findall(r"(steps [\d, and]+) are solved \(two hours\)", PAGE)

    assert numbers_of_steps(listed) == [n for _, _, two_hours, *_ in ROWS for n in numbers_of_steps(two_hours)]


def test_the_checklist_asks_a_claim_to_catch_as_many_wrong_searches_as_step_18_does():
    assert f"step 18 catches {ENOUGH} wrong searches" in PAGE


def test_the_minutes_add_up_and_fit_two_hours_and_two_days():
    hours, days = ([int(row[column]) for row in ROWS] for column in (3, 5))
    stated = re.search(r"takes (\d+) minutes.+?takes (\d+): .+?first day, (\d+),.+?second, (\d+);", PAGE)

    assert [int(number) for number in stated.groups()] == [sum(hours), sum(days), sum(days[:9]), sum(days[9:])]
    assert sum(hours) <= 120
    assert sum(days) <= 16 * 60
    assert max(sum(days[:9]), sum(days[9:])) <= 8 * 60


def test_the_wrong_answers_name_wrong_implementations_of_the_zoo():
    named = re.findall(r"zoo: `(\w+)`", PAGE)

    assert len(named) > 10
    assert set(named) <= {mutant.__name__ for mutant in ZOO}


def test_the_memory_that_is_said_in_words_is_right():
    def gigabytes(*shape, dtype=float):
        return np.broadcast_to(np.zeros((), dtype), shape).nbytes / 1e9

    assert f"differences together are {gigabytes(1_000, 10_000, 100):g} GB" in PAGE
    assert f"three tables of m n numbers, {3 * gigabytes(1_000, 10_000):g} GB" in PAGE
    table, short = gigabytes(10_000, 10**6), gigabytes(10_000, 10**6, dtype=np.float32)
    assert f"from {table:g} GB to {short:g} GB" in PAGE


def test_a_small_number_that_is_added_to_distances_lets_two_near_rows_outvote_an_exact_match():
    exact, near, other = 1 / (np.array([0, 1e-9, 1e-9]) + 1e-8)

    assert near + other > exact
    assert get_weights(np.array([0, 1e-9, 1e-9])).tolist() == [1, 0, 0]


def test_a_partition_at_k_raises_where_k_is_n():
    with pytest.raises(ValueError, match="out of bounds"):
        np.argpartition(np.zeros(3), 3)


def test_two_squares_may_have_the_same_rounded_root():
    square, next_square = 1.0, np.nextafter(1.0, 2)

    assert square < next_square
    assert np.sqrt(square) == np.sqrt(next_square)


def test_the_wrong_answers_of_float16_are_those_of_the_page_about_gpus():
    [quoted] = re.findall(r"(3 to 58%) of such answers are wrong", PAGE)

    assert f"{quoted} of its answers are wrong" in (DOCS / "gpu.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("offset", [0, 1, 100, 4096, 1e6])
def test_the_bound_of_the_page_never_excludes_a_neighbor(offset, rng):
    """The lines of the page, on rows and a query around other numbers, and on other draws."""
    examples = [example.source for example in doctest.DocTestParser().get_examples(PAGE)]
    start = next(i for i, source in enumerate(examples) if "n, d, k =" in source)
    lines = "".join(examples[start:-1])
    there = {"np": np, "rng": rng}
    changed = lines.replace("np.random.default_rng(0)", "rng").replace("100 + rng", f"{offset} + rng")
    assert changed.count(f"{offset} + rng") == 2

    for _ in range(3):
        exec(changed, there)
        assert np.all(there["bound"] <= there["measure"](np.arange(there["n"])))
        assert np.array_equal(there["nearest"], there["right"])


def test_the_page_has_fewer_than_300_lines():
    assert len(PAGE.splitlines()) < 300

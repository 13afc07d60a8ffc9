"""docs/spot_the_bug.md has thirty wrong pieces of code; each is wrong as the page says, and right once it is mended."""

import heapq
import re
import warnings
from collections import Counter
from dataclasses import replace

import numpy as np
import pytest

import reference
from conformance.cases.pins import pinned
from conformance.runner import Profile
from conformance.runner.causes import FAILED
from conformance.targets import make_target
from conformance.zoo import ZOO
from conformance.zoo.pieces import PIECES
from conformance.zoo.pieces.piece import IMPORTS, answer, names_of
from conformance.zoo.spot_the_bug import INTRODUCTION, PAGE, page, section
from tests.claims import try_claim

EACH = pytest.mark.parametrize(
    ("number", "piece"), list(enumerate(PIECES, 1)), ids=[f"{n}-{piece.name}" for n, piece in enumerate(PIECES, 1)]
)
OF_THE_INPUT = ("X", "y", "labels", "distances")  # the names of arrays with one entry for each row
LARGE = {"DefaultSort"}  # a small input may be sorted right, by luck


def by_reference(piece):
    """The value of the expression in ``reference`` for the piece's input."""
    names = names_of(f"{piece.mended}\n{piece.given}")
    with np.errstate(divide="ignore", invalid="ignore"):
        return eval(piece.same, {**names, **{name: getattr(reference, name) for name in reference.__all__}})


@EACH
def test_the_piece_is_wrong_and_the_mended_piece_gives_the_answer_of_reference(number, piece):
    right = by_reference(piece)

    assert np.array_equal(answer(piece.mended, piece), right)
    assert not np.array_equal(answer(piece.code, piece), right)


ENDLESS = Profile(draws=20, budget=np.inf, limit=np.inf)  # a busy machine makes as many draws as an idle one


@EACH
def test_the_claim_fails_for_the_piece_and_holds_once_it_is_mended(number, piece):
    """Both are asked alike: the adapter knows the mended piece, and the wrong one takes its place."""
    if piece.model is None:
        assert piece.mutant == "ScaledWithTheQueries"
        pytest.skip("claims ask for the nearest rows in the features as they are")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # as the claims do
        target = make_target(piece.name, piece.model(names_of(piece.mended)))
    wrong = piece.model(names_of(piece.code))
    mistaken = replace(
        target, adapters={task: replace(adapter, model=wrong) for task, adapter in target.adapters.items()}
    )

    verdicts = [
        try_claim(tried, piece.claim, ENDLESS, pins=pinned(piece.claim.name)).verdict for tried in (target, mistaken)
    ]

    assert verdicts[0] == "holds"
    assert verdicts[1] in FAILED


def test_a_query_that_is_standardised_with_others_has_other_neighbors_alone():
    """The piece on which no claim can be tried breaks the claim's sentence, and the mended one does not."""
    [piece] = [piece for piece in PIECES if piece.model is None]
    X, Q = (names_of(f"{piece.code}\n{piece.given}")[name] for name in "XQ")

    for code, changes in ((piece.code, True), (piece.mended, False)):
        find = names_of(code)["get_neighbors"]
        assert np.array_equal(find(X, Q, 1)[0], find(X, Q[:1], 1)[0]) != changes


@EACH
def test_the_input_has_no_row_that_can_be_left_out(number, piece):
    names = names_of(f"{piece.code}\n{piece.given}")
    rows = {name: names[name] for name in OF_THE_INPUT if name in names}
    sizes = {len(values) for values in rows.values()} if piece.mutant not in LARGE else set()

    for left_out in range(max(sizes, default=0)):
        fewer = "\n".join(f"{name} = without({name}, {left_out})" for name in rows)
        smaller = piece._replace(given=f"{piece.given}\n{WITHOUT}\n{fewer}")
        try:
            right = by_reference(smaller)
        except ValueError:  # too few rows for the question
            continue
        assert np.array_equal(answer(smaller.code, smaller), right)


WITHOUT = (
    "without = lambda rows, i: [*rows[:i], *rows[i + 1:]] if isinstance(rows, list) else np.delete(rows, i, axis=0)"
)


@EACH
def test_a_piece_is_short_and_names_a_mutant_of_the_zoo(number, piece):
    lines = [line for line in piece.code.splitlines() if line.strip()]

    assert 5 <= len(lines) <= 14
    assert max(map(len, piece.code.splitlines())) <= 110
    assert "#" not in piece.code  # no comment gives the bug away
    assert piece.mutant in {mutant.__name__ for mutant in ZOO}
    assert piece.task.endswith(".") and piece.why.endswith(".")


def test_there_are_thirty_pieces_and_no_two_are_alike():
    assert len(PIECES) == 30
    assert len({piece.code for piece in PIECES}) == 30


@EACH
def test_the_lines_of_the_page_print_what_the_page_says(number, piece, capsys):
    code, shown = re.findall(r"^```python\n(.+?)^```$", section(number, piece), flags=re.M | re.S)
    verb, wrong, right = re.search(r"^# (prints|raises) (.+)\n# should print (.+)$", shown, flags=re.M).groups()
    names = {"np": np, "heapq": heapq, "Counter": Counter}

    if verb == "raises":
        with pytest.raises(Exception, match=re.escape(wrong.partition(": ")[2])):
            exec(code + shown, names)
    else:
        exec(code + shown, names)
        assert capsys.readouterr().out == f"{wrong}\n"
    exec(piece.mended + shown, names)
    assert capsys.readouterr().out == f"{right}\n"


def test_the_page_is_up_to_date():
    assert PAGE.read_text() == page(), "python -m conformance.zoo.spot_the_bug --write"


def test_the_page_says_which_names_the_pieces_need():
    names = {}
    exec(re.search(r"```python\n(.+?)```", INTRODUCTION, flags=re.S)[1], names)

    assert IMPORTS.items() <= names.items()


def test_a_change_that_does_not_fit_the_code_is_refused():
    with pytest.raises(ValueError, match="is there 0 times, but should be once"):
        PIECES[0]._replace(changes=(("no such line", ""),)).mended  # noqa: B018

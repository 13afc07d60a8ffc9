"""Level "manners": the habits that a calling program, and other programs beside it, rely on."""

import pickle
import warnings
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import redirect_stdout, suppress
from dataclasses import replace
from io import StringIO
from typing import Any

import numpy as np

from conformance.cases import Case
from conformance.cases.strategies import distinct_cases, labels, lattice_cases
from conformance.claims.claim import BEHAVIOUR, CHANGED, claim
from conformance.claims.questions import answers, each_model
from conformance.oracle.expected import targets_of
from conformance.oracle.relations import assert_same_bits
from conformance.targets import Target
from conformance.targets.errors import Missing
from conformance.targets.fitted import Fitted, as_arrays, as_lists

PREDICTING = lattice_cases(y=labels, min_rows=2, max_rows=6)


@claim(PREDICTING, BEHAVIOUR, effort=0.1)
@each_model
def fit_returns_the_model(target: Target, case: Case) -> None:
    """``fit`` returns the model itself, so that ``Model().fit(X, y).predict(Q)`` works.

    Otherwise every pipeline fails with "NoneType has no attribute predict".
    """
    fitted = target.any(case)
    fitted.adapter.need_own("own fit")
    returned = fitted.call("fit", *(case.X, case.y)[: fitted.fit_takes])
    if returned is not fitted.model:
        raise AssertionError(f"fit returned {type(returned).__name__}, but should return the model")


@claim(PREDICTING, BEHAVIOUR, effort=0.3)
@each_model
def inputs_are_not_written_to(target: Target, case: Case) -> None:
    """Arrays that are handed in are the same afterwards.

    ``X -= X.mean(axis=0)`` changes the caller's data.
    """
    fitted = target.any(case)
    _need_arrays(fitted)
    before = {"X": case.X, "y": targets_of(case), "Q": case.Q}
    given = {name: rows.copy() for name, rows in before.items()}
    answers(_handing_over(fitted).fit(given["X"], given["y"]), given["Q"])
    for name, rows in given.items():
        assert_same_bits(rows, before[name], f"{name} after fit and query")


def _itself(rows: np.ndarray) -> np.ndarray:
    return rows


def _handing_over(fitted: Fitted, how: Callable[[np.ndarray], Any] = _itself) -> Fitted:
    """The same model, which is handed the very arrays and not copies, or the values that ``how`` makes of them."""
    return replace(fitted, hand_over=how)


def _need_arrays(fitted: Fitted) -> None:
    if fitted.hand_over is not as_arrays:
        raise Missing(f"{fitted.adapter.name} takes no arrays")


@claim(PREDICTING, BEHAVIOUR, effort=0.3, is_convention=True)
@each_model
def training_data_is_copied(target: Target, case: Case) -> None:
    """Writing to the arrays after ``fit`` changes no answer.

    A model that keeps a reference changes its training data when the caller fills the buffer with the next batch.
    """
    fitted = target.any(case)
    fitted.adapter.need_own("own memory")
    _need_arrays(fitted)
    expected = answers(fitted, case.Q)
    X, y = case.X.copy(), targets_of(case).copy()
    _handing_over(fitted).fit(X, y)
    X[:], y[:] = 77, y[::-1].copy()
    _assert_same(answers(fitted, case.Q), expected, "after X[:] = 77")


@claim(PREDICTING, CHANGED, effort=0.3)
@each_model
def fitting_again_forgets(target: Target, case: Case) -> None:
    """A model that is fitted again answers like a new one, with nothing of the data before.

    Norms, trees and classes of the first data may live on beside those of the second.
    """
    expected = answers(target.any(case), case.Q)
    fitted = target.any(_other(case))
    answers(fitted, _other(case).Q)
    with suppress(Exception):  # fewer rows than k may be refused
        fitted.fit(case.X[-1:], targets_of(case)[-1:])
        answers(fitted, case.Q)
    fitted.fit(case.X, case.y)
    _assert_same(answers(fitted, case.Q), expected, "of a model fitted twice")


@claim(PREDICTING, CHANGED, effort=0.3)
@each_model
def two_models_are_two(target: Target, case: Case) -> None:
    """Fitting a second model does not change the first.

    A default argument that is a list, or an attribute of the class, is shared by all models.
    """
    first = target.any(case)
    expected = answers(first, case.Q)
    target.any(_other(case))
    _assert_same(answers(first, case.Q), expected, "after another model was fitted")


@claim(PREDICTING, CHANGED, effort=0.3)
@each_model
def asking_changes_nothing(target: Target, case: Case) -> None:
    """Asking twice gives the same bits, also after other questions.

    Scratch space on the model changes the next answer, and so does a random choice between equal distances.
    """
    fitted = target.any(case)
    expected = answers(fitted, case.Q)
    answers(fitted, case.X[::-1].copy())
    _assert_same(answers(fitted, case.Q), expected, "when asked again")


@claim(distinct_cases(y=labels), CHANGED, effort=0.3)
@each_model
def memory_layout_is_no_matter(target: Target, case: Case) -> None:
    """Columns first, every second column, rows backwards, read-only, bytes the other way round: the same answers.

    Some code reads the memory and not the array, and some writes to the array that it was given.
    """
    expected = answers(target.any(case), case.Q)
    fitted = target.any(case)
    _need_arrays(fitted)
    for layout in (
        np.asfortranarray,
        lambda rows: np.repeat(rows, 2, axis=1)[:, ::2],
        lambda rows: rows[::-1].copy()[::-1],
        lambda rows: rows.astype(">f8"),
        _read_only,
    ):
        actual = answers(_handing_over(fitted).fit(layout(case.X), case.y), layout(case.Q))
        for one, other in zip(actual, expected, strict=True):
            if not np.array_equal(one, other):
                raise AssertionError(f"answer in another layout={one.tolist()}, but should be {other.tolist()}")


def _read_only(rows: np.ndarray) -> np.ndarray:
    rows = rows.copy()
    rows.flags.writeable = False
    return rows


@claim(PREDICTING, CHANGED, effort=0.3, is_convention=True)
@each_model
def lists_are_as_good_as_arrays(target: Target, case: Case) -> None:
    """Lists of numbers give the answers that arrays give.

    A first try is often written as ``[[1, 2], [3, 4]]``.
    """
    fitted = target.any(case)
    expected = answers(fitted, case.Q)
    _handing_over(fitted, as_lists).fit(case.X, case.y)
    _assert_same(answers(_handing_over(fitted, as_lists), case.Q), expected, "to lists")


@claim(PREDICTING, BEHAVIOUR, effort=0.1)
@each_model
def random_numbers_are_left_alone(target: Target, case: Case) -> None:
    """NumPy's global random numbers are neither drawn nor seeded.

    A library that seeds them makes every experiment of its callers the same.
    """
    np.random.seed(5)
    answers(target.any(case), case.Q)
    if np.random.random() != np.random.RandomState(5).random():
        raise AssertionError("NumPy's global random state is another, but should be as it was")


@claim(PREDICTING, BEHAVIOUR, effort=0.1)
@each_model
def nothing_is_printed(target: Target, case: Case) -> None:
    """Nothing is printed.

    A debugging line for each query is a million lines for a million queries.
    """
    out = StringIO()
    with redirect_stdout(out):
        answers(target.any(case), case.Q)
    if out.getvalue():
        raise AssertionError(f"printed {out.getvalue()[:60]!r}, but should print nothing")


@claim(PREDICTING, BEHAVIOUR, effort=0.3)
@each_model
def nothing_is_warned_of(target: Target, case: Case) -> None:
    """Ordinary data raises no warning.

    "divide by zero" at every exact match teaches people not to read warnings.
    """
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        answers(target.any(replace(case, weights="distance") if _takes_weights(target) else case), case.Q)
    if caught:
        raise AssertionError(f"warned of {str(caught[0].message)!r}, but should not warn")


def _takes_weights(target: Target) -> bool:
    return all("weights" in a.names and not a.lacks.get("weights=distance") for a in target.adapters.values())


@claim(PREDICTING, CHANGED, effort=0.1)
@each_model
def a_pickled_model_answers_alike(target: Target, case: Case) -> None:
    """A model that was pickled and loaded gives the same bits.

    Joblib pickles the models that it hands to its workers; lambdas and open files cannot be pickled.
    """
    fitted = target.any(case)
    fitted.adapter.need_own("own memory")
    expected = answers(fitted, case.Q)
    fitted.model = pickle.loads(pickle.dumps(fitted.model))
    _assert_same(answers(fitted, case.Q), expected, "of the unpickled model")


@claim(PREDICTING, BEHAVIOUR, effort=0.1)
@each_model
def parameters_can_be_read_and_changed(target: Target, case: Case) -> None:
    """``get_params`` has the values that the constructor was given, and a k that is set counts from the next query.

    scikit-learn's clone builds the copy from ``get_params``, and loses values that were converted or renamed.
    """
    fitted = target.any(case)
    fitted.adapter.need("get_params")
    fitted.adapter.need("set_params")
    if "k" not in fitted.adapter.names:
        raise Missing(f"the constructor of {fitted.adapter.name} takes no number of neighbors")
    name = fitted.adapter.names["k"]
    k = fitted.model.get_params()[name]
    if k != case.k:
        raise AssertionError(f"get_params()[{name!r}]={k!r}, but should be {case.k}")
    fitted.call("set_params", **{name: 1})
    expected = answers(target.any(replace(case, k=1)), case.Q)
    fitted.k = 1
    _assert_same(answers(fitted, case.Q), expected, f"after set_params({name}=1)")


@claim(PREDICTING, CHANGED, effort=0.1)
@each_model
def threads_do_not_disturb_each_other(target: Target, case: Case) -> None:
    """Queries from several threads at once give the answers that each gives alone.

    Anything that a query writes to the model is read by another query.
    """
    fitted = target.any(case)
    queries = [case.Q, case.X, case.Q[::-1].copy(), case.X[::-1].copy()] * 2
    expected = [answers(fitted, Q) for Q in queries]
    with ThreadPoolExecutor(4) as pool:
        for actual, wanted in zip(pool.map(lambda Q: answers(fitted, Q), queries), expected, strict=True):
            _assert_same(actual, wanted, "from several threads")


def _other(case: Case) -> Case:
    """Data of another shape, with other targets."""
    X, Q = (np.column_stack([rows[::-1] + 3, rows[::-1]]) for rows in (case.X, case.Q))
    X = np.concatenate([X, X + 100])
    return Case(X, Q, case.k, np.concatenate([targets_of(case), targets_of(case) + 7]))


def _assert_same(actual: list[np.ndarray], expected: list[np.ndarray], when: str) -> None:
    for one, other in zip(actual, expected, strict=True):
        try:
            assert_same_bits(one, other, "answer")
        except AssertionError as error:
            raise AssertionError(f"{error}, {when}") from None

"""Level "bad input": input that has no answer is refused, with any exception that is raised on purpose.

An answer to a meaningless question is worse than an error, because it is not looked at again. An operation that goes
wrong somewhere, such as an index out of range, is no refusal unless it raises one of ``REFUSALS``: its message is about
another matter.
"""

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np

from conformance.cases import Case
from conformance.cases.strategies import labels, lattice_cases
from conformance.claims.claim import BEHAVIOUR, claim
from conformance.claims.questions import Question, each_model, questions
from conformance.oracle.expected import targets_of
from conformance.targets import Target
from conformance.targets.answers import Unreadable
from conformance.targets.errors import Missing, NotOffered
from conformance.targets.fitted import Fitted
from conformance.targets.places import in_one_line, is_deliberate, is_of_target

PREDICTING = lattice_cases(y=labels, min_rows=2, max_rows=6)
UNKNOWN = "no such name"
REFUSALS = (ValueError, TypeError, RuntimeError, AssertionError)


@claim(PREDICTING, BEHAVIOUR, effort=0.1)
@each_model
def missing_numbers_are_refused(target: Target, case: Case) -> None:
    """NaN or infinity among the training rows is refused.

    NaN is neither smaller nor larger than any number: a sort leaves it anywhere.
    """
    for wrong in (np.nan, np.inf):
        X = case.X.copy()
        X[-1, -1] = wrong
        _assert_case_refused(target, replace(case, X=X), f"X with {wrong}")


@claim(PREDICTING, BEHAVIOUR, effort=0.1)
@each_model
def missing_numbers_in_queries_are_refused(target: Target, case: Case) -> None:
    """NaN or infinity in a query is refused.

    All its distances are NaN, and the neighbours are the first rows.
    """
    fitted = target.any(case)
    for wrong in (np.nan, np.inf):
        Q = case.Q.copy()
        Q[-1, -1] = wrong
        _assert_queries_refused(fitted, Q, f"a query with {wrong}")


@claim(PREDICTING, BEHAVIOUR, effort=0.1)
def missing_targets_are_refused(target: Target, case: Case) -> None:
    """NaN among the targets is refused.

    A single NaN spoils the average of every query near it.
    """
    y = np.arange(len(case.X), dtype=np.float64)
    y[-1] = np.nan
    _assert_refused(lambda: target.regressor(replace(case, y=y)).predict(case.Q), "y with nan")


@claim(PREDICTING, BEHAVIOUR, effort=0.1)
@each_model
def more_neighbors_than_rows_are_refused(target: Target, case: Case) -> None:
    """A k larger than the number of rows is refused.

    Slices end where the rows do: fewer neighbours come back, and averages are divided by k.
    """
    _need_k(target)
    n = len(case.X)
    _assert_case_refused(target, replace(case, k=n + 1), f"a search for k={n + 1} neighbours among {n} rows")


@claim(PREDICTING, BEHAVIOUR, effort=0.1)
@each_model
def k_below_one_is_refused(target: Target, case: Case) -> None:
    """A k of 0 or less is refused.

    ``[:0]`` is empty and its mean NaN; ``[:-1]`` is everything but the last.
    """
    _need_k(target)
    for k in (0, -1):
        _assert_case_refused(target, replace(case, k=k), f"k={k}")


@claim(PREDICTING, BEHAVIOUR, effort=0.1)
@each_model
def k_that_is_no_whole_number_is_refused(target: Target, case: Case) -> None:
    """A k of 1.5 or "1" is refused.

    Otherwise it fails somewhere else, with a message about slices.
    """
    _need_k(target)
    wrong: tuple[Any, ...] = (1.5, "1")
    for k in wrong:
        _assert_case_refused(target, replace(case, k=k), f"k={k!r}")


@claim(PREDICTING, BEHAVIOUR, effort=0.1)
@each_model
def unequal_lengths_are_refused(target: Target, case: Case) -> None:
    """Fewer or more targets than rows are refused.

    ``zip`` stops at the shorter list without an error.
    """
    if "search" in target.adapters:
        raise Missing(f"{target.name} takes no targets")
    for y in (targets_of(case)[:-1], np.append(targets_of(case), 0)):
        _assert_case_refused(target, replace(case, y=y), f"a table of {len(case.X)} rows with {len(y)} targets")


@claim(PREDICTING, BEHAVIOUR, effort=0.1)
@each_model
def other_widths_are_refused(target: Target, case: Case) -> None:
    """Queries with fewer or more features than the rows are refused.

    Broadcasting stretches one feature to any number, and ``zip`` drops the surplus features.
    """
    fitted = target.any(case)
    for Q in (np.column_stack([case.Q, case.Q]), case.Q[:, :1] if case.Q.shape[1] > 1 else np.tile(case.Q, 3)):
        _assert_queries_refused(fitted, Q, f"queries of width {Q.shape[1]}, rows of {case.X.shape[1]}")


@claim(PREDICTING, BEHAVIOUR, effort=0.1, is_convention=True)
@each_model
def flat_training_data_is_refused(target: Target, case: Case) -> None:
    """Training data with one axis is refused.

    Its numbers may be one row or one column, and a guess may be wrong.
    """
    _assert_case_refused(target, replace(case, X=case.X[:, 0]), "X of one axis")


@claim(PREDICTING, BEHAVIOUR, effort=0.1)
@each_model
def no_rows_are_refused(target: Target, case: Case) -> None:
    """Training data without rows are refused.

    The minimum of nothing is undefined, and an average of nothing is 0 / 0.
    """
    y = None if case.y is None else case.y[:0]
    _assert_case_refused(target, replace(case, X=case.X[:0], y=y, k=1), "no rows")


@claim(PREDICTING, BEHAVIOUR, effort=0.1, is_convention=True)
@each_model
def no_queries_are_refused(target: Target, case: Case) -> None:
    """A batch without queries is refused.

    An empty batch that is answered goes unnoticed until later. Others answer it with nothing, which has no fault.
    """
    fitted = target.any(case)
    form = fitted.adapter.form
    if (form and not form.batch) or fitted.adapter.one_by_one:
        raise Missing(f"{fitted.adapter.name} takes one query at a time")
    _assert_queries_refused(fitted, case.Q[:0], "no queries")


@claim(PREDICTING, BEHAVIOUR, effort=0.1)
@each_model
def complex_numbers_are_refused(target: Target, case: Case) -> None:
    """Complex numbers are refused.

    A cast drops the imaginary part, with a warning at most.
    """
    _assert_case_refused(target, replace(case, X=case.X + 1j), "complex X")


@claim(PREDICTING, BEHAVIOUR, effort=0.1)
@each_model
def unknown_names_are_refused(target: Target, case: Case) -> None:
    """An unknown name of a metric or of weights is refused.

    "euclidian" must not mean the default.
    """
    (adapter,) = target.adapters.values()
    if not {"metric", "weights"} & set(adapter.names):
        raise Missing(f"{adapter.name} takes neither metric nor weights")
    for what in ("metric", "weights"):
        if what in adapter.names:
            wrong = replace(case, metric=UNKNOWN) if what == "metric" else replace(case, weights=UNKNOWN)
            _assert_case_refused(target, wrong, f"{what}={UNKNOWN!r}")


@claim(PREDICTING, BEHAVIOUR, effort=0.1)
@each_model
def asking_before_fit_is_refused(target: Target, case: Case) -> None:
    """A model that was not fitted says so.

    An AttributeError is enough; scikit-learn's NotFittedError is a ValueError and an AttributeError.
    """
    (adapter,) = target.adapters.values()
    fitted = adapter.build(k=1)
    _assert_queries_refused(fitted, case.Q, "a model without fit", (*REFUSALS, AttributeError))


def _need_k(target: Target) -> None:
    for adapter in target.adapters.values():
        if adapter.is_within:
            raise NotOffered(f"{adapter.name} takes a radius in place of k")


def _assert_case_refused(target: Target, case: Case, what: str) -> None:
    """Raises AssertionError unless the case is refused when it is fitted, or by every way to ask the fitted model."""
    (adapter,) = target.adapters.values()
    for question in questions(adapter):
        _assert_refused(partial(_fit_and_ask, target, case, question), what)


def _fit_and_ask(target: Target, case: Case, question: Question) -> list[np.ndarray]:
    return question(target.any(case), case.Q)


def _assert_queries_refused(
    fitted: Fitted, Q: np.ndarray, what: str, refusals: tuple[type[Exception], ...] = REFUSALS
) -> None:
    for question in questions(fitted.adapter):
        _assert_refused(partial(question, fitted, Q), what, refusals)


def _assert_refused(ask: Callable[[], Any], what: str, refusals: tuple[type[Exception], ...] = REFUSALS) -> None:
    """Raises AssertionError where the question is answered, or raises an exception that is not a refusal."""
    try:
        answer = ask()
        answer = answer if isinstance(answer, list) else [answer]
    except Missing:
        raise
    except Unreadable as error:
        returned = str(error).partition(", but")[0]
        raise AssertionError(f"{what} was answered, but should be refused: {returned}") from error
    except Exception as error:
        if not is_of_target(error):
            raise
        if isinstance(error, refusals) or is_deliberate(error):
            return
        raise AssertionError(
            f"{what} raised {in_one_line(error)}, by accident: check it, and raise ValueError"
        ) from error
    shown = ", ".join(str(part.tolist()) for part in answer)
    raise AssertionError(f"{what} was answered with {shown:.100}, but should be refused")

"""Level "similarity": the similarity regressors agree, and predict the numbers that can be worked out on paper.

Predictions are compared, never the weights of the examples: where examples are nearly alike, very different weights
predict the same. The bound on their difference is computed from the condition number of the matrix that is solved.
"""

from dataclasses import replace
from fractions import Fraction

import numpy as np

from conformance.cases import SimilarityCase
from conformance.cases.similarity import similarity_cases, weighted_cases
from conformance.claims.claim import BOUND, CHANGED, claim
from conformance.oracle.similarity import (
    EXPANDED,
    PRODUCTS,
    left_out_bounds,
    matrix,
    prediction_bounds,
    residual_bounds,
    similarities,
    without,
)
from conformance.targets import Target, other_package
from conformance.targets.answers import to_array

NO_NEGATIVE_EIGENVALUE = ("rbf", "laplacian", "linear", "cosine", "polynomial")


@claim(similarity_cases(), BOUND)
def same_similarity_predictions(target: Target, case: SimilarityCase) -> None:
    """Predictions by similarity are those of the readable formula, up to the condition of K + jitter I.

    Weights of the examples are not compared: where examples are nearly alike, very different weights predict the same.
    """
    target.need("similarity", "predict")  # before the other package is imported
    other = other_package(target)
    formula = PRODUCTS if PRODUCTS in (target.rbf_formula, other.rbf_formula) else target.rbf_formula
    _assert_predicted(target, case, _predict(other, case), prediction_bounds(case, formula))


@claim(similarity_cases(NO_NEGATIVE_EIGENVALUE, jitters=(1e-6, 1e-2)), BOUND)
def kernel_ridge_agrees(target: Target, case: SimilarityCase) -> None:
    """Where a similarity has no negative eigenvalue, scikit-learn's kernel ridge regression predicts the same.

    It is a third oracle, with another formula for the distances and another solver.
    """
    target.need("similarity", "predict")  # before a library is imported
    from sklearn.kernel_ridge import KernelRidge

    ridge = KernelRidge(
        alpha=case.jitter, kernel=case.similarity, gamma=case.gamma, degree=case.degree, coef0=case.coef0
    )
    bounds = prediction_bounds(case, EXPANDED, invertible=True)
    if bounds is None:  # scikit-learn may warn of a singular matrix
        return
    _assert_predicted(target, case, ridge.fit(case.X, case.y).predict(case.Q), bounds)


@claim(similarity_cases(jitters=(1e-6, 1e-2)), BOUND)
def weights_solve_the_equations(target: Target, case: SimilarityCase) -> None:
    """Where K + jitter I has an inverse, the weights alpha solve it for y: predictions miss y by jitter alpha.

    A solver that fails without an error leaves a residual.
    """
    bounds = residual_bounds(case, target.rbf_formula)
    fitted = target.similarity(case)
    alpha = to_array(fitted.learned("dual_coef_"))
    _assert_within(fitted.predict(case.X) + case.jitter * alpha, case.y, bounds)


@claim(similarity_cases(max_rows=2), BOUND)
def one_or_two_points(target: Target, case: SimilarityCase) -> None:
    """One and two examples: the prediction is that of the formula worked out by hand.

    Cramer's rule in rational arithmetic has no solver in it that could be wrong.
    """
    bounds = _bounds(case, target, invertible=True)
    if bounds is None:  # the matrix is singular, and the formulas would divide by 0
        return
    exact = [[Fraction(value) for value in row] for row in matrix(case).tolist()]
    y = [Fraction(value) for value in case.y.tolist()]
    if len(y) == 1:
        alpha = [y[0] / exact[0][0]]
    else:  # Cramer's rule
        (a, b), (_, d) = exact
        alpha = [(d * y[0] - b * y[1]) / (a * d - b * b), (a * y[1] - b * y[0]) / (a * d - b * b)]
    rows = [[Fraction(value) for value in row] for row in similarities(case, case.Q).tolist()]
    expected = np.array([float(sum(s * w for s, w in zip(row, alpha, strict=True))) for row in rows])
    _assert_predicted(target, case, expected, bounds)


@claim(similarity_cases(("rbf", "laplacian"), gammas=(0.0, 1e-30)), BOUND)
def all_alike(target: Target, case: SimilarityCase) -> None:
    """With gamma 0, or nearly, all examples are alike, and every prediction is the mean, sum y / (n + jitter).

    The matrix has rank one: all singular values but one are rounding errors, or the jitter.
    """
    expected = np.full(len(case.Q), case.y.sum() / (len(case.y) + case.jitter))
    _assert_predicted(target, case, expected, _bounds(case, target))


@claim(similarity_cases(("rbf", "laplacian")), BOUND)
def none_alike(target: Target, case: SimilarityCase) -> None:
    """With a large gamma no two examples are alike: each is predicted y / (1 + jitter), and anything else 0.

    The matrix is the identity, and the prediction shows the jitter alone.
    """
    X = np.unique(np.round(case.X), axis=0)  # 1 apart: exp(-1000) is 0
    case = replace(case, X=X, Q=np.concatenate([X, X + 0.5]), y=case.y[: len(X)], gamma=4000.0)
    expected = np.concatenate([case.y / (1 + case.jitter), np.zeros(len(X))])
    _assert_predicted(target, case, expected, _bounds(case, target))


@claim(similarity_cases(), CHANGED)
def twins_count_once(target: Target, case: SimilarityCase) -> None:
    """Every example twice, and twice the jitter, predicts the same as the examples once and the jitter once.

    But for the jitter, twins make the matrix singular.
    """
    twice = replace(case, X=np.repeat(case.X, 2, axis=0), y=np.repeat(case.y, 2), jitter=2 * case.jitter)
    _assert_predict_alike(target, twice, case, _add(_bounds(case, target), _bounds(twice, target)))


@claim(similarity_cases(), CHANGED)
def conflicting_twins_meet_halfway(target: Target, case: SimilarityCase) -> None:
    """Equal examples with different targets count like equal examples that both have the mean of the targets.

    An inverse of the nearly singular matrix sends weights of both signs to infinity; the pseudo-inverse does not.
    """
    X, y = np.repeat(case.X, 2, axis=0), np.repeat(case.y, 2)
    agreeing = replace(case, X=X, y=y)
    conflicting = replace(agreeing, y=y + np.tile([7.0, -7.0], len(case.y)))
    _assert_predict_alike(target, conflicting, agreeing, _add(_bounds(agreeing, target), _bounds(conflicting, target)))


@claim(similarity_cases(), CHANGED)
def linear_in_the_targets(target: Target, case: SimilarityCase) -> None:
    """Predictions are linear in the targets: for 2 y - 3 z they are 2 times those for y less 3 times those for z.

    Targets that are rounded, centred or clipped break this.
    """
    z = replace(case, y=np.random.default_rng(len(case.y)).normal(size=len(case.y)))
    both = replace(case, y=2 * case.y - 3 * z.y)
    bounds = _add(
        _bounds(both, target), _bounds(replace(case, y=2 * case.y), target), _bounds(replace(z, y=3 * z.y), target)
    )
    expected = 2 * _predict(target, case) - 3 * _predict(target, z)
    _assert_within(_predict(target, both), expected, bounds)


@claim(similarity_cases(), CHANGED)
def outputs_are_independent(target: Target, case: SimilarityCase) -> None:
    """Each of several outputs is predicted as it is alone.

    Several outputs are one system of equations with several right-hand sides.
    """
    alone = [replace(case, y=y) for y in (case.y, -2 * case.y[::-1], np.arange(len(case.y)) / 8)]
    bounds = [_bounds(one, target) for one in alone]
    together = _predict(target, replace(case, y=np.column_stack([one.y for one in alone])))
    if together.shape != (len(case.Q), 3):
        raise AssertionError(f"predictions have shape {together.shape}, but should have {(len(case.Q), 3)}")
    for predicted, one, bound in zip(together.T, alone, bounds, strict=True):
        _assert_within(predicted, _predict(target, one), bound)


@claim(similarity_cases(), CHANGED)
def order_is_no_matter(target: Target, case: SimilarityCase) -> None:
    """The order of the examples is no matter.

    A solver that reads one triangle of the matrix, or loses its last row, depends on that order.
    """
    order = np.random.default_rng(len(case.y)).permutation(len(case.y))
    shuffled = replace(case, X=case.X[order], y=case.y[order])
    _assert_predict_alike(target, shuffled, case, _bounds(case, target))


@claim(weighted_cases(), CHANGED)
def weights_repeat_examples(target: Target, case: SimilarityCase) -> None:
    """An example whose weight is a whole number counts like as many equal examples, and like none if it is 0.

    A weight that is not rooted, or multiplies the targets alone, solves other equations.
    """
    rows = np.repeat(np.arange(len(case.y)), case.weights.astype(int))
    repeated = replace(case, X=case.X[rows], y=case.y[rows], sample_weight=None)
    _assert_predict_alike(target, case, repeated, _add(_bounds(case, target), _bounds(repeated, target)))


@claim(weighted_cases(intercepts=(True,)), CHANGED)
def the_intercept_moves_with_the_targets(target: Target, case: SimilarityCase) -> None:
    """With an intercept, targets that are c larger make predictions that are c larger, also where c is large.

    Without one, predictions tend to 0 away from the examples, however far the targets are from 0.
    """
    case = replace(case, y=np.round(8 * case.y) / 8)
    for c in (1.0, -1000.0, 2.0**30):  # the sums are exact
        moved = replace(case, y=case.y + c)
        bounds = _add(_bounds(case, target), _bounds(moved, target))
        _assert_within(_predict(target, moved), _predict(target, case) + c, bounds)


@claim(weighted_cases(("rbf", "laplacian"), intercepts=(True,)), BOUND)
def far_queries_are_predicted_the_mean(target: Target, case: SimilarityCase) -> None:
    """With an intercept, a query that is similar to no example is predicted the weighted mean of the targets.

    Without an intercept 0 is predicted there, and a mean that ignores the weights is another number.
    """
    case = replace(case, Q=case.X[-1:] + np.array([[5000.0], [-5000.0]]))
    mean = np.full(2, np.average(case.y, weights=case.weights))
    rounding = 2 * (len(case.y) + 8) * 2.0**-53 * np.max(np.abs(case.y))  # of either mean
    _assert_within(_predict(target, case), mean, np.full(2, rounding))


@claim(weighted_cases(jitters=(1e-2, 1.0), min_rows=2), CHANGED)
def left_out_predictions_are_those_of_other_fits(target: Target, case: SimilarityCase) -> None:
    """The leave-one-out prediction for an example is that of a model which is fitted to all the other examples.

    A formula replaces the fits. If it forgets the diagonal of the inverse, every model looks better than it is.
    """
    fitted = target.similarity(case)
    predicted = to_array(fitted.learned("loo_predictions_"))
    if predicted.shape != case.y.shape:
        raise AssertionError(f"loo_predictions_ has shape {predicted.shape}, but should have {case.y.shape}")
    used = case.weights > 0
    known = replace(case, X=case.X[used], y=case.y[used], sample_weight=case.weights[used])
    bounds = left_out_bounds(known, target.rbf_formula)
    for place, i in enumerate(np.flatnonzero(used).tolist()):
        other = without(case, i)
        bound = _add(None if bounds is None else bounds[[place]], _bounds(other, target))
        _assert_within(predicted[[i]], _predict(target, other), bound)


def _predict(target: Target, case: SimilarityCase) -> np.ndarray:
    return target.similarity(case).predict(case.Q)


def _bounds(case: SimilarityCase, target: Target, invertible: bool = False) -> np.ndarray | None:
    return prediction_bounds(case, target.rbf_formula, invertible)


def _add(*bounds: np.ndarray | None) -> np.ndarray | None:
    """The sum of the bounds; None where one of them is None."""
    known = [bound for bound in bounds if bound is not None]
    return np.sum(known, axis=0) if len(known) == len(bounds) else None


def _assert_predicted(target: Target, case: SimilarityCase, expected: np.ndarray, bounds: np.ndarray | None) -> None:
    __tracebackhide__ = True
    _assert_within(_predict(target, case), expected, bounds)


def _assert_predict_alike(
    target: Target, case: SimilarityCase, other: SimilarityCase, bounds: np.ndarray | None
) -> None:
    __tracebackhide__ = True
    _assert_within(_predict(target, case), _predict(target, other), bounds)


def _assert_within(actual: np.ndarray, expected: np.ndarray, bounds: np.ndarray | None) -> None:
    __tracebackhide__ = True
    if bounds is None:
        return
    for i in np.flatnonzero(~(np.abs(actual - expected) <= bounds)):
        raise AssertionError(f"prediction[{i}]={actual[i]!s}, but should be {expected[i]!s} within {bounds[i]:.1e}")

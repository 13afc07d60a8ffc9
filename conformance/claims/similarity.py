"""Level "similarity": the similarity regressors agree, and do what can be worked out on paper.

Predictions are compared, never the weights of the examples: where examples are nearly alike, very different weights
predict the same. How far predictions may differ is made from the condition number of the very matrix that is solved.
"""

from dataclasses import replace
from fractions import Fraction

import numpy as np
from sklearn.kernel_ridge import KernelRidge

from conformance.cases import SimilarityCase
from conformance.claims.bits import oracle
from conformance.oracle.bounds import similarity_bounds
from conformance.targets import Target
from conformance.targets.adapters import Missing
from conformance.targets.answers import to_array
from reference.similarities import get_similarity
from reference.similarity_regressor import cut_off


def same_similarity_predictions(target: Target, case: SimilarityCase) -> None:
    """Predictions by similarity are those of the readable formula, up to the condition of K + jitter I.

    Weights of the examples are not compared: where examples are nearly alike, very different ones predict the same.
    """
    other = oracle("accelerated" if target.name == "reference" else "reference")
    _assert_predicted(target, case, _predict(other, case), _bounds(case, target))


def kernel_ridge_agrees(target: Target, case: SimilarityCase) -> None:
    """Where a similarity has no negative eigenvalue, scikit-learn's kernel ridge regression predicts the same.

    The third oracle, by another formula for the distances and another solver.
    """
    ridge = KernelRidge(
        alpha=case.jitter, kernel=case.similarity, gamma=case.gamma, degree=case.degree, coef0=case.coef0
    )
    bounds = _bounds(case, None, invertible=True)
    if bounds is None:  # where scikit-learn may warn of a singular matrix
        return
    _assert_predicted(target, case, ridge.fit(case.X, case.y).predict(case.Q), bounds)


def weights_solve_the_equations(target: Target, case: SimilarityCase) -> None:
    """Where K + jitter I has an inverse, the weights alpha solve it for y: predictions miss y by jitter alpha.

    A solver that fails without a word leaves a residual.
    """
    A = _matrix(case)
    bounds = similarity_bounds(
        A, A, case.y, cut_off(len(A)), _entry_errors(case, not target.promises_bits), invertible=True
    )
    fitted = target.similarity(case)
    if not hasattr(fitted.model, "dual_coef_"):
        raise Missing(f"{fitted.adapter.name} has no dual_coef_")
    alpha = to_array(fitted.model.dual_coef_)
    _assert_within(fitted.predict(case.X) + case.jitter * alpha, case.y, bounds)


def one_or_two_points(target: Target, case: SimilarityCase) -> None:
    """One and two examples: the prediction is that of the formula worked out by hand.

    Cramer's rule in rational arithmetic has no solver in it that could be wrong.
    """
    bounds = _bounds(case, target, invertible=True)
    if bounds is None:  # singular: the formulas would divide by 0
        return
    exact = [[Fraction(value) for value in row] for row in _matrix(case).tolist()]
    y = [Fraction(value) for value in case.y.tolist()]
    if len(y) == 1:
        alpha = [y[0] / exact[0][0]]
    else:  # Cramer's rule
        (a, b), (_, d) = exact
        alpha = [(d * y[0] - b * y[1]) / (a * d - b * b), (a * y[1] - b * y[0]) / (a * d - b * b)]
    rows = [[Fraction(value) for value in row] for row in _similarities(case, case.Q).tolist()]
    expected = np.array([float(sum(s * w for s, w in zip(row, alpha, strict=True))) for row in rows])
    _assert_predicted(target, case, expected, bounds)


def all_alike(target: Target, case: SimilarityCase) -> None:
    """With gamma 0, or nearly, all examples are alike, and every prediction is the mean, sum y / (n + jitter).

    The matrix has rank one: all but one of its singular values are rounding, or the jitter.
    """
    expected = np.full(len(case.Q), case.y.sum() / (len(case.y) + case.jitter))
    _assert_predicted(target, case, expected, _bounds(case, target))


def none_alike(target: Target, case: SimilarityCase) -> None:
    """With a large gamma no two examples are alike: each is predicted y / (1 + jitter), and anything else 0.

    The matrix is the identity, and what is predicted shows the jitter alone.
    """
    X = np.unique(np.round(case.X), axis=0)  # 1 apart: exp(-1000) is 0
    case = replace(case, X=X, Q=np.concatenate([X, X + 0.5]), y=case.y[: len(X)], gamma=4000.0)
    expected = np.concatenate([case.y / (1 + case.jitter), np.zeros(len(X))])
    _assert_predicted(target, case, expected, _bounds(case, target))


def twins_count_once(target: Target, case: SimilarityCase) -> None:
    """Every example twice, and twice the jitter, predicts what the examples once and the jitter once predict.

    Twins make the matrix singular but for the jitter.
    """
    twice = replace(case, X=np.repeat(case.X, 2, axis=0), y=np.repeat(case.y, 2), jitter=2 * case.jitter)
    _assert_predict_alike(target, twice, case, _add(_bounds(case, target), _bounds(twice, target)))


def conflicting_twins_meet_halfway(target: Target, case: SimilarityCase) -> None:
    """Equal examples with different targets count like equal examples that both have the mean of the targets.

    An inverse of the nearly singular matrix sends weights of both signs to infinity; the pseudo-inverse does not.
    """
    X, y = np.repeat(case.X, 2, axis=0), np.repeat(case.y, 2)
    agreeing = replace(case, X=X, y=y)
    conflicting = replace(agreeing, y=y + np.tile([7.0, -7.0], len(case.y)))
    _assert_predict_alike(target, conflicting, agreeing, _add(_bounds(agreeing, target), _bounds(conflicting, target)))


def linear_in_the_targets(target: Target, case: SimilarityCase) -> None:
    """Predictions are linear in the targets: of 2 y - 3 z they are 2 times those of y less 3 times those of z.

    Rounded, centred or clipped targets are not.
    """
    z = replace(case, y=np.random.default_rng(len(case.y)).normal(size=len(case.y)))
    both = replace(case, y=2 * case.y - 3 * z.y)
    bounds = _add(
        _bounds(both, target), _bounds(replace(case, y=2 * case.y), target), _bounds(replace(z, y=3 * z.y), target)
    )
    expected = 2 * _predict(target, case) - 3 * _predict(target, z)
    _assert_within(_predict(target, both), expected, bounds)


def outputs_are_independent(target: Target, case: SimilarityCase) -> None:
    """Each of several outputs is predicted as it is alone.

    One system with several right-hand sides.
    """
    alone = [replace(case, y=y) for y in (case.y, -2 * case.y[::-1], np.arange(len(case.y)) / 8)]
    bounds = [_bounds(one, target) for one in alone]
    together = _predict(target, replace(case, y=np.column_stack([one.y for one in alone])))
    if together.shape != (len(case.Q), 3):
        raise AssertionError(f"predictions have shape {together.shape}, but should have {(len(case.Q), 3)}")
    for predicted, one, bound in zip(together.T, alone, bounds, strict=True):
        _assert_within(predicted, _predict(target, one), bound)


def order_is_no_matter(target: Target, case: SimilarityCase) -> None:
    """The order of the examples is no matter.

    A triangle of the matrix, or a last row, is one order's.
    """
    order = np.random.default_rng(len(case.y)).permutation(len(case.y))
    shuffled = replace(case, X=case.X[order], y=case.y[order])
    _assert_predict_alike(target, shuffled, case, _bounds(case, target))


def _predict(target: Target, case: SimilarityCase) -> np.ndarray:
    return target.similarity(case).predict(case.Q)


def _similarities(case: SimilarityCase, queries: np.ndarray) -> np.ndarray:
    similarity = get_similarity(case.similarity, case.gamma, case.degree, case.coef0)
    return np.array([similarity(x, case.X) for x in queries])


def _matrix(case: SimilarityCase) -> np.ndarray:
    return _similarities(case, case.X) + case.jitter * np.eye(len(case.X))


def _bounds(case: SimilarityCase, target: Target | None = None, invertible: bool = False) -> np.ndarray | None:
    """How far apart predictions may be; None where rounding decides the rank. See ``similarity_bounds``.

    Strangers may expand the square, and need not know the pseudo-inverse of what is singular.
    """
    stranger = target is None or not target.promises_bits
    errors = _entry_errors(case, expanded=stranger)
    A, k = _matrix(case), _similarities(case, case.Q)
    return similarity_bounds(A, k, case.y, cut_off(len(case.y)), errors, invertible or stranger)


def _entry_errors(case: SimilarityCase, expanded: bool = False) -> float:
    """How far two float64 similarities may be apart, in units of 2^-53, with d features of squared length at most m.

    * rbf and laplacian: the distance t is relatively wrong by d + 2 and the product with gamma by one more; exp moves
      by gamma t exp(-gamma t) <= 1/e for each of them, and two ``exp`` differ by 4 themselves: d + 8. By the expanded
      form t is wrong by (d + 4) 4 m, see ``expansion_bounds``, and exp by gamma times that.
    * linear: d m. Cosine: d + 8, with lengths of 1 that are off by d / 2 + 4 each: 4 d + 24.
    * sigmoid and polynomial: gamma x.y + c is at most b = gamma m + |c| and wrong by (d + 2) b; tanh does not stretch
      it, a power stretches it by degree b^(degree - 1), and both round themselves by 4.
    """
    d = case.X.shape[1]
    m = float(max(np.sum(case.X**2, axis=1).max(), np.sum(case.Q**2, axis=1).max()))
    b = case.gamma * m + abs(case.coef0)
    return {
        "rbf": d + 8 + expanded * case.gamma * (d + 4) * 4 * m,
        "laplacian": d + 8,
        "linear": d * m,
        "cosine": 4 * d + 24,
        "sigmoid": (d + 2) * b + 4,
        "polynomial": (d + 2) * case.degree * b**case.degree + 4 * b**case.degree,
    }[case.similarity]


def _add(*bounds: np.ndarray | None) -> np.ndarray | None:
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

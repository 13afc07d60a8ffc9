"""Level "solvers": a regressor by similarity says truly how far it is from the exact solution.

The weights of the examples are compared with those of the exact model, in rational arithmetic or by a float64 solution
with its own bound. Where a similarity may have negative eigenvalues there is no such bound.
"""

from dataclasses import replace
from fractions import Fraction

import numpy as np

from conformance.cases import SimilarityCase
from conformance.cases.similarity import ITERATIVE, indefinite_cases, solved_cases, whole_cases
from conformance.claims.bad_input import REFUSALS
from conformance.claims.claim import BEHAVIOUR, BOUND, LATTICE, claim
from conformance.oracle.certificate import Errors, errors, exact_residual
from conformance.oracle.similarity import matrix, prediction_bounds
from conformance.targets import Target
from conformance.targets.answers import to_array
from conformance.targets.errors import Missing
from conformance.targets.fitted import Fitted

POSITIVE = ("rbf", "laplacian", "linear", "cosine", "polynomial")
EASY = ("rbf", "laplacian", "cosine")


@claim(whole_cases(), LATTICE)
def the_residual_is_not_understated(target: Target, case: SimilarityCase) -> None:
    """The residual is at least as long as that of the learned weights in exact arithmetic.

    Everything that is proven of a solution is proven from this length, in which rounding counts too.
    """
    fitted = target.similarity(case)
    reported = float(fitted.learned("residual_norm_"))
    true = exact_residual(case, to_array(fitted.learned("dual_coef_")))
    if not (np.isfinite(reported) and reported >= 0 and Fraction(reported) ** 2 >= true):
        raise AssertionError(f"residual_norm_={reported!r}, but the residual is {float(true) ** 0.5!r} long")


@claim(solved_cases(POSITIVE), BOUND)
def the_certificate_is_true(target: Target, case: SimilarityCase) -> None:
    """Fitted values, weights and predictions differ from the exact model's by at most the bounds of the certificate.

    It has to hold for every solver and jitter, also where an iterative solver has ended too early.
    """
    _assert_certified(target.similarity(case), case, target.rbf_formula)


@claim(solved_cases(EASY, ITERATIVE, (0.1, 1.0, 10.0, 100.0), (1.0, 0.1, 1e-3, 1e-6), (None,)), BOUND)
def a_converged_fit_is_as_near_as_asked(target: Target, case: SimilarityCase) -> None:
    """An iterative solver converges, at least for a condition number up to 100, and fitted values are within ``tol``.

    A certificate that promises nothing is true as well. A tolerance that is relative to the targets is met by weights
    of 0, or where the jitter is large by far too small ones.
    """
    fitted = target.similarity(case)
    if not bool(fitted.learned("converged_")) and np.linalg.cond(matrix(case)) <= 100:
        raise AssertionError(f"converged_ is False after {fitted.learned('n_iter_')} iterations")
    _assert_certified(fitted, case, target.rbf_formula)


@claim(indefinite_cases(), BEHAVIOUR)
def no_certificate_without_proof(target: Target, case: SimilarityCase) -> None:
    """Similarities that may have negative eigenvalues get no certificate, and iterative solvers refuse them.

    The bounds divide by the jitter, because no eigenvalue is below it: here one may be nearer to 0.
    """
    if target.similarity(replace(case, solver="")).learned("certificate_") is not None:
        raise AssertionError(f"the similarity {case.similarity} may have negative eigenvalues, but has a certificate")
    try:
        target.similarity(case)
    except REFUSALS:
        return
    raise AssertionError(f"solver={case.solver!r} is not refused")


@claim(solved_cases(EASY, ITERATIVE, (0.1, 1.0, 10.0), (1e-3, 1e-6), (None,)), BOUND)
def a_warm_start_continues(target: Target, case: SimilarityCase) -> None:
    """From a solution a warm start takes at most one iteration, and predicts the same as far as is certified.

    Rows that are added at the end begin with 0, and the result is certified as any other.
    """
    case = replace(case, warm_start=True)
    first = case.X[: max(2, len(case.X) // 2)]
    few = replace(case, X=first, y=case.y[: len(first)], sample_weight=_first(case.sample_weight, len(first)))
    fitted = target.similarity(few)
    before, bound, converged = fitted.predict(few.Q), _query_bound(fitted), bool(fitted.learned("converged_"))
    fitted.fit(few.X, few.y, few.sample_weight)
    if converged and fitted.learned("n_iter_") > 1:
        raise AssertionError(f"a warm start from the solution took {fitted.learned('n_iter_')} iterations")
    rounding = prediction_bounds(few, target.rbf_formula)
    if rounding is not None:
        _assert_near(fitted.predict(few.Q), before, bound + _query_bound(fitted) + rounding)
    fitted.fit(case.X, case.y, case.sample_weight)
    _assert_certified(fitted, case, target.rbf_formula)


def _first(weights: np.ndarray | None, n: int) -> np.ndarray | None:
    return None if weights is None else weights[:n]


def _query_bound(fitted: Fitted) -> float:
    """The bound of any prediction by a similarity whose k(x, x) is 1."""
    certificate = fitted.learned("certificate_")
    return float("inf") if certificate is None else float(certificate.query)


def _assert_certified(fitted: Fitted, case: SimilarityCase, formula: str) -> None:
    """Raises AssertionError where an error exceeds its bound, or a converged solver's bound exceeds ``tol``."""
    __tracebackhide__ = True
    certificate = fitted.learned("certificate_")
    if certificate is None:
        raise Missing(f"{fitted.adapter.name} has no certificate for this jitter")
    known = errors(case, to_array(fitted.learned("dual_coef_")), formula)
    if known is None:
        return
    found, off = known
    for name in ("fitted_values", "weights", "query"):
        bound, error, margin = (float(getattr(which, name)) for which in (certificate, found, off))
        if not error <= bound + margin:
            raise AssertionError(f"the error of {name} is {error:.3e}, but its bound is {bound:.3e}")
    if case.solver in ITERATIVE and bool(fitted.learned("converged_")):
        _assert_enough(float(certificate.fitted_values), case.tol, found, off)


def _assert_enough(bound: float, tol: float, found: Errors, off: Errors) -> None:
    __tracebackhide__ = True
    if not bound <= tol * (found.size + off.size):
        raise AssertionError(
            f"converged_ is True and tol={tol}, but fitted values of root mean square {found.size:.3e} are only proven "
            f"within {bound:.3e}"
        )


def _assert_near(actual: np.ndarray, expected: np.ndarray, bounds: np.ndarray) -> None:
    __tracebackhide__ = True
    for i in np.flatnonzero(~(np.abs(actual - expected) <= bounds)):
        raise AssertionError(f"prediction[{i}]={actual[i]!s}, but should be {expected[i]!s} within {bounds[i]:.1e}")

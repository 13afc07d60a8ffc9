"""Mutants of the iterative solvers of the regressor by similarity, and of the bounds on its errors."""

import numpy as np

from conformance.zoo.base import Similarity
from reference.certificate import Certificate, norm
from reference.ridge import MOST_ITERATIONS

FEW = 4  # rows of a block


class RecurrenceBelieved(Similarity):
    """Reports the residual of the recurrence of conjugate gradients, which never meets a rounding error of z."""

    claim, seen = "the_residual_is_not_understated", "van der Vorst and Ye, 2000: residual replacement"

    def iterate(self, K, y, start):
        self._recurrent = []
        return super().iterate(K, y, start)

    def iterate_column(self, A, y, start):
        if self.solver != "cg":
            return super().iterate_column(A, y, start)
        z, r = start, y - A @ start
        p, n_iter, most = r, 0, self.max_iter or MOST_ITERATIONS
        while n_iter < most and np.linalg.norm(r) > self.tol / 2 * np.linalg.norm(y) and np.any(r):
            Ap = A @ p
            t = (r @ r) / (p @ Ap)
            previous, z, r = r, z + t * p, r - t * Ap
            p, n_iter = r + (r @ r) / (previous @ previous) * p, n_iter + 1
        self._recurrent.append(np.linalg.norm(r))
        return z, n_iter

    def examine(self, A, b, z):
        R, size = super().examine(A, b, z)
        return (np.array(self._recurrent) if self.solver == "cg" and b.ndim == 2 else R), size


class RoundingLeftOut(Similarity):
    """Takes the residual as it is computed for the true one."""

    claim, seen = "the_residual_is_not_understated", "every stopping rule"

    def examine(self, A, b, z):
        return norm(b - A @ z), super().examine(A, b, z)[1]


class ProductsInFloat32(Similarity):
    """Multiplies by a matrix of float32 numbers, and measures the residual with the same matrix."""

    claim, seen = "the_certificate_is_true", "solvers on a GPU"

    def iterate_column(self, A, y, start):
        return super().iterate_column(A.astype(np.float32).astype(np.float64), y, start)

    def examine(self, A, b, z):
        return super().examine(A.astype(np.float32).astype(np.float64), b, z)


class JitterNotDividedBy(Similarity):
    """Bounds the weights of the examples by the residual, and not by the residual divided by the jitter."""

    claim = "the_certificate_is_true"

    def learn(self, K, y, weights, n_features):
        learned = super().learn(K, y, weights, n_features)
        told = learned["certificate_"]
        return {**learned, "certificate_": told and told._replace(weights=learned["residual_norm_"])}


class WeightsOfZeroAreNear(Similarity):
    """Compares the residual with the targets, and not with fitted values, which a large jitter makes far smaller."""

    claim, seen = "a_converged_fit_is_as_near_as_asked", "scipy's cg: |r| <= rtol |b|"

    def examine(self, A, b, z):
        R, _ = super().examine(A, b, z)
        return R, norm(b) + R


class StepTooLong(Similarity):
    """Goes from block to block by the residual itself, a step of 1, where a block should be solved."""

    claim, seen = "a_converged_fit_is_as_near_as_asked", "gradient descent on mini-batches"

    def iterate_column(self, A, y, start):
        if self.solver != "blocks":
            return super().iterate_column(A, y, start)
        return descend(self, A, y, start, lambda A_BB, r_B: r_B, is_updated=True)


class BlockResidualKept(Similarity):
    """Solves every block from the residual at the beginning of the pass, so that all blocks correct the same error."""

    claim, seen = "a_converged_fit_is_as_near_as_asked", "parallel mini-batches"

    def iterate_column(self, A, y, start):
        if self.solver != "blocks":
            return super().iterate_column(A, y, start)
        return descend(self, A, y, start, np.linalg.solve, is_updated=False)


def descend(model, A, y, z, solve, is_updated):
    """Passes over blocks of a few rows, which ``solve`` changes by its result for A_BB and r_B."""
    n_iter, most = 0, model.max_iter or MOST_ITERATIONS
    R, size = model.examine(A, y, z)
    while n_iter < most and np.isfinite(R) and model.tol * (size - R) < R:
        r, z = y - A @ z, z.copy()
        for start in range(0, len(z), FEW):
            B = slice(start, start + FEW)
            d = solve(A[B, B], r[B])
            z[B] += d
            r -= (A[:, B] @ d) * is_updated
        n_iter += 1
        R, size = model.examine(A, y, z)
    return z, n_iter


class CertificateOfNothing(Similarity):
    """Bounds every error by the length of the targets, divided by the jitter: true, and of no use."""

    claim = "a_converged_fit_is_as_near_as_asked"

    def learn(self, K, y, weights, n_features):
        learned = super().learn(K, y, weights, n_features)
        length = norm((y.T * np.sqrt(weights)).T) / min(self.jitter or 1, 1)
        return {**learned, "certificate_": learned["certificate_"] and Certificate(length, length, length)}


class AssumedPositive(Similarity):
    """Takes for granted that no similarity has negative eigenvalues."""

    claim, seen = "no_certificate_without_proof", "solvers that take any kernel"

    def get_smallest_eigenvalue(self, B, n_features):
        return float(self.jitter) or None


class ColdStart(Similarity):
    """Takes ``warm_start``, and begins with weights of 0."""

    claim = "a_warm_start_continues"

    def get_start(self, s, shape):
        return np.zeros(shape)


class WarmStartWithoutRoots(Similarity):
    """Begins with the weights of the last fit, which were multiplied by the roots of the examples' weights."""

    claim = "a_warm_start_continues"

    def get_start(self, s, shape):
        return s * super().get_start(s, shape)

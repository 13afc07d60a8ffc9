"""Mutants of the regressor by similarity."""

import numpy as np

from conformance.zoo.base import Similarity


class TooMuchJitter(Similarity):
    """Adds a hundredth more to the diagonal, to be safe."""

    claim, seen = "none_alike", "GPyTorch: jitter that grows"

    def solve(self, K, y):
        return super().solve(K + 0.01 * np.eye(len(K)), y)


class JitterForgotten(Similarity):
    """Interpolates: the diagonal is left as it is."""

    claim = "weights_solve_the_equations"

    def solve(self, K, y):
        return super().solve(K - self.jitter * np.eye(len(K)), y)


class SolvedInFloat32(Similarity):
    """Solves in float32, in which 1 + 1e-6 has one digit of the jitter left."""

    claim, seen = "one_or_two_points", "pinv in float32"

    def solve(self, K, y):
        A = (K + self.jitter * np.eye(len(K))).astype(np.float32)
        return (np.linalg.pinv(A) @ y.astype(np.float32)).astype(np.float64)


class ComparedInFloat32(Similarity):
    """Compares examples in float32."""

    claim = "same_similarity_predictions"

    def compare(self, x, examples, similarity):
        return super().compare(x, examples, similarity).astype(np.float32).astype(np.float64)


class Bandwidth(Similarity):
    """Takes gamma for the width: exp(-d^2 / (2 gamma^2))."""

    claim, seen = "kernel_ridge_agrees", "length scales elsewhere"

    def compare(self, x, examples, similarity):
        if self.similarity != "rbf":
            return super().compare(x, examples, similarity)
        return np.exp(-np.sum((examples - x) ** 2, axis=1) / (2 * max(self.gamma, 1e-300) ** 2))


class CentredTargets(Similarity):
    """Subtracts the mean of the targets, and forgets to add it again."""

    claim = "all_alike"

    def solve(self, K, y):
        return super().solve(K, y - y.mean(axis=0))


class JitterByNumber(Similarity):
    """Divides the jitter by the number of examples."""

    claim, seen = "twins_count_once", "regularisation by n"

    def solve(self, K, y):
        return super().solve(K + self.jitter * (1 / len(K) - 1) * np.eye(len(K)), y)


class LastExampleLeftOut(Similarity):
    """Leaves the last example's weight at 0."""

    claim = "order_is_no_matter"

    def solve(self, K, y):
        alpha = super().solve(K, y)
        alpha[-1] = 0
        return alpha


class FirstTwin(Similarity):
    """Keeps the target of the first of equal examples for all of them."""

    claim = "conflicting_twins_meet_halfway"

    def solve(self, K, y):
        first = [np.flatnonzero(np.all(row == K, axis=1))[0] for row in K]
        return super().solve(K, y[first])


class RoundedTargets(Similarity):
    """Keeps targets as whole numbers."""

    claim = "linear_in_the_targets"

    def solve(self, K, y):
        return super().solve(K, np.round(y))


class FirstTargetForAll(Similarity):
    """Solves for the first output, and copies its weights."""

    claim = "outputs_are_independent"

    def solve(self, K, y):
        return np.tile(super().solve(K, y)[:, :1], y.shape[1])

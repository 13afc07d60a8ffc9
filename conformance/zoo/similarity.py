"""Mutants of the regressor by similarity."""

import numpy as np

from conformance.zoo.base import Similarity
from reference.leave_one_out import leave_one_out


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


class RootForgotten(Similarity):
    """Multiplies equations by the weights of the examples, and not by their roots."""

    claim, seen = "weights_repeat_examples", "weighted least squares by hand"

    def learn(self, K, y, weights, n_features):
        return super().learn(K, y, weights**2, n_features)


class LightExamplesDropped(Similarity):
    """Leaves out examples that weigh less than half of the heaviest."""

    claim = "weights_repeat_examples"

    def learn(self, K, y, weights, n_features):
        return super().learn(K, y, np.where(2 * weights < weights.max(), 0, weights), n_features)


class InterceptForgotten(Similarity):
    """Takes the mean from the targets, and does not add it to predictions."""

    claim = "the_intercept_moves_with_the_targets"

    def predict(self, X):
        return super().predict(X) - self.intercept_


class MeanOfAllAlike(Similarity):
    """Adds the plain mean of the targets, in which the weights of the examples do not count."""

    claim = "far_queries_are_predicted_the_mean"

    def learn(self, K, y, weights, n_features):
        learned = super().learn(K, y, weights, n_features)
        return {**learned, "intercept_": y.mean(axis=0)} if self.fit_intercept else learned


class InterceptLeftIn(Similarity):
    """Leaves an example out of the weights, but not out of the mean of the targets."""

    claim, seen = "left_out_predictions_are_those_of_other_fits", "the shortcut formula applied to centred targets"

    @property
    def loo_predictions_(self):
        y, weights, jitter, _ = self._training
        K = np.array([self.compare(x, self._examples, self._similarity) for x in self._examples])
        predicted, on = K @ self.dual_coef_ + self.intercept_, weights > 0
        centred = (y - self.intercept_).reshape(len(y), -1)[on]
        left = leave_one_out(K[on][:, on], centred, weights[on], jitter, fit_intercept=False)
        predicted[on] = left.reshape(predicted[on].shape) + self.intercept_
        return predicted


class FittedNotLeftOut(Similarity):
    """Takes fitted values for leave-one-out predictions: nothing is divided by the diagonal of the inverse."""

    claim = "left_out_predictions_are_those_of_other_fits"

    @property
    def loo_predictions_(self):
        return self.predict(self._examples)

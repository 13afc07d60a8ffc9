"""Mutants that a beginner writes at a whiteboard, where neighbours are searched and targets are averaged."""

import numpy as np

from conformance.zoo.base import Regressor, Search
from conformance.zoo.distances import ByFormula, squares


class SignedGapInOneFeature(ByFormula):
    """Sorts the gaps of a single feature without their absolute value."""

    claim, seen = "nearest_on_a_lattice", "x - q for abs(x - q)"

    def formula(self, X, q):
        gaps = X - q
        return gaps[:, 0] if len(q) == 1 else np.sqrt(squares(gaps))


class SquareForgotten(ByFormula):
    """Adds the gaps up without squaring them, so that gaps of opposite sign cancel."""

    claim, seen = "nearest_on_a_lattice", "np.sqrt(abs(np.sum(X - q, axis=1)))"

    def formula(self, X, q):
        return np.abs(np.sum(X - q, axis=1))


class BestStartsAt1000(ByFormula):
    """Starts its smallest distance at 1000, so that no row farther than that is ever found."""

    claim, seen = "scaling_changes_nothing", "best = 1000"

    def formula(self, X, q):
        return np.minimum(np.sqrt(squares(X - q)), 1000)


def search_like(model):
    """A search with the model's parameters, which may be a predictor."""
    return Search(model.n_neighbors, metric=model.metric, p=model.p, metric_params=model.metric_params)


class ScaledWithTheQueries(Search):
    """Standardises the rows and the queries together, so that a query's neighbours depend on the other queries."""

    claim, seen = "queries_do_not_disturb_each_other", "scaler.fit on all data before the split"

    def kneighbors(self, X=None, n_neighbors=None, return_distance=True):
        if X is None:
            return super().kneighbors(X, n_neighbors, return_distance)
        queries = self._check_queries(X)
        scaled = standardised(np.concatenate([self._examples, queries]))
        model = search_like(self).fit(scaled[: -len(queries)])
        return model.kneighbors(scaled[-len(queries) :], n_neighbors, return_distance)


class QueriesScaledByThemselves(Search):
    """Standardises the rows by the rows and the queries by the queries, which are then on two scales."""

    claim, seen = "queries_do_not_disturb_each_other", "scaler.fit_transform(X_test)"

    def kneighbors(self, X=None, n_neighbors=None, return_distance=True):
        if X is None:
            return super().kneighbors(X, n_neighbors, return_distance)
        model = search_like(self).fit(standardised(self._examples))
        return model.kneighbors(standardised(self._check_queries(X)), n_neighbors, return_distance)


def standardised(rows):
    deviation = rows.std(axis=0)
    return (rows - rows.mean(axis=0)) / np.where(deviation == 0, 1, deviation)


class SortsTheWrongAxis(Search):
    """Sorts each row's distances to the queries, where there are as many rows as queries."""

    claim, seen = "nearest_where_axes_are_equally_long", "np.argsort(distances, axis=0)"

    def kneighbors(self, X=None, n_neighbors=None, return_distance=True):
        distances, indices = super().kneighbors(X, n_neighbors)
        if X is not None and len(indices) == len(self._examples):
            table = np.array([self.measure(query) for query in self._check_queries(X)])
            indices = np.argsort(table, axis=0, kind="stable")[:, : indices.shape[1]]
            distances = np.take_along_axis(table, indices, axis=1)
        return (distances, indices) if return_distance else indices


class IndexOfTheDistance(Search):
    """Looks up the row of each of the smallest distances, and so finds the first of equal ones again and again."""

    claim, seen = "every_row_is_a_neighbor_when_k_is_n", "distances.index(d) for d in sorted(distances)"

    def choose(self, distances, k, leave_out):
        values = distances.tolist()
        return np.array([values.index(values[i]) for i in super().choose(distances, k, leave_out)])


class TiesByHash(Search):
    """Keeps rows in a set, whose order decides between equal distances."""

    claim, seen = "equal_distances_go_to_the_lower_index", "set(map(tuple, X))"

    def choose(self, distances, k, leave_out):
        hashes = [hash(tuple(row)) for row in self._examples.tolist()]
        order = np.lexsort((hashes, distances))
        return order[order != leave_out][:k]


class SkipsTheFirst(Search):
    """Takes the places 1 to k of the sorted rows, and so misses the nearest, at place 0."""

    claim, seen = "a_row_finds_itself", "range(1, k + 1); order[1 : k + 1]"

    def choose(self, distances, k, leave_out):
        if leave_out >= 0 or k == len(distances):
            return super().choose(distances, k, leave_out)
        return super().choose(distances, k + 1, leave_out)[1:]


class SortsTheRowsThemselves(Search):
    """Sorts its rows by their distance to the query, and the next query finds them in that order."""

    claim, seen = "asking_changes_nothing", "self.X.sort(key=distance)"

    def choose(self, distances, k, leave_out):
        nearest = super().choose(distances, k, leave_out)
        if leave_out < 0:
            self._examples = self._examples[np.argsort(distances, kind="stable")]
        return nearest


class AppendsWhenFitted(Search):
    """Appends to the rows of the last fit."""

    claim, seen = "fitting_again_forgets", "self.X.extend(X)"

    def fit(self, X, y=None):
        before = getattr(self, "_examples", None)
        return super().fit(X if before is None else np.concatenate([before, X]), y)


class WholeDistances(Regressor):
    """Writes distances to an array of whole numbers, which cuts them off."""

    claim, seen = "nearest_on_a_lattice", "np.zeros(n, dtype=int)"

    def measure(self, query):
        return np.floor(super().measure(query))


class SortsPairsWithTargets(Regressor):
    """Sorts pairs of a distance and a target, so that equal distances go to the smaller target."""

    claim, seen = "targets_do_not_choose_the_neighbors", "sorted(zip(distances, y))"

    def choose(self, distances, k, leave_out):
        outputs = self._targets.reshape(len(distances), -1).T
        order = np.lexsort((*outputs[::-1], distances))
        return order[order != leave_out][:k]


class SortsDistancesAlone(Regressor):
    """Sorts the distances, and averages the first k targets, which have stayed where they were."""

    claim, seen = "averages_of_targets", "distances.sort(); y[:k]"

    def predict(self, X):
        distances, indices = self.kneighbors(X)
        return averages(self, distances, np.tile(np.arange(indices.shape[1]), (len(indices), 1)))


class KOfTheQueries(Regressor):
    """Takes no more neighbours than there are queries."""

    claim, seen = "averages_of_targets", "min(k, len(X)), where X is the test set"

    def predict(self, X):
        distances, indices = self.kneighbors(X)
        k = min(indices.shape)
        return averages(self, distances[:, :k], indices[:, :k])


class OneTooMany(Regressor):
    """Averages k + 1 neighbours, where there are as many."""

    claim, seen = "averages_of_targets", "range(k + 1); while len(found) <= k"

    def predict(self, X):
        k = min(self.kneighbors(X)[1].shape[1] + 1, len(self._examples) - (X is None))
        return averages(self, *self.kneighbors(X, k))


class PartitionTrusted(Regressor):
    """Sorts the distances and partitions the indices, so that weights and targets come in two orders."""

    claim, seen = "averages_by_inverse_distance", "np.argpartition(d, k)[:k] beside np.sort(d)[:k]"

    def predict(self, X):
        distances, indices = self.kneighbors(X)
        return averages(self, distances, np.sort(indices, axis=1))


def averages(model, distances, indices):
    targets, weights = model._targets[indices], model.weigh(distances)
    return np.array([model.combine(t, w) for t, w in zip(targets, weights, strict=True)])


class DistancesAsKeys(Regressor):
    """Keeps targets in a dictionary by distance, where the last of equal distances takes the place of the others."""

    claim, seen = "averages_of_everything_when_k_is_n", "{distance: target}"

    def predict(self, X):
        k, n = self.kneighbors(X)[1].shape[1], len(self._examples) - (X is None)
        kept = [dict(zip(*answer, strict=True)) for answer in zip(*self.kneighbors(X, n), strict=True)]
        pairs = [(np.array([list(found)[:k]]), list(found.values())[:k]) for found in kept]
        return np.array([self.combine(self._targets[rows], self.weigh(distances)[0]) for distances, rows in pairs])


class FirstQueryOnly(Regressor):
    """Returns inside the loop over the queries."""

    claim, seen = "averages_of_everything_when_k_is_n", "return, indented once too often"

    def predict(self, X):
        return super().predict(X)[:1]


class RegressorWithOneTotal(Regressor):
    """Sets the total to 0 before the loop over the queries, and not within it."""

    claim, seen = "averages_of_everything_when_k_is_n", "total = 0, one line too high"

    def predict(self, X):
        return np.cumsum(super().predict(X), axis=0)


class RegressorWithoutDivision(Regressor):
    """Predicts the sum of the targets."""

    claim, seen = "averages_of_everything_when_k_is_n", "sum(y) for sum(y) / k"

    def combine(self, targets, weights):
        return super().combine(targets, weights) * len(targets)


class WholeDivision(Regressor):
    """Divides by k and rounds down, whatever the type of the targets."""

    claim, seen = "averages_of_targets", "total // k"

    def combine(self, targets, weights):
        return np.floor(super().combine(targets, weights))


class DividesWeightsByK(Regressor):
    """Divides the weighted sum by the number of neighbours, and not by the sum of their weights."""

    claim, seen = "averages_by_inverse_distance", "sum(w * y) / k"

    def combine(self, targets, weights):
        return super().combine(targets, weights) * (sum(weights) / len(weights))


class WeighsByTheDistance(Regressor):
    """Takes the distance for the weight, so that the farthest counts most."""

    claim, seen = "averages_by_inverse_distance", "weights = distances"

    def weigh(self, distances):
        return distances + 0.0 if self.weights == "distance" else super().weigh(distances)


class WeighsByRank(Regressor):
    """Weighs neighbours by 1, 1/2, 1/3 and so on, however far they are."""

    claim, seen = "averages_by_inverse_distance", "1 / (i + 1)"

    def weigh(self, distances):
        weights = super().weigh(distances)
        return np.ones_like(weights) / np.arange(1, weights.shape[1] + 1) if self.weights == "distance" else weights


class SumsWeightsOverQueries(Regressor):
    """Divides weights by their sum over the queries, and not by their sum over the neighbours."""

    claim, seen = "averages_by_inverse_distance", "weights / weights.sum(axis=0)"

    def weigh(self, distances):
        weights = super().weigh(distances)
        return weights / np.where(np.sum(weights, axis=0) == 0, 1, np.sum(weights, axis=0))


class CloseIsExact(Regressor):
    """Takes distances below 1e-8 for exact matches, which then count alone and alike."""

    claim, seen = "tiny_distances_weigh_alike", "np.isclose(distances, 0)"

    def weigh(self, distances):
        return super().weigh(np.where(np.isclose(distances, 0), 0, distances))

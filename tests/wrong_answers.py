"""The zoo's mutants as answers to the steps of the course: each step is tried on the mutants of its kind."""

import numpy as np

from conformance.zoo import ZOO
from conformance.zoo.base import Classifier, Regressor, Search
from conformance.zoo.distances import ByFormula

ONE = np.zeros((1, 1))


def overrides(mutant, *names):
    """Whether a method of one of these names is the mutant's own."""
    own = [cls for cls in mutant.__mro__ if cls.__module__.startswith("conformance.zoo") and cls.claim]
    return any(name in vars(cls) for cls in own for name in names)


def of_kind(*names, base=(Search, Regressor, Classifier), but=()):
    """The mutants that override one of the methods, without those that the step does not see."""
    found = [mutant for mutant in ZOO if issubclass(mutant, base) and overrides(mutant, *names)]
    unknown = set(but) - {mutant.__name__ for mutant in found}
    assert not unknown, unknown
    return [mutant for mutant in found if mutant.__name__ not in but]


def by_formula(metric="euclidean", but=()):
    found = [mutant for mutant in ZOO if issubclass(mutant, ByFormula) and metric in (*mutant.mistaken, "any")]
    return [mutant for mutant in found if mutant.__name__ not in but]


def distance(mutant):
    return lambda a, b: mutant(metric="euclidean").get_distance(a, b)


def distance_by_metric(mutant):
    return lambda a, b, metric="euclidean", p=2: mutant(metric=metric, p=p).get_distance(a, b)


def table(mutant):
    def get_distances(Q, X):
        model = mutant(1, metric="euclidean").fit(X, np.zeros(len(X)))
        return np.array([model.measure(query) for query in np.asarray(Q, dtype=float)])

    return get_distances


def choice(mutant):
    return lambda distances, k: mutant(k).choose(distances, k, -1)


def pairs(mutant):
    def get_neighbors(X, y, query, k):
        distances, indices = mutant(k, metric="euclidean").fit(X, y).kneighbors(query[None])
        return [(d, y[i]) for d, i in zip(distances[0], indices[0], strict=True)]

    return get_neighbors


def average(mutant):
    def get_average(targets):
        model = mutant(len(targets)).fit(np.zeros((len(targets), 1)), targets)
        return model.combine(model._targets, np.ones(len(targets)))

    return get_average


def vote(mutant):
    return lambda labels: mutant(len(labels)).fit(np.zeros((len(labels), 1)), labels).predict(ONE)[0]


def weights(mutant):
    return lambda distances: mutant(weights="distance").weigh(distances[None])[0]


def classifier(mutant):
    return mutant if issubclass(mutant, Classifier) else type(mutant.__name__, (mutant, Classifier), {})


def left_out(mutant):
    return lambda X, k: mutant(k, metric="euclidean").fit(X, np.zeros(len(X))).kneighbors(None)[1]


def chosen_k(mutant):
    def choose_k(X, y, candidates):
        correct = {k: np.sum(classifier(mutant)(k).fit(X, y).predict(None) == y) for k in sorted(candidates)}
        return max(correct, key=correct.get)

    return choose_k


def similarity(mutant):
    def __init__(self, gamma=1.0, jitter=1e-6):
        mutant.__init__(self, gamma=gamma, jitter=jitter)

    return type(mutant.__name__, (mutant,), {"__init__": __init__})


def search(mutant):
    def get_neighbors(X, Q, k, block=None):
        return mutant(k, metric="euclidean").fit(X, np.zeros(len(X))).kneighbors(Q)

    return get_neighbors


def in_tensors(mutant):
    import torch

    def get_neighbors(X, Q, k):
        if X.device.type == "meta":
            return torch.empty((len(Q), k), device="meta"), torch.empty((len(Q), k), device="meta")
        distances, indices = search(mutant)(X.double().numpy(), Q.double().numpy(), k)
        return torch.from_numpy(distances).to(X.dtype), torch.from_numpy(indices)

    return get_neighbors

"""Votes: counted for the classes of a query's own neighbours, with the bits of a count for every class."""

import numpy as np
import pytest
import torch
from torch.utils._python_dispatch import TorchDispatchMode

from accelerated import KNNClassifier, select_n_neighbors

ULP = 2.0**-52


def counted_for_every_class(codes, weights, n_classes):
    """The share of every class for each query, added in a loop."""
    shares = np.zeros((len(codes), n_classes))
    for of_query, neighbors, of_neighbors in zip(shares, codes, weights, strict=True):
        total = 0.0
        for code, weight in zip(neighbors, of_neighbors, strict=True):
            of_query[code] += weight
            total += weight
        of_query /= total
    return shares


def ones(rng, shape):
    return np.ones(shape)


def a_few_units_in_the_last_place_apart(rng, shape):
    return 2 - ULP * rng.integers(1, 4, shape)


def of_every_magnitude(rng, shape):
    return rng.lognormal(sigma=30, size=shape)


def subnormal(rng, shape):
    return 5e-324 * rng.integers(1, 4, shape)


def mostly_0(rng, shape):
    weights = rng.integers(0, 2, shape) * rng.random(shape)
    weights[:, -1] = 0.1
    return weights


@pytest.mark.parametrize("draw", [ones, a_few_units_in_the_last_place_apart, of_every_magnitude, subnormal, mostly_0])
@pytest.mark.parametrize(
    ("n_rows", "n_classes", "k"), [(8, 3, 8), (9, 4, 7), (40, 40, 1), (40, 40, 40), (900, 800, 30)]
)
def test_shares_have_the_bits_of_a_count_for_every_class_and_the_first_largest_wins(draw, n_rows, n_classes, k, rng):
    n_queries = 200
    y = np.stack([rng.permutation(np.arange(n_rows) % n_classes), rng.integers(0, 2, n_rows)], axis=1)
    distances = rng.permuted(np.tile(np.arange(1.0, n_rows + 1), (n_queries, 1)), axis=1)
    weights = draw(rng, (n_queries, k))
    square = np.zeros((n_rows, n_rows))
    model = KNNClassifier(k, metric="precomputed", weights=lambda _: weights).fit(square, y)
    codes = y[np.argsort(distances, axis=1)[:, :k]]

    predicted, shares = model.predict(distances), model.predict_proba(distances)

    for output, n in enumerate((n_classes, 2)):
        expected = counted_for_every_class(codes[:, :, output], weights, n)
        assert shares[output].tobytes() == expected.tobytes()
        np.testing.assert_array_equal(predicted[:, output], np.argmax(expected, axis=1))


def test_votes_that_differ_and_round_to_equal_shares_go_to_the_smallest_label(rng):
    votes = 2 - ULP * rng.integers(1, 5, (500, 4))  # shares of about 1/4 are half as dense
    model = KNNClassifier(4, metric="precomputed", weights=lambda _: votes).fit(np.zeros((4, 4)), [0, 1, 2, 3])

    predicted, shares = model.predict(np.zeros((500, 4))), model.predict_proba(np.zeros((500, 4)))

    np.testing.assert_array_equal(predicted, np.argmax(shares, axis=1))
    assert (predicted != np.argmax(votes, axis=1)).any()


@pytest.mark.parametrize("weights", ["uniform", "distance"])
def test_neighbors_at_distance_0_vote_alone_among_many_classes(weights):
    X = np.repeat(np.arange(300.0), 3)[:, None]
    y = np.arange(900) % 450
    model = KNNClassifier(7, weights=weights).fit(X, y)

    shares = model.predict_proba(X[::3])

    assert (np.count_nonzero(shares, axis=1) == (3 if weights == "distance" else 7)).all()
    np.testing.assert_array_equal(model.predict(X[::3]), np.argmax(shares, axis=1))


class Largest(TorchDispatchMode):
    """Notes the most numbers that a tensor has which is made within this context."""

    n_numbers = 0

    def __torch_dispatch__(self, function, types, args=(), kwargs=None):
        made = function(*args, **(kwargs or {}))
        for tensor in made if isinstance(made, (tuple, list)) else [made]:
            if isinstance(tensor, torch.Tensor):
                self.n_numbers = max(self.n_numbers, tensor.numel())
        return made


@pytest.mark.parametrize("weights", ["uniform", "distance", np.ones_like])
def test_a_prediction_has_no_column_for_every_class(weights, rng):
    n_classes, n_queries = 50_000, 300
    X, y = rng.random((n_classes, 2)), rng.permutation(n_classes)
    model = KNNClassifier(5, weights=weights).fit(X, y)

    with Largest() as predicting:
        model.predict(X[:n_queries])
    with Largest() as selecting:
        train, test = np.arange(n_classes), np.arange(n_queries)
        select_n_neighbors(model, X, y, [1, 5], cv=[(train, test)])

    assert predicting.n_numbers <= 5 * n_classes
    assert selecting.n_numbers <= 5 * n_classes  # of which 2 are the rows

"""Similarities of an example to others: the formula is the code. The larger the number, the more alike they are.

Every function takes an example ``x`` (n_features,) and examples ``rows`` (n, n_features), float64, and returns (n,).
"""

from functools import partial

import numpy as np

from knn_inputs.callables import take_two
from knn_inputs.parameters import SIMILARITY_PARAMETERS


def rbf(x, rows, gamma):
    """exp(-gamma |x - r|^2), the radial basis function: a bell around each example, 1 at the example itself.

    >>> rbf(np.array([0.0]), np.array([[0.0], [1.0]]), gamma=1.0).round(4).tolist()
    [1.0, 0.3679]
    """
    gap = rows - x  # (n, n_features)
    return np.exp(-gamma * np.sum(gap * gap, axis=1))


def laplacian(x, rows, gamma):
    """exp(-gamma sum |x - r|): a peak with a kink at each example, so predictions may have kinks there."""
    return np.exp(-gamma * np.sum(np.abs(rows - x), axis=1))


def linear(x, rows):
    """x.r: the regressor becomes linear ridge regression through the origin."""
    return rows @ x


def polynomial(x, rows, gamma, degree, coef0):
    """(gamma x.r + coef0)^degree: the regressor becomes a polynomial in all products of up to ``degree`` features."""
    return (gamma * (rows @ x) + coef0) ** degree


def sigmoid(x, rows, gamma, coef0):
    """tanh(gamma x.r + coef0), known from neural networks; a matrix of them may have negative eigenvalues."""
    return np.tanh(gamma * (rows @ x) + coef0)


def cosine(x, rows):
    """x.r / (|x| |r|), the cosine of the angle; 0 if x or r is the zero vector, because that has no direction."""
    return _units(rows) @ _units(x[None])[0]


def _units(rows):
    """Each row scaled to length 1. Dividing by the largest entry first keeps squares finite."""
    largest = np.max(np.abs(rows), axis=1, keepdims=True)
    rows = rows / np.where(largest == 0, 1, largest)
    length = np.sqrt(np.sum(rows * rows, axis=1, keepdims=True))
    return rows / np.where(length == 0, 1, length)


def given(x, rows):
    """``precomputed``: the query is its row of similarities to the examples."""
    return x


def pair_by_pair(x, rows, function):
    """A function of two examples of any kind, called for x and each row."""
    return np.array([function(x, row) for row in rows])


def get_similarity(name, gamma, degree, coef0):
    """Returns a function of (x, rows) that returns (n,): the similarity called ``name``, or made of a callable."""
    if callable(name):
        return partial(pair_by_pair, function=take_two(name, "similarity"))
    named = {
        "rbf": partial(rbf, gamma=gamma),
        "laplacian": partial(laplacian, gamma=gamma),
        "polynomial": partial(polynomial, gamma=gamma, degree=degree, coef0=coef0),
        "sigmoid": partial(sigmoid, gamma=gamma, coef0=coef0),
        "linear": linear,
        "cosine": cosine,
        "precomputed": given,
    }
    return named[name]


def gamma_of_scale(name, rows, weights):
    """Returns the gamma that "scale" stands for, 1 / (d v), where v is the variance of all entries of the rows, (n, d).

    With it the unit of the features has no effect on the rbf, and hardly has d. The laplacian has the gaps to the first
    power, and so the standard deviation in place of v. Where v is 0, gamma is 1. An example of weight 2 counts as two
    equal ones. Returns None for a similarity that does not use gamma.

    >>> gamma_of_scale("rbf", np.array([[0.0, 4.0], [4.0, 0.0]]), np.ones(2))
    0.125
    """
    if callable(name) or "gamma" not in SIMILARITY_PARAMETERS[name]:
        return None
    gap = rows - rows[:1, :1]  # exactly 0 where all entries are equal
    mean = weighted_mean(np.mean(gap, axis=1), weights)
    variance = float(weighted_mean(np.mean((gap - mean) ** 2, axis=1), weights))
    spread = np.sqrt(variance) if name == "laplacian" else variance
    return float(1 / (rows.shape[1] * spread)) if spread > 0 else 1.0


def weighted_mean(values, weights):
    """Returns sum w v / sum w over the first axis; equal values have exactly that value as their mean.

    >>> float(weighted_mean(np.array([0.0, 3.0]), np.array([2.0, 1.0])))
    1.0
    """
    share = weights / np.max(weights)  # so that their sum is finite
    return values[0] + (share / np.sum(share)) @ (values - values[0])

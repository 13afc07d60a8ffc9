"""Distances for one kind of data each: amounts, places on the globe, and examples with missing numbers."""

import numpy as np


def canberra(a, b):
    """Each gap as a share of the two numbers: sum |a - b| / (|a| + |b|), where 0 / 0 is 0 (Lance and Williams, 1966).

    >>> float(canberra(np.array([1.0, 0.0, 3.0]), np.array([3.0, 0.0, 3.0])))
    0.5
    """
    gap, size = np.abs(a - b), np.abs(a) + np.abs(b)
    return np.sum(gap / np.where(size == 0, 1.0, size))


def braycurtis(a, b):
    """All gaps as a share of all amounts: sum |a - b| / sum |a + b|, where 0 / 0 is 0 (Bray and Curtis, 1957).

    It is made for amounts, which are not negative. Between an example and its negative it would be infinite, and is
    refused.

    >>> float(braycurtis(np.array([1.0, 0.0, 3.0]), np.array([3.0, 0.0, 3.0])))
    0.2
    """
    gaps, amounts = np.sum(np.abs(a - b)), np.sum(np.abs(a + b))
    if gaps == 0:
        return 0.0
    return gaps / amounts if amounts > 0 else np.inf


def haversine(a, b):
    """The angle between two places on the globe, (latitude, longitude) in radians; times 6371 it is in km.

    With h = sin^2(half the gap of latitudes) + cos cos sin^2(half the gap of longitudes) it is 2 arcsin(sqrt(h))
    (Sinnott, Virtues of the Haversine, 1984). On the far side h is near 1, and there arcsin magnifies its rounding. So
    the same formula is applied to the opposite place of b, at the latitude -b and half a turn away, too. That gives
    1 - h without a subtraction, and arctan2 of both roots is precise everywhere.

    >>> quarter = haversine(np.radians([0.0, 0.0]), np.radians([0.0, 90.0]))
    >>> float(np.degrees(quarter).round(9))
    90.0
    """
    (latitude_a, longitude_a), (latitude_b, longitude_b) = a, b
    cosines = np.cos(latitude_a) * np.cos(latitude_b)
    half_turn = (longitude_a - longitude_b) / 2
    near = _square(np.sin((latitude_a - latitude_b) / 2)) + cosines * _square(np.sin(half_turn))
    far = _square(np.sin((latitude_a + latitude_b) / 2)) + cosines * _square(np.cos(half_turn))
    return 2 * np.arctan2(np.sqrt(near), np.sqrt(far))


def _square(x):
    return x * x


def nan_euclidean(a, b):
    """The straight line, estimated from the features that both examples have: sqrt(n / n_shared * sum (a - b)^2).

    A missing number is NaN. The sum over the shared features is scaled up to all n features (Dixon, Pattern Recognition
    with Partly Missing Data, 1979). Two examples that share no feature are at distance infinity.

    >>> float(nan_euclidean(np.array([3.0, np.nan, 5.0]), np.array([1.0, 0.0, np.nan])))
    3.4641016151377544
    """
    gap = a - b
    shared = ~np.isnan(gap)
    n_shared = np.sum(shared)
    if n_shared == 0:
        return np.inf
    return np.sqrt(np.sum(np.where(shared, gap * gap, 0.0)) * (len(a) / n_shared))


SPECIAL_DISTANCES = {
    "canberra": canberra,
    "braycurtis": braycurtis,
    "haversine": haversine,
    "nan_euclidean": nan_euclidean,
}

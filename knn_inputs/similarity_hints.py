"""Hints at ``fit`` of the regressor by similarity: about a gamma, or targets, with which predictions are poor.

Each hint compares a median or a mean with a round number. They only warn, and change no answer.
"""

from typing import Any

import numpy as np

from knn_inputs.messages import show, suggest, warn
from knn_inputs.parameters import check_number

FEWEST = 10  # examples: fewer have no stable median
ALONE = 0.01  # sum of an example's similarities to all others, up to which it counts as alone
ALIKE = 0.99  # mean of an example's similarities to the others, from which it counts as equal to them
FAR = 10  # standard deviations of the targets between their mean and 0
MUCH = 10  # times the largest eigenvalue of K beside the constant: a jitter that leaves less than 1 / 10 of y
ABOUT = 2  # a gamma within this factor of another one is about the same


def check_gamma(gamma: Any) -> float | str:
    """Returns "scale", or gamma as a float; raises TypeError or ValueError unless it is "scale" or at least 0.

    >>> check_gamma("scale"), check_gamma(2)
    ('scale', 2.0)
    """
    if isinstance(gamma, str) and gamma == "scale":
        return gamma
    if gamma is None or (isinstance(gamma, str) and gamma == "auto"):
        raise TypeError(f"gamma={gamma!r} is 1 / n_features in scikit-learn, but must be a number here, or 'scale'")
    if isinstance(gamma, str):
        raise TypeError(
            f"gamma={show(gamma)} is a str, but must be a number of at least 0, or 'scale'{suggest(gamma, ['scale'])}"
        )
    try:
        return check_number(gamma, "gamma", least=0)
    except (TypeError, ValueError) as error:
        raise type(error)(f"{error}: pass a number of at least 0, or 'scale'") from None


def warn_of_poor_gamma(
    similarity: Any,
    gamma: float | str,
    totals: np.ndarray,
    scale: float,
    jitter: float,
    heaviest: float = 1.0,
    n_compared: int | None = None,
) -> None:
    """Warns if gamma makes the matrix of similarities almost the identity or almost constant.

    Only rbf and laplacian are looked at, from 10 examples on: the similarity of an example to itself is 1 there.
    ``totals``, (n,), has the sum of the similarities of each example to all examples, itself included, and ``scale`` is
    the number that gamma="scale" stands for; ``heaviest`` is the largest weight of an example. The totals may be
    estimated from ``n_compared`` examples.

    Almost constant similarities are enough where the jitter is small. K is the constant 1 less a matrix whose trace is
    n (1 - mean), so no eigenvalue of K beside the one of the constant is larger than about that, and with weights than
    ``heaviest`` times that. A fit multiplies the part of y along an eigenvector by eigenvalue / (eigenvalue + jitter):
    by less than 1 / 10, if the jitter is 10 times the eigenvalue.
    """
    if similarity not in ("rbf", "laplacian") or len(totals) < FEWEST:
        return
    others = float(np.median(totals)) - 1
    mean = others / (len(totals) - 1)
    number = scale if isinstance(gamma, str) else gamma
    if others < ALONE:
        compared = "any other" if n_compared is None else f"any of {n_compared} drawn at random"
        meaning = f"half of the examples are not similar to {compared}: their similarities sum to at most {others:.2g}"
        result = "away from the examples predictions are near 0, or near intercept_ with fit_intercept=True"
        smaller = ""
        scale_helps = scale < number / ABOUT
    elif mean > ALIKE and (largest := len(totals) * (1 - mean) * heaviest) * MUCH <= jitter:
        meaning = f"half of the examples are almost equal to the others: their mean similarity is {mean:.4f} or more"
        result = f"with jitter={jitter:.3g} predictions hardly depend on the query"
        smaller = f", or pass a jitter below {largest:.2g}" if largest > 0 else ""
        scale_helps = scale > number * ABOUT
    else:
        return
    advice = "scale the features, for example with sklearn's StandardScaler"
    advice += (f", or pass gamma='scale', here {scale:.3g}" if scale_helps else "") + smaller
    warn(f"with gamma={show(gamma)} {meaning}, so {result}: {advice}")


def warn_of_far_targets(y: np.ndarray, fit_intercept: bool, weights: np.ndarray | None = None) -> None:
    """Warns, once, if an output of y, (n, n_outputs), is far from 0 and no intercept is fitted.

    Far is more than 10 standard deviations, from 10 examples on; ``weights``, (n,), count in mean and deviation. An
    output that is constant is not looked at.
    """
    if fit_intercept or len(y) < FEWEST:
        return
    with np.errstate(over="ignore", under="ignore", invalid="ignore"):  # a comparison with infinity or NaN is False
        gap = y - y[0]  # exactly 0 where an output is constant
        middle = np.average(gap, axis=0, weights=weights)
        mean, std = y[0] + middle, np.sqrt(np.average((gap - middle) ** 2, axis=0, weights=weights))
        far = np.flatnonzero((std > 0) & (np.abs(mean) > FAR * std))
    if len(far):
        i = far[0]
        which = "y has" if y.shape[1] == 1 else f"output {i} of y has"
        warn(
            f"{which} mean {mean[i]:.4g} and standard deviation {std[i]:.4g}, but without an intercept predictions tend"
            " to 0 away from the examples: pass fit_intercept=True"
        )

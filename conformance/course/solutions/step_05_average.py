"""Step 5: the average, which is the prediction of a regressor.

The k neighbours have targets, and a regressor predicts their mean. A target may be several numbers, such as the width
and the height of something; then each of them has a mean of its own.
"""

import numpy as np


def get_average(targets):
    """Returns the mean of the targets: a number for the shape (k,), an array (n_outputs,) for (k, n_outputs).

    The targets may be whole numbers, also of a small type such as uint8, or truth values, which count as 0 and 1. The
    mean is never rounded to their type.

    By hand: (1 + 2) / 2 = 1.5.

    >>> float(get_average(np.array([1, 2])))
    1.5
    >>> [float(mean) for mean in get_average(np.array([[1, 10], [2, 30]]))]
    [1.5, 20.0]
    """
    total = np.zeros(targets.shape[1:])
    for target in targets:
        total = total + target
    return total / len(targets)

"""Step 6: the vote, which is the prediction of a classifier.

Each of the k neighbours votes for its label, and the label with the most votes wins. If two labels have equal votes,
the smaller label wins: "a" before "b", and -7 before 0. Any rule would do, but it must not depend on the order in
which the neighbours come.
"""

import numpy as np


def get_vote(labels):
    """Returns the label with the most votes; where votes are equal, the smallest of these labels.

    ``labels`` has the shape (k,): strings, numbers of any sign, or truth values, all of one kind.

    By hand: "b" and "a" have two votes each, "c" has one, and "a" is smaller than "b".

    >>> str(get_vote(np.array(["b", "c", "a", "b", "a"])))
    'a'
    """
    values, votes = np.unique(labels, return_counts=True)  # sorted
    return values[np.argmax(votes)]  # argmax takes the first of equals: the smallest label

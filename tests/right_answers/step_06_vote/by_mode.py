"""``statistics.mode`` of the sorted labels: it takes the first of equally frequent ones."""

from statistics import mode


def get_vote(labels):
    return mode(sorted(labels.tolist()))

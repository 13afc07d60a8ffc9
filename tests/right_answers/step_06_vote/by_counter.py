"""A ``Counter``, and of the labels with the most votes the smallest."""

from collections import Counter


def get_vote(labels):
    votes = Counter(labels.tolist())
    most = max(votes.values())
    return min(label for label, count in votes.items() if count == most)

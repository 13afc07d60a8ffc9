"""Keeps the best candidate so far, in the order of the candidates from small to large."""

from math import dist


def choose_k(X, y, candidates):
    rows, labels = X.tolist(), y.tolist()
    best_k, best_correct = None, -1
    for k in sorted(candidates):
        correct = sum(_vote(_others(rows, labels, i)[:k]) == label for i, label in enumerate(labels))
        if correct > best_correct:
            best_k, best_correct = k, correct
    return best_k


def _others(rows, labels, i):
    """The labels of the other rows, nearest first."""
    others = [j for j in range(len(rows)) if j != i]
    return [labels[j] for j in sorted(others, key=lambda j: dist(rows[j], rows[i]))]


def _vote(labels):
    return max(sorted(set(labels)), key=labels.count)

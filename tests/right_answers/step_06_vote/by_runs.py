"""Sorts the labels, so that equal ones are neighbours, and keeps the longest run, the first of equals."""

from itertools import groupby


def get_vote(labels):
    runs = [list(run) for _, run in groupby(sorted(labels))]
    return max(runs, key=len)[0]

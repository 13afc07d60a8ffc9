"""Exact neighbours as a ground truth for approximate ones: made from files of any size, compared, and verified."""

from accelerated.ground_truth.recall import Interval, Recall, recall

__all__ = ["Interval", "Recall", "recall"]

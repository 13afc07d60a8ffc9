"""Tests a whiteboard implementation: the claims about its answers hold, the claims about bad input do not.

The command line for it is `python -m conformance examples/check_mine.py:KNN`.
"""

from pathlib import Path

from conformance.claims import CLAIMS
from conformance.runner import PROFILES, run_claim
from conformance.targets import load_target

TRIED = ("neighbors", "averages", "symmetries", "numerics", "bad input")


class KNN:
    def __init__(self, k=3):
        self.k = k

    def fit(self, X, y):
        self.data = [([float(a) for a in x], float(target)) for x, target in zip(X, y, strict=True)]
        return self

    def get_distance(self, a, b):
        return sum((float(p) - float(q)) ** 2 for p, q in zip(a, b, strict=True)) ** 0.5

    def get_neighbors(self, x):
        distances = [(self.get_distance(x, row), target) for row, target in self.data]
        distances.sort(key=lambda pair: pair[0])
        return distances[: self.k]

    def predict(self, x):
        nearest = self.get_neighbors(x)
        return sum(target for _, target in nearest) / len(nearest)


def main():
    target = load_target(f"{Path(__file__)}:KNN")
    results = {claim: run_claim(target, claim, PROFILES["quick"]) for claim in CLAIMS if claim.level in TRIED}
    wrong = {}
    for level in TRIED:
        tried = [r for claim, r in results.items() if claim.level == level and r.verdict != "skipped"]
        wrong[level] = [r for r in tried if r.verdict != "holds"]
        print(f"{level:10} {len(tried) - len(wrong[level])} of {len(tried)} hold")
    for result in wrong["bad input"]:
        print(f"  {result.claim}: {result.message}")
    assert not any(wrong[level] for level in TRIED[:-1])
    assert wrong["bad input"]


if __name__ == "__main__":
    main()

"""Runs the command line of ``conformance``, and has classes to run it on."""

from conformance.__main__ import main

QUICK = ("--profile", "quick")
RIGHT = """
class KNN:
    def __init__(self, k=3):
        self.k = k

    def fit(self, X, y):
        self.data = [([float(a) for a in x], float(target)) for x, target in zip(X, y)]
        return self

    def get_neighbors(self, x):
        distances = [(sum((a - b) ** 2 for a, b in zip(map(float, x), row)) ** 0.5, label) for row, label in self.data]
        return sorted(distances, key=lambda pair: pair[0])[: self.k]

    def predict(self, X):
        return [sum(label for _, label in self.get_neighbors(x)) / self.k for x in X]
"""
MEDIAN = RIGHT.replace(
    "[sum(label for _, label in self.get_neighbors(x)) / self.k for x in X]",
    "[sorted(label for _, label in self.get_neighbors(x))[self.k // 2] for x in X]",
)
LAST_TIE = RIGHT.replace("key=lambda pair: pair[0])", "key=lambda pair: (pair[0], -pair[1]))")


def run(capsys, *words):
    """The exit status, the output and the errors of a run."""
    try:
        status = main([str(word) for word in words])
    except SystemExit as exit:
        status = exit.code
    captured = capsys.readouterr()
    return status, captured.out, captured.err

"""Compares the two packages with scikit-learn: on real data, then on data where their answers differ."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from time import perf_counter
from typing import Any

import numpy as np
import torch
from sklearn.datasets import load_diabetes, load_digits
from sklearn.kernel_ridge import KernelRidge
from sklearn.linear_model import LinearRegression
from sklearn.model_selection import train_test_split
from sklearn.neighbors import KNeighborsClassifier, KNeighborsRegressor
from sklearn.neighbors import NearestNeighbors as SklearnNeighbors

import accelerated
import reference
from conformance.oracle.relations import assert_same_bits
from conformance.runner.markdown import table

NEIGHBORS = """# Both packages beside scikit-learn

This page is the output of `make demo`.

## Neighbours and predictions

The digits and the diabetes data set of scikit-learn, with 5 and 10 neighbours, compared with `reference`.
"Same rows" is the share of the queries that have the same neighbours in the same order.
"Largest difference" compares the distances.

{}

The scores are equal, and the distances differ in the last bits at most.
scikit-learn is not wrong here: many digits are at equal distances, and it differs in the order of equal distances only.
Its order depends on the number of threads; `reference` and `accelerated` put the lower training index first.
"""
RECALL = """## Neighbours far from the origin

The share of the true 5 nearest neighbours that are found, for 200 queries among 1,000 rows.
Here neighbours are lost, because |x|^2 + |y|^2 - 2 x.y cancels where numbers are large beside their differences.

{}
"""
SIMILARITY = """## Regression by similarity

The rbf similarity with jitter 1 on the diabetes data.
"Largest difference" is that of a prediction from the prediction of `reference`, relative to it.

{}"""


def main() -> int:
    """Prints the page docs/demo.md; 0 if ``reference`` and ``accelerated`` agree in every bit of their neighbours, and
    in predictions by similarity to a millionth, else 1."""
    digits = {"reference": reference.KNNClassifier(5), "accelerated": accelerated.KNNClassifier(5)}
    diabetes = {"reference": reference.KNNRegressor(10), "accelerated": accelerated.KNNRegressor(10)}
    rows = [
        *_compare("digits", "accuracy", load_digits, {**digits, "scikit-learn": KNeighborsClassifier(5)}),
        *_compare("diabetes", "R^2", load_diabetes, {**diabetes, "scikit-learn": KNeighborsRegressor(10)}),
    ]
    print(NEIGHBORS.format(table(Row.HEADER, [row.cells() for row in rows])))
    print(RECALL.format(table(("data", "scikit-learn", "torch.cdist", "accelerated"), recall_rows())))
    similar, differences = similarity_rows()
    print(SIMILARITY.format(table(("model", "R^2", "largest difference", "seconds"), similar)))
    same = all(row.same_bits for row in rows if row.model == "accelerated") and differences["accelerated"] < 1e-6
    agree = "agree: neighbours in every bit, regression by similarity to a millionth."
    print("\n`reference` and `accelerated`", agree if same else "DIFFER.")
    return 0 if same else 1


@dataclass
class Row:
    """One model on one data set, and how it compares with ``reference``."""

    HEADER = ("data", "model", "score", "same rows", "same bits", "largest difference", "seconds")

    data: str
    model: str
    score: str
    same_rows: float  # share of the queries with the same neighbours in the same order
    same_bits: bool  # of all distances, indices and predictions
    largest_difference: float  # of the distances
    seconds: float

    def cells(self) -> tuple[str, ...]:
        return (
            self.data,
            self.model,
            self.score,
            f"{self.same_rows:.1%}",
            "yes" if self.same_bits else "no",
            f"{self.largest_difference:.1e}",
            f"{self.seconds:.2f}",
        )


def _compare(name: str, score_name: str, load: Callable[..., Any], models: dict[str, Any]) -> Iterable[Row]:
    """A row for each model; the others are compared with the first."""
    X, y = load(return_X_y=True)
    X_train, X_test, y_train, y_test = train_test_split(X, y, random_state=0)
    first: tuple[np.ndarray, ...] = ()
    for model_name, model in models.items():
        start = perf_counter()
        model.fit(X_train, y_train)
        distances, indices = model.kneighbors(X_test)
        predicted = model.predict(X_test)
        seconds = perf_counter() - start
        first = first or (distances, indices, predicted)
        yield Row(
            name,
            model_name,
            f"{score_name} {model.score(X_test, y_test):.4f}",
            float((indices == first[1]).all(axis=1).mean()),
            all(map(_same_bits, (distances, indices, predicted), first)),
            float(np.abs(distances - first[0]).max()),
            seconds,
        )


def _same_bits(actual: np.ndarray, expected: np.ndarray) -> bool:
    try:
        assert_same_bits(actual, expected, "answer")
    except AssertionError:
        return False
    return True


def similarity_rows() -> tuple[list[tuple[str, ...]], dict[str, float]]:
    """A row for each regressor of the diabetes data, and its largest relative difference from ``reference``."""
    X_train, X_test, y_train, y_test = train_test_split(*load_diabetes(return_X_y=True), random_state=0)
    models = {
        "reference": reference.SimilarityRegressor(jitter=1.0),
        "accelerated": accelerated.SimilarityRegressor(jitter=1.0),
        "KernelRidge of scikit-learn": KernelRidge(alpha=1.0, kernel="rbf", gamma=1.0),
        "10 neighbours": accelerated.KNNRegressor(10),
        "linear regression": LinearRegression(),
    }
    rows: list[tuple[str, ...]] = []
    predictions, differences = {}, {}
    for name, model in models.items():
        start = perf_counter()
        predictions[name] = model.fit(X_train, y_train).predict(X_test)
        seconds = perf_counter() - start
        differences[name] = float(np.abs(predictions[name] / predictions["reference"] - 1).max())
        score = model.score(X_test, y_test)
        rows.append((name, f"{score:.4f}", f"{differences[name]:.1e}", f"{seconds:.2f}"))
    return rows, differences


def recall_rows() -> Iterable[tuple[str, ...]]:
    """A row for each data set: the share of the true neighbours that each implementation finds."""
    rng = np.random.default_rng(0)
    clusters = rng.choice([0.0, 1e6], (1200, 1)) + rng.normal(scale=0.01, size=(1200, 16))
    data: dict[str, np.ndarray] = {
        "U[0,1)^16, float64": rng.random((1200, 16)),
        "U[0,1)^16 + 1e8, float64": rng.random((1200, 16)) + 1e8,
        "U[0,1)^128 + 1000, float32": (rng.random((1200, 128)) + 1000).astype(np.float32),
        "two 1 cm clusters 1,000 km apart, float64": clusters,
    }
    for name, rows in data.items():
        X, Q = rows[:1000], rows[1000:]
        truth = _true_neighbors(X, Q, 5)
        answers = [
            SklearnNeighbors(n_neighbors=5).fit(X).kneighbors(Q)[1],
            torch.cdist(torch.from_numpy(Q), torch.from_numpy(X)).topk(5, largest=False).indices.numpy(),
            accelerated.NearestNeighbors(5).fit(X).kneighbors(Q)[1],
        ]
        yield name, *(f"{_recall(answer, truth):.1%}" for answer in answers)


def _true_neighbors(X: np.ndarray, Q: np.ndarray, k: int) -> np.ndarray:
    """By differences in extended precision, which neither package uses."""
    squares = [((X - q.astype(np.longdouble)) ** 2).sum(axis=1) for q in Q]
    return np.argsort(squares, axis=1, kind="stable")[:, :k]


def _recall(answer: np.ndarray, truth: np.ndarray) -> float:
    found = [len(set(a) & set(b)) for a, b in zip(answer.tolist(), truth.tolist(), strict=True)]
    return sum(found) / truth.size

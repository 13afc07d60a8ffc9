"""Cosine finds documents of the same topic; Euclidean confuses the topic with the length of the document.

Here the direction of an embedding of 768 numbers is the topic, and its length that of the document. Cosine compares
the directions alone; on vectors of length 1 both metrics have the same neighbours.
"""

import numpy as np

from accelerated import KNNClassifier, NearestNeighbors

TOPICS, DIMENSIONS = 20, 768


def main():
    rng = np.random.default_rng(0)
    directions = rng.normal(size=(TOPICS, DIMENSIONS))
    y, y_test = rng.integers(TOPICS, size=1000), rng.integers(TOPICS, size=200)
    X, X_test = (directions[topics] + 3 * rng.normal(size=(len(topics), DIMENSIONS)) for topics in (y, y_test))
    X *= 10 ** rng.uniform(-1, 1, size=(1000, 1))  # a document may be a hundred times as long as another
    X_test *= 10 ** rng.uniform(-1, 1, size=(200, 1))

    accuracy = {}
    for metric in ("euclidean", "cosine"):
        accuracy[metric] = KNNClassifier(5, metric=metric).fit(X, y).score(X_test, y_test)
        print(f"{metric:9}: {accuracy[metric]:.1%} of 200 documents get their topic")

    units, queries = (rows / np.linalg.norm(rows, axis=1, keepdims=True) for rows in (X, X_test))
    by_angle = NearestNeighbors(5, metric="cosine").fit(X).kneighbors(X_test, return_distance=False)
    by_line = NearestNeighbors(5).fit(units).kneighbors(queries, return_distance=False)
    print(f"the 5 nearest by cosine are those by Euclidean on unit vectors for {np.mean(by_angle == by_line):.0%}")

    assert accuracy["cosine"] > 0.99
    assert accuracy["euclidean"] < 0.9
    assert np.array_equal(by_angle, by_line)


if __name__ == "__main__":
    main()

"""k-nearest neighbours fits on a whiteboard: one function classifies, another predicts numbers.

Both predict the same bits as the models of ``reference``, which add checks of the input, other metrics and weights.
Equal bits need three rules: of two neighbours at the same distance the earlier comes first, of two labels with the
same number of votes the smaller wins, and targets are added nearest first.
(The models sort by the root, which keeps the order but can round two squares to one distance. It does not happen here.)
"""

import numpy as np
from sklearn.datasets import load_diabetes, load_iris

from reference import KNNClassifier, KNNRegressor

NEIGHBORS = (1, 4, 10)


def knn_classify(X, y, query, k):
    squared_distances = np.sum((X - query) ** 2, axis=1)  # the order needs no root
    nearest = np.argsort(squared_distances, kind="stable")[:k]  # stable: of equal distances the earlier comes first
    labels, votes = np.unique(y[nearest], return_counts=True)
    return labels[np.argmax(votes)]  # the labels are sorted: of equal votes the smallest wins


def knn_regress(X, y, query, k):
    squared_distances = np.sum((X - query) ** 2, axis=1)
    nearest = np.argsort(squared_distances, kind="stable")[:k]
    total = 0.0
    for i in nearest:  # nearest first
        total += y[i]
    return total / k


def main():
    iris = load_iris().data
    tasks = [
        ("iris: species", knn_classify, KNNClassifier, *load_iris(return_X_y=True)),
        ("diabetes: progression", knn_regress, KNNRegressor, *load_diabetes(return_X_y=True)),
        ("iris: petal width", knn_regress, KNNRegressor, iris[:, :3], iris[:, 3]),  # has many ties, and fractions
    ]
    for name, function, model, X, y in tasks:
        held_out = np.arange(len(X)) % 4 == 0  # every fourth row is a query, the rest are examples
        for k in NEIGHBORS:
            by_function = np.array([function(X[~held_out], y[~held_out], query, k) for query in X[held_out]])
            by_model = model(k).fit(X[~held_out], y[~held_out]).predict(X[held_out])
            n_equal = np.sum(by_function == by_model)
            print(f"{name:21}  k = {k:2}: {n_equal:3} of {len(by_model):3} predictions are equal")
            assert n_equal == np.sum(held_out) and len(np.unique(by_model)) > 2


if __name__ == "__main__":
    main()

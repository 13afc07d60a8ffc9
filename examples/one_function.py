"""k nearest neighbours fits on a whiteboard: one function classifies, another one predicts numbers.

They give exactly what the models of ``reference`` give, bit for bit; what the models add is checked input, other
metrics and weights. Equality to the last bit needs three rules: which of two neighbours at the same distance is first
(the earlier), which of two labels with as many votes wins (the smaller), and in which order the targets are added.
(The models sort by the root. It keeps the order, and very rarely rounds two squares to one distance; not here.)
"""

import numpy as np
from sklearn.datasets import load_diabetes, load_iris

from reference import KNNClassifier, KNNRegressor

NEIGHBORS = (1, 4, 10)


def knn_classify(X, y, query, k):
    squared_distances = np.sum((X - query) ** 2, axis=1)  # the order needs no root
    nearest = np.argsort(squared_distances, kind="stable")[:k]  # stable: the earlier of equals comes first
    labels, votes = np.unique(y[nearest], return_counts=True)
    return labels[np.argmax(votes)]  # the labels are sorted: the smallest of equals wins


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
        held_out = np.arange(len(X)) % 4 == 0  # every fourth row is a query, the others are the examples
        for k in NEIGHBORS:
            by_function = np.array([function(X[~held_out], y[~held_out], query, k) for query in X[held_out]])
            by_model = model(k).fit(X[~held_out], y[~held_out]).predict(X[held_out])
            n_equal = np.sum(by_function == by_model)
            print(f"{name:21}  k = {k:2}: {n_equal:3} of {len(by_model):3} predictions are equal")
            assert n_equal == np.sum(held_out) and len(np.unique(by_model)) > 2


if __name__ == "__main__":
    main()

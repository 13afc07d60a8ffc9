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
    print("      iris, accuracy       diabetes, mean error")
    print(" k    function   model     function   model")
    for k in NEIGHBORS:
        X, y, X_test, y_test = split(*load_iris(return_X_y=True))
        classes = np.array([knn_classify(X, y, query, k) for query in X_test])
        model_classes = KNNClassifier(k).fit(X, y).predict(X_test)
        accuracies = [np.mean(predicted == y_test) for predicted in (classes, model_classes)]

        X, y, X_test, y_test = split(*load_diabetes(return_X_y=True))
        numbers = np.array([knn_regress(X, y, query, k) for query in X_test])
        model_numbers = KNNRegressor(k).fit(X, y).predict(X_test)
        errors = [np.mean(np.abs(predicted - y_test)) for predicted in (numbers, model_numbers)]

        print("{:2}    {:8.3f}   {:5.3f}     {:8.2f}   {:5.2f}".format(k, *accuracies, *errors))
        assert np.array_equal(classes, model_classes) and accuracies[0] > 0.9
        assert np.array_equal(numbers, model_numbers) and errors[0] < np.mean(np.abs(y_test - np.mean(y)))


def split(X, y):
    """Every fourth row is a query, the others are the examples."""
    held_out = np.arange(len(X)) % 4 == 0
    return X[~held_out], y[~held_out], X[held_out], y[held_out]


if __name__ == "__main__":
    main()

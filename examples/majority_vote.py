"""Predicts by a vote of the neighbours: the shares of the votes are the probabilities, the largest share wins.

Equal shares go to the smallest label, even if a neighbour of another label is nearer, so that the answer is unique.
"""

import numpy as np
from sklearn.datasets import load_iris
from sklearn.model_selection import train_test_split

from reference import KNNClassifier


def main():
    X_train, X_test, y_train, y_test = train_test_split(*load_iris(return_X_y=True), random_state=0)
    model = KNNClassifier(n_neighbors=10).fit(X_train, y_train)
    shares, predicted = model.predict_proba(X_test), model.predict(X_test)
    unsure = np.argsort(shares.max(axis=1), kind="stable")[:3]
    print("the three least certain of 38 irises: shares of the classes 0, 1, 2, prediction, truth")
    for i in unsure:
        print(f"  {shares[i]}  {predicted[i]}  {y_test[i]}")
    print(f"accuracy {model.score(X_test, y_test):.3f}")

    assert np.array_equal(predicted, model.classes_[np.argmax(shares, axis=1)])
    assert np.allclose(shares.sum(axis=1), 1)
    assert np.array_equal(shares * 10, np.round(shares * 10))  # ten votes
    assert np.all(predicted[shares.max(axis=1) == 1] == y_test[shares.max(axis=1) == 1])  # unanimous, and right

    pair = KNNClassifier(n_neighbors=2).fit([[0.0], [3.0]], ["rat", "cat"])
    print(f"a rat at 1 and a cat at 2, one vote each: {pair.predict([[1.0]])[0]}")
    assert pair.get_neighbors([1.0]) == [(0, 1.0), (1, 2.0)]
    assert pair.predict([[1.0]])[0] == "cat"  # the first in the alphabet, not the nearest


if __name__ == "__main__":
    main()

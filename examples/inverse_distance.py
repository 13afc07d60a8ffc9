"""Weighs votes by 1 / distance: among classes of very different size a far majority does not outvote near neighbours.

A neighbour at distance 0 would have an infinite vote, so the neighbours at distance 0 decide alone.
"""

import numpy as np

from reference import KNNClassifier

CENTRES = np.array([[0, 0], [3, 0], [0, 3], [-3, 0], [0, -3]])
SIZES = [200, 10, 10, 10, 10]


def draw(rng, sizes):
    y = np.repeat(np.arange(5), sizes)
    return CENTRES[y] + rng.normal(scale=0.7, size=(len(y), 2)), y


def main():
    X = [[0.0], [1.0], [4.0], [4.0], [4.0]]
    model = KNNClassifier(5, weights="distance").fit(X, list("abccc"))
    by_hand = np.array([1 / 0.8, 1 / 0.2, 3 / 3.2])  # votes for a, b and c at 0.8
    shares = model.predict_proba([[0.8]])[0]
    print("votes at 0.8 for a at 0, b at 1 and three times c at 4")
    for name, weighted, uniform in zip("abc", shares, [0.2, 0.2, 0.6], strict=True):
        print(f"  {name}  1 / distance {weighted:.3f}   one each {uniform:.3f}")
    assert np.allclose(shares, by_hand / by_hand.sum())
    assert model.predict([[0.8]])[0] == "b"
    assert model.predict_proba([[0.0]]).tolist() == [[1, 0, 0]]  # on the example itself it decides alone

    rng = np.random.default_rng(0)
    (X, y), (X_test, y_test) = draw(rng, SIZES), draw(rng, [40] * 5)
    accuracy = {}
    for weights in ("uniform", "distance"):
        accuracy[weights] = KNNClassifier(30, weights=weights).fit(X, y).score(X_test, y_test)
        print(f"30 neighbours, classes of 200 and four times 10, {weights:8}: accuracy {accuracy[weights]:.3f}")
    assert accuracy["distance"] > accuracy["uniform"] + 0.1


if __name__ == "__main__":
    main()

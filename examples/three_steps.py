"""k-nearest neighbours in three steps: measure, sort, vote.

Six fruits are known by weight (g) and width (cm); which fruit weighs 150 g and is 7 cm wide?
"""

import numpy as np

from reference import KNNClassifier

FRUITS = np.array([[118.0, 6.0], [131.0, 6.4], [142.0, 6.9], [160.0, 7.2], [175.0, 7.5], [210.0, 8.1]])
NAMES = np.array(["lemon", "lemon", "apple", "apple", "apple", "orange"])
UNKNOWN = np.array([150.0, 7.0])


def main():
    # 1. measure the unknown against every example
    distances = np.array([np.sqrt(np.sum((UNKNOWN - fruit) ** 2)) for fruit in FRUITS])
    print("distances ", distances.round(2))

    # 2. sort and keep the nearest three
    nearest = np.argsort(distances, kind="stable")[:3]
    print("nearest   ", nearest)

    # 3. let them vote
    names, votes = np.unique(NAMES[nearest], return_counts=True)
    print("votes     ", dict(zip(names.tolist(), votes.tolist(), strict=True)))

    model = KNNClassifier(n_neighbors=3).fit(FRUITS, NAMES)
    print("the model ", *model.predict([UNKNOWN]))
    assert model.get_neighbors(UNKNOWN) == [(i, distances[i]) for i in nearest]
    assert model.predict([UNKNOWN])[0] == names[np.argmax(votes)] == "apple"


if __name__ == "__main__":
    main()

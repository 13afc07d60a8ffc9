"""One wrong feature counts once under Manhattan, and squared under Euclidean.

One of twenty sensors is broken and reports a spike, whose square outweighs the other nineteen gaps.
"""

import numpy as np

from accelerated import KNNClassifier, NearestNeighbors

SENSORS = 20
METRICS = ("euclidean", "manhattan")


def draw(rng, n):
    """Readings of two states, 1 apart in every sensor."""
    y = rng.integers(2, size=n)
    return y[:, None] + rng.normal(size=(n, SENSORS)), y


def main():
    healthy = np.zeros(SENSORS)
    same_but_broken = healthy.copy()
    same_but_broken[7] = 5.0  # the spike
    other_state = np.ones(SENSORS)  # 1 off in every sensor
    rows = [same_but_broken, other_state]
    print("distance from a healthy reading to  broken sensor  other state")
    nearest = {}
    for metric in METRICS:
        model = NearestNeighbors(1, metric=metric).fit(rows)
        broken, other = (model.get_distance(healthy, row) for row in rows)
        (nearest[metric], _), *_ = model.get_neighbors(healthy)
        print(f"  {metric:32}  {broken:13.2f}  {other:11.2f}")
    assert nearest == {"euclidean": 1, "manhattan": 0}

    rng = np.random.default_rng(0)
    (X, y), (X_test, y_test) = draw(rng, 1000), draw(rng, 1000)
    broken = X_test.copy()
    broken[np.arange(1000), rng.integers(SENSORS, size=1000)] += 20  # in each query one sensor is 20 off
    print("\naccuracy   all sensors work  one is broken")
    accuracy = {}
    for metric in METRICS:
        model = KNNClassifier(5, metric=metric).fit(X, y)
        accuracy[metric] = model.score(X_test, y_test), model.score(broken, y_test)
        print("{:9}  {:16.3f}  {:13.3f}".format(metric, *accuracy[metric]))
    assert min(accuracy["euclidean"][0], *accuracy["manhattan"]) > 0.94  # Manhattan hardly notices
    assert accuracy["euclidean"][1] < 0.7  # Euclidean is little better than a coin


if __name__ == "__main__":
    main()

"""One wild feature counts once under Manhattan, and squared under Euclidean.

Twenty sensors, of which one is broken and reports a spike: its square outvotes the other nineteen.
"""

import numpy as np

from accelerated import KNNClassifier, NearestNeighbors

SENSORS = 20
METRICS = ("euclidean", "manhattan")


def with_spikes(rng, n):
    """Rows of two classes, 1 apart in every sensor; in each row one sensor is up to 40 off."""
    y = rng.integers(2, size=n)
    X = y[:, None] + rng.normal(size=(n, SENSORS))
    X[np.arange(n), rng.integers(SENSORS, size=n)] += rng.uniform(-40, 40, size=n)
    return X, y


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
    X, y = with_spikes(rng, 1000)
    X_test, y_test = with_spikes(rng, 1000)
    accuracy = {metric: KNNClassifier(5, metric=metric).fit(X, y).score(X_test, y_test) for metric in METRICS}
    print("\naccuracy with a spike in each row")
    for metric in METRICS:
        print(f"  {metric:9}  {accuracy[metric]:.3f}")
    assert accuracy["manhattan"] > accuracy["euclidean"] + 0.04


if __name__ == "__main__":
    main()

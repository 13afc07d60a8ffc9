"""Predicts the log price of 13,940 diamonds from 40,000 others: by a line, by 10 neighbours and by similarity.

The table is R's diamonds: it is read from the package plotnine (MIT licence), or from the file given with --data.
"""

import argparse
import csv
import time
from importlib.util import find_spec

import numpy as np
from sklearn.linear_model import LinearRegression

from accelerated import KNNRegressor, SimilarityRegressor

TRAIN, COLUMNS = 40_000, ["price", "carat", "cut", "color", "clarity", "depth", "table", "x", "y", "z"]
GRADES = ["Fair,Good,Very Good,Premium,Ideal", "J,I,H,G,F,E,D", "I1,SI2,SI1,VS2,VS1,VVS2,VVS1,IF"]  # the best last
RANKS = {grade: rank for grades in GRADES for rank, grade in enumerate(grades.split(","))}
SIMILARITY = SimilarityRegressor(gamma=0.1, jitter=0.01, fit_intercept=True)
MODELS = {"a line": LinearRegression(), "10 neighbours": KNNRegressor(10), "similarity": SIMILARITY}


def main(argv=None):
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for option in ("--data", "--plot"):
        parser.add_argument(option, metavar="FILE")
    asked = parser.parse_args(argv)
    X, y = read(asked.data)
    predicted, rmse = {}, {}
    for name, model in MODELS.items():
        start = time.perf_counter()
        predicted[name] = model.fit(X[:TRAIN], y[:TRAIN]).predict(X[TRAIN:])
        rmse[name] = np.sqrt(np.mean((predicted[name] - y[TRAIN:]) ** 2))
        print(f"{name:13} {rmse[name]:.4f} standard deviations, {time.perf_counter() - start:.1f} s")
    print("proven: within {0:.0e} of the exact fitted values, {2:.0e} at any query".format(*SIMILARITY.certificate_))
    assert rmse["similarity"] == min(rmse.values())
    if asked.plot:
        import matplotlib.pyplot as plt

        plt.figure(figsize=(9, 3.2), layout="constrained")
        for i, name in enumerate(MODELS, 1):
            plt.subplot(1, 3, i, title=f"{name}: {rmse[name]:.3f}").scatter(y[TRAIN:], predicted[name], s=1, alpha=0.1)
        plt.savefig(asked.plot, dpi=80)
        plt.close()


def read(file):
    if file is None and find_spec("plotnine") is None:
        raise SystemExit("pass --data diamonds.csv, from the wheel that `pip download --no-deps plotnine` gets")
    with open(file or find_spec("plotnine").submodule_search_locations[0] + "/data/diamonds.csv") as opened:
        table = np.array([[float(RANKS.get(row[c], row[c])) for c in COLUMNS] for row in csv.DictReader(opened)])
    table[:, :2] = np.log(table[:, :2])  # price and carat
    np.random.default_rng(0).shuffle(table)
    table /= table[:TRAIN].std(0)  # of the examples alone: the queries are the future
    return table[:, 1:], table[:, 0]


if __name__ == "__main__":
    main()

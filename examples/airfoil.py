"""Predicts the noise of an airfoil in a wind tunnel by similarity, by 5 neighbours and by a line.

The similarity regressor, rbf with gamma 1 on features scaled to [0, 1], has a smaller error than 5 neighbours, and
both than a line. It hints at an intercept, which the last model has. The data are 1,503 measurements of NASA (Brooks,
Pope and Marcolini, 1989) from openml.org, or from a file in the format of the UCI repository: with ``--data
examples/data/airfoil_self_noise.dat`` the root mean squared errors are 3.6406, 3.7101, 4.5377 and 3.6362 dB.
"""

import argparse
import warnings

import numpy as np
import sklearn.datasets
from sklearn.linear_model import LinearRegression
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import MinMaxScaler

from accelerated import KNNRegressor, SimilarityRegressor

MODELS = {"similarity": SimilarityRegressor(), "5 neighbours": KNNRegressor(5), "a line": LinearRegression()}
MODELS["intercept"] = SimilarityRegressor(fit_intercept=True)


def main(argv=None):
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", metavar="FILE", help="six columns of numbers, the last one the noise in dB")
    arguments = parser.parse_args(argv)
    X, y = read(arguments.data) if arguments.data else fetch()
    X_train, X_test, y_train, y_test = train_test_split(X, y, test_size=0.25, random_state=69)
    scaler = MinMaxScaler().fit(X_train)  # fitted on the training rows alone: the test rows are the future

    errors = {}
    for name, model in MODELS.items():
        with warnings.catch_warnings(record=True) as hints:
            warnings.simplefilter("always")
            predicted = model.fit(scaler.transform(X_train), y_train).predict(scaler.transform(X_test))
        errors[name] = np.sqrt(np.mean((predicted - y_test) ** 2))
        print(f"{name:13} {errors[name]:.4f} dB root mean squared error", *(f"\n  hint: {h.message}" for h in hints))

    assert errors["similarity"] < errors["5 neighbours"] < errors["a line"]


def read(file):
    table = np.loadtxt(file)  # (1503, 6)
    return table[:, :5], table[:, 5]


def fetch():
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # scikit-learn warns of each retry; the last failure raises
            data = sklearn.datasets.fetch_openml(data_id=44957, as_frame=False, parser="liac-arff", n_retries=1)
    except (OSError, ValueError) as error:  # no network, or no such data set
        raise SystemExit(f"the data could not be fetched from openml.org ({error}): give a file with --data") from error
    return data.data.astype(float), data.target.astype(float)


if __name__ == "__main__":
    main()

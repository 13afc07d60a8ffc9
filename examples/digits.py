"""Reads handwritten digits in one batch: the answers are the same as one by one, with less overhead.

The 1,797 images of 8 x 8 grey values come with scikit-learn. A batch compares all queries with all examples in a few
large operations. The picture has two digits that are read right and three that are misread, with their neighbours.
"""

import argparse
from time import perf_counter

import numpy as np
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

from accelerated import KNNClassifier


def main(argv=None):
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--plot", metavar="FILE", help="draw five digits with their neighbours")
    arguments = parser.parse_args(argv)
    X_train, X_test, y_train, y_test = train_test_split(*load_digits(return_X_y=True), random_state=0)
    model = KNNClassifier(n_neighbors=5).fit(X_train, y_train)

    model.predict(X_test)  # the first call also starts torch's threads
    start = perf_counter()
    batch = model.predict(X_test)
    middle = perf_counter()
    one_by_one = np.concatenate([model.predict(image[None]) for image in X_test])
    end = perf_counter()
    wrong = np.flatnonzero(batch != y_test)
    print(f"{len(X_test)} digits read from {len(X_train)} examples, accuracy {np.mean(batch == y_test):.4f}")
    print(f"{middle - start:.3f} seconds in one batch, {end - middle:.3f} one by one")
    print("misread:", ", ".join(f"{y_test[i]} as {batch[i]}" for i in wrong))

    assert np.mean(batch == y_test) >= 0.98 and np.array_equal(batch, one_by_one)
    if arguments.plot:
        shown = [0, 1, *wrong[:3]]
        plot(arguments.plot, X_test[shown], y_test[shown], batch[shown], model, X_train, y_train)


def plot(file, queries, labels, predicted, model, X, y):
    import matplotlib.pyplot as plt

    distances, nearest = model.kneighbors(queries)
    figure, axes = plt.subplots(len(queries), 6, figsize=(7, 7), layout="constrained")
    for i, row in enumerate(axes):
        titles = [f"{y[n]} at {d:.1f}" for n, d in zip(nearest[i], distances[i], strict=True)]
        titles = [f"{labels[i]}, read as {predicted[i]}", *titles]
        for ax, image, title in zip(row, [queries[i], *X[nearest[i]]], titles, strict=True):
            ax.imshow(image.reshape(8, 8), cmap="gray_r")
            ax.set(xticks=[], yticks=[])
            ax.set_title(title, fontsize=10, weight="bold" if ax is row[0] else "normal")
        row[0].spines[:].set(color="#0072B2" if labels[i] == predicted[i] else "#D55E00", linewidth=3)
    figure.savefig(file, dpi=100)
    plt.close(figure)


if __name__ == "__main__":
    main()

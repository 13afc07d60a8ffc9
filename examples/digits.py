"""Reads handwritten digits in one batch: the answers are the same as one by one, with less overhead.

The 1,797 images of 8 x 8 grey values come with scikit-learn. A batch compares all queries with all examples in a few
large operations. The picture shows each misread digit above its nearest example.
"""

import argparse
from time import perf_counter

import numpy as np
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

from accelerated import KNNClassifier


def main(argv=None):
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--plot", metavar="FILE", help="draw the digits that were misread")
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
    readings = [f"{y_test[i]} as {batch[i]}" for i in wrong]
    print(f"misread: {', '.join(readings)}")

    assert np.mean(batch == y_test) >= 0.98
    assert np.array_equal(batch, one_by_one)
    if arguments.plot:
        nearest = model.kneighbors(X_test[wrong], 1, return_distance=False)[:, 0]
        plot(arguments.plot, X_test[wrong], readings, X_train[nearest], y_train[nearest])


def plot(file, misread, readings, nearest, labels):
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(2, len(misread), figsize=(len(misread), 2.6), layout="constrained")
    for column, pairs in zip(axes.T, zip(misread, readings, nearest, labels, strict=True), strict=True):
        for ax, image, label in zip(column, pairs[::2], pairs[1::2], strict=True):
            ax.imshow(image.reshape(8, 8), cmap="gray_r")
            ax.set(title=label, xticks=[], yticks=[])
    axes[0, 0].set_ylabel("misread")
    axes[1, 0].set_ylabel("nearest")
    figure.savefig(file, dpi=100)
    plt.close(figure)


if __name__ == "__main__":
    main()

"""Few neighbours follow the noise, many miss the curve: variance falls with k, bias rises, and their sum has a minimum.

sin(x) is measured with noise at 60 places, 1,000 times. Bias^2 is the squared distance of the mean prediction from
sin(x), and variance that of single predictions from their mean. An average of k targets has 1 / k of the variance of
the noise.
"""

import argparse

import numpy as np

from accelerated import KNNRegressor

NEIGHBORS = (1, 3, 5, 9, 15, 25, 40, 60)
NOISE = 0.5


def main(argv=None):
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--plot", metavar="FILE", help="draw bias and variance by k")
    arguments = parser.parse_args(argv)
    X = np.linspace(0, 2 * np.pi, 60)[:, None]
    truth = np.sin(X)
    y = truth + np.random.default_rng(0).normal(scale=NOISE, size=(60, 1000))  # a column is one training set

    bias, variance = [], []  # the first is squared
    print(" k    bias^2   variance      sum")
    for k in NEIGHBORS:
        predicted = KNNRegressor(k).fit(X, y).predict(X)  # each column from its own training set
        bias.append(np.mean((np.mean(predicted, axis=1, keepdims=True) - truth) ** 2))
        variance.append(np.mean(np.var(predicted, axis=1)))
        print(f"{k:2}    {bias[-1]:6.4f}     {variance[-1]:6.4f}   {bias[-1] + variance[-1]:6.4f}")
        assert np.isclose(variance[-1], NOISE**2 / k, rtol=0.1)

    total = np.add(bias, variance)
    best = np.argmin(total)
    print(f"best: k = {NEIGHBORS[best]}")
    assert np.all(np.diff(bias) > 0) and np.all(np.diff(variance) < 0)
    assert 2 * total[best] < min(total[0], total[-1])  # the minimum is far below both ends
    if arguments.plot:
        plot(arguments.plot, {"sum of the two": total, "bias²": bias, "variance": variance})


def plot(file, curves):
    import matplotlib.pyplot as plt

    figure, ax = plt.subplots(figsize=(7, 3.6), layout="constrained")
    for (name, values), style in zip(curves.items(), ("k-", "C0o--", "C1s--"), strict=True):
        ax.plot(NEIGHBORS, values, style, label=name)
    ax.set(xscale="log", xlabel="k, the number of neighbours", ylabel="squared error")
    ax.set_xticks(NEIGHBORS, labels=NEIGHBORS)
    ax.minorticks_off()
    ax.legend()
    figure.savefig(file, dpi=100)
    plt.close(figure)


if __name__ == "__main__":
    main()

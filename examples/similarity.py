"""Learns a curve by similarity: the width of the bells decides how well it is followed between the examples.

f(x) is a weighted sum of one bell around each example x_i, exp(-gamma (x - x_i)^2). Wide bells cannot follow the
curve; narrow bells leave gaps where f falls to 0.
"""

import argparse

import numpy as np

from reference import SimilarityRegressor

GAMMAS = {0.002: "too wide", 1.0: "about right", 300.0: "too narrow"}


def curve(x):
    return 2 + np.sin(2 * x) + x / 3


def main(argv=None):
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--plot", metavar="FILE", help="draw the three curves")
    arguments = parser.parse_args(argv)
    rng = np.random.default_rng(0)
    X = np.sort(rng.uniform(0, 6, 40))[:, None]
    y = curve(X[:, 0]) + rng.normal(scale=0.1, size=40)
    between = np.linspace(0, 6, 300)[:, None]

    models = [
        SimilarityRegressor(gamma=gamma, jitter=0.01).fit(X, y) for gamma in GAMMAS
    ]  # the variance of the noise, 0.1^2
    errors = [np.sqrt(np.mean((model.predict(between) - curve(between[:, 0])) ** 2)) for model in models]
    for (gamma, name), error in zip(GAMMAS.items(), errors, strict=True):
        print(f"gamma = {gamma:5g}, {name:11}: {error:.3f} root mean squared error between the examples")

    assert errors[1] < 0.1 < min(errors[0], errors[2]) / 3  # below the noise of one example
    if arguments.plot:
        plot(arguments.plot, models, X, y, between)


def plot(file, models, X, y, between):
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(1, len(models), figsize=(9, 3), sharey=True, layout="constrained")
    for ax, model in zip(axes, models, strict=True):
        ax.plot(between, curve(between), color="lightgrey", linewidth=4, label="truth")
        ax.plot(between, model.predict(between), color="tab:blue", label="prediction")
        ax.scatter(X, y, s=8, color="black", zorder=3, label="examples")
        ax.set(title=f"gamma = {model.gamma:g}: {GAMMAS[model.gamma]}", xlabel="x")
    axes[0].legend(fontsize="small", loc="lower right")
    figure.savefig(file, dpi=100)
    plt.close(figure)


if __name__ == "__main__":
    main()

"""The zoo as a table and as a picture: mutants against claims."""

from pathlib import Path

import numpy as np

from conformance.claims import CLAIMS, LEVELS
from conformance.runner.markdown import table
from conformance.zoo import ZOO
from conformance.zoo.diagnosis import NOT_NAMED, Places, share_named
from conformance.zoo.signatures import Signatures

INTRODUCTION = """# The bug zoo

Wrong implementations, one bug each, made from `reference` by changing a method or two. `python -m conformance zoo`
tries every one on every claim; the tests assert that each is caught by the claim that it names, and each claim by name.

A report ends with the likeliest bug. To test it, bugs of answers were planted in a class of 40 lines that shares no
code with `reference` and whose failures the report had not seen: {planted[0]} of {planted[1]} were named first or
second ({planted[2]:.0%}), and {predicting[0]} of {predicting[1]} ({predicting[2]:.0%}) where the class had `fit` and
`predict` alone. The mutants themselves, with other draws than those which the report knows them by, were named so in
{itself[0]} of {itself[1]} reports ({itself[2]:.0%}); there, answers are compared with their own.
The last column has the places in the three reports: itself, planted, planted where only predictions are shown. A 0
stands for a bug that was not named, and a dash for a report without anything to name.

"""


def table_of_mutants(signatures: Signatures, places: dict[str, Places]) -> str:
    """The zoo as Markdown: every mutant, its story, where it was seen, and the claim that must catch it."""
    rows = [
        (
            m.__name__,
            str(m.__doc__),
            m.seen,
            f"`{m.claim}`",
            str(len(signatures[m.__name__])),
            _shown(places[m.__name__]),
        )
        for m in ZOO
    ]
    picture = "\n\n![mutants against claims](zoo.png)\n"
    named = {}
    for which in Places._fields:
        first_or_second, n = share_named([getattr(places[m.__name__], which) for m in ZOO])
        named[which] = (first_or_second, n, first_or_second / max(n, 1))
    columns = ("mutant", "story", "seen", "claim that must catch it", "claims that do", "place")
    return INTRODUCTION.format(**named) + table(columns, rows) + picture


def _shown(places: Places) -> str:
    return ", ".join({None: "-", NOT_NAMED: "0"}.get(place, str(place)) for place in places)


def draw(signatures: Signatures, path: Path) -> None:
    """A dot for each mutant, from left to right in the order of the table, and each claim that catches it, by level."""
    import matplotlib.pyplot as plt

    levels = [claim.level for claim in CLAIMS]
    caught = np.array([[claim.name in signatures[m.__name__] for m in ZOO] for claim in CLAIMS])
    figure, axes = plt.subplots(figsize=(9, 9), layout="constrained")
    axes.imshow(caught, cmap="Greys", interpolation="nearest", vmax=1.6)
    axes.plot(
        range(len(ZOO)),
        [[c.name for c in CLAIMS].index(m.claim) for m in ZOO],
        "r.",
        markersize=3,
        label="named by the mutant",
    )
    for level in LEVELS:
        first, count = levels.index(level), levels.count(level)
        axes.axhline(first - 0.5, color="grey", linewidth=0.4)
        axes.text(-2, first + count / 2, level, ha="right", va="center", fontsize=8)
    axes.set(xlabel=f"{len(ZOO)} mutants", yticks=[], title="Which claims (rows) catch which mutants (columns)")
    axes.legend(loc="upper right", fontsize=8)
    figure.savefig(path, dpi=90)
    plt.close(figure)

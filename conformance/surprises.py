"""The most surprising answers of other libraries: a few lines to paste for each, and the output that they print.

``python -m conformance.surprises --write`` runs the lines, each in a process of its own, and writes docs/surprises.md.
"""

import signal
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

from conformance.claims import BY_NAME
from conformance.runner.markdown import print_or_write
from conformance.targets.peers import PEERS

PAGE = Path(__file__).parents[1] / "docs" / "surprises.md"
INTRODUCTION = """# What they do otherwise

Each of these answers was found by a claim of `conformance`, and is shown here by lines that need the library alone. \
The claims that do not hold for these libraries are in [peers.md](peers.md). \
Made by `python -m conformance.surprises --write`, which leaves out libraries that are not installed."""


class Surprise(NamedTuple):
    """An answer of a library that its users would not expect."""

    title: str
    peer: str
    claim: str  # the one that found it
    story: str
    code: str


SURPRISES = [
    Surprise(
        "A prediction depends on the other queries",
        "sklearnex",
        "an_exact_match_votes_alone",
        "The second and the third query are training rows, with the labels 1 and 2. The first query is not.",
        """
from sklearnex.neighbors import KNeighborsClassifier

model = KNeighborsClassifier(n_neighbors=1, weights="distance").fit([[0.0], [1.0], [2.0]], [0, 1, 2])
print(model.predict([[0.1], [1.0], [2.0]]))
print(model.predict([[1.0], [2.0]]))
""",
    ),
    Surprise(
        "A tree misses nearer rows",
        "sklearnex",
        "nearest_among_many_rows",
        "The default for few features is a k-d tree. Its distances are compared with the smallest of all pairs; for "
        "whole numbers as small as these the squares are exact.",
        """
import numpy as np
from sklearnex.neighbors import NearestNeighbors

X = np.random.default_rng(0).integers(0, 6, (1000, 3)).astype(float)
found, _ = NearestNeighbors(n_neighbors=5).fit(X).kneighbors(X)
right = np.sort(np.linalg.norm(X[:, None] - X, axis=2))[:, :5]
print((abs(found - right) > 1e-9).any(axis=1).sum(), "of 1000 answers are wrong")
""",
    ),
    Surprise(
        "Whole numbers have distances that are not numbers",
        "usearch",
        "distance_of_small_types",
        "The nearest row is the last one, at the distance 0. The answer is right for float32.",
        """
import numpy as np
from usearch.index import search

for dtype in (np.uint8, np.float32):
    X = np.array([[1], [2], [3]], dtype)
    found = search(X, X[2:], 3, "l2sq", exact=True)
    print(found.keys, found.distances)
""",
    ),
    Surprise(
        "Three rows are taken for one",
        "sklearn",
        "nearest_far_from_the_origin",
        "Each row should find itself. The squares of these numbers are rounded to multiples of 128.",
        """
import numpy as np
from sklearn.neighbors import NearestNeighbors

X = np.array([[1000000000.0], [1000000001.0], [1000000002.0]])
distances, indices = NearestNeighbors(n_neighbors=1).fit(X).kneighbors(X)
print(indices.ravel(), distances.ravel())
""",
    ),
    Surprise(
        "An empty index ends the process",
        "hnswlib",
        "no_rows_are_refused",
        "The program cannot catch this, because it is no exception.",
        """
import hnswlib

index = hnswlib.BFIndex("l2", 1)
index.init_index(10)
print(index.knn_query([[0.5]], 1))
""",
    ),
]


def output_of(surprise: Surprise) -> str:
    """The output of the lines, run in a process of their own, and the signal that ended it, if one did."""
    words = [sys.executable, "-W", "ignore", "-c", surprise.code]
    done = subprocess.run(words, capture_output=True, text=True, timeout=60)
    if done.returncode > 0:
        raise RuntimeError(f"the lines for {surprise.title!r} raised {done.stderr.strip().rpartition(chr(10))[2]}")
    end = f"(the process ends: {signal.strsignal(-done.returncode)})\n" if done.returncode < 0 else ""
    return done.stdout + end


def section(surprise: Surprise) -> str:
    """The part of the page about one surprise, with the output that its lines print here."""
    peer, claim = PEERS[surprise.peer], BY_NAME[surprise.claim]
    return f"""## {surprise.title}

{peer.package} {peer.version}. {surprise.story}

```python
{surprise.code.strip()}
```

```
{output_of(surprise).strip()}
```

Found by `{claim.name}`: {claim.sentence}"""


def page() -> str:
    sections = [section(surprise) for surprise in SURPRISES if PEERS[surprise.peer].is_installed]
    return "\n\n".join([INTRODUCTION, *sections]) + "\n"


def main() -> None:
    """Prints the page, or writes it where that is asked for."""
    print_or_write(page(), PAGE)


if __name__ == "__main__":
    main()

"""Tries claims about nearest neighbours on any implementation, and shows the smallest case on which one fails.

A claim is a sentence that can be tried, such as "equal distances go to the lower index". It is tried on generated data
on which implementations differ, and judged by exact arithmetic, by derived bounds, or by a second implementation.

* ``claims``: the claims, one module for each level, each with the data that it is tried on; ``CLAIMS`` lists them.
* ``targets``: talks to a class that knows nothing of this suite.
* ``cases``: draws the data, and keeps every case that ever made a claim fail.
* ``oracle``: computes the right answer, and says when another answer agrees with it.
* ``runner``: tries claims on a target, in a process of its own, and reports the results.
* ``zoo``: wrong implementations, each with the claim that must catch it.
* ``demo``: compares both packages and scikit-learn on real data.

``python -m conformance --help`` says how to run them.
"""

try:
    import hypothesis  # noqa: F401
    import sklearn  # noqa: F401
    import torch  # noqa: F401
    import tqdm  # noqa: F401
except ImportError as error:
    raise ImportError(f"conformance needs {error.name}: pip install 'verified-knn[conformance]'") from error

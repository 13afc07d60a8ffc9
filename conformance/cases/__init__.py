"""The data that claims are tried on: a ``Case`` is printed as code in a report, and kept as JSON in ``pins.json``.

``data`` generates hostile rows with NumPy, ``strategies`` draws cases with Hypothesis, and ``pins`` keeps every case
that ever made a claim fail.
"""

from conformance.cases.case import Case, SimilarityCase, Table, closeness, inverse

__all__ = ["Case", "SimilarityCase", "Table", "closeness", "inverse"]

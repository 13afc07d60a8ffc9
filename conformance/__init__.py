"""Tries claims about nearest neighbours on any implementation, and shows the smallest case on which one fails.

A claim is a sentence that can be tried, such as "equal distances go to the lower index". It is tried on generated data
on which implementations differ, and judged by exact arithmetic, by derived bounds, or by a second implementation.

* ``claims``: the claims, one module for each level, each with the data that it is tried on; ``CLAIMS`` lists them.
* ``targets``: talks to a class that knows nothing of this suite.
* ``cases``: draws the data, and keeps every case that ever made a claim fail.
* ``oracle``: computes the right answer, and says when another answer agrees with it.
* ``meters``: measures the memory and the time of calls.
* ``runner``: tries claims on a target, in a process of its own, and reports the results.
* ``zoo``: wrong implementations, each with the claim that must catch it.
* ``adapt`` makes a class that can be tried out of two or three functions.
* ``check`` and ``parametrize_with_claims`` try the claims from Python and from pytest.
* ``course``: questions of interviewers with proofs that run, which ``python -m conformance quiz`` asks.
* ``demo``: compares both packages and scikit-learn on real data.

``python -m conformance --help`` says how to run them.
"""

from importlib.util import find_spec

from conformance.adapted import adapt
from conformance.testing import check, parametrize_with_claims

__all__ = ["adapt", "check", "parametrize_with_claims"]

for _name in ("hypothesis", "sklearn", "tqdm"):  # found, not imported: few runs need all; torch is for accelerated
    try:
        _is_there = find_spec(_name) is not None
    except ImportError:
        _is_there = False
    if not _is_there:
        raise ImportError(f"conformance needs {_name}: pip install 'verified-knn[conformance]'")
for _name in ("reference", "accelerated", "knn_inputs"):
    _spec = find_spec(_name)
    if _spec is not None and _spec.submodule_search_locations is None:
        raise ImportError(f"{_spec.origin} hides the package {_name} of verified-knn: rename it, or start elsewhere")

"""Tries claims on a target and reports the results.

``trial`` tries one claim, in the process of its own that ``isolation`` starts; ``causes`` finds failures that have one
cause; ``report`` writes the lines of a report, and ``fix_next`` its end; ``check`` makes a report of one target, and
``compare`` a table of several. ``files`` writes JSON and XML, ``expected`` reads a list of known differences, and
``pickled`` hands a class of a running program to another process.
"""

from conformance.runner.trial import PROFILES, Profile, Result, replay, run_claim

__all__ = ["PROFILES", "Profile", "Result", "replay", "run_claim"]

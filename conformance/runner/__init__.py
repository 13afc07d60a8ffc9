"""Tries claims on a target and reports the results.

``trial`` tries one claim, ``isolation`` runs many in a process of their own, ``report`` prints what failed and how to
see it again, and ``compare`` makes one table for several targets.
"""

from conformance.runner.trial import PROFILES, Profile, Result, replay, run_claim

__all__ = ["PROFILES", "Profile", "Result", "replay", "run_claim"]

"""Talks to the class on trial: finds it, finds out how it is called, and reads its answers as NumPy arrays.

``target`` loads the class that a user names; ``probe`` tries it on seven examples and so builds an ``Adapter``, which
knows the names of its arguments; ``answers`` reads its neighbours in any of the usual forms; ``peers`` has the targets
that are known by name, and their known differences.
"""

from conformance.targets.loading import load_class, load_target, make_target, other_package
from conformance.targets.target import TASKS, Target

__all__ = ["TASKS", "Target", "load_class", "load_target", "make_target", "other_package"]
